//! The head in its tables is the core's own.

use tollgate_core::{
    head::{Entry, HEAD_ENTRIES_MAX, Head, Name, Subject},
    id::Id,
    stamp::Stamp,
};
use tollgate_ledger::{Change, Ledger};
use tollgate_store_sqlite::Store;
use tollgate_testkit::Random;

use crate::made::{
    DAY_MS, Folder, NOW, change, created_for, creation, each, id, settings, tidings,
};

const BEGIN: Stamp = Stamp { incarnation: 1, epoch: 1 };

fn name(text: &str) -> Name {
    Name::new(Id::new(text).unwrap())
}

#[test]
fn an_asker_is_told_what_came_after_it_or_everything() {
    each(|mut store| {
        let created = change(&mut store, &creation(1)).stamp;
        let disabled = change(&mut store, &Change::Disable { id: id(1) }).stamp;
        let enabled = change(&mut store, &Change::Enable { id: id(1) }).stamp;
        let stop = Change::StopTenant { tenant: "acme".to_owned() };
        let stopped = change(&mut store, &stop).stamp;
        let rows = [
            (stopped, stopped.epoch, vec![]),
            (enabled, enabled.epoch, vec![stopped.epoch]),
            // One entry for each subject: the newest.
            (disabled, disabled.epoch, vec![enabled.epoch, stopped.epoch]),
            (created, created.epoch, vec![enabled.epoch, stopped.epoch]),
            (Stamp::default(), 1, vec![enabled.epoch, stopped.epoch]),
            (Stamp { incarnation: 2, ..stopped }, 1, vec![enabled.epoch, stopped.epoch]),
            (Stamp { epoch: 99, ..stopped }, 1, vec![enabled.epoch, stopped.epoch]),
        ];
        for (asker, since, epochs) in rows {
            let told = tidings(&mut store, asker);
            assert_eq!((told.stamp, told.floor, told.since), (stopped, 1, since), "{asker:?}");
            let told: Vec<u64> = told.entries.iter().map(|entry| entry.epoch).collect();
            assert_eq!(told, epochs, "{asker:?}");
        }
    });
}

/// Puts entries into the tables as if they had been made by as many changes.
fn fill(folder: &Folder, entries: usize, tenants: u64) -> Head<Vec<Entry>> {
    let mut head = Head::begin(BEGIN, vec![Entry::NONE; HEAD_ENTRIES_MAX]);
    let mut random = Random::new(5);
    for number in 0..entries {
        let tenant = format!("t{}", random.below(tenants));
        let (tenant, key) = (name(&tenant), name(&format!("k{number}")));
        head.record(Some(Subject::Key { tenant, key }));
    }
    let mut raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let raw = raw.transaction().unwrap();
    for entry in head.entries() {
        let Subject::Key { tenant, key } = entry.subject else { panic!("{entry:?}") };
        let row = (entry.epoch, tenant.as_str(), "key", key.as_str(), NOW.0);
        raw.execute("INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5)", row).unwrap();
    }
    raw.execute("UPDATE ledger SET epoch = ?1", [head.stamp().epoch]).unwrap();
    raw.commit().unwrap();
    head
}

fn same(store: &mut Store, head: &Head<Vec<Entry>>) {
    let told = tidings(store, Stamp::default());
    assert_eq!((told.stamp, told.floor), (head.stamp(), head.floor()));
    assert!(told.entries == head.entries(), "{} entries", told.entries.len());
}

#[test]
fn a_full_list_folds_as_the_core_folds_it() {
    let folder = Folder::new();
    let mut store = folder.store();
    let mut head = fill(&folder, HEAD_ENTRIES_MAX - 3, 40);
    same(&mut store, &head);
    for number in 0..8 {
        let tenant = format!("n{number}");
        change(&mut store, &created_for(number, settings(&tenant, "bob")));
        head.record(None);
        change(&mut store, &Change::Disable { id: id(number) });
        head.record(Some(Subject::Key { tenant: name(&tenant), key: name(&id(number)) }));
        same(&mut store, &head);
        // What is written is what another process reads.
        same(&mut folder.store(), &head);
    }
    let folded = |entry: &&Entry| matches!(entry.subject, Subject::Tenant { .. });
    assert!(head.entries().iter().filter(folded).count() > 0, "nothing was folded");
}

#[test]
fn a_list_of_single_tenants_loses_its_oldest_entry_and_the_floor_rises() {
    let folder = Folder::new();
    let mut store = folder.store();
    fill(&folder, 3, u64::MAX);
    let mut raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let raw = raw.transaction().unwrap();
    let epochs: Vec<u64> = (5..5 + 1_021).collect();
    for epoch in &epochs {
        let row = (epoch, format!("s{epoch}"), "tenant", "", NOW.0);
        raw.execute("INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5)", row).unwrap();
    }
    raw.execute("UPDATE ledger SET epoch = ?1", [epochs.last()]).unwrap();
    raw.commit().unwrap();
    assert_eq!(tidings(&mut store, Stamp::default()).entries.len(), HEAD_ENTRIES_MAX);
    change(&mut store, &creation(1));
    change(&mut store, &Change::Disable { id: id(1) });
    let told = tidings(&mut store, Stamp::default());
    assert_eq!((told.entries.len(), told.floor), (HEAD_ENTRIES_MAX, 2));
    assert_eq!(tidings(&mut folder.store(), Stamp::default()).floor, 2);
}

#[test]
fn entries_leave_after_a_day_and_the_floor_rises_to_the_newest_that_left() {
    each(|mut store| {
        let at = |store: &mut Store, one: &Change, later_ms: u64| {
            store.change(one, NOW.plus(later_ms)).unwrap().stamp.epoch
        };
        at(&mut store, &creation(1), 0);
        at(&mut store, &creation(2), 0);
        let first = at(&mut store, &Change::Disable { id: id(1) }, 0);
        let second = at(&mut store, &Change::Disable { id: id(2) }, 1_000);
        let epochs = |store: &mut Store| {
            let told = tidings(store, Stamp::default());
            let epochs: Vec<u64> = told.entries.iter().map(|entry| entry.epoch).collect();
            (told.floor, epochs)
        };
        store.sweep(NOW.plus(DAY_MS - 1)).unwrap();
        assert_eq!(epochs(&mut store), (1, vec![first, second]));
        store.sweep(NOW.plus(DAY_MS)).unwrap();
        assert_eq!(epochs(&mut store), (first, vec![second]));
        assert_eq!(epochs(&mut store.beside().unwrap()), (first, vec![second]));
        // A change lets them leave too.
        let third = at(&mut store, &Change::Enable { id: id(1) }, DAY_MS + 1_000);
        assert_eq!(epochs(&mut store), (second, vec![third]));
    });
}

#[test]
fn an_entry_leaves_no_earlier_because_the_clock_steps_back() {
    each(|mut store| {
        change(&mut store, &creation(1));
        change(&mut store, &creation(2));
        store.change(&Change::Disable { id: id(1) }, NOW.plus(5_000)).unwrap();
        // An hour back: it does not take the one before it along when its own day is over.
        let back = tollgate_core::time::UnixMillis(NOW.0 - 3_600_000);
        let second = store.change(&Change::Disable { id: id(2) }, back).unwrap().stamp.epoch;
        store.sweep(NOW.plus(DAY_MS)).unwrap();
        assert_eq!(tidings(&mut store, Stamp::default()).entries.len(), 2);
        store.sweep(NOW.plus(DAY_MS + 5_000)).unwrap();
        assert_eq!(tidings(&mut store, Stamp::default()).floor, second);
    });
}

#[test]
fn a_head_that_makes_no_sense_is_not_told() {
    let rows = [
        "UPDATE entries SET epoch = 900",
        "UPDATE entries SET tenant = 'a/b'",
        "UPDATE entries SET id = ''",
        "UPDATE ledger SET floor = 3",
    ];
    for damage in rows {
        let folder = Folder::new();
        let mut store = folder.store();
        change(&mut store, &creation(1));
        change(&mut store, &Change::Disable { id: id(1) });
        let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
        raw.execute_batch(damage).unwrap();
        let mut other = folder.store();
        let question = tollgate_engine::Question::Head;
        let error = crate::made::ask(&mut other, question, Stamp::default(), NOW).unwrap_err();
        assert_eq!(error.code(), "store_damaged", "{damage}");
    }
}
