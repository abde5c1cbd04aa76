//! No secret is in any output or file, but in the one place where it belongs.

use std::fs;

use serde_json::Value;

use crate::site::{Ran, Site};

const FILE: &str = "tollgate.secrets.json";

/// Every secret of the secrets' file.
fn secrets(site: &Site) -> Vec<String> {
    let document: Value = serde_json::from_str(&site.read(FILE)).unwrap();
    let of = |list: &str, field: &str| {
        let entries = document[list].as_array().unwrap();
        entries.iter().map(|entry| entry[field].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    [of("peppers", "secret"), of("signing", "seed")].concat()
}

/// Fails if a piece of a secret is in a text. The random part of a key begins after prefix, env and version.
fn scan(ran: &Ran, words: &[&str], secrets: &[String]) {
    for secret in secrets {
        let body = secret.rsplit('_').next().unwrap();
        for piece in body.as_bytes()[2..].chunks(12).filter(|piece| piece.len() == 12) {
            let piece = std::str::from_utf8(piece).unwrap();
            let shown = ran.out.contains(piece) || ran.err.contains(piece);
            assert!(!shown, "{words:?} shows a secret: {ran:?}");
        }
    }
}

#[test]
fn a_secret_is_printed_by_the_command_that_makes_it_and_by_no_other() {
    let site = Site::new("leaks");
    let (id, first) = site.key();
    let rotated = site.json(&["keys", "rotate", &id]);
    let second = rotated["secret"].as_str().unwrap().to_owned();
    assert!(!rotated.to_string().contains(&first[10..]), "the older secret is not shown again");
    site.done(&["peppers", "add"]);
    site.done(&["signing-keys", "rotate"]);
    let known = || [secrets(&site), vec![first.clone(), second.clone()]].concat();
    let lookup = site.json(&["keys", "show", &id])["key"]["secrets"][0]["lookup"].clone();
    let commands: &[&[&str]] = &[
        &["keys", "list"],
        &["keys", "show", &id],
        &["keys", "update", &id, "--plan", "pro"],
        &["keys", "disable", &id],
        &["keys", "enable", &id],
        &["owners", "stop", "acme", "dev"],
        &["owners", "resume", "acme", "dev"],
        &["peppers", "list"],
        &["peppers", "add"],
        &["peppers", "use", "1"],
        &["peppers", "retire", "0"],
        &["signing-keys", "list"],
        &["signing-keys", "retire", "k2"],
        &["signing-keys", "rotate", "--now"],
        &["doctor"],
        &["config", "check"],
        &["keys", "revoke", &id, "--secret", lookup.as_str().unwrap()],
        &["keys", "revoke", &id],
        &["init"],
    ];
    for words in commands {
        for json in [&[][..], &["--json"]] {
            let ran = site.run(&[words, json].concat());
            scan(&ran, words, &known());
        }
    }
    for input in [&first, &second] {
        let ran = site.run_with(&["inspect"], input, &[]);
        scan(&ran, &["inspect"], &known());
    }
    // The stores never hold a key.
    for entry in fs::read_dir(&site.folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for secret in [&first, &second] {
            let body = &secret.as_bytes()[10..30];
            let held = bytes.windows(body.len()).any(|window| window == body);
            assert!(!held, "{} holds a key", path.display());
        }
    }
}

#[test]
fn a_secret_in_a_wrong_place_is_not_repeated() {
    let site = Site::new("misplaced");
    let (id, key) = site.key();
    let secrets = [secrets(&site), vec![key.clone()]].concat();
    let check = |words: &[&str], input: &str| {
        for json in [&[][..], &["--json"]] {
            let words = [words, json].concat();
            let ran = site.run_with(&words, input, &[]);
            assert_ne!(ran.code, Some(0), "{words:?}");
            scan(&ran, &words, &secrets);
        }
    };
    for secret in &secrets {
        check(&[secret], "");
        check(&["keys", secret], "");
        check(&["keys", "show", secret], "");
        check(&["keys", "revoke", &id, "--secret", secret], "");
        check(&["keys", "update", &id, "--limit", secret], "");
        check(&["keys", "update", &id, "--scope", secret], "");
        check(&["keys", "update", &id, "--owner", &format!("{secret} ")], "");
        check(&["owners", "stop", "acme", secret], "");
        check(&["tenants", "stop", secret], "");
        check(&["peppers", "use", secret], "");
        check(&["signing-keys", "retire", secret], "");
        check(&["keys", "create", "--settings", "-"], secret);
        check(&["keys", "create", "--settings", "-"], &format!("\"{secret}\""));
        check(&["keys", "create", "--settings", "-"], &format!("{{\"tenant\":\"{secret}\"}}"));
        check(&["keys", "create", "--settings", "-"], &format!("{{\"{secret}\":1}}"));
    }
    // A secrets file that is damaged is not quoted.
    site.write(FILE, &site.read(FILE).replace("\"secret\": \"", "\"secret\": [\""));
    check(&["peppers", "list"], "");
    site.write(FILE, &site.read(FILE).replace("[\"", "\"x"));
    check(&["peppers", "list"], "");
}
