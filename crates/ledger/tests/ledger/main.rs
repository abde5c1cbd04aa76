//! What the ledger's pure half promises: bounds, changes, records.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

mod changes;
mod denials;
mod limits;
mod made;
mod records;
mod renumbering;
mod secrets;
mod settings;
