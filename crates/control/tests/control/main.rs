//! The control plane over a store in memory: the statements are those that serve.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

mod doors;
mod keys;
mod made;
mod meanwhile;
mod retries;
mod secrets;
mod tenants;
mod usage;
mod verify;
