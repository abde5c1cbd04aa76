//! What Durable Objects run: one step of a bucket, the copy of the head that rides on its answers, and the ledger.
//!
//! The other side holds the storage and sends the messages; every call here is one synchronous step from what it
//! wrote to what it reads, so nothing can happen between a read and its write. Nothing is kept here that would be
//! missed: a trap drops the module, and the next call begins anew from what is stored.

mod admin;
mod authority;
mod copy;
#[cfg(target_arch = "wasm32")]
mod exports;
mod ledger;
mod objects;
mod secrets;
mod sql;

pub use admin::{GOES_BACK, RESTORED};
pub use copy::Taken;
pub use objects::{HOLDERS, Look, Objects, Outside, Refusal};
pub use tollgate_store_cloudflare::page::Page;
