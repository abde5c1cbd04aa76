//! The documents of `--json`: scripts read them, so a field is added, and never renamed or removed.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::{audit, site::Site};

/// Compares a document with the one in `tests/golden`. What differs from run to run is replaced first.
pub(crate) fn check(name: &str, mut document: Value) {
    blank(&mut document);
    if name.starts_with("api-") {
        blank_drawn(&mut document);
    }
    let actual = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("golden");
    fs::create_dir_all(&kept).unwrap();
    fs::write(kept.join(format!("{name}.json")), &actual).unwrap();
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.json"));
    let golden = fs::read_to_string(&file).unwrap_or_default();
    let golden: Value = serde_json::from_str(&golden).unwrap_or(Value::Null);
    missing(name, &golden, &document);
    assert_eq!(document, golden, "{name}: new fields; add them to {}", file.display());
}

/// Fails if something of `golden` is not in `document` as it was.
fn missing(path: &str, golden: &Value, document: &Value) {
    match (golden, document) {
        (Value::Object(golden), Value::Object(document)) => {
            for (name, was) in golden {
                let path = format!("{path}.{name}");
                let is =
                    document.get(name).unwrap_or_else(|| panic!("{path} is gone: scripts read it"));
                missing(&path, was, is);
            }
        }
        (Value::Array(golden), Value::Array(document)) => {
            for (at, (was, is)) in golden.iter().zip(document).enumerate() {
                missing(&format!("{path}[{at}]"), was, is);
            }
        }
        _ => assert_eq!(golden, document, "{path} is not what scripts read"),
    }
}

/// Replaces what is drawn or read from a clock.
fn blank(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(blank),
        Value::Array(items) => items.iter_mut().for_each(blank),
        Value::Number(number) if number.as_u64() > Some(1_600_000_000_000) => {
            *value = json!("<instant>")
        }
        Value::String(text) => {
            let hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if hex {
                *text = "<lookup id>".to_owned();
            } else if text.starts_with("key_") && text.len() == 20 {
                *text = "<key id>".to_owned();
            } else if text.starts_with("tg_live_") {
                *text = "<secret>".to_owned();
            } else if text.starts_with("# ") {
                *text = "<page>".to_owned();
            }
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Replaces what a management API draws besides: versions, hashes, names of requests and of keys.
fn blank_drawn(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(blank_drawn),
        Value::Array(items) => items.iter_mut().for_each(blank_drawn),
        Value::String(text) => {
            let drawn = |c: char| c.is_ascii_digit() || c == '.';
            let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if hex && text.len() == 64 {
                *text = "<hash>".to_owned();
            } else if hex && text.len() == 16 {
                *text = "<request id>".to_owned();
            } else if text.len() > 20 && text.chars().all(drawn) {
                *text = "<version>".to_owned();
            } else if text.starts_with("{\"entry\"") {
                *text = "<line>".to_owned();
            } else if text.starts_with("key:key_") {
                *text = "<actor>".to_owned();
            }
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

const WHOLE: &[&str] = &[
    "keys",
    "create",
    "--tenant",
    "acme",
    "--owner",
    "dev@acme.example",
    "--name",
    "CI",
    "--plan",
    "pro",
    "--scope",
    "orders:read",
    "--scope",
    "orders:write",
    "--limit",
    "burst:key=100,50/1s",
    "--limit",
    "all:tenant=1000,1000/s",
    "--quota",
    "monthly:key=10000/month",
    "--allow-ip",
    "192.0.2.0/24",
    "--deny-ip",
    "192.0.2.7/32",
    "--allow-country",
    "NZ",
    "--deny-country",
    "T1",
    "--not-before",
    "2020-01-01",
    "--expires",
    "+90d",
];

#[test]
fn documents_keep_their_fields() {
    let site = Site::bare("golden");
    check("init", site.json(&["init"]));
    check("config-check", site.json(&["config", "check"]));
    let made = site.json(WHOLE);
    let id = made["key"]["id"].as_str().unwrap().to_owned();
    let secret = made["secret"].as_str().unwrap().to_owned();
    check("keys-create", made);
    check("keys-list", site.json(&["keys", "list"]));
    check("keys-show", site.json(&["keys", "show", &id]));
    check("keys-update", site.json(&["keys", "update", &id, "--clear", "plan", "--unlimited"]));
    let inspected = site.run_with(&["inspect", "--json"], &secret, &[]);
    check("inspect", serde_json::from_str(&inspected.out).unwrap());
    check("keys-rotate", site.json(&["keys", "rotate", &id]));
    check("keys-disable", site.json(&["keys", "disable", &id]));
    check("keys-enable", site.json(&["keys", "enable", &id]));
    check("owners-stop", site.json(&["owners", "stop", "acme", "dev@acme.example"]));
    check("owners-list", site.json(&["owners", "list", "acme"]));
    check("owners-resume", site.json(&["owners", "resume", "acme", "dev@acme.example"]));
    check("tenants-stop", site.json(&["tenants", "stop", "acme"]));
    check("tenants-list", site.json(&["tenants", "list"]));
    check("tenants-resume", site.json(&["tenants", "resume", "acme"]));
    check("peppers-add", site.json(&["peppers", "add"]));
    check("peppers-use", site.json(&["peppers", "use", "1"]));
    check("peppers-list", site.json(&["peppers", "list"]));
    check("keys-revoke", site.json(&["keys", "revoke", &id]));
    check("peppers-retire", site.json(&["peppers", "retire", "0"]));
    check("signing-keys-rotate", site.json(&["signing-keys", "rotate"]));
    check("signing-keys-list", site.json(&["signing-keys", "list"]));
    check("signing-keys-retire", site.json(&["signing-keys", "retire", "k2"]));
    site.write("acme.jsonl", &audit::lines(&audit::signing_key(&site)).join("\n"));
    let ran = site.run(&["audit", "verify", "acme.jsonl", "--json"]);
    check("audit-verify-wrong", serde_json::from_str(&ran.out).unwrap());
    site.write("acme.jsonl", &(site.read("acme.jsonl") + "\n"));
    check("audit-verify", site.json(&["audit", "verify", "acme.jsonl"]));
    check("store-backup", site.json(&["store", "backup", "copy.db"]));
    check("store-restore", site.json(&["store", "restore", "--force"]));
    check("doctor", site.json(&["doctor"]));
    check("doctor-list", site.json(&["doctor", "--list"]));
    check("manual", site.json(&["manual"]));
    check("config-reference", site.json(&["config", "reference"]));
}

#[test]
fn shared_limits_keep_their_fields() {
    let site = Site::new("golden-limits");
    let words = ["keys", "create", "--tenant", "acme", "--owner", "b", "--unlimited"];
    site.done(&[&words[..], &["--quota", "monthly:tenant=9/month"]].concat());
    let set = ["limits", "set", "--tenant", "acme", "--quota", "monthly:tenant=5/month"];
    check("limits-set", site.json(&set));
}

#[test]
fn what_went_wrong_is_a_document_too() {
    let site = Site::new("golden-errors");
    let error = |arguments: &[&str], code: i32| {
        let ran = site.run(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.out.is_empty(), "{ran:?}");
        serde_json::from_str::<Value>(&ran.err).unwrap()
    };
    check("error-refused", error(&["keys", "show", "key_0000000000000000"], 3));
    check("error-usage", error(&["keys", "create", "--tenant", "a", "--owner", "b"], 2));
    site.write("tollgate.toml", "[gate]\nlisen = 1\n");
    check("error-config", error(&["keys", "list"], 1));
    let ran = site.run(&["config", "check", "--json"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    check("config-check-wrong", serde_json::from_str(&ran.out).unwrap());
}
