//! Older copies of a store.

use std::fs;

use tollgate_core::{limit::Numbers, record::State, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Change, Ledger};
use tollgate_store_sqlite::{Access, OpenFailure, Store, backup, restore};

use crate::made::{DAY_MS, Folder, NOW, change, creation, exchange, id, plain_ask, state, tidings};

/// A store that went on after a backup, in whose place the backup has been put.
fn older(folder: &Folder) -> Stamp {
    let mut store = folder.store();
    change(&mut store, &creation(1));
    change(&mut store, &Change::Disable { id: id(1) });
    change(&mut store, &Change::Enable { id: id(1) });
    backup(&store, &folder.file("copy.db")).unwrap();
    let last = change(&mut store, &Change::Revoke { id: id(1) }).stamp;
    drop(store);
    fs::copy(folder.file("copy.db"), folder.file("store.db")).unwrap();
    last
}

#[test]
fn an_older_copy_is_refused_until_it_is_restored() {
    let folder = Folder::new();
    let last = older(&folder);
    let before = fs::read(folder.file("store.db")).unwrap();
    for access in [Access::ReadWrite, Access::Create] {
        let error = Store::open(&folder.file("store.db"), access).unwrap_err();
        let OpenFailure::Older { found, noted } = error else { panic!("{error}") };
        assert_eq!((found.epoch, noted), (last.epoch - 1, last));
    }
    assert!(fs::read(folder.file("store.db")).unwrap() == before, "it was written to");

    let stamp = restore(&folder.file("store.db"), NOW).unwrap();
    assert_eq!(stamp, Stamp { incarnation: 2, epoch: last.epoch - 1 });
    let mut store = Store::open(&folder.file("store.db"), Access::ReadWrite).unwrap();
    assert_eq!(store.stamp().unwrap(), stamp);
    // What was revoked since is lost, and said so; nothing that was read before is used.
    assert_eq!(state(&mut store, 1), Some((State::Active, stamp)));
    let told = tidings(&mut store, last);
    assert_eq!((told.stamp, told.floor, told.since), (stamp, stamp.epoch, stamp.epoch));
    assert!(told.entries.is_empty());
    let receipt = change(&mut store, &Change::Revoke { id: id(1) });
    assert_eq!(receipt.stamp, Stamp { incarnation: 2, epoch: last.epoch });
}

#[test]
fn every_restore_is_another_incarnation() {
    let folder = Folder::new();
    older(&folder);
    for incarnation in 2..5 {
        // The same backup again and again: the note remembers what has been.
        fs::copy(folder.file("copy.db"), folder.file("store.db")).unwrap();
        assert_eq!(restore(&folder.file("store.db"), NOW).unwrap().incarnation, incarnation);
        drop(folder.store());
    }
}

#[test]
fn a_copy_somewhere_else_is_a_store_of_its_own() {
    let folder = Folder::new();
    older(&folder);
    let mut copy = Store::open(&folder.file("copy.db"), Access::ReadWrite).unwrap();
    assert_eq!(copy.key(&id(1)).unwrap().unwrap().id, id(1));
}

#[test]
fn a_backup_never_overwrites() {
    let folder = Folder::new();
    let store = folder.store();
    fs::write(folder.file("copy.db"), "something").unwrap();
    assert_eq!(backup(&store, &folder.file("copy.db")).unwrap_err().code(), "store_file");
    assert_eq!(fs::read(folder.file("copy.db")).unwrap(), b"something");
}

#[test]
fn a_note_that_cannot_be_read_stops_the_start() {
    let folder = Folder::new();
    drop(folder.store());
    for damage in ["", "1", "1 2 3\n", "1 x\n", "1 2"] {
        fs::write(folder.file("store.db.epoch"), damage).unwrap();
        let error = Store::open(&folder.file("store.db"), Access::ReadWrite).unwrap_err();
        assert_eq!(error.code(), "store_note", "{damage:?}");
        assert!(restore(&folder.file("store.db"), NOW).is_err(), "{damage:?}");
    }
    // Without any it is taken as it is, and noted anew.
    fs::remove_file(folder.file("store.db.epoch")).unwrap();
    drop(folder.store());
    assert_eq!(fs::read_to_string(folder.file("store.db.epoch")).unwrap(), "1 1\n");
}

#[test]
fn a_change_is_noted_and_never_below_what_is() {
    let folder = Folder::new();
    let mut store = folder.store();
    let noted = || fs::read_to_string(folder.file("store.db.epoch")).unwrap();
    assert_eq!(noted(), "1 1\n");
    assert!(change(&mut store, &creation(1)).noted);
    assert_eq!(noted(), "1 2\n");
    fs::write(folder.file("store.db.epoch"), "1 7\n").unwrap();
    assert!(change(&mut store, &creation(2)).noted);
    assert_eq!(noted(), "1 7\n");
}

#[test]
fn a_restore_brings_back_buckets_whose_clock_was_ahead() {
    let folder = Folder::new();
    let mut store = folder.store();
    let limit = Numbers::steady(5, 1, 1_000).unwrap();
    let ahead = NOW.plus(400 * DAY_MS);
    exchange(&mut store, "b", plain_ask(1, 1, limit, 5), ahead).unwrap();
    let granted = |store: &mut Store, seq, now: UnixMillis| {
        exchange(store, "b", plain_ask(2, seq, limit, 5), now).unwrap().granted_waiting
    };
    assert_eq!(granted(&mut store, 1, NOW.plus(60_000)), 0);
    drop(store);
    restore(&folder.file("store.db"), NOW.plus(60_000)).unwrap();
    let mut store = folder.store();
    // It begins empty, and fills again.
    assert_eq!(granted(&mut store, 2, NOW.plus(60_000)), 0);
    assert_eq!(granted(&mut store, 3, NOW.plus(70_000)), 5);
}

#[test]
fn a_store_whose_file_is_gone_does_not_silently_begin_anew() {
    let folder = Folder::new();
    let mut store = folder.store();
    change(&mut store, &creation(1));
    drop(store);
    fs::remove_file(folder.file("store.db")).unwrap();
    let error = Store::open(&folder.file("store.db"), Access::Create).unwrap_err();
    assert_eq!(error.code(), "store_older");
    // Whoever means it removes the note as well.
    fs::remove_file(folder.file("store.db")).unwrap();
    fs::remove_file(folder.file("store.db.epoch")).unwrap();
    drop(folder.store());
}
