//! What commands that ask a management API show, keep and find.

use serde_json::{Value, json};

use crate::{
    api::{CREATE, text, with},
    deployment::Deployment,
    site::Site,
};

#[test]
fn no_secret_is_an_argument_and_each_is_told_once() {
    let there = Deployment::start("api-secrets");
    let here = there.client("api-secrets");
    let told = here.done(&CREATE);
    let secret = told.lines().next().unwrap().to_owned();
    assert_eq!(told.matches(&secret).count(), 1, "{told}");
    assert!(!told.contains(&there.admin));
    let id = told.lines().find_map(|line| line.strip_prefix("key          ")).unwrap();
    let body = &secret[secret.len() - 50..];
    for words in [
        &["keys", "show", id][..],
        &["keys", "show", id, "--json"],
        &["keys", "list", "--tenant", "acme", "--json"],
        &["audit", "list", "--tenant", "acme", "--json"],
        &["audit", "export", "--tenant", "acme"],
    ] {
        let shown = here.done(words);
        assert!(!shown.contains(body) && !shown.contains(&there.admin), "{words:?}: {shown}");
    }
    let ran = here.run(&["keys", "verify", &secret], "");
    assert!(!ran.err.contains(body), "{ran:?}");
    ran.fails(2, "unexpected argument");
    here.run(&["keys", "verify"], "").fails(2, "tollgate keys verify < FILE");
    here.site.write("key.txt", &secret);
    let verified = here.done(&["keys", "verify", "--key-file", "key.txt", "--dry-run"]);
    assert!(!verified.contains(body), "{verified}");
    here.run(&["keys", "verify", "--key-file", "none.txt"], "").fails(2, "none.txt");
    // A pipe is no terminal: nothing is coloured, and nobody is told how far it is.
    let ran = here.run(&["keys", "list", "--all"], "");
    assert!(!ran.out.contains('\u{1b}') && ran.err.is_empty(), "{ran:?}");
}

#[test]
fn an_audit_is_exported_and_what_was_changed_in_it_is_found() {
    let there = Deployment::start("api-audit");
    let here = there.client("api-audit");
    for name in ["a", "b", "c"] {
        here.done(&["roles", "create", "acme", name, "--scope", "a:b"]);
    }
    here.done(&["audit", "export", "--tenant", "acme", "--out", "acme.jsonl"]);
    here.run(&["audit", "export", "--tenant", "acme", "--out", "acme.jsonl"], "")
        .fails(1, "acme.jsonl");
    here.site.write("keys.json", &here.done(&["audit", "keys"]));
    let verify = ["audit", "verify", "acme.jsonl", "--jwks", "keys.json"];
    assert!(here.site.done(&verify).contains("verified     yes"));
    let text = here.site.read("acme.jsonl").replacen("roles.create", "roles.delete", 1);
    here.site.write("acme.jsonl", &text);
    let ran = here.site.run(&verify);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(here.done(&["audit", "verify", "--tenant", "acme"]).contains("verified     yes"));
    // What the command does where the store is, is in the audit as well, in its own name.
    there.site.done(&["roles", "create", "acme", "d", "--scope", "a:b"]);
    let by = ["audit", "list", "--tenant", "acme", "--actor", "command"];
    let listed = there.site.json(&by);
    assert_eq!(listed["lines"][0]["entry"]["subject"], "d");
    assert_eq!(listed, here.json(&by));
    there.site.run(&["audit", "list"]).fails(2, "say whose chain");
    there.site.run(&["usage"]).fails(2, "say whose");
    let csv = there.site.done(&["usage", "--tenant", "acme", "--csv"]);
    assert!(
        csv.starts_with("at,") && csv == here.done(&["usage", "--tenant", "acme", "--csv"]),
        "{csv}"
    );
}

#[test]
fn a_store_is_searched_as_a_management_api_is() {
    let site = Site::new("api-store");
    let key = |more: &[&str]| {
        let words = ["keys", "create", "--tenant", "acme", "--owner", "dev", "--unlimited"];
        text(&site.json(&with(&words, more))["key"]["id"])
    };
    let (plain, labelled) = (key(&[]), key(&["--label", "team=core", "--description", "for CI"]));
    let found = |more: &[&str]| {
        let listed = site.json(&with(&["keys", "list"], more));
        let ids = listed["keys"].as_array().unwrap().iter().map(|key| text(&key["id"]));
        ids.collect::<Vec<_>>()
    };
    assert_eq!(found(&["--label", "team=core"]), [labelled.as_str()]);
    assert_eq!(found(&["--sort", "created", "--count", "1"]), [plain.as_str()]);
    assert_eq!(found(&["--all"]).len(), 2);
    site.done(&["keys", "update", &plain, "--label", "team=core"]);
    assert_eq!(found(&["--label", "team"]).len(), 2);
    site.done(&["keys", "disable", &plain, "--reason", "unused"]);
    assert_eq!(found(&["--state", "disabled"]), [plain.as_str()]);
}

#[test]
fn what_a_template_or_a_role_says_of_a_key_is_kept_on_a_store_too() {
    let site = Site::new("api-ruled");
    let shown = |id: &str| site.json(&["keys", "show", id])["key"].clone();
    let made = |more: &[&str]| {
        let words = ["keys", "create", "--tenant", "acme", "--owner", "dev"];
        text(&site.json(&with(&words, more))["key"]["id"])
    };
    site.done(&["roles", "create", "acme", "reader", "--scope", "a:read"]);
    let template = ["templates", "create", "acme", "short", "--env", "live", "--unlimited"];
    site.done(&with(&template, &["--lifetime", "1d", "--lifetime-max", "2d"]));
    let short = made(&["--template", "short"]);
    let before = shown(&short);
    assert_eq!((&before["template"], &before["roles"]), (&json!("short"), &json!([])));
    assert!(site.done(&["keys", "show", &short]).contains("template     short"));
    site.run(&["keys", "update", &short, "--expires", "+400d"]).fails(2, "--expires");
    assert_eq!(shown(&short), before);
    site.done(&["keys", "update", &short, "--plan", "pro"]);
    // An end of its own is brought forward to the latest that there may be.
    let template = ["templates", "update", "acme", "short", "--overridable", "expires"];
    site.done(&template);
    site.done(&["keys", "update", &short, "--expires", "+400d"]);
    let after = shown(&short);
    let lived =
        after["settings"]["expires"].as_u64().unwrap() - after["created_ms"].as_u64().unwrap();
    assert_eq!((lived, &after["settings"]["plan"]), (2 * 86_400_000, &json!("pro")));
    // Scopes that are given are its own: those of its roles stay.
    let read = made(&["--unlimited", "--role", "reader", "--scope", "a:own"]);
    let update = ["keys", "update", &read];
    site.done(&with(&update, &["--scope", "b:own"]));
    let after = shown(&read);
    let mut scopes: Vec<_> =
        after["settings"]["scopes"].as_array().unwrap().iter().map(text).collect();
    scopes.sort();
    assert_eq!(
        (scopes, &after["roles"]),
        (vec!["a:read".into(), "b:own".into()], &json!(["reader"]))
    );
    // All settings of a key are not all that is said of this one.
    site.write("settings.json", &after["settings"].to_string());
    site.run(&with(&update, &["--settings", "settings.json", "--overwrite"]))
        .fails(3, "--settings says nothing");
    site.run(&update).fails(2, "say what is to change");
    site.run(&with(&update, &["--allow-past"])).fails(2, "say what is to change");
    assert_eq!(shown(&read), after);
}

#[test]
fn why_something_ended_or_was_stopped_is_what_was_said_of_that() {
    let site = Site::new("api-reasons");
    let (id, _) = site.key();
    let stop = ["tenants", "stop", "acme"];
    let reason = |document: &Value| (document["state"].clone(), document["reason"].clone());
    site.done(&with(&stop, &["--reason", "payment", "--note", "invoice 1"]));
    site.done(&["tenants", "resume", "acme"]);
    site.done(&stop);
    let tenant = site.json(&["tenants", "show", "acme"]);
    assert_eq!(reason(&tenant), (json!("disabled"), Value::Null));
    site.done(&["keys", "revoke", &id, "--reason", "compromised", "--note", "public repo"]);
    let ended = site.json(&["keys", "show", &id])["key"].clone();
    let said = json!({ "code": "compromised", "note": "public repo" });
    assert_eq!(reason(&ended), (json!("revoked"), said));
    assert!(site.done(&["keys", "show", &id]).contains("compromised: public repo"));
    for more in [&[][..], &["--reason", "superseded"], &["--secret", "1"]] {
        site.done(&with(&["keys", "revoke", &id], more));
        assert_eq!(site.json(&["keys", "show", &id])["key"], ended, "{more:?}");
    }
}

#[test]
fn each_shell_is_given_what_completes_every_command() {
    let site = Site::bare("api-completions");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = site.done(&["completions", shell]);
        for word in ["tollgate", "templates", "expiring-before", "completions"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    site.run(&["completions", "tcsh"]).fails(2, "possible values: bash, zsh, fish, powershell");
}
