//! The ledger, the head and the buckets in two DynamoDB tables.
//!
//! A gate's half ([`Store`]) answers the errands of an engine: it reads the ledger table and writes the buckets table.
//! Nothing here decides anything: the core's authority runs between one consistent read of a bucket and one
//! conditional write. See `docs/spec/dynamodb.md`.
#![forbid(unsafe_code)]

mod buckets;
mod call;
mod clock;
mod desk;
mod documents;
pub mod head;
mod join;
pub mod layout;
mod ledger;
mod link;
mod publish;
mod records;
mod store;
mod usage;

pub use desk::HOLDERS;
pub use link::Link;
pub use publish::{Point, Published, Publisher, Standing, Tabled};
pub use store::Store;
pub use usage::USAGE_KEPT_SECONDS;
