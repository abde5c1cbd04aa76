//! Whatever happens to an export of the audit log, its verification says so.

#![expect(
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

mod bytes;
mod forged;
mod kept;
mod made;
mod rules;
mod secrets;
mod tampered;
