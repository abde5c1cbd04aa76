//! The control plane over a store in memory: the statements are those that serve.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

mod audit;
mod busy;
mod commanded;
mod damaged;
mod doors;
mod keys;
mod made;
mod many;
mod meanwhile;
mod origins;
mod owners;
mod raw;
mod retries;
mod roles;
mod rows;
mod secrets;
mod shared;
mod spending;
mod stops;
mod tampered;
mod templates;
mod tenants;
mod usage;
mod used;
mod verify;
