//! `tollgate audit verify`: what it says of an export, offline.

use serde_json::{Value, json};
use tollgate_audit::{Actor, Chain, Entry, Image, export};
use tollgate_core::{id::Id, time::UnixMillis};
use tollgate_identity::SigningKey;
use tollgate_testkit::unhex;

use crate::site::{Ran, Site};

/// The first instant of the exports.
const START: u64 = 1_700_000_000_000;

/// The signing key of a site's secrets.
pub(crate) fn signing_key(site: &Site) -> SigningKey {
    let secrets: Value = serde_json::from_str(&site.read("tollgate.secrets.json")).unwrap();
    let key = &secrets["signing"][0];
    let seed = unhex(key["seed"].as_str().unwrap()).try_into().unwrap();
    SigningKey::new(key["kid"].as_str().unwrap(), key["alg"].as_str().unwrap(), &seed).unwrap()
}

/// An export of six entries: one checkpoint after the third, and the end.
pub(crate) fn lines(key: &SigningKey) -> Vec<String> {
    let before = Chain::new(Id::new("acme").ok());
    let mut chain = before;
    let mut lines = vec![export::head(&before).unwrap()];
    for number in 1..=6 {
        let now = UnixMillis(START + number);
        let subject = format!("key_{number}");
        let entry = Entry {
            at: now,
            actor: Actor::Command,
            operation: Id::new("keys.create").unwrap(),
            subject: Id::new(&subject).unwrap(),
            before: Image::nothing(),
            after: Image::nothing(),
            from: None,
            request: None,
        };
        lines.push(chain.append(&entry).unwrap().line);
        if number == 3 {
            lines.push(chain.checkpoint(key, now).unwrap());
        }
    }
    lines.push(export::end(&before, &chain, key, UnixMillis(START + 9)).unwrap());
    lines
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"))
}

#[test]
fn an_export_of_this_deployment_is_whole() {
    let site = Site::new("audit-whole");
    let whole = text(&lines(&signing_key(&site)));
    site.write("acme.jsonl", &whole);
    let ran = site.run(&["audit", "verify", "acme.jsonl"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{ran:?}");
    for said in [
        "of tenant acme",
        "6: 1 to 6",
        "all up to entry 6, signed at 2023-11-14T22:13:20",
        "yes: nothing",
    ] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    let piped = site.run_with(&["audit", "verify", "-", "--json"], &whole, &[]);
    assert_eq!(piped.code, Some(0), "{piped:?}");
    let found = document(&piped);
    assert_eq!(found["verified"], true);
    assert_eq!(found["vouched"]["n"], 6);
    assert_eq!(
        (&found["since"], &found["until"], &found["checkpoints"]),
        (&json!(0), &json!(6), &json!(2))
    );
}

#[test]
fn the_first_wrong_line_is_named_and_what_is_vouched_for_all_the_same() {
    let site = Site::new("audit-wrong");
    let whole = lines(&signing_key(&site));
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = whole.clone();
        change(&mut lines);
        text(&lines)
    };
    for (export, line, code, vouched) in [
        (with(&|lines| lines[6] = lines[6].replace("key_5", "key_x")), 7, "changed", json!(3)),
        (with(&|lines| drop(lines.remove(2))), 3, "removed", Value::Null),
        (with(&|lines| lines.insert(6, lines[5].clone())), 7, "doubled", json!(3)),
        (with(&|lines| lines.swap(5, 6)), 6, "out_of_order", json!(3)),
        (with(&|lines| lines.truncate(6)), 7, "cut_off", json!(3)),
        (
            with(&|lines| lines[4] = lines[4].replace("\"n\":3", "\"n\":2")),
            5,
            "bad_signature",
            Value::Null,
        ),
        ("hello\n".to_owned(), 1, "no_export", Value::Null),
        (String::new(), 1, "cut_off", Value::Null),
    ] {
        site.write("acme.jsonl", &export);
        let ran = site.run(&["audit", "verify", "acme.jsonl", "--json"]);
        assert_eq!(ran.code, Some(1), "{code}: {ran:?}");
        let found = document(&ran);
        assert_eq!(found["verified"], false);
        assert_eq!(
            (&found["wrong"]["line"], &found["wrong"]["code"]),
            (&json!(line), &json!(code))
        );
        assert_eq!(found["vouched"]["n"], vouched, "{code}: {found}");
        let said = site.run(&["audit", "verify", "acme.jsonl"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.out.contains(&format!("line {line}: ")), "{said:?}");
        assert!(said.out.contains("verified     no"), "{said:?}");
    }
}

#[test]
fn only_keys_that_are_given_are_believed() {
    let site = Site::new("audit-keys");
    site.write("acme.jsonl", &text(&lines(&signing_key(&site))));
    site.write("now.json", &site.done(&["signing-keys", "jwks"]));
    // Elsewhere: there is neither configuration nor secrets.
    let away = Site::bare("audit-away");
    for file in ["acme.jsonl", "now.json"] {
        away.write(file, &site.read(file));
    }
    away.done(&["audit", "verify", "acme.jsonl", "--jwks", "now.json"]);
    let other = Site::new("audit-other");
    other.write("acme.jsonl", &site.read("acme.jsonl"));
    other.write("now.json", &site.read("now.json"));
    other.write("own.json", &other.done(&["signing-keys", "jwks"]));
    // Another deployment's key has the same name.
    let forged = other.run(&["audit", "verify", "acme.jsonl", "--json"]);
    assert_eq!(
        (forged.code, &document(&forged)["wrong"]["code"]),
        (Some(1), &json!("bad_signature"))
    );
    let both = ["audit", "verify", "acme.jsonl", "--jwks", "now.json", "--jwks", "own.json"];
    other.run(&both).fails(1, "two different keys have the same kid");
    // A key that is retired here holds where its public key was kept.
    site.done(&["signing-keys", "rotate", "--now"]);
    site.write("new.json", &site.done(&["signing-keys", "jwks"]));
    site.done(&["signing-keys", "retire", "k1", "--force"]);
    let unknown = site.run(&["audit", "verify", "acme.jsonl"]);
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(
        unknown.out.contains("line 5: the checkpoint is signed with k1, which is no known key")
    );
    assert!(unknown.out.contains("is given by --jwks"), "{}", unknown.out);
    site.done(&["audit", "verify", "acme.jsonl", "--jwks", "now.json", "--jwks", "new.json"]);
}

#[test]
fn what_cannot_be_read_is_said() {
    let site = Site::new("audit-unreadable");
    let run = |words: &[&str]| site.run(&[&["audit", "verify"], words].concat());
    run(&["none.jsonl"]).fails(1, "none.jsonl: ");
    run(&["."]).fails(1, ".: ");
    run(&["-", "--jwks", "none.json"]).fails(1, "none.json: ");
    site.write("bad.json", "{}");
    run(&["-", "--jwks", "bad.json"]).fails(1, "bad.json: not a JWKS document");
    site.write("large.json", &" ".repeat(65 * 1024));
    run(&["-", "--jwks", "large.json"]).fails(1, "large.json: has more than 65536 bytes");
    run(&[]).fails(2, "say whose chain");
    Site::bare("audit-bare").run(&["audit", "verify", "-"]).fails(1, "");
}
