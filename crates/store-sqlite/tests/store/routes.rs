//! When the limits of routes last changed.

use tollgate_core::{
    id::Id,
    limit::{Limit, LimitScope, Numbers},
    stamp::Stamp,
};
use tollgate_ledger::{Ledger, LedgerError};
use tollgate_store_sqlite::{Store, restore};

use crate::made::{Folder, NOW, change, create, creation, each, exchange, plain_ask, tidings};

fn numbers(burst: u64) -> Numbers {
    Numbers::steady(burst, 1, 1_000).unwrap()
}

fn limit(name: &str, scope: LimitScope, numbers: Numbers) -> Limit<'_> {
    Limit { name: Id::new(name).unwrap(), scope, numbers, changed: Stamp::default() }
}

fn stamps<const N: usize>(store: &mut Store, wanted: [Limit<'_>; N]) -> [Stamp; N] {
    store.route_limits(&wanted, NOW).unwrap().try_into().unwrap()
}

/// The stamp of a limit that counts for each key.
fn stamp(store: &mut Store, name: &str, burst: u64) -> Stamp {
    let [stamp] = stamps(store, [limit(name, LimitScope::Key, numbers(burst))]);
    stamp
}

#[test]
fn numbers_that_stay_keep_their_stamp_and_others_get_a_higher_one() {
    each(|mut store| {
        let first = stamp(&mut store, "search", 20);
        assert_eq!(first, store.stamp().unwrap());
        assert_eq!(stamp(&mut store, "search", 20), first);
        change(&mut store, &creation(1));
        assert_eq!(stamp(&mut store, "search", 20), first);
        let scoped = limit("search", LimitScope::Owner, numbers(5));
        let slower = Numbers::steady(5, 1, 1_001).unwrap();
        let faster = Numbers::steady(5, 2, 1_001).unwrap();
        let rows = [
            limit("search", LimitScope::Key, numbers(5)),
            // There and back is two changes.
            limit("search", LimitScope::Key, numbers(20)),
            limit("search", LimitScope::Key, numbers(5)),
            scoped,
            Limit { numbers: slower, ..scoped },
            Limit { numbers: faster, ..scoped },
        ];
        let mut last = first;
        for wanted in rows {
            let [next] = stamps(&mut store, [wanted]);
            assert!(next > last, "{wanted:?}");
            assert_eq!(stamps(&mut store, [wanted]), [next]);
            assert_eq!(next, store.stamp().unwrap());
            last = next;
        }
    });
}

#[test]
fn only_the_limit_that_changed_gets_another_stamp() {
    each(|mut store| {
        let of = |name, burst| limit(name, LimitScope::Key, numbers(burst));
        let [a, b, again] = stamps(&mut store, [of("a", 1), of("b", 1), of("a", 1)]);
        assert_eq!((a, a), (b, again), "one transaction is one epoch");
        let [b_then, c, a_then] = stamps(&mut store, [of("b", 2), of("c", 1), of("a", 1)]);
        assert_eq!((a_then, b_then), (a, c));
        assert!(c > a);
        assert_eq!(stamps(&mut store, []), []);
        assert_eq!(store.stamp().unwrap(), c);
    });
}

#[test]
fn a_route_limit_that_changes_is_no_entry_and_drops_no_record() {
    each(|mut store| {
        change(&mut store, &creation(1));
        let before = tidings(&mut store, Stamp::default());
        let changed = stamp(&mut store, "search", 20);
        let after = tidings(&mut store, Stamp::default());
        assert_eq!((after.stamp, &after.entries), (changed, &before.entries));
        assert_eq!(changed.epoch, before.stamp.epoch + 1);
    });
}

#[test]
fn two_processes_agree_and_the_last_one_counts() {
    each(|mut one| {
        let mut other = one.beside().unwrap();
        let first = stamp(&mut one, "search", 20);
        assert_eq!(stamp(&mut other, "search", 20), first);
        let second = stamp(&mut other, "search", 5);
        assert!(second > first);
        assert_eq!(stamp(&mut one, "search", 5), second);
        assert_eq!(change(&mut one, &creation(1)).stamp.epoch, second.epoch + 1);
        assert!(stamp(&mut one, "search", 20) > second);
    });
}

#[test]
fn a_restart_keeps_stamps_and_a_restore_takes_none_twice() {
    let folder = Folder::new();
    let first = stamp(&mut folder.store(), "search", 20);
    let mut store = folder.store();
    assert_eq!(stamp(&mut store, "search", 20), first);
    let copy = folder.file("copy.db");
    tollgate_store_sqlite::backup(&store, &copy).unwrap();
    let second = stamp(&mut store, "search", 5);
    // It is noted outside the database, like every epoch.
    assert!(restore(&copy, NOW).unwrap().incarnation > second.incarnation);
    let mut restored = create(&copy);
    assert_eq!(stamp(&mut restored, "search", 20), first);
    assert!(stamp(&mut restored, "search", 5) > second);
}

#[test]
fn a_lowered_limit_counts_in_the_bucket_that_is_there() {
    each(|mut store| {
        let ask = |store: &mut Store, holder, burst| {
            let changed = stamp(store, "search", burst);
            let ask = plain_ask(holder, 1, numbers(burst), 15);
            let ask = tollgate_core::lease::Ask { changed, ..ask };
            exchange(store, "acme/key/key_1/@search", ask, NOW).unwrap().granted_waiting
        };
        assert_eq!(ask(&mut store, 1, 18), 15);
        assert_eq!(ask(&mut store, 2, 16), 1, "16 less what is out");
    });
}

#[test]
fn what_cannot_be_written_is_refused_and_what_is_known_is_not() {
    let folder = Folder::new();
    let mut store = folder.store();
    let first = stamp(&mut store, "search", 20);
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    raw.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON route_limits BEGIN SELECT RAISE(ABORT, 'no room'); END",
    )
    .unwrap();
    let lower = [limit("search", LimitScope::Key, numbers(5))];
    assert!(matches!(store.route_limits(&lower, NOW), Err(LedgerError::Failed { .. })));
    assert_eq!((stamp(&mut store, "search", 20), store.stamp().unwrap()), (first, first));
}
