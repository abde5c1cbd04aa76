//! What every host relies upon: one order of checks, and what a client and an origin are told in the end.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "../../../engine/tests/support/book.rs"]
#[expect(dead_code, reason = "the engine's tests use more of it")]
mod book;
#[path = "../../../engine/tests/support/rig.rs"]
#[expect(dead_code, reason = "the engine's tests use more of it")]
mod rig;

mod asked;
mod desk;
mod schedule;
mod told;
