//! What a gate on Cloudflare and its Durable Objects say to each other, and to the JavaScript around each; and what
//! they call things.
//!
//! Both halves import this, so a name or a message stands in one place. Messages are canonical JSON: a reader
//! accepts exactly what the writer writes. See `docs/spec/cloudflare.md`.
#![forbid(unsafe_code)]

pub mod frame;
pub mod message;
pub mod page;
pub mod place;
