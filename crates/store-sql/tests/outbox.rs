//! What replicas have not been told is told in order, once, and never forgotten when it changes meanwhile.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use rusqlite::{
    Connection, params_from_iter,
    types::{Value, ValueRef},
};
use tollgate_core::{lookup::LookupId, pepper::PepperId, time::UnixMillis};
use tollgate_ledger::{Change, Secret, Settings};
use tollgate_store_sql::{
    Column, Due, Fault, Given, KEYS_AT_ONCE, Row, SECRETS_AT_ONCE, Sql, change, due, published,
    schema::MIGRATIONS,
};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// A database in memory.
struct Memory(Connection);

impl Memory {
    fn new() -> Self {
        let raw = Connection::open_in_memory().unwrap();
        for statement in MIGRATIONS.iter().copied().flatten() {
            raw.execute(statement, []).unwrap();
        }
        Self(raw)
    }

    fn change(&mut self, asked: &Change) -> u64 {
        change(self, &mut None, asked, NOW).unwrap().0.stamp.epoch
    }

    fn due(&mut self) -> Due {
        due(self, None).unwrap()
    }
}

impl Sql for Memory {
    fn rows(&mut self, statement: &'static str, given: &[Given<'_>]) -> Result<Vec<Row>, Fault> {
        let mut statement = self.0.prepare(statement).unwrap();
        let columns = statement.column_count();
        let given = given.iter().map(|given| match *given {
            Given::Null => Value::Null,
            Given::Number(number) => Value::Integer(i64::try_from(number).unwrap()),
            Given::Text(text) => Value::Text(text.to_owned()),
            Given::Bytes(bytes) => Value::Blob(bytes.to_vec()),
        });
        let mut found = statement.query(params_from_iter(given)).unwrap();
        let mut rows = vec![];
        while let Some(row) = found.next().unwrap() {
            let column = |place| match row.get_ref(place).unwrap() {
                ValueRef::Integer(number) => Column::Number(u64::try_from(number).unwrap()),
                ValueRef::Text(text) => Column::Text(String::from_utf8(text.to_vec()).unwrap()),
                ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Column::Null,
            };
            rows.push(Row((0..columns).map(column).collect()));
        }
        Ok(rows)
    }
}

fn lookup(number: u8) -> LookupId {
    LookupId::new([number; 16])
}

fn id(number: u8) -> String {
    format!("key_{number:03}")
}

fn creation(number: u8, owner: &str) -> Change {
    let settings = Settings::of("acme", owner, "live");
    let secret = Secret::new(lookup(number), PepperId::new(0).unwrap());
    Change::Create { id: id(number), name: None, settings, secret }
}

fn rotation(number: u8, secret: u8) -> Change {
    let secret = Secret::new(lookup(secret), PepperId::new(0).unwrap());
    Change::Rotate { id: id(number), secret, grace_ms: 60_000 }
}

fn stop() -> Change {
    Change::StopTenant { tenant: "acme".to_owned() }
}

#[test]
fn what_was_committed_is_due_in_order_until_it_was_told() {
    let mut sql = Memory::new();
    assert_eq!(sql.due(), Due::default());
    let epochs = [3, 1, 2].map(|number| sql.change(&creation(number, "ann")));
    let first = sql.due();
    assert_eq!(first.lookups, [3, 1, 2].map(lookup));
    assert!(first.rows.iter().map(|row| row.epoch).eq(epochs));
    assert_eq!(first.cursor, None);
    assert_eq!(sql.due(), first, "until it was told");
    published(&mut sql, &first.rows).unwrap();
    assert_eq!(sql.due(), Due::default());
}

#[test]
fn what_changes_while_it_is_told_is_told_again() {
    let mut sql = Memory::new();
    sql.change(&creation(1, "ann"));
    sql.change(&creation(2, "ann"));
    let before = sql.due();
    sql.change(&Change::Revoke { id: id(1) });
    published(&mut sql, &before.rows).unwrap();
    assert_eq!(sql.due().lookups, [lookup(1)]);
}

#[test]
fn a_stop_waits_for_what_was_committed_before_it() {
    let mut sql = Memory::new();
    sql.change(&creation(1, "ann"));
    sql.change(&stop());
    sql.change(&creation(2, "ann"));
    for (kind, lookups) in [("lookup", vec![1]), ("tenant", vec![1, 2]), ("lookup", vec![2])] {
        let next = sql.due();
        let lookups: Vec<_> = lookups.into_iter().map(lookup).collect();
        assert_eq!((next.rows[0].kind.as_str(), next.rows.len()), (kind, 1));
        assert_eq!(next.lookups, lookups);
        published(&mut sql, &next.rows).unwrap();
    }
    assert_eq!(sql.due(), Due::default());
}

#[test]
fn more_than_is_told_at_once_is_told_at_several_times() {
    let mut sql = Memory::new();
    let count = SECRETS_AT_ONCE + 7;
    for number in 0..u8::try_from(count).unwrap() {
        sql.change(&creation(number, "ann"));
    }
    for many in [SECRETS_AT_ONCE, 7, 0] {
        let next = sql.due();
        assert_eq!(next.lookups.len(), many);
        published(&mut sql, &next.rows).unwrap();
    }
}

/// Tells all of an owner or a tenant, page by page, and gives the secrets in the order in which they were told.
fn told(sql: &mut Memory) -> Vec<LookupId> {
    let (mut told, mut cursor) = (vec![], None);
    loop {
        let next = due(sql, cursor.as_ref()).unwrap();
        told.extend(next.lookups);
        cursor = next.cursor;
        if cursor.is_none() {
            published(sql, &next.rows).unwrap();
            return told;
        }
    }
}

#[test]
fn a_stop_is_told_for_every_secret_of_every_key_once() {
    for extra in 0..2 {
        let mut sql = Memory::new();
        let keys = u8::try_from(2 * KEYS_AT_ONCE).unwrap() + extra;
        for number in 0..keys {
            sql.change(&creation(number, if number % 2 == 0 { "ann" } else { "bob" }));
            sql.change(&rotation(number, number + 100));
        }
        sql.0.execute("DELETE FROM outbox", []).unwrap();
        let owner = "ann".to_owned();
        let change = Change::StopOwner { tenant: "acme".to_owned(), owner };
        for (change, step) in [(stop(), 1), (change, 2)] {
            sql.change(&change);
            let mut found = told(&mut sql);
            found.sort();
            let mine = (0..keys).step_by(step);
            let mut wanted: Vec<_> =
                mine.flat_map(|number| [lookup(number), lookup(number + 100)]).collect();
            wanted.sort();
            assert_eq!(found, wanted);
            assert_eq!(sql.due(), Due::default());
        }
    }
}

#[test]
fn a_second_stop_begins_from_the_front() {
    let mut sql = Memory::new();
    for number in 0..u8::try_from(KEYS_AT_ONCE + 1).unwrap() {
        sql.change(&creation(number, "ann"));
    }
    sql.0.execute("DELETE FROM outbox", []).unwrap();
    sql.change(&stop());
    let first = sql.due();
    assert!(first.cursor.is_some());
    sql.change(&Change::ResumeTenant { tenant: "acme".to_owned() });
    let again = due(&mut sql, first.cursor.as_ref()).unwrap();
    assert_eq!(again.lookups, first.lookups);
    assert_ne!(again.rows, first.rows);
}
