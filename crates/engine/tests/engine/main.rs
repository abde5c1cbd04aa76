//! What the engine guarantees, in virtual time and against an authority built from the core.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "../support/book.rs"]
mod book;
#[path = "../support/rig.rs"]
mod rig;

mod freezes;
mod heads;
mod issuing;
mod leases;
mod limits;
mod proving;
mod records;
mod stores;
mod usage;
mod used;
