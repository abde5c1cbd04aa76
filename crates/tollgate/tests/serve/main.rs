//! The server's own mechanics: the real binary over TCP, with an origin that records what it receives.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test stops at what should not be"
)]
#![expect(clippy::disallowed_methods, reason = "a test of a running program has deadlines")]

mod admin;
mod asking;
mod audit;
mod control;
mod crowd;
mod decide;
mod dev;
mod effects;
mod ending;
mod grpc;
mod h2;
mod identity;
mod messages;
mod naming;
mod origin;
mod passing;
mod reloading;
mod requests;
mod retrying;
mod returning;
mod rpc;
mod rpc_origin;
mod second;
mod second_ending;
mod secure;
mod silent;
mod site;
mod streams;
mod switching;
mod trailing;
mod usage;
mod used;
mod wire;
