//! What was changed by whom, as a chain of hashes that nobody can change unseen.
//!
//! Every act of the control plane is an [`Entry`]. A [`Chain`] spells it, with its number and the hash of the one
//! before it, and hashes that: there is one chain for each tenant, and one for the deployment's own acts. A signed
//! [checkpoint](Chain::checkpoint) says where a chain stood at a moment; an [`export`] is a piece of a chain with its
//! checkpoints as lines of JSON, and a [`Verifier`] finds what was changed in one.
//!
//! `docs/spec/audit.md` fixes the formats. There is no clock, no I/O and no randomness here.
//!
//! # Why one chain for each tenant?
//!
//! So that a tenant can verify all that it may see. Out of one chain of the whole deployment it could only be given
//! its own entries, whose links lead through those of others: it would have to be told the hashes of these, and with
//! them how much everybody else does and when. Chains of their own also do not wait for each other: two tenants'
//! changes meet in no row.
#![forbid(unsafe_code)]

mod chain;
mod checkpoint;
mod entry;
pub mod export;
mod follow;
mod hash;
mod image;
mod keys;
mod report;
mod rows;
mod veil;
mod verify;

pub use chain::{Appended, Chain, ChainError};
pub use checkpoint::{CHECKPOINT_ENTRIES_MAX, CHECKPOINT_EVERY_MS, Checkpoint, due};
pub use entry::{Actor, Entry, LINE_MAX, Written};
pub use follow::{FOLLOWED_MAX, Followed, follow};
pub use hash::{HASH_LEN, Hash};
pub use image::{DEPTH_MAX, Document, IMAGE_MAX, Image};
pub use keys::{KEYS_MAX, Keys, KeysError};
pub use report::{Fault, Piece, Report, Vouched, Wrong};
pub use rows::{
    Exporter, Filter, Kept, LOOKED_AT_MAX, PAGE_MAX, Page, Rows, RowsError, before, page,
};
pub use veil::{SECRET_MIN, TEXT_MAX};
pub use verify::Verifier;
