//! What was counted of requests, and who did what, over HTTP's requests.

use std::fs;

use serde_json::{Value, json};
use tollgate_control::Line;
use tollgate_core::usage::HOUR_MS;
use tollgate_store_sqlite::{Access, Store, statements::USAGE_ADDED};

use crate::made::{EVERYTHING, NOW, World, said, settings};

/// A world in which two keys of acme and one of globex have sent requests.
fn counted(world: &mut World, raw: &rusqlite::Connection) -> (String, String) {
    let (secret, one) = world.key_of(settings("acme", "dev", &[]));
    let (_, other) = world.key_of(settings("acme", "ops", &[]));
    let (_, theirs) = world.key_of(settings("globex", "dev", &[]));
    let hour = NOW.0 / HOUR_MS;
    for (at, tenant, owner, key, route, code, count) in [
        (hour, "acme", "dev", &one.id, "/a", "allowed", 5),
        (hour, "acme", "dev", &one.id, "/b", "rate_limited", 2),
        (hour - 1, "acme", "dev", &one.id, "/a", "allowed", 7),
        (hour - 30, "acme", "dev", &one.id, "/a", "allowed", 11),
        (hour, "acme", "ops", &other.id, "/a", "allowed", 3),
        (hour, "globex", "dev", &theirs.id, "/a", "allowed", 1_000),
    ] {
        raw.execute(USAGE_ADDED, (at, tenant, owner, key, route, code, count)).unwrap();
    }
    (secret, one.id)
}

#[test]
fn usage_is_added_up_by_what_is_asked_for() {
    let folder = std::env::temp_dir().join(format!("tollgate-counted-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("store.db");
    let mut world = World::over(Store::open(&path, Access::Create).unwrap());
    let admin = world.admin("acme", "admin", &EVERYTHING);
    let (secret, id) = counted(&mut world, &rusqlite::Connection::open(&path).unwrap());
    fs::remove_dir_all(&folder).unwrap();
    let mut check = |by: &str, target: &str, expected: Value| {
        let told = world.call(by, ("GET", target), &Value::Null);
        assert_eq!(told.status, 200, "{target}: {}", told.text);
        let rows = told.body["rows"].as_array().unwrap().iter().map(|row| {
            let mut row = row.clone();
            row.as_object_mut().unwrap().remove("at");
            row
        });
        assert_eq!(rows.collect::<Value>(), expected, "{target}");
    };
    let row = |code: &str, count: u64| json!({ "code": code, "count": count });
    check(
        &admin,
        "/api/usage",
        json!([row("allowed", 7), row("allowed", 8), row("rate_limited", 2)]),
    );
    check(
        &admin,
        "/api/usage?by=owner&step=day&owner=dev",
        json!([{ "owner": "dev", "count": 14 }]),
    );
    let all = format!("/api/usage?by=tenant&step=day&from={}", NOW.0 - 40 * HOUR_MS);
    check(
        &admin,
        &all,
        json!([{ "tenant": "acme", "count": 11 }, { "tenant": "acme", "count": 17 }]),
    );
    check(
        &admin,
        &format!("/api/keys/{id}/usage?by=route&step=day"),
        json!([
            { "route": "/a", "count": 12 }, { "route": "/b", "count": 2 },
        ]),
    );
    check(&secret, "/api/me/usage?step=day", json!([row("allowed", 12), row("rate_limited", 2)]));
    for target in [
        "/api/usage?from=x",
        "/api/usage?from=9999999999999999",
        "/api/usage?step=week",
        "/api/usage?by=colour",
        "/api/usage?by=key,key",
        "/api/me/usage?key=key_1",
    ] {
        let told = world.call(&admin, ("GET", target), &Value::Null);
        assert_eq!((told.status, told.code()), (400, "query_invalid"), "{target}");
    }
}

#[test]
fn the_audit_is_read_page_by_page_as_it_was_hashed() {
    let mut world = World::new();
    let root = world.root();
    for _ in 0..5 {
        world.created(&root, &said("dev"));
    }
    let (mut lines, mut after): (Vec<String>, _) = (vec![], String::new());
    loop {
        let target = format!("/api/audit?limit=2{after}");
        let page = world.call(&root, ("GET", &target), &Value::Null);
        assert_eq!(page.status, 200, "{}", page.text);
        for line in page.body["lines"].as_array().unwrap() {
            assert_eq!(line["entry"]["operation"], "keys.create");
            lines.push(line["line"].as_str().unwrap().to_owned());
        }
        match page.body["next"].as_str() {
            Some(next) => after = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(lines.len(), 5);
    let kept = tollgate_control::Books::audit(&mut world.store, Some("operators"), 0, 10).unwrap();
    assert_eq!(lines, kept.into_iter().map(|Line { text, .. }| text).collect::<Vec<_>>());
    let told = world.call(&root, ("GET", "/api/audit?cursor=x"), &Value::Null);
    assert_eq!(told.code(), "query_invalid");
}
