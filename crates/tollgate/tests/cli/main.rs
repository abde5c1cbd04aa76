//! The command as operators and their scripts run it: the real binary, in a folder of its own.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

mod api;
mod asked;
mod audit;
mod config;
mod deployment;
mod doctor;
mod dynamodb;
mod golden;
mod help;
mod init;
mod inspect;
mod keys;
mod leaks;
mod limits;
mod peppers;
mod remote;
mod secrets;
mod signing_keys;
mod site;
mod standing;
mod starting;
mod store;
