//! What is looked at before anything is answered.

use std::{fs, thread};

use tollgate_core::stamp::Stamp;
use tollgate_ledger::Ledger;
use tollgate_store_sqlite::{Access, OpenFailure, Store, backup, schema, statements};
use tollgate_testkit::full;

use crate::made::{Folder, change, creation};

fn failure(folder: &Folder, name: &str, access: Access) -> OpenFailure {
    Store::open(&folder.file(name), access).unwrap_err()
}

#[test]
fn a_store_that_is_not_there_is_made_only_when_that_is_asked_for() {
    let folder = Folder::new();
    let missing = failure(&folder, "store.db", Access::ReadWrite);
    assert_eq!(missing.code(), "store_missing");
    assert!(!folder.file("store.db").exists());
    let mut store = folder.store();
    assert_eq!(store.stamp().unwrap(), Stamp { incarnation: 1, epoch: 1 });
    assert!(Store::open(&folder.file("store.db"), Access::ReadWrite).is_ok());
    assert_eq!(failure(&folder, "no/such/folder.db", Access::Create).code(), "store_file");
}

#[test]
fn what_is_not_a_store_of_ours_is_left_alone() {
    let folder = Folder::new();
    fs::write(
        folder.file("text"),
        "certainly no database, but long enough to look like one: ".repeat(99),
    )
    .unwrap();
    let other = rusqlite::Connection::open(folder.file("other.db")).unwrap();
    other.execute_batch("CREATE TABLE theirs (a)").unwrap();
    let marked = rusqlite::Connection::open(folder.file("marked.db")).unwrap();
    marked.execute_batch("PRAGMA application_id = 77; CREATE TABLE theirs (a)").unwrap();
    drop((other, marked));
    // An empty file is nobody's, and nobody asked to make a store of it.
    fs::write(folder.file("empty"), "").unwrap();
    let rows = [
        ("text", Access::Create, "store_damaged"),
        ("other.db", Access::Create, "not_a_store"),
        ("marked.db", Access::Create, "not_a_store"),
        ("empty", Access::ReadWrite, "not_a_store"),
    ];
    for (name, access, code) in rows {
        let before = fs::read(folder.file(name)).unwrap();
        assert_eq!(failure(&folder, name, access).code(), code, "{name}");
        assert!(fs::read(folder.file(name)).unwrap() == before, "{name} was written to");
    }
}

#[test]
fn a_store_of_a_newer_program_is_refused() {
    let folder = Folder::new();
    drop(folder.store());
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let newer = schema::VERSION + 1;
    raw.execute_batch(&format!("PRAGMA user_version = {newer}")).unwrap();
    let error = failure(&folder, "store.db", Access::Create);
    assert!(matches!(error, OpenFailure::Newer { version } if version == newer), "{error}");
}

/// Makes a store one of the version before the newest.
const BEFORE_EIGHTH: &str = "DROP TABLE documents; DROP TABLE carried; DROP TABLE uses;
    DROP TABLE answered; DROP TABLE checkpoints; DROP TABLE unchecked;
    DROP TABLE signers; DROP TRIGGER listed_comes; DROP TRIGGER listed_changes;
    DROP TRIGGER listed_leaves; DROP TABLE listed; DROP TABLE listing;
    ALTER TABLE stops DROP COLUMN own; PRAGMA user_version = 7";

#[test]
fn a_store_of_an_older_schema_is_brought_up_to_date_and_keeps_what_it_has() {
    let folder = Folder::new();
    let stamp = change(&mut folder.store(), &creation(1)).stamp;
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    raw.execute_batch(BEFORE_EIGHTH).unwrap();
    let first = "DROP TABLE chains; DROP TABLE audit; DROP TABLE retries; DROP TABLE details;
        DROP TABLE deployments; DROP TABLE usage; DROP TABLE usage_heard;
        DROP INDEX outbox_in_order; DROP TABLE route_limits; ALTER TABLE stops DROP COLUMN at_ms;
        INSERT INTO stops (tenant, owner) VALUES ('acme', ''); PRAGMA user_version = 1";
    raw.execute_batch(first).unwrap();
    let mut store = Store::open(&folder.file("store.db"), Access::ReadWrite).unwrap();
    assert_eq!(store.stamp().unwrap(), stamp);
    let version = raw.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(version, schema::VERSION);
    for table in [
        "route_limits",
        "usage",
        "usage_heard",
        "deployments",
        "details",
        "retries",
        "audit",
        "chains",
        "documents",
        "carried",
        "uses",
        "answered",
        "checkpoints",
        "unchecked",
        "signers",
        "listed",
        "listing",
    ] {
        raw.prepare(&format!("SELECT * FROM {table}")).unwrap();
    }
    // Nobody knows since when it is.
    let tenants = store.tenants(None, 10).unwrap();
    assert_eq!((tenants[0].stopped, tenants[0].since), (true, None));
}

/// A gate of the version before this one holds a file open while a newer program brings it up to date.
#[test]
fn a_gate_of_the_version_before_goes_on_while_its_store_is_brought_up_to_date() {
    let folder = Folder::new();
    change(&mut folder.store(), &creation(1));
    let old = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    old.execute_batch(BEFORE_EIGHTH).unwrap();
    let epoch = |old: &rusqlite::Connection| {
        let mut ledger = old.prepare_cached(statements::LEDGER).unwrap();
        ledger.query_row([], |row| row.get::<_, u64>(1)).unwrap()
    };
    let before = epoch(&old);
    let mut store = Store::open(&folder.file("store.db"), Access::ReadWrite).unwrap();
    assert_eq!(epoch(&old), before);
    // What the newer one writes the older one reads, and the other way round.
    let made = change(&mut store, &creation(2)).key.unwrap();
    let lookup = made.secrets[0].lookup;
    let mut effective = old.prepare_cached(statements::EFFECTIVE).unwrap();
    let document: String =
        effective.query_row([lookup.as_bytes().as_slice()], |row| row.get(0)).unwrap();
    assert_eq!(document, made.to_text());
    old.execute(statements::STOP, ("acme", "", 1)).unwrap();
    assert!(store.stopped("acme", "").unwrap().tenant);
}

#[test]
fn many_may_make_the_same_store_at_once() {
    for _ in 0..if full() { 60 } else { 8 } {
        let folder = Folder::new();
        let opener = || {
            let path = folder.file("store.db");
            thread::spawn(move || Store::open(&path, Access::Create).map(drop))
        };
        let openers: Vec<_> = (0..6).map(|_| opener()).collect();
        for opener in openers {
            opener.join().unwrap().unwrap();
        }
    }
}

#[test]
fn a_store_that_others_change_meanwhile_is_not_taken_for_an_older_copy() {
    let folder = Folder::new();
    let mut store = folder.store();
    let path = folder.file("store.db");
    let opener = thread::spawn(move || {
        for _ in 0..if full() { 5_000 } else { 300 } {
            Store::open(&path, Access::ReadWrite).unwrap();
        }
    });
    let mut number = 0;
    while !opener.is_finished() {
        change(&mut store, &creation(number));
        number += 1;
    }
    opener.join().unwrap();
}

#[test]
fn a_store_is_durable_and_written_ahead() {
    let folder = Folder::new();
    let _store = folder.store();
    let raw = rusqlite::Connection::open(folder.file("store.db")).unwrap();
    let mode: String = raw.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_is_created() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let mut store = folder.store();
    change(&mut store, &creation(1));
    backup(&store, &folder.file("copy.db")).unwrap();
    for name in ["store.db", "store.db-wal", "store.db-shm", "store.db.epoch", "copy.db"] {
        let mode = fs::metadata(folder.file(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn no_file_is_left_over() {
    let folder = Folder::new();
    let mut store = folder.store();
    for number in 0..5 {
        change(&mut store, &creation(number));
    }
    drop(store);
    let mut names: Vec<String> = fs::read_dir(folder.file("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["store.db", "store.db.ballast", "store.db.epoch"]);
}
