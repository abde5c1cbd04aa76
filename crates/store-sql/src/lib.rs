//! The ledger, the head and the buckets, whichever SQLite keeps them: a file, or a Durable Object.
//!
//! Nothing here opens anything or knows a clock. A step is made of what is kept and what is asked; whoever calls it
//! keeps what comes out, all of it or nothing.
#![forbid(unsafe_code)]

mod bucket;

pub use bucket::{Desk, Exchanged, HOLDERS_MAX, LOOK_AFTER_MS, Unreadable};
