//! The ledger, the head, the buckets and what was counted, whichever SQLite keeps them: a file, or a Durable Object.
//!
//! Nothing here opens anything, begins a transaction or knows a clock. A step is made of what is kept and what is
//! asked; whoever calls it begins the transaction, and keeps what comes out: all of it or nothing.
//!
//! The statements and the schema stand in one place each ([`schema`], [`statements`]) and keep within what a
//! Durable Object's SQL allows.
#![forbid(unsafe_code)]

pub mod books;
mod bucket;
mod head;
mod keys;
pub mod listing;
mod outbox;
mod records;
mod restore;
mod routes;
pub mod schema;
mod sql;
pub mod statements;
mod usage;

pub use bucket::{Desk, Exchanged, HOLDERS_MAX, LOOK_AFTER_MS, Unreadable};
pub use head::{ENTRY_AGE_MAX_MS, Head, Kept, ledger, refresh};
pub use keys::{age, change, key, key_of, keys, owners, peppers_in_use, stopped, tenants};
pub use outbox::{Cursor, Due, KEYS_AT_ONCE, OutboxRow, SECRETS_AT_ONCE, due, publish, published};
pub use records::{RecordFault, record};
pub use restore::restored;
pub use routes::{route_limits_changed, route_limits_deployed, route_limits_known};
pub use sql::{Column, Fault, Given, Row, Sql};
pub use usage::{
    HEARD_KEPT_MS, USAGE_KEPT_MS, USAGE_ROWS_MAX, USAGE_SWEEP_MAX, keep_all, keep_usage,
    sweep_usage, usage,
};
