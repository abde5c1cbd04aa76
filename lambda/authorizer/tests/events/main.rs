//! What API Gateway is told about events of every kind, over a store that a test can break.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test stops at what should not be, and waits for what happens until a deadline"
)]

mod allows;
mod faults;
mod kinds;
mod refusals;
mod settings;
mod world;
