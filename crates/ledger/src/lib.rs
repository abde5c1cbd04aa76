//! Who has which keys: documents, the changes to them as one pure function, and the records they compile to.
//!
//! A store runs [`apply`] inside its own atomic step: it loads the [`Snapshot`] that a [`Change`] needs, and
//! commits what comes back, the new epoch and the head's entry with it, or nothing. Every store therefore
//! changes keys by the same rules, and the order of publishing (ledger, epoch and entry in one transaction,
//! then the answer, then the outbox) is written once.
#![forbid(unsafe_code)]

mod change;
mod compile;
mod document;
mod store;

pub use change::{Change, ChangeError, Commit, Snapshot, apply};
pub use compile::{CompileError, compile, compile_absence};
pub use document::{Key, KeyState, LimitSpec, QuotaSpec, Secret, Settings, SettingsError};
pub use store::{Ledger, LedgerError, Page, Receipt};
