//! Fills a store with many keys of one tenant: the first of them as the management API makes them, a change each, and the
//! others as rows of the tables, as changes would have left them.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use rusqlite::Connection;
use tollgate_core::{
    stamp::Stamp,
    time::UnixMillis,
    usage::{HOUR_MS, Line, Use},
};
use tollgate_ledger::{Change, Key, KeyState, Secret, Settings};
use tollgate_store_sql::{
    Given, Sql, keep_all,
    statements::{DETAILS_KEPT, KEY_KEPT, SECRET_KEPT},
};

use crate::raw;

/// So many keys are one transaction. Each touches a page of every index: the more of them, the seldomer each page is written.
const AT_ONCE: u32 = 50_000;

/// So many keys are made by changes. A change takes four times as long as its rows; what it leaves beside them, lines of
/// the audit, the other keys do not have.
const CHANGED: u32 = AT_ONCE;

/// Keys that are used are used in each of so many hours, so often in each.
const HOURS: u64 = 24;
const COUNT: u64 = 7;

/// Every key with its details and its lines of the audit, and what the first of them were used for: in `hour` and in those
/// of a day before it.
pub(crate) fn fill(path: &Path, keys: u32, used: u32, hour: u64) {
    let mut raw = Connection::open(path).unwrap();
    raw.set_prepared_statement_cache_capacity(200);
    // Nobody else is there, and what is interrupted is made anew.
    raw.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000",
    )
    .unwrap();
    let mut kept = None;
    for first in (0..keys).step_by(usize::try_from(AT_ONCE).unwrap()) {
        let numbers = first..keys.min(first + AT_ONCE);
        if first < CHANGED {
            raw::fill(&mut raw, &mut kept, numbers);
        } else {
            put(&mut raw, numbers);
        }
        eprintln!("{first} keys and more");
    }
    for ago in (0..HOURS).rev() {
        count(&mut raw, used.min(keys), hour - ago, HOURS - ago);
    }
    raw.execute_batch("PRAGMA journal_mode = WAL").unwrap();
}

/// Keys as rows of the tables.
fn put(raw: &mut Connection, numbers: std::ops::Range<u32>) {
    let transaction = raw.transaction().unwrap();
    let mut sql = raw::Raw::of(&transaction);
    let mut rows = |statement, given: &[Given<'_>]| sql.rows(statement, given).unwrap();
    for number in numbers {
        let key = key(number);
        let (id, document) = (key.id.as_str().into(), key.to_text());
        let Settings { tenant, owner, .. } = &key.settings;
        rows(KEY_KEPT, &[id, tenant.into(), owner.into(), document.as_str().into()]);
        for Secret { lookup, pepper, .. } in &key.secrets {
            let given = [lookup.as_bytes().into(), id, u64::from(*pepper).into()];
            rows(SECRET_KEPT, &[&given[..], &[Given::Null, 0.into()]].concat());
        }
        rows(DETAILS_KEPT, &[id, raw::details(number).to_text().as_str().into()]);
    }
    transaction.commit().unwrap();
}

/// A key as its changes leave it.
fn key(number: u32) -> Key {
    let Change::Create { id, name, settings, secret } = raw::creation(number) else {
        unreachable!()
    };
    let created_ms = raw::made(number).0;
    let state = match raw::ends(number) {
        None => KeyState::Active,
        Some(Change::Disable { .. }) => KeyState::Disabled,
        Some(_) => KeyState::Revoked,
    };
    let secrets = vec![Secret { created_ms, ..secret }];
    let changed = Stamp { incarnation: 1, epoch: 1 };
    Key { id, name, created_ms, state, settings, secrets, changed }
}

/// What was counted in an hour, as one batch of a gate's.
fn count(raw: &mut Connection, used: u32, hour: u64, batch: u64) {
    let at = UnixMillis(hour * HOUR_MS);
    let keys: Vec<Key> = (0..used).map(key).collect();
    let lines = keys.iter().map(|key| Line {
        hour,
        tenant: &key.settings.tenant,
        owner: &key.settings.owner,
        key: &key.id,
        route: "orders",
        code: "allowed",
        count: COUNT,
    });
    // When a secret was last used is told once in the day.
    let told = if batch == HOURS { used } else { 0 };
    let uses = (0..told).map(|number| Use { lookup: raw::lookup(number), at });
    let transaction = raw.transaction().unwrap();
    let mut sql = raw::Raw::of(&transaction);
    let counted = (lines, std::iter::empty(), uses);
    assert!(keep_all(&mut sql, &[7; 16], batch, counted, at).unwrap());
    transaction.commit().unwrap();
}

/// A table of the keys, for whoever is to find them: a line for each, a tab between its columns.
pub(crate) fn tell(path: &Path, keys: u32, used: u32) {
    let mut table = BufWriter::new(File::create(path).unwrap());
    writeln!(
        table,
        "id\tname\towner\tenv\tstate\tcreated\texpires\tscopes\tlabels\tcount\taudited"
    )
    .unwrap();
    for number in 0..keys {
        let Key { id, name, created_ms, state, settings, .. } = key(number);
        let Settings { owner, env, scopes, expires, .. } = settings;
        let (name, expires, scopes) = (name.unwrap(), expires.unwrap_or(0), scopes.join(" "));
        let labels = raw::details(number).labels.into_iter();
        let labels: Vec<String> = labels.map(|(name, value)| [name, value].join(":")).collect();
        let (state, labels) = (format!("{state:?}").to_lowercase(), labels.join(" "));
        let count = if number < used { HOURS * COUNT } else { 0 };
        let changes = 1 + u32::from(raw::ends(number).is_some());
        let audited = if number < CHANGED { changes } else { 0 };
        let of = format!("{id}\t{name}\t{owner}\t{env}\t{state}\t{created_ms}\t{expires}");
        writeln!(table, "{of}\t{scopes}\t{labels}\t{count}\t{audited}").unwrap();
    }
    table.flush().unwrap();
}
