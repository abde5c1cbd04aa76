//! Parses, proves, meters and decides: the part of Tollgate that every host shares.
//!
//! The core knows no clock, no randomness, no environment, no network and no allocator: time and
//! randomness are arguments, and everything it fetches from is somebody else's. What has been proved
//! about a value is its type, so a function that needs a genuine key cannot be called with less.
#![no_std]
#![forbid(unsafe_code)]

pub mod bucket;
pub mod decision;
pub mod head;
pub mod id;
pub mod json;
pub mod key;
pub mod lease;
pub mod limit;
pub mod lookup;
pub mod mac;
pub mod network;
pub mod pepper;
pub mod record;
pub mod scope;
pub mod sealed;
pub mod stamp;
pub mod time;
pub mod usage;
