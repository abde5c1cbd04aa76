//! An audit that somebody has written into past the service: it goes on, what was done to it shows, and no key is kept alive
//! by it.

use serde_json::{Value, json};
use tollgate_control::{Damage, Haste, Newest, newest};
use tollgate_ledger::{KeyState, Ledger};

use crate::{audit::verified, made::said, raw::Raw};

/// What a damage comes to: what is done to the tables, what verifying says afterwards, and after which entry.
type Case = (&'static str, &'static str, &'static str);

const LAST: &str = "DELETE FROM audit WHERE number = 3";

/// Each with a checkpoint of the second entry of three.
const CASES: [Case; 10] = [
    ("another hash of the end", "UPDATE chains SET hash = printf('%064d', 0)", "unlinked"),
    (
        "no hash of the end",
        "UPDATE chains SET hash = replace(printf('%064d', 0), '0', 'z')",
        "none",
    ),
    ("no end", "DELETE FROM chains", "none"),
    ("an end that is earlier", "UPDATE chains SET number = 2", "none"),
    ("an end that is later", "UPDATE chains SET number = 9", "removed"),
    ("an end beyond all numbers", "UPDATE chains SET number = 9007199254740991", "none"),
    ("an end at no time", "UPDATE chains SET at_ms = -1", "none"),
    ("the last line cut off", LAST, "removed"),
    (
        "the last line changed",
        "UPDATE audit SET line = replace(line, 'dev', 'eve') WHERE number = 3",
        "changed",
    ),
    (
        "the last line under another number",
        "UPDATE audit SET number = 7 WHERE number = 3",
        "removed",
    ),
];

fn damaged(name: &str, sql: &str, checkpoint: u64) -> (Raw, String, String) {
    let mut raw = Raw::new(name);
    let root = raw.world.root();
    let mut last = String::new();
    for number in 1..=3 {
        last = raw.world.created(&root, &said("dev")).0;
        if number == checkpoint {
            assert_eq!(raw.world.round(Haste::AtOnce).signed, 1);
        }
    }
    raw.does(sql);
    (raw, root, last)
}

fn operations(raw: &mut Raw, root: &str) -> Vec<String> {
    let told = raw.world.get(root, "/api/audit");
    let lines = told.body["lines"].as_array().unwrap();
    let operation = |line: &Value| line["entry"]["operation"].as_str().unwrap_or("?").to_owned();
    lines.iter().map(operation).collect()
}

/// What an operator who asks is told of the newest entries.
fn looked(raw: &mut Raw, tenant: &str, entries: u64) -> Newest {
    newest(&mut raw.world.store, Some(tenant), Some(&raw.world.signer), entries).unwrap()
}

#[test]
fn whoever_looks_at_the_newest_entries_is_told_what_is_damaged_before_the_chain_goes_on() {
    for (at, (what, sql, _)) in CASES.into_iter().enumerate() {
        let (mut raw, ..) = damaged(&format!("newest-{at}"), sql, 2);
        let found = looked(&mut raw, "operators", 1_000);
        assert!(found.wrong.is_some(), "{what}: {found:?}");
    }
    let (mut raw, ..) = damaged("newest-whole", "SELECT 1 WHERE false", 2);
    let whole = Newest { since: 0, until: 3, wrong: None };
    assert_eq!(looked(&mut raw, "operators", 1_000), whole);
    assert_eq!(looked(&mut raw, "nobody", 1_000), Newest { until: 0, ..whole });
}

#[test]
fn only_as_many_of_the_newest_entries_are_looked_at_as_is_asked_for() {
    let mut raw = Raw::new("newest-of-many");
    raw.fill("acme", 1_500);
    let part = |wrong: Option<&str>| Newest {
        since: 500,
        until: if wrong.is_some_and(|wrong| wrong.contains("entry 500 is")) { 500 } else { 1_500 },
        wrong: wrong.map(str::to_owned),
    };
    let changed = "what follows entry 500 does not hold: the entry was changed: its hash is of something else";
    for (number, wrong) in [
        (499, None),
        (501, Some(changed)),
        (500, Some("what is kept as entry 500 is not what was written")),
    ] {
        let line = format!(
            "UPDATE audit SET line = replace(line, 'key_1', 'key_2') WHERE number = {number}"
        );
        raw.does(&line);
        assert_eq!(looked(&mut raw, "acme", 1_000), part(wrong), "{number}");
    }
    assert_eq!(looked(&mut raw, "acme", 0).wrong, None);
}

#[test]
fn a_damaged_chain_goes_on_and_verifying_shows_what_was_done() {
    for (at, (what, sql, code)) in CASES.into_iter().enumerate() {
        let (mut raw, root, key) = damaged(&format!("goes-on-{at}"), sql, 2);
        let told = raw.world.call(&root, ("DELETE", &format!("/api/keys/{key}")), &Value::Null);
        assert_eq!(told.status, 200, "{what}: {}", told.text);
        raw.world.created(&root, &said("dev"));
        let operations = operations(&mut raw, &root);
        let tail = &operations[operations.len() - 3..];
        assert_eq!(tail, ["audit.damaged", "keys.revoke", "keys.create"], "{what}: said once");
        let told = raw.world.get(&root, "/api/audit/verify");
        let found = told.body["wrong"]["code"].as_str().unwrap_or("none");
        assert_eq!((told.status, found), (200, code), "{what}: {}", told.text);
        assert_eq!(told.body["verified"], json!(code == "none"), "{what}");
        // What follows is signed again, once it was said what is damaged.
        let round = raw.world.round(Haste::AtOnce);
        assert_eq!((round.signed, round.damaged.is_empty()), (1, code == "none"), "{what}");
        let round = raw.world.round(Haste::AtOnce);
        assert_eq!((round.signed, round.damaged), (0, vec![]), "{what}");
    }
}

#[test]
fn what_was_cut_off_behind_a_checkpoint_shows_whatever_else_is_removed() {
    let sql = format!("{LAST}; DELETE FROM chains");
    // Up to the last checkpoint a cut-off end is found; what came later is not, but that something was done is said.
    for (checkpoint, code, damage) in [(3, "removed", true), (2, "none", false)] {
        let (mut raw, root, _) = damaged(&format!("cut-{checkpoint}"), &sql, checkpoint);
        let found = |raw: &mut Raw| {
            let told = raw.world.get(&root, "/api/audit/verify");
            told.body["wrong"]["code"].as_str().unwrap_or("none").to_owned()
        };
        assert_eq!(found(&mut raw), if damage { "removed" } else { "cut_off" });
        let told = raw.world.get(&root, "/api/audit/export");
        assert_eq!((told.status, told.code()), (409, "audit_damaged"), "nobody signs the rest");
        raw.world.created(&root, &said("dev"));
        assert_eq!(found(&mut raw), code, "{checkpoint}");
        assert!(operations(&mut raw, &root).contains(&"audit.damaged".to_owned()));
    }
}

#[test]
fn what_is_damaged_is_told_and_not_signed_until_it_goes_on() {
    let (mut raw, root, _) = damaged("told", LAST, 2);
    let round = raw.world.round(Haste::AtOnce);
    assert_eq!(
        (round.signed, round.damaged.len()),
        (0, 0),
        "there is nothing behind the checkpoint"
    );
    raw.world.created(&root, &said("dev"));
    let round = raw.world.round(Haste::AtOnce);
    let damage = Damage { tenant: Some("operators".to_owned()), after: 2 };
    assert_eq!((round.signed, round.damaged), (1, vec![damage]));
    // A piece ends before the damage, one begins behind it, and none goes across.
    let keys = raw.world.keys(&root);
    let first = raw.world.get(&root, "/api/audit/export");
    assert_eq!(verified(&first.text, &keys), ("none", 2));
    assert_eq!(first.field("tollgate-audit-next"), Some("2"));
    let told = raw.world.get(&root, "/api/audit/export?after=2");
    assert_eq!((told.status, told.code()), (409, "audit_damaged"));
    assert!(told.text.contains("after entry 2."), "{}", told.text);
    let rest = raw.world.get(&root, "/api/audit/export?after=4");
    assert_eq!(verified(&rest.text, &keys), ("none", 5));
}

#[test]
fn a_line_that_was_changed_is_in_every_page_and_hides_nothing() {
    let sql =
        "UPDATE audit SET line = replace(line, 'keys.create', 'keys.delete') WHERE number = 2";
    let (mut raw, root, _) = damaged("pages", sql, 1);
    for (query, expected) in [("", 3), ("?operation=keys.create", 3), ("?operation=keys.list", 1)] {
        let told = raw.world.get(&root, &format!("/api/audit{query}"));
        let lines = told.body["lines"].as_array().unwrap();
        let damaged: Vec<_> = lines.iter().filter(|line| line["damaged"] == json!(true)).collect();
        assert_eq!((lines.len(), damaged.len()), (expected, 1), "{query}");
        assert_eq!((&damaged[0]["number"], &damaged[0]["entry"]), (&Value::Null, &Value::Null));
    }
    let told = raw.world.get(&root, "/api/audit/verify");
    assert_eq!(told.body["wrong"]["code"], "changed");
    assert_eq!(told.body["vouched"]["n"], 1);
}

/// What cannot be told of is not done: the line and the change are one transaction. But for what only takes away.
#[test]
fn where_the_audit_cannot_say_it_nothing_is_given_and_what_takes_away_is_done() {
    let sql = "UPDATE audit SET number = 9007199254740993 WHERE number = 3";
    let (mut raw, root, key) = damaged("beyond", sql, 2);
    let world = &mut raw.world;
    let before = world.store.stamp().unwrap();
    let fields = [
        ("x-api-key", root.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "again"),
    ];
    for (method, path, body) in [
        ("POST", "/api/keys".to_owned(), said("dev")),
        ("POST", format!("/api/keys/{key}/rotate"), Value::Null),
        ("POST", format!("/api/keys/{key}/enable"), Value::Null),
        ("POST", "/api/owners/dev/resume?tenant=operators".to_owned(), Value::Null),
    ] {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let told = world.ask((method, &path), &fields, &body);
        assert_eq!((told.status, told.code()), (503, "unavailable"), "{path}: {}", told.text);
        assert_eq!(told.trouble, Some("store_damaged"), "{path}");
    }
    assert_eq!(world.store.stamp().unwrap(), before);
    let names: u64 =
        raw.file.query_row("SELECT count(*) FROM retries", [], |row| row.get(0)).unwrap();
    assert_eq!(names, 0);
    for (method, path) in [
        ("POST", format!("/api/keys/{key}/disable")),
        ("POST", format!("/api/keys/{key}/secrets/1/revoke")),
        ("POST", "/api/owners/dev/stop?tenant=operators".to_owned()),
        ("DELETE", format!("/api/keys/{key}")),
    ] {
        let told = raw.world.ask((method, &path), &fields[..2], "");
        assert_eq!(
            (told.status, told.trouble),
            (200, Some("audit_untold")),
            "{path}: {}",
            told.text
        );
    }
    let state = Ledger::key(&mut raw.world.store, &key).unwrap().unwrap().state;
    assert_eq!(state, KeyState::Revoked);
    let told = raw.world.get(&root, "/api/keys");
    assert_eq!((told.status, told.trouble), (200, None), "said once each time");
}
