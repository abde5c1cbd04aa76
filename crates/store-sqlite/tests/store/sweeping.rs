//! Buckets that nothing would miss.

use tollgate_core::limit::{Numbers, Period};
use tollgate_store_sqlite::{DAMAGED_MAX, SWEEP_MAX, Store, Swept};

use crate::made::{DAY_MS, Folder, NOW, each, exchange, plain_ask};

fn count(swept: Swept) -> (usize, usize, usize) {
    (swept.looked_at, swept.forgotten, swept.damaged)
}

fn take(store: &mut Store, bucket: &str, numbers: Numbers, tokens: u32) {
    exchange(store, bucket, plain_ask(1, 1, numbers, tokens), NOW).unwrap();
}

#[test]
fn a_bucket_is_forgotten_when_it_is_full_with_nothing_out_and_not_before() {
    each(|mut store| {
        let limit = Numbers::steady(100, 1, 1_000).unwrap();
        take(&mut store, "b", limit, 100);
        // It is looked at after a minute, when 59 of its tokens are back: the room opened after a second.
        assert_eq!(count(store.sweep(NOW.plus(59_999)).unwrap()), (0, 0, 0));
        assert_eq!(count(store.sweep(NOW.plus(60_000)).unwrap()), (1, 0, 0));
        // From then on when it will be full.
        assert_eq!(count(store.sweep(NOW.plus(100_999)).unwrap()), (0, 0, 0));
        let lease =
            exchange(&mut store, "b", plain_ask(2, 1, limit, 1), NOW.plus(100_999)).unwrap();
        assert_eq!(lease.granted_waiting, 1);
        assert_eq!(count(store.sweep(NOW.plus(101_000)).unwrap()), (1, 0, 0));
        let full = NOW.plus(110_000);
        assert_eq!(count(store.sweep(full).unwrap()), (1, 1, 0));
        let lease = exchange(&mut store, "b", plain_ask(2, 2, limit, 100), full).unwrap();
        assert_eq!(lease.granted_waiting, 100);
    });
}

#[test]
fn a_quota_is_kept_as_long_as_its_period() {
    each(|mut store| {
        take(&mut store, "total", Numbers::quota(5, Period::Total).unwrap(), 1);
        take(&mut store, "day", Numbers::quota(5, Period::Day).unwrap(), 1);
        let (tomorrow, later) = (NOW.plus(DAY_MS), NOW.plus(400 * DAY_MS));
        assert_eq!(count(store.sweep(NOW.plus(60_000)).unwrap()), (2, 0, 0));
        assert_eq!(count(store.sweep(tomorrow).unwrap()), (1, 1, 0));
        assert_eq!(count(store.sweep(later).unwrap()), (1, 0, 0));
        let total = Numbers::quota(5, Period::Total).unwrap();
        let lease = exchange(&mut store, "total", plain_ask(2, 1, total, 5), later).unwrap();
        assert_eq!(lease.granted_waiting, 4);
    });
}

#[test]
fn one_sweep_looks_at_so_many_and_no_more() {
    each(|mut store| {
        let limit = Numbers::steady(1, 1, 1).unwrap();
        for number in 0..SWEEP_MAX + 5 {
            take(&mut store, &format!("b{number}"), limit, 1);
        }
        let later = NOW.plus(60_000);
        assert_eq!(count(store.sweep(later).unwrap()), (SWEEP_MAX, SWEEP_MAX, 0));
        assert_eq!(count(store.sweep(later).unwrap()), (5, 5, 0));
        assert_eq!(count(store.sweep(later).unwrap()), (0, 0, 0));
    });
}

#[test]
fn a_damaged_bucket_is_not_forgotten() {
    let folder = Folder::new();
    let mut store = folder.store();
    take(&mut store, "b", Numbers::steady(1, 1, 1).unwrap(), 1);
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    raw.execute("UPDATE buckets SET state = x'00'", []).unwrap();
    for days in 1..4 {
        assert_eq!(count(store.sweep(NOW.plus(days * 2 * DAY_MS)).unwrap()), (1, 0, 1));
    }
    let left: i64 = raw.query_row("SELECT count(*) FROM buckets", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1);
}

#[test]
fn damaged_buckets_are_named() {
    let folder = Folder::new();
    let mut store = folder.store();
    for number in 0..600 {
        take(&mut store, &format!("b{number:03}"), Numbers::steady(1, 1, 1).unwrap(), 1);
    }
    assert!(store.damaged_buckets().unwrap().is_empty());
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let names = ["b000", "b255", "b256", "b257", "b599"];
    for name in names {
        raw.execute("UPDATE buckets SET state = x'00' WHERE name = ?1", [name]).unwrap();
    }
    assert_eq!(store.damaged_buckets().unwrap(), names);
    raw.execute("UPDATE buckets SET state = x'00'", []).unwrap();
    assert_eq!(store.damaged_buckets().unwrap().len(), DAMAGED_MAX);
}
