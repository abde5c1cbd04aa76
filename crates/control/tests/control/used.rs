//! What is told of when keys and secrets were last used, of what origins answered, and rows as CSV.

use std::{fs, path::PathBuf};

use rusqlite::Connection;
use serde_json::{Value, json};
use tollgate_core::usage::HOUR_MS;
use tollgate_ledger::{Key, Ledger};
use tollgate_store_sqlite::{
    Access, Store,
    statements::{ANSWERED_ADDED, USAGE_ADDED, USED},
};

use crate::made::{EVERYTHING, NOW, World, said, settings};

/// Another connection to a world's tables, and where they are for as long as this lives.
struct Raw(Connection, PathBuf);

impl Drop for Raw {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.1);
    }
}

fn world(test: &str) -> (World, Raw) {
    let folder = std::env::temp_dir().join(format!("tollgate-{test}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("store.db");
    let world = World::over(Store::open(&path, Access::Create).unwrap());
    (world, Raw(Connection::open(&path).unwrap(), folder))
}

fn key(world: &mut World, id: &str) -> Key {
    Ledger::key(&mut world.store, id).unwrap().unwrap()
}

/// A gate has said when the secret at `place` of a key was used.
fn used(world: &mut World, raw: &Raw, (id, place): (&str, usize), at: u64) {
    let lookup = key(world, id).secrets[place].lookup;
    raw.0.execute(USED, (&lookup.as_bytes()[..], at)).unwrap();
}

fn read(world: &mut World, by: &str, id: &str) -> (Value, Option<String>) {
    let told = world.call(by, ("GET", &format!("/api/keys/{id}")), &Value::Null);
    assert_eq!(told.status, 200, "{}", told.text);
    let etag = told.field("etag").map(str::to_owned);
    (told.body, etag)
}

#[test]
fn a_key_says_when_each_of_its_secrets_was_last_used() {
    let (mut world, raw) = world("last-used");
    let root = world.root();
    let (id, _) = world.created(&root, &said("dev"));
    let (other, _) = world.created(&root, &said("dev"));
    let (before, version) = read(&mut world, &root, &id);
    assert_eq!(
        (&before["last_used"], &before["secrets"][0]["last_used"]),
        (&json!(null), &json!(null))
    );
    used(&mut world, &raw, (&id, 0), NOW.0 + 1_000);
    // A rotation leaves the old secret good for a while: it is still told when that is used.
    let target = format!("/api/keys/{id}/rotate");
    let told = world.call(&root, ("POST", &target), &json!({ "grace_ms": 3_600_000 }));
    assert_eq!(told.body["key"]["last_used"], NOW.0 + 1_000);
    let (_, rotated) = read(&mut world, &root, &id);
    assert_ne!(version, rotated);
    for (place, at, expected) in [
        (1, NOW.0 + 3_000, [json!(NOW.0 + 1_000), json!(NOW.0 + 3_000)]),
        (0, NOW.0 + 5_000, [json!(NOW.0 + 5_000), json!(NOW.0 + 3_000)]),
        // What somebody says late takes nothing back.
        (0, NOW.0 + 2_000, [json!(NOW.0 + 5_000), json!(NOW.0 + 3_000)]),
    ] {
        used(&mut world, &raw, (&id, place), at);
        let (body, etag) = read(&mut world, &root, &id);
        let secrets = body["secrets"].as_array().unwrap();
        let shown = secrets.iter().map(|secret| secret["last_used"].clone());
        assert_eq!(shown.collect::<Vec<_>>(), expected);
        assert_eq!(body["last_used"], *expected.iter().max_by_key(|at| at.as_u64()).unwrap());
        // A use is no change.
        assert_eq!(etag, rotated);
    }
    assert_eq!(read(&mut world, &root, &other).0["last_used"], json!(null));
}

#[test]
fn keys_that_were_not_used_since_an_instant_are_listed() {
    let (mut world, raw) = world("unused");
    let root = world.root();
    let ids = ["never", "long ago", "lately"].map(|name| {
        let mut body = said("dev");
        body["name"] = json!(name);
        world.created(&root, &body).0
    });
    used(&mut world, &raw, (&ids[1], 0), NOW.0 + 1_000);
    used(&mut world, &raw, (&ids[2], 0), NOW.0 + 9_000);
    for (since, expected) in [
        (NOW.0, &[][..]),
        (NOW.0 + 1, &["never"]),
        (NOW.0 + 1_000, &["never"]),
        (NOW.0 + 1_001, &["long ago", "never"]),
        (NOW.0 + 9_001, &["lately", "long ago", "never"]),
    ] {
        for sort in ["name", "id", "-created"] {
            let target = format!("/api/keys?owner=dev&sort={sort}&unused_since={since}");
            let told = world.call(&root, ("GET", &target), &Value::Null);
            assert_eq!(told.status, 200, "{}", told.text);
            let keys = told.body["keys"].as_array().unwrap();
            let mut names: Vec<_> = keys.iter().map(|key| key["name"].as_str().unwrap()).collect();
            names.sort_unstable();
            assert_eq!(names, expected, "{target}");
        }
    }
}

/// What was counted and answered of one key of acme, and of one of globex.
fn answered(world: &mut World, raw: &Raw) -> (String, Key) {
    let (secret, one) = world.key_of(settings("acme", "dev", &[]));
    let hour = NOW.0 / HOUR_MS;
    for (tenant, route, kind, word, count) in [
        ("acme", "/a", "status", "2xx", 5),
        ("acme", "/b", "status", "2xx", 2),
        ("acme", "/b", "status", "none", 1),
        ("acme", "/a", "took", "5", 4),
        ("acme", "/a", "took", "1000", 1),
        ("acme", "/b", "took", "inf", 2),
        ("globex", "/a", "status", "5xx", 9),
        ("globex", "/a", "took", "1", 9),
    ] {
        let row = (hour, tenant, "dev", &one.id, route, kind, word, count);
        raw.0.execute(ANSWERED_ADDED, row).unwrap();
    }
    raw.0.execute(USAGE_ADDED, (hour, "acme", "dev", &one.id, "/a", "allowed", 8)).unwrap();
    (secret, one)
}

#[test]
fn what_origins_answered_is_added_up_apart_from_what_was_decided() {
    let (mut world, raw) = world("answered");
    let admin = world.admin("acme", "admin", &EVERYTHING);
    let (secret, one) = answered(&mut world, &raw);
    let at = NOW.0 / HOUR_MS * HOUR_MS;
    let of_key = format!("/api/keys/{}/usage", one.id);
    let mut check = |by: &str, target: &str, columns: &str, expected: &[&str]| {
        let format = |format: &str| format!("{target}?by={columns}&format={format}");
        let told = world.call(by, ("GET", &format("json")), &Value::Null);
        assert_eq!(told.status, 200, "{target}: {}", told.text);
        let row = |row: &Value| {
            let cells = columns.split(',').map(|column| row[column].as_str().unwrap().to_owned());
            let cells: Vec<_> = cells.chain([row["count"].to_string()]).collect();
            assert_eq!(row["at"], at);
            cells.join(",")
        };
        let rows: Vec<_> = told.body["rows"].as_array().unwrap().iter().map(row).collect();
        assert_eq!(rows, expected, "{target}?by={columns}");
        // The same as CSV.
        let told = world.call(by, ("GET", &format("csv")), &Value::Null);
        assert_eq!(told.field("content-type"), Some("text/csv; charset=utf-8; header=present"));
        assert_eq!(told.field("cache-control"), Some("no-store"));
        let lines = rows.iter().map(|row| format!("{at},{row}"));
        let lines: Vec<_> = [format!("at,{columns},count")].into_iter().chain(lines).collect();
        assert_eq!(told.text, format!("{}\r\n", lines.join("\r\n")));
    };
    check(&admin, "/api/usage", "code", &["allowed,8"]);
    check(&admin, "/api/usage", "status", &["2xx,7", "none,1"]);
    check(&admin, "/api/usage", "route,status", &["/a,2xx,5", "/b,2xx,2", "/b,none,1"]);
    // In the order of time, not of words.
    check(&admin, "/api/usage", "took", &["5,4", "1000,1", "inf,2"]);
    check(&admin, "/api/usage", "took,owner", &["5,dev,4", "1000,dev,1", "inf,dev,2"]);
    check(&admin, &of_key, "status", &["2xx,7", "none,1"]);
    check(&secret, "/api/me/usage", "took,route", &["5,/a,4", "1000,/a,1", "inf,/b,2"]);
    check(&admin, "/api/usage", "route", &["/a,8"]);
    for by in ["code,status", "took,status", "took,took", "status,owner,code", "latency"] {
        let told = world.call(&admin, ("GET", &format!("/api/usage?by={by}")), &Value::Null);
        assert_eq!((told.status, told.code()), (400, "query_invalid"), "{by}");
    }
    let told = world.call(&admin, ("GET", "/api/usage?format=xml"), &Value::Null);
    assert_eq!((told.status, told.code()), (400, "query_invalid"));
}

#[test]
fn a_name_that_a_spreadsheet_would_run_is_a_text_in_csv() {
    let (mut world, raw) = world("csv");
    let admin = world.admin("acme", "admin", &EVERYTHING);
    let hour = NOW.0 / HOUR_MS;
    for (owner, route) in [("-dev", "GET,POST /a"), ("@ops", "=HYPERLINK(1)")] {
        raw.0.execute(USAGE_ADDED, (hour, "acme", owner, "key_1", route, "allowed", 1)).unwrap();
    }
    let told = world.call(&admin, ("GET", "/api/usage?by=owner,route&format=csv"), &Value::Null);
    let at = hour * HOUR_MS;
    let rows = [
        "at,owner,route,count".to_owned(),
        format!("{at},'-dev,\"GET,POST /a\",1"),
        format!("{at},'@ops,'=HYPERLINK(1),1"),
        String::new(),
    ];
    assert_eq!(told.text, rows.join("\r\n"));
}
