//! The verifier of identities in an origin: the rows that all verifiers share, what a server of keys can do to it, and
//! axum over TCP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test stops at what should not be, and says what it has played"
)]

mod answers;
mod axum;
mod data;
mod fetching;
mod held;
mod memory;
mod servers;
mod settings;
mod shared;
mod tls;
mod tower;
mod vectors;
mod wire;
