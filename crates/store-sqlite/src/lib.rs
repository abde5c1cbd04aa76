//! The ledger, the buckets and the head in one SQLite file that several processes may share.
//!
//! A change is one transaction with its epoch and its entry in the head, and durable before it is answered. A
//! lease is the core's own exchange inside one transaction, so a second process or a restart mints nothing. A
//! record is compiled when it is read, in one read with the head. See `docs/store-sqlite.md`.
//!
//! What is said to the tables, and the steps made of it, are those of every SQLite: `tollgate-store-sql` has them.
#![forbid(unsafe_code)]

mod ballast;
mod books;
mod buckets;
mod commanded;
#[cfg(all(test, unix))]
mod crashes;
mod fault;
#[cfg(test)]
mod faults;
mod keys;
mod leases;
mod note;
mod open;
mod records;
mod restore;
mod routes;
mod sql;
mod store;
mod sweep;
mod usage;

pub use ballast::BALLAST_BYTES;
pub use commanded::Commanded;
pub use leases::HOLDERS;
pub use open::{Access, OpenFailure};
pub use restore::{backup, restore};
pub use store::{BATCH_MAX, Store};
pub use sweep::{DAMAGED_MAX, SWEEP_MAX, Swept};
pub use tollgate_store_sql::{
    HEARD_KEPT_MS, USAGE_KEPT_MS, USAGE_ROWS_MAX,
    books::{FEW_MAX, LOOKED_AT_ONCE, RETRIES_MAX, RETRIES_SWEEP_MAX, RETRY_KEPT_MS},
    listing, schema, statements,
};
