//! What every host relies upon, module by module.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops at what should not be"
)]

mod address;
mod answer;
mod cache;
mod cors;
mod credential;
#[path = "../../../core/tests/support/denials.rs"]
mod denials;
mod hidden;
mod hygiene;
mod made;
mod path;
mod random;
mod rate;
mod route;
mod target;
