//! Many keys through the store's own statements, and how much work each of them is.

use rusqlite::{
    Connection, StatementStatus, TransactionBehavior, params_from_iter,
    types::{Value, ValueRef},
};
use tollgate_control::{Act, Caller, Told, Work, model::Details};
use tollgate_core::{lookup::LookupId, pepper::PepperId, time::UnixMillis};
use tollgate_ledger::{Change, Secret, Settings};
use tollgate_store_sql::{Column, Fault, Given, Kept, Row, Sql, books};

pub(crate) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// A connection, within whatever transaction it is in, and what the machine of SQLite has done for it.
pub(crate) struct Raw<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) steps: i64,
}

impl<'c> Raw<'c> {
    pub(crate) const fn of(connection: &'c Connection) -> Self {
        Self { connection, steps: 0 }
    }
}

impl Sql for Raw<'_> {
    fn rows(&mut self, statement: &'static str, given: &[Given<'_>]) -> Result<Vec<Row>, Fault> {
        let mut prepared = self.connection.prepare_cached(statement).unwrap();
        let columns = prepared.column_count();
        let given = given.iter().map(|given| match *given {
            Given::Null => Value::Null,
            Given::Number(number) => Value::Integer(i64::try_from(number).unwrap()),
            Given::Text(text) => Value::Text(text.to_owned()),
            Given::Bytes(bytes) => Value::Blob(bytes.to_vec()),
        });
        let mut found = prepared.query(params_from_iter(given)).unwrap();
        let mut rows = vec![];
        while let Some(row) = found.next().unwrap() {
            let column = |place| match row.get_ref(place).unwrap() {
                ValueRef::Integer(number) => Column::Number(u64::try_from(number).unwrap()),
                ValueRef::Text(text) => Column::Text(String::from_utf8(text.to_vec()).unwrap()),
                ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Column::Null,
            };
            rows.push(Row((0..columns).map(column).collect()));
        }
        drop(found);
        self.steps += i64::from(prepared.reset_status(StatementStatus::VmStep));
        Ok(rows)
    }
}

/// A key of many: most are alike, and a few are not.
pub(crate) fn creation(number: u32) -> Change {
    created_in("acme", number)
}

fn created_in(tenant: &str, number: u32) -> Change {
    let owner = match number % 4 {
        0 => format!("owner-{}", number / 40),
        _ => "everybody".to_owned(),
    };
    let env = if number % 5_000 == 7 { "test" } else { "live" };
    let expires = (number % 10 == 3).then(|| NOW.0 + 86_400_000 + u64::from(number) * 1_000);
    let settings = Settings { scopes: scopes(number), expires, ..Settings::of(tenant, owner, env) };
    let secret = Secret::new(lookup(number), PepperId::new(3).unwrap());
    Change::Create { id: id(number), name: Some(name(number)), settings, secret }
}

pub(crate) fn lookup(number: u32) -> LookupId {
    let mixed = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mixed.to_be_bytes());
    bytes[8..12].copy_from_slice(&number.to_be_bytes());
    LookupId::new(bytes)
}

fn scopes(number: u32) -> Vec<String> {
    let mut scopes = vec!["orders:read".to_owned(), "orders:write".to_owned()];
    scopes.extend((number % 2_000 == 11).then(|| "reports:read".to_owned()));
    scopes
}

/// What the control plane keeps of a key beside its document.
pub(crate) fn details(number: u32) -> Details {
    let label = (number % 2_000 == 1_011).then(|| ("team".to_owned(), "ops".to_owned()));
    Details {
        description: Some(format!("what number {number} is for")),
        labels: label.into_iter().collect(),
        scopes: scopes(number),
        updated_ms: made(number).0,
        ..Details::default()
    }
}

/// How a key ends, if it does.
pub(crate) fn ends(number: u32) -> Option<Change> {
    let id = || id(number);
    let disabled = (number % 1_000 == 500).then(|| Change::Disable { id: id() });
    disabled.or_else(|| (number % 50 == 9).then(|| Change::Revoke { id: id() }))
}

pub(crate) fn id(number: u32) -> String {
    format!("key_{:010x}{number:06}", u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24)
}

pub(crate) fn name(number: u32) -> String {
    let mixed = u64::from(number).wrapping_mul(0xd134_2543_de82_ef95) >> 44;
    format!("service {mixed:05x} of {number}")
}

/// When a key was made.
pub(crate) fn made(number: u32) -> UnixMillis {
    UnixMillis(NOW.0 - 10_000_000_000 + u64::from(number) * 1_000)
}

/// The keys of these numbers in one transaction, each as the control plane makes it. A few are switched off then, and
/// some end.
pub(crate) fn fill(
    connection: &mut Connection,
    kept: &mut Option<Kept>,
    numbers: std::ops::Range<u32>,
) {
    fill_in("acme", connection, kept, numbers);
}

pub(crate) fn fill_in(
    tenant: &str,
    connection: &mut Connection,
    kept: &mut Option<Kept>,
    numbers: std::ops::Range<u32>,
) {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let mut sql = Raw::of(&transaction);
    for number in numbers {
        let change = created_in(tenant, number);
        let (id, details) = (id(number), details(number).to_text());
        let made = Act { change: Some(&change), details: Some(&details), ..act(tenant, &id) };
        work(&mut sql, kept, number, made);
        if let Some(end) = ends(number) {
            let ended = Act { change: Some(&end), key: Some(&id), ..act(tenant, &id) };
            work(&mut sql, kept, number, ended);
        }
    }
    transaction.commit().unwrap();
}

pub(crate) fn act<'a>(tenant: &'a str, subject: &'a str) -> Act<'a> {
    let request = "0123456789abcdef";
    Act::of(Told { tenant, operation: "keys.create", subject, from: None, request })
}

pub(crate) fn work(sql: &mut Raw<'_>, kept: &mut Option<Kept>, number: u32, act: Act<'_>) {
    let work = Work { caller: &Caller::Command, held: &[], acts: &[act], retry: None };
    *kept = books::work(sql, kept, &work, made(number)).unwrap().head;
}
