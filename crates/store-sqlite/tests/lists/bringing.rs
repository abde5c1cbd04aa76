//! A store from before the lists is brought over, whoever else goes on writing it.

use rusqlite::{Connection, TransactionBehavior};
use tollgate_ledger::{Change, Ledger};
use tollgate_store_sqlite::listing::{self, BROUGHT_AT_ONCE, INDEXES};

use crate::{
    File,
    raw::{self, Raw, id},
};

/// What the lists have, and what they should have.
fn listed(raw: &Connection) -> (Vec<String>, Vec<String>) {
    let rows = |text: &str| {
        let mut statement = raw.prepare(text).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let has = "SELECT tenant || ' ' || id || ' ' || owner || ' ' || env || ' ' || state || ' ' || name || ' '
        || created_ms || ' ' || ends_ms FROM listed ORDER BY id";
    let should = "SELECT tenant || ' ' || id || ' ' || owner || ' ' || json_extract(document, '$.settings.env')
        || ' ' || json_extract(document, '$.state') || ' ' || ifnull(json_extract(document, '$.name'), '')
        || ' ' || json_extract(document, '$.created_ms') || ' '
        || ifnull(json_extract(document, '$.settings.expires'), 9007199254740992) FROM keys ORDER BY id";
    (rows(has), rows(should))
}

fn made(raw: &Connection) -> i64 {
    let indexes = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'listed'
        AND sql IS NOT NULL";
    raw.query_row(indexes, [], |row| row.get(0)).unwrap()
}

/// As a store is when its tables have just become those of schema 10.
fn before(raw: &Connection) {
    for index in INDEXES {
        let name = index.split(' ').nth(2).unwrap();
        raw.execute_batch(&format!("DROP INDEX {name}")).unwrap();
    }
    raw.execute_batch("DELETE FROM listed; UPDATE listing SET after = '', filled = 0, made = 0")
        .unwrap();
}

#[test]
fn the_lists_are_whole_whatever_is_written_between_the_steps_that_make_them() {
    let file = File::new();
    let mut raw = file.raw();
    let most = u32::try_from(BROUGHT_AT_ONCE).unwrap();
    let count = most * 2 + 100;
    raw::fill(&mut raw, &mut None, 0..count);
    // Whoever goes on meanwhile has opened the store before.
    let mut other = file.store();
    before(&raw);
    let (mut steps, mut more) = (0, true);
    while more {
        let immediate = TransactionBehavior::Immediate;
        let transaction = raw.transaction_with_behavior(immediate).unwrap();
        let held_before: i64 =
            transaction.query_row("SELECT count(*) FROM listed", [], |row| row.get(0)).unwrap();
        more = listing::bring(&mut Raw::of(&transaction)).unwrap();
        let held: i64 =
            transaction.query_row("SELECT count(*) FROM listed", [], |row| row.get(0)).unwrap();
        assert!(held - held_before <= i64::from(most), "one step was too much");
        transaction.commit().unwrap();
        steps += 1;
        // Keys that are listed already, that are not yet, and new ones.
        for number in [steps * 37, count - 1 - steps * 41] {
            other.change(&Change::Revoke { id: id(number) }, raw::NOW).unwrap();
        }
        other.change(&raw::creation(count + steps), raw::NOW).unwrap();
        // And the program that does it may end at any time.
        drop(std::mem::replace(&mut raw, file.raw()));
    }
    // Three for the keys, and one for each index.
    assert_eq!(steps, 3 + u32::try_from(INDEXES.len()).unwrap());
    let (has, should) = listed(&raw);
    assert_eq!(has, should);
    assert_eq!(usize::try_from(made(&raw)).unwrap(), INDEXES.len());
    let whole: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
}

#[test]
fn a_start_makes_the_lists_that_are_missing_and_goes_on_where_another_was_interrupted() {
    let file = File::new();
    let mut raw = file.raw();
    let most = u32::try_from(BROUGHT_AT_ONCE).unwrap();
    raw::fill(&mut raw, &mut None, 0..most + 10);
    for steps in [0, 1, 2, 5] {
        before(&raw);
        for _ in 0..steps {
            let transaction = raw.transaction().unwrap();
            assert!(listing::bring(&mut Raw::of(&transaction)).unwrap());
            transaction.commit().unwrap();
        }
        drop(file.store());
        let (has, should) = listed(&raw);
        assert!(has == should, "after {steps} steps");
        assert_eq!(usize::try_from(made(&raw)).unwrap(), INDEXES.len());
        assert!(!listing::is_behind(&mut Raw::of(&raw)).unwrap());
    }
}

/// What cannot be read of a damaged document is nothing, and stops nobody else.
#[test]
fn a_damaged_document_keeps_no_list_from_being_made() {
    let file = File::new();
    let mut raw = file.raw();
    raw::fill(&mut raw, &mut None, 0..10);
    for text in ["{", "[]", r#"{"name":7,"created_ms":"x","settings":{"expires":"y"}}"#, ""] {
        raw.execute("UPDATE keys SET document = ?1 WHERE id = ?2", (text, id(3))).unwrap();
        before(&raw);
        drop(file.store());
        let state: String = raw
            .query_row("SELECT state FROM listed WHERE id = ?1", [id(3)], |row| row.get(0))
            .unwrap();
        assert_eq!(state, "", "{text}");
        let all: u32 = raw.query_row("SELECT count(*) FROM listed", [], |row| row.get(0)).unwrap();
        assert_eq!(all, 10);
    }
}
