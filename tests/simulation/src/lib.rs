//! Runs the protocols under seeded faults in virtual time, against oracles that know the truth.
//!
//! The clock is a number, the network a queue, and every run repeats from its seed.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a simulation that goes wrong must stop"
)]

pub mod heads;
pub mod leases;
