//! Who is asked, and under which keys things are kept.

use std::borrow::Cow;

use tollgate_core::{bucket::NAME_MAX, limit::LimitScope, lookup::LookupId};

/// The name of the one object that holds the ledger and the head.
pub const LEDGER: &str = "ledger";

/// In how many objects the limits on addresses are kept.
///
/// Whoever sends from many addresses makes many buckets, and must not make as many objects.
pub const ADDRESS_OBJECTS: u32 = 256;

/// What the storage keys of buckets start with.
pub const BUCKET_PREFIX: &str = "b/";

/// What the keys of records start with.
const RECORD_PREFIX: &str = "r/";

/// The name of the object that keeps a bucket: the bucket's own, but for limits on addresses one of
/// [`ADDRESS_OBJECTS`], `ip/0` and so on, by a hash of the bucket's name.
#[must_use]
pub fn object_of(bucket: &str) -> Cow<'_, str> {
    // A bucket's name is tenant, scope, scope id and limit, and none of them holds a slash.
    let scope = bucket.split('/').nth(1);
    if scope != Some(LimitScope::Ip.as_str()) {
        return Cow::Borrowed(bucket);
    }
    let number = hash(bucket.as_bytes()).checked_rem(ADDRESS_OBJECTS).unwrap_or(0);
    let mut name = String::from("ip/");
    for place in [100, 10, 1] {
        if number >= place || place == 1 {
            let digit = number.checked_div(place).unwrap_or(0) % 10;
            name.push(char::from_digit(digit, 10).unwrap_or('0'));
        }
    }
    Cow::Owned(name)
}

/// The key of a record among the records.
#[must_use]
pub fn record_key(lookup: LookupId) -> String {
    let mut key = String::from(RECORD_PREFIX);
    key.push_str(str::from_utf8(&lookup.to_hex()).unwrap_or_default());
    key
}

/// Whose record is kept under this key; none if it is no key of a record.
#[must_use]
pub fn record_of(key: &str) -> Option<LookupId> {
    LookupId::from_hex(key.strip_prefix(RECORD_PREFIX)?)
}

/// The key of a bucket's state within its object.
#[must_use]
pub fn bucket_key(bucket: &str) -> String {
    let mut key = String::from(BUCKET_PREFIX);
    key.push_str(bucket);
    key
}

/// The longest key of a bucket's state, in bytes.
pub const BUCKET_KEY_MAX: usize = BUCKET_PREFIX.len() + NAME_MAX;

/// FNV-1a, folded so that its low bits depend on every byte.
fn hash(bytes: &[u8]) -> u32 {
    const PRIME: u32 = 0x0100_0193;
    const BASIS: u32 = 0x811c_9dc5;
    let hash = bytes.iter().fold(BASIS, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(PRIME));
    hash ^ (hash >> 16)
}
