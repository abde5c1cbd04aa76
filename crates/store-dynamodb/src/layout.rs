//! The two tables: every key and every attribute, named once.
//!
//! A gate reads the ledger table and writes the buckets table, and never the other way round. See `docs/spec/dynamodb.md`.
//!
//! | table | `pk` | `sk` | what it is |
//! |---|---|---|---|
//! | buckets | a bucket's name | | one bucket: [`VERSION`], [`STATE`], [`TTL`] |
//! | ledger | [`HEAD`] | [`HEAD`] | how far the ledger has come, and its last [`HEAD_ITEM_ENTRIES_MAX`] entries |
//! | ledger | [`HEAD`] | [`page_sk`] | older entries |
//! | ledger | [`record_pk`] | [`RECORD`] | what a gate reads about one secret |
//! | ledger | [`key_pk`] | [`KEY`] | a key's document |
//! | ledger | [`tenant_pk`] | [`TENANT`], [`owner_sk`], [`limit_sk`], [`key_sk`], [`owner_key_sk`] | what belongs to a tenant, listed by prefix |

use tollgate_core::lookup::LookupId;

/// The names of the two tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Where buckets are.
    pub buckets: String,
    /// Where everything else is.
    pub ledger: String,
}

/// The partition key of both tables, a string.
pub const PK: &str = "pk";

/// The sort key of the ledger table, a string.
pub const SK: &str = "sk";

/// Of a bucket, a number: counts its writes, and is what each of them is conditional on.
pub const VERSION: &str = "v";

/// Of a bucket, binary: its state, as [`tollgate_core::lease::Account::encode`] writes it.
pub const STATE: &str = "s";

/// When an item may be forgotten, in seconds since the Unix epoch: TTL is switched on for this attribute of both tables.
///
/// Of a bucket it is never before the bucket is full with nothing out; absent where what was spent does not come back.
/// Of a page of the head it is set once the floor has passed the page, [`PAGE_KEPT_SECONDS`] later.
pub const TTL: &str = "ttl";

/// Both keys of the head's item.
pub const HEAD: &str = "head";

/// Of the head, a number: the ledger's incarnation.
pub const INCARNATION: &str = "incarnation";

/// Of the head, a number: the ledger's epoch. Every transaction of the ledger is conditional on it and moves it.
pub const EPOCH: &str = "epoch";

/// Of the head, a number: up to which epoch nothing is said about single subjects.
pub const FLOOR: &str = "floor";

/// Of the head, a number, from the floor to the epoch: its own entries are complete above this, older ones are in pages.
pub const BASE: &str = "base";

/// Of the head, a number: the epoch of the newest change that is not in every record item that it concerns; 0 if there is
/// none.
///
/// A change of a key rewrites the record items of all its secrets in its own transaction. A stop, a resume, or other
/// numbers for a limit that keys share cannot: it sets this to its epoch in its transaction, then the record items are
/// rewritten, and whoever has rewritten the last of them sets this back to 0 if it still is that epoch.
pub const MASS: &str = "mass";

/// Of the head and its pages, a string: entries in ascending order of epochs, as [`crate::head::write_entries`] writes them.
pub const ENTRIES: &str = "entries";

/// The sort key of every record item.
pub const RECORD: &str = "record";

/// Of a record item, a string: the sealed record, as of the transaction that wrote it.
pub const TEXT: &str = "text";

/// The sort key of every key's document; of a record item, a string: the id of its key.
pub const KEY: &str = "key";

/// Of a record item and of a key, a string: whose it is.
pub const OWNER: &str = "owner";

/// The sort key of a tenant's own item; of a record item and of a key, a string: whose it is.
pub const TENANT: &str = "tenant";

/// Of a key, a string: its document, as [`tollgate_ledger::Key::to_text`] writes it.
pub const DOCUMENT: &str = "document";

/// Of an owner and a tenant, a boolean: whether it is stopped. An item that is not there is not stopped.
pub const STOPPED: &str = "stopped";

/// Of an owner and a tenant, a number: since when it is stopped, in milliseconds since the Unix epoch.
pub const STOPPED_AT: &str = "stopped_at";

/// The most entries in the head's own item: when there are more, the oldest become a page, and [`BASE`] is its last epoch.
pub const HEAD_ITEM_ENTRIES_MAX: usize = 32;

/// The most pages that are read at once: more entries than a head has.
pub const HEAD_PAGES_MAX: i32 = 64;

/// For how long a page stays after the floor has passed it, in seconds: a reader that has read the head's item before
/// that still finds it.
pub const PAGE_KEPT_SECONDS: u64 = 3_600;

/// The longest name of a bucket, in bytes: what a partition key may have.
pub const BUCKET_NAME_MAX: usize = 2_048;

/// The sort key of the page whose last entry has this epoch: all pages with entries above an epoch sort behind its own.
#[must_use]
pub fn page_sk(last_epoch: u64) -> String {
    format!("page#{last_epoch:020}")
}

/// Sorts behind every page.
pub const PAGES_END: &str = "page$";

/// The partition key of a secret's record item.
#[must_use]
pub fn record_pk(lookup: LookupId) -> String {
    format!("record#{lookup}")
}

/// The partition key of a key's document.
#[must_use]
pub fn key_pk(id: &str) -> String {
    format!("key#{id}")
}

/// The partition key of a tenant and of everything that is listed under it.
#[must_use]
pub fn tenant_pk(tenant: &str) -> String {
    format!("tenant#{tenant}")
}

/// The sort key of an owner, under its tenant.
#[must_use]
pub fn owner_sk(owner: &str) -> String {
    format!("owner#{owner}")
}

/// The sort key of a key among those of its tenant.
#[must_use]
pub fn key_sk(id: &str) -> String {
    format!("key#{id}")
}

/// The sort key of a key among those of its owner, under the tenant.
#[must_use]
pub fn owner_key_sk(owner: &str, id: &str) -> String {
    format!("owner-key#{owner}#{id}")
}

/// The sort key of the key `id` among those that carry a limit of `object` under a name, under the tenant.
#[must_use]
pub fn limit_sk(object: &str, name: &str, id: &str) -> String {
    format!("limit#{object}#{name}#{id}")
}
