//! The ledger, the head and the buckets in two DynamoDB tables.
//!
//! A gate's half ([`Store`]) answers the errands of an engine: it reads the ledger table and writes the buckets table.
//! Nothing here decides anything: the core's authority runs between one consistent read of a bucket and one
//! conditional write. See `docs/spec/dynamodb.md`.
#![forbid(unsafe_code)]

pub mod head;
pub mod layout;
mod link;

pub use link::Link;
