//! The audit of the running binary: who signs it, when, and who can verify that.

use std::{fs, path::PathBuf, time::Instant};

use serde_json::{Value, json};
use tollgate_control::Books;
use tollgate_store_sqlite::{Access, Store};

use crate::{
    control::{call, done, serving},
    origin::Origin,
    site::{Gate, Key, Site},
    wire::DEADLINE,
};

/// Makes a key of the operators', which the audit tells of.
fn change(gate: &Gate, admin: &Key) {
    let body = json!({ "env": "live", "scopes": ["orders:read"], "limits": [] });
    done(gate, admin, "POST /api/keys", &body);
}

/// Keeps what an address answers in a file of the site.
fn kept(site: &Site, name: &str, text: &str) -> String {
    let file: PathBuf = site.secrets_file().with_file_name(name);
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn export(gate: &Gate, admin: &Key) -> String {
    let answer = call(gate, admin, "GET /api/audit/export", &Value::Null);
    assert_eq!(answer.status(), 200, "{}", answer.text());
    answer.text().to_owned()
}

/// The name of the key that the last line is signed with.
fn signed_with(export: &str) -> String {
    let end: Value = serde_json::from_str(export.lines().last().unwrap()).unwrap();
    end["kid"].as_str().unwrap().to_owned()
}

#[test]
fn the_audit_is_signed_before_the_gate_ends_whatever_is_not_due_yet() {
    let origin = Origin::start();
    let (site, mut gate, admin) = serving(&origin);
    for _ in 0..3 {
        change(&gate, &admin);
    }
    gate.signal("TERM");
    gate.await_event("stopped");
    assert!(gate.ended().success());
    let mut store = Store::open(&site.store_file(), Access::ReadWrite).unwrap();
    let lines = store.audit(Some("operators"), 0, 10).unwrap();
    // What `init` did is told too.
    assert_eq!(lines.len(), 4);
    assert!(lines[3].checkpoint.is_some(), "{lines:?}");
    assert!(store.unchecked(None, 10).unwrap().is_empty());
}

#[test]
fn the_audit_is_signed_by_and_by_without_anybody_asking() {
    let origin = Origin::start();
    let (site, gate, admin) = serving(&origin);
    change(&gate, &admin);
    let mut store = Store::open(&site.store_file(), Access::ReadWrite).unwrap();
    let begun = Instant::now();
    // It looks every 20 s, and a chain without a checkpoint is due at once.
    while !store.unchecked(None, 10).unwrap().is_empty() {
        assert!(begun.elapsed() < 6 * DEADLINE, "nothing is signed");
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
}

#[test]
fn another_key_signs_the_audit_once_it_signs_identities_and_what_is_retired_still_verifies() {
    let origin = Origin::start();
    let (site, mut gate, admin) = serving(&origin);
    change(&gate, &admin);
    assert_eq!(signed_with(&export(&gate, &admin)), "k1");
    gate.signal("TERM");
    gate.await_event("stopped");
    assert!(gate.ended().success());
    let gate = site.start();
    site.tell(&["signing-keys", "rotate", "--now"]);
    gate.signal("HUP");
    gate.await_event("reloaded");
    change(&gate, &admin);
    let text = export(&gate, &admin);
    assert_eq!(signed_with(&text), "k2");
    assert!(text.contains("\"kid\":\"k1\""), "a checkpoint of before is there: {text}");
    let file = kept(&site, "operators.jsonl", &text);
    site.tell(&["audit", "verify", &file]);
    let keys = call(&gate, &admin, "GET /api/audit/keys", &Value::Null).text().to_owned();
    site.tell(&["signing-keys", "retire", "k1", "--force"]);
    gate.signal("HUP");
    gate.await_event("reloaded");
    assert_eq!(call(&gate, &admin, "GET /api/audit/keys", &Value::Null).text(), keys);
    let keys = kept(&site, "keys.json", &keys);
    site.tell(&["audit", "verify", &file, "--jwks", &keys]);
    // Where it is kept, it is verified with the same.
    let told = done(&gate, &admin, "GET /api/audit/verify", &Value::Null);
    assert_eq!((&told["verified"], &told["wrong"]), (&json!(true), &Value::Null));
    // And what was done to the secrets is in the deployment's own chain.
    let told = done(&gate, &admin, "GET /api/audit?chain=deployment", &Value::Null);
    let lines = told["lines"].as_array().unwrap().iter();
    let did = lines.map(|line| [&line["entry"]["operation"], &line["entry"]["subject"]]);
    let expected = [["signing-keys.rotate", "k2"], ["signing-keys.retire", "k1"]];
    assert_eq!(did.collect::<Vec<_>>(), expected);
}

#[test]
fn no_name_of_a_key_that_has_signed_the_audit_is_used_again() {
    let origin = Origin::start();
    let (site, mut gate, admin) = serving(&origin);
    site.tell(&["signing-keys", "rotate", "--now"]);
    gate.signal("HUP");
    gate.await_event("reloaded");
    change(&gate, &admin);
    gate.signal("TERM");
    gate.await_event("stopped");
    assert!(gate.ended().success());
    // The newest is retired: the one before it is the newest that is there.
    let kept = fs::read_to_string(site.secrets_file()).unwrap();
    site.tell(&["signing-keys", "retire", "k2", "--force"]);
    let fresh = site.tell(&["signing-keys", "rotate", "--now"]);
    assert_eq!(fresh["signing_key"]["kid"], "k3", "{fresh}");
    drop(site.start());
    // Somebody else's secrets, or such as were made anew by hand, have the name and another key.
    let mut other: Value = serde_json::from_str(&kept).unwrap();
    other["signing"][1]["seed"] = other["signing"][0]["seed"].clone();
    fs::write(site.secrets_file(), other.to_string()).unwrap();
    let said = site.refuses();
    assert!(said.contains("another signing key k2 has signed the audit"), "{said}");
    assert!(said.contains("`tollgate signing-keys rotate --now`"), "{said}");
    // What it says helps.
    site.tell(&["signing-keys", "rotate", "--now"]);
    site.tell(&["signing-keys", "retire", "k2", "--force"]);
    drop(site.start());
}
