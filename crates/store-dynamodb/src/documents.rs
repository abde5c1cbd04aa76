//! Keys, secrets, owners, tenants and shared limits as items of the ledger table, and the records that they make.
//!
//! A key's document is what [`Key::to_text`](tollgate_ledger::Key::to_text) writes, but for the numbers of limits that it shares with other keys: those
//! stand in the limit's own item, so that they change for all keys at once, and are put into what is read.

pub(crate) mod effective;
pub(crate) mod forms;
pub(crate) mod item;
pub(crate) mod read;

pub(crate) use effective::{Unread, effective};
