//! Lists of many keys: whole, in order, and as cheap among many keys as among few.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at what should not be"
)]

mod bringing;
mod pages;
mod raw;
mod steps;
mod writing;

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use rusqlite::Connection;
use tollgate_control::{
    Wanted,
    model::{Sort, SortBy},
};
use tollgate_store_sqlite::{Access, Store};

/// A store's file, which goes away with the test.
struct File(PathBuf);

static FILES: AtomicU64 = AtomicU64::new(0);

impl File {
    fn new() -> Self {
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("tollgate-lists-{}-{number}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = Self(folder.join("store.db"));
        drop(Store::open(&file.0, Access::Create).unwrap());
        file
    }

    fn store(&self) -> Store {
        Store::open(&self.0, Access::ReadWrite).unwrap()
    }

    /// A connection that waits for no disk.
    fn raw(&self) -> Connection {
        let raw = Connection::open(&self.0).unwrap();
        raw.execute_batch("PRAGMA synchronous = OFF").unwrap();
        raw.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
        raw
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(self.0.parent().unwrap());
    }
}

/// Keys as alike as those of [`raw::creation`], made by the database from the first of them: too many to be made one by
/// one where every step of a test counts.
fn copies(raw: &Connection, numbers: std::ops::Range<u32>) {
    let copied =
        "WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?2)
        INSERT INTO keys (id, tenant, owner, document)
        SELECT printf('key_%04x%06d', i * 7919 % 65521, i), 'acme', 'everybody',
        json_set(k.document, '$.id', printf('key_%04x%06d', i * 7919 % 65521, i),
            '$.name', printf('service %05d', i * 31 % 99991), '$.created_ms', 1600000000000 + i,
            '$.settings.owner', 'everybody')
        FROM n CROSS JOIN keys k WHERE k.id = ?3";
    raw.execute(copied, (numbers.start, numbers.end, raw::id(1))).unwrap();
}

const ORDERS: [Sort; 8] = {
    const fn both(by: SortBy) -> [Sort; 2] {
        [Sort { by, descending: false }, Sort { by, descending: true }]
    }
    let [[a, b], [c, d]] = [both(SortBy::Id), both(SortBy::Created)];
    let [[e, f], [g, h]] = [both(SortBy::Name), both(SortBy::Expires)];
    [a, b, c, d, e, f, g, h]
};

/// All of a tenant's, in an order.
const fn all(sort: Sort) -> Wanted<'static> {
    Wanted {
        tenant: Some("acme"),
        owner: None,
        env: None,
        state: None,
        expiring_before: None,
        sort,
        after: None,
        limit: 50,
    }
}
