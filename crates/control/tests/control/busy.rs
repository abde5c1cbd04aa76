//! Usage of a tenant whose keys are too many to be told apart.

use std::{collections::BTreeMap, fs};

use rusqlite::Connection;
use serde_json::Value;
use tollgate_core::usage::HOUR_MS;
use tollgate_store_sqlite::{Access, Store};

use crate::{
    made::{EVERYTHING, NOW, World},
    meanwhile::weighed,
};

/// The keys that are used in each hour: with those of a day, more rows than were once added up for one answer.
const KEYS: u64 = 2_200;

/// The hours in which they are.
const HOURS: u64 = 24;

/// One key in so many is refused, and not allowed.
const REFUSED: u64 = 10;

/// A world whose tenant uses so many keys in each hour of a day, and another fewer; `more` is said to its tables.
fn busy(test: &str, keys: u64, more: &str) -> (World, String) {
    let folder = std::env::temp_dir().join(format!("tollgate-{test}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("store.db");
    let mut world = World::over(Store::open(&path, Access::Create).unwrap());
    let last = NOW.0 / HOUR_MS;
    let fill = format!(
        "WITH RECURSIVE hours(hour) AS (SELECT {last} UNION ALL SELECT hour - 1 FROM hours WHERE hour > {last} - {HOURS} + 1),
        ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id < {keys} - 1)
        INSERT INTO usage SELECT hour, 'acme', 'owner-' || (id % 7), 'key_' || id, '/r' || (id % 3),
        CASE WHEN id % {REFUSED} = 0 THEN 'rate_limited' ELSE 'allowed' END, 1 + id % 5 FROM hours, ids;
        INSERT INTO usage VALUES ({last}, 'globex', 'dev', 'key_x', '/r0', 'allowed', 1000000)"
    );
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(&fill).unwrap();
    raw.execute_batch(more).unwrap();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    fs::remove_dir_all(&folder).unwrap();
    (world, admin)
}

/// What one hour has, by what `of` says of a key's number.
fn by_hand<T: Ord>(of: impl Fn(u64) -> T) -> BTreeMap<T, u64> {
    let mut sums = BTreeMap::new();
    for id in 0..KEYS {
        *sums.entry(of(id)).or_default() += 1 + id % 5;
    }
    sums
}

fn answered(world: &mut World, by: &str, query: &str) -> Vec<Value> {
    let told = world.call(by, ("GET", &format!("/api/usage{query}")), &Value::Null);
    assert_eq!(told.status, 200, "{query}: {}", told.text);
    told.body["rows"].as_array().unwrap().clone()
}

/// How often each word of a column was counted, hour by hour or day by day.
fn words(rows: &[Value], column: &str) -> BTreeMap<u64, BTreeMap<String, u64>> {
    let mut found: BTreeMap<u64, BTreeMap<String, u64>> = BTreeMap::new();
    for row in rows {
        let word = row[column].as_str().unwrap().to_owned();
        let sums = found.entry(row["at"].as_u64().unwrap()).or_default();
        assert_eq!(sums.insert(word, row["count"].as_u64().unwrap()), None, "a row comes twice");
    }
    found
}

#[test]
fn a_tenant_with_more_rows_than_anybody_would_read_is_added_up() {
    let (mut world, admin) = busy("busy", KEYS, "");
    let code =
        |id: u64| if id.is_multiple_of(REFUSED) { "rate_limited" } else { "allowed" }.to_owned();
    let codes = by_hand(code);
    let hours = words(&answered(&mut world, &admin, ""), "code");
    assert_eq!(u64::try_from(hours.len()), Ok(HOURS));
    assert!(hours.values().all(|hour| *hour == codes), "{hours:?}");
    // Of days the sum is what the hours in it come to.
    let owners = by_hand(|id| format!("owner-{}", id % 7));
    let days = words(&answered(&mut world, &admin, "?step=day&by=owner"), "owner");
    for (owner, sum) in &owners {
        let found: u64 = days.values().map(|day| day[owner]).sum();
        assert_eq!(found, sum * HOURS, "{owner}");
    }
    let total = answered(&mut world, &admin, "?step=day&by=tenant");
    let all: u64 = codes.values().sum();
    assert_eq!(total.iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>(), all * HOURS);
    let routes = answered(&mut world, &admin, "?step=day&by=route,code&route=/r1");
    let allowed = by_hand(|id| (id % 3, code(id)))[&(1, "allowed".to_owned())];
    let sums = routes.iter().filter(|row| row["code"] == "allowed" && row["route"] == "/r1");
    assert_eq!(sums.map(|row| row["count"].as_u64().unwrap()).sum::<u64>(), allowed * HOURS);
    assert!(routes.iter().all(|row| row["route"] == "/r1"), "{routes:?}");
    // Keys are told apart as long as there is room in an answer.
    let keys = words(&answered(&mut world, &admin, "?step=day&by=key"), "key");
    let of_7: u64 = keys.values().map(|day| day["key_7"]).sum();
    assert_eq!((keys.values().map(BTreeMap::len).max(), of_7), (Some(2_200), (1 + 7 % 5) * HOURS));
    let told = world.call(&admin, ("GET", "/api/usage?format=csv"), &Value::Null);
    let line = format!("{},rate_limited,{}", NOW.0 / HOUR_MS * HOUR_MS, codes["rate_limited"]);
    assert!(told.text.starts_with("at,code,count\r\n"), "{}", told.text);
    assert_eq!(told.text.lines().nth(48), Some(line.as_str()));
}

#[test]
fn more_rows_than_an_answer_has_and_more_than_others_can_wait_for_are_refused() {
    let (mut world, admin) = busy("busy-refused", 250, "");
    let says = "too many rows would be added up";
    let told = world.call(&admin, ("GET", "/api/usage?by=key"), &Value::Null);
    assert_eq!((told.status, told.code()), (400, "query_invalid"));
    assert!(told.text.contains(says), "{}", told.text);
    // What each row stands for is told, and others wait while so many are added up.
    for (weight, status) in [(833, 200), (834, 400)] {
        let (found, body) = weighed(&mut world, &admin, "/api/usage", weight);
        assert_eq!(found, status, "{body}");
        assert_eq!(body.to_string().contains(says), status == 400, "{body}");
    }
}

#[test]
fn one_hour_may_have_more_than_an_answer_and_its_sums_are_whole() {
    let last = NOW.0 / HOUR_MS;
    let more = format!(
        "WITH RECURSIVE ids(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM ids WHERE id < 50499)
        INSERT INTO usage SELECT {last}, 'wide', 'o', 'key_' || id, '/r', 'allowed', 2 FROM ids"
    );
    let (mut world, _) = busy("busy-hour", 1, &more);
    let admin = world.admin("wide", "admin", &EVERYTHING);
    let rows = answered(&mut world, &admin, &format!("?from={}", NOW.0 - HOUR_MS));
    let counts: Vec<_> = rows.iter().map(|row| row["count"].as_u64()).collect();
    assert_eq!(counts, [Some(101_000)]);
}

#[test]
fn a_sum_that_no_number_holds_is_an_error_and_no_other_number() {
    let last = NOW.0 / HOUR_MS;
    let most = i64::MAX;
    let more = format!(
        "INSERT INTO usage VALUES ({last}, 'vast', 'o', 'key_1', '/r', 'allowed', {most}), ({last}, 'vast', 'o', 'key_2', '/r', 'allowed', 1)"
    );
    let (mut world, _) = busy("busy-vast", 1, &more);
    let admin = world.admin("vast", "admin", &EVERYTHING);
    let told = world.call(&admin, ("GET", "/api/usage"), &Value::Null);
    assert_eq!(told.status, 503, "{}", told.text);
}
