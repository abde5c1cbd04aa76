//! The two tables: every key and every attribute, named once.
//!
//! A gate reads the ledger table and writes the buckets table; who publishes does it the other way round. What each item
//! means, and by which rules it is written and read, is in `docs/spec/dynamodb.md`.

use tollgate_core::{lease::HolderId, lookup::LookupId};

/// The names of the two tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Where buckets are.
    pub buckets: String,
    /// Where everything else is.
    pub ledger: String,
}

/// The partition key of both tables, a string. In the buckets table it is a bucket's name, and the only key.
pub const PK: &str = "pk";

/// The sort key of the ledger table, a string.
pub const SK: &str = "sk";

/// Of a bucket, a number: what each of its writes is conditional on, and moves.
pub const VERSION: &str = "v";

/// Of a bucket, binary: its state, as [`tollgate_core::lease::Account::encode`] writes it.
pub const STATE: &str = "s";

/// When an item may be forgotten, in seconds since the Unix epoch: TTL is switched on for this attribute of the buckets
/// table. It is never before the bucket is full with nothing out, and absent where what was spent does not come back.
pub const TTL: &str = "ttl";

/// Of what is remembered of a holder that has counted, a number: its last batch.
pub const SEQ: &str = "seq";

/// Of the same, a number: which part of that batch was kept last.
pub const PART: &str = "part";

/// Both keys of the head's item.
pub const HEAD: &str = "head";

/// Of the head and of a record, a number: the incarnation.
pub const INCARNATION: &str = "incarnation";

/// Of the head and of a record, a number: the epoch.
pub const EPOCH: &str = "epoch";

/// Of the head, a number: up to which epoch nothing is said about single subjects.
pub const FLOOR: &str = "floor";

/// Of the head, a number: its item has every entry above this epoch, and what is older stands in pages.
pub const SINCE: &str = "since";

/// Of the head and of its pages, a string: entries, as [`crate::head::write_entries`] writes them.
pub const ENTRIES: &str = "entries";

/// Of the head, a string: which pages there are, `[epoch,…]` in ascending order.
pub const PAGES: &str = "pages";

/// Of the head, a number: the lowest epoch whose records are not all written, or 0.
pub const PENDING: &str = "pending";

/// Of the head, a string: which change moved it last, so that a publisher knows its own.
pub const CHANGE: &str = "change";

/// The sort key of a record's item.
pub const RECORD: &str = "record";

/// Of a record, a string: the sealed text.
pub const TEXT: &str = "text";

/// The sort key of a key's document; of a record, a string: the id of its key.
pub const KEY: &str = "key";

/// Of a record and of a key, a string: whose it is.
pub const OWNER: &str = "owner";

/// The sort key of a tenant; of a record, a key and a carrier of a limit, a string: whose it is.
pub const TENANT: &str = "tenant";

/// Of a record, a string: the limits that its key shares with others.
pub const LIMITS: &str = "limits";

/// The sort key of a shared limit.
pub const LIMIT: &str = "limit";

/// Of a key, a limit and a row of the outbox, a string: its document.
pub const DOCUMENT: &str = "document";

/// Of a tenant and an owner, a number: since when it is stopped, in milliseconds since the Unix epoch; absent otherwise.
pub const STOPPED: &str = "stopped";

/// Of a tenant and an owner, a number: how many keys it has, whatever their states. Also the partition key of the list of
/// all keys.
pub const KEYS: &str = "keys";

/// Of a tenant, a number: how many of its owners are stopped.
pub const OWNERS_STOPPED: &str = "owners_stopped";

/// Of a shared limit, a number: how many keys carry it.
pub const CARRIERS: &str = "carriers";

/// The partition key of the list of all tenants.
pub const TENANTS: &str = "tenants";

/// The partition key of what records are still to be written.
pub const OUTBOX: &str = "outbox";

/// The most entries that the head's own item has room for.
pub const HEAD_ITEM_ENTRIES_MAX: usize = 64;

/// How many of them stay when the rest becomes a page.
pub const HEAD_ITEM_ENTRIES_KEPT: usize = 32;

/// The most entries of one page.
pub const PAGE_ENTRIES_MAX: usize = 128;

/// The most pages.
pub const PAGES_MAX: usize = 17;

/// An epoch as sort keys have it: as many digits as the largest has, so that they sort as numbers do.
#[must_use]
pub fn epoch_sk(epoch: u64) -> String {
    format!("{epoch:020}")
}

/// The sort key of the page with the entries up to an epoch.
#[must_use]
pub fn page_sk(last_epoch: u64) -> String {
    format!("page#{last_epoch:020}")
}

/// What begins the attributes of an hour's counts: the route, `|` and what became of the requests follow.
pub const COUNT: &str = "n|";

/// The partition key, in the buckets table, of what a holder has counted last. No bucket's name has a `#`.
#[must_use]
pub fn counted_pk(holder: HolderId) -> String {
    let digits: String = holder.0.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("counted#{digits}")
}

/// The partition key, in the buckets table, of what was counted of a key in an hour since 1970; all three ids are empty
/// for what is counted of no key.
#[must_use]
pub fn usage_pk(tenant: &str, owner: &str, key: &str, hour: u64) -> String {
    format!("usage#{tenant}#{owner}#{key}#{hour}")
}

/// The partition key of a secret's record.
#[must_use]
pub fn record_pk(lookup: LookupId) -> String {
    format!("record#{lookup}")
}

/// The partition key of a key's document; the sort key of a key in lists of keys.
#[must_use]
pub fn key_name(id: &str) -> String {
    format!("key#{id}")
}

/// The partition key of a tenant and of what is listed under it; the sort key of a tenant in the list of tenants.
#[must_use]
pub fn tenant_name(tenant: &str) -> String {
    format!("tenant#{tenant}")
}

/// The sort key of an owner, under its tenant.
#[must_use]
pub fn owner_sk(owner: &str) -> String {
    format!("owner#{owner}")
}

/// The partition key of the list of an owner's keys.
#[must_use]
pub fn owner_pk(tenant: &str, owner: &str) -> String {
    format!("owner#{tenant}#{owner}")
}

/// The partition key of a limit that keys share, and of the list of those that carry it.
#[must_use]
pub fn limit_pk(object: &str, name: &str) -> String {
    format!("limit#{object}#{name}")
}
