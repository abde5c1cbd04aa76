//! Commands that ask a management API, elsewhere or on the store that is here.

use serde_json::{Value, json};

use crate::{
    deployment::{Client, Deployment, Does, Fake},
    golden::check,
    site::Site,
};

/// No key, but of the form of one.
const KEY: &str = "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";

pub(crate) const CREATE: [&str; 9] =
    ["keys", "create", "--tenant", "acme", "--owner", "ci", "--env", "live", "--unlimited"];

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub(crate) fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [words, more].concat()
}

#[test]
fn a_key_lives_and_ends_over_a_management_api() {
    let there = Deployment::start("api-life");
    let here = there.client("api-life");
    let made = here.json(&with(&CREATE, &["--scope", "orders:read", "--label", "team=core"]));
    let (id, first) = (text(&made["key"]["id"]), text(&made["secret"]));
    let verify = |secret: &str, more: &[&str]| {
        let ran = here.run(&with(&["keys", "verify", "--json"], more), secret);
        (ran.code, serde_json::from_str::<Value>(&ran.out).unwrap()["code"].clone())
    };
    assert_eq!(verify(&first, &["--scope", "orders:read"]), (Some(0), Value::Null));
    assert_eq!(verify(&first, &["--scope", "a:b"]), (Some(1), json!("scope_missing")));
    let turned = here.json(&["keys", "rotate", &id]);
    let second = text(&turned["secret"]);
    assert_ne!(first, second);
    // The older one is good for a grace.
    assert_eq!(verify(&first, &[]), (Some(0), Value::Null));
    here.done(&["keys", "revoke", &id, "--secret", "1"]);
    assert_eq!(verify(&first, &[]), (Some(1), json!("key_revoked")));
    assert_eq!(verify(&second, &[]), (Some(0), Value::Null));
    here.done(&["keys", "disable", &id, "--reason", "payment", "--note", "invoice"]);
    assert_eq!(verify(&second, &[]), (Some(1), json!("key_disabled")));
    let shown = here.json(&["keys", "show", &id]);
    assert_eq!(shown["reason"], json!({ "code": "payment", "note": "invoice" }));
    here.done(&["keys", "enable", &id]);
    here.done(&[
        "keys",
        "update",
        &id,
        "--description",
        "for CI",
        "--label",
        "team",
        "--plan",
        "pro",
    ]);
    let shown = here.json(&["keys", "show", &id]);
    assert_eq!((&shown["description"], &shown["labels"]), (&json!("for CI"), &json!({})));
    here.done(&["keys", "update", &id, "--clear", "description", "--clear", "plan"]);
    let shown = here.json(&["keys", "show", &id]);
    assert_eq!((&shown["description"], &shown["plan"]), (&Value::Null, &Value::Null));
    here.done(&["keys", "revoke", &id, "--reason", "superseded"]);
    assert_eq!(verify(&second, &[]), (Some(1), json!("key_revoked")));
    // The gate's own command, where the store is, sees the same.
    assert_eq!(there.site.json(&["keys", "show", &id])["key"]["state"], "revoked");
}

#[test]
fn documents_of_a_management_api_keep_their_fields() {
    let there = Deployment::start("api-golden");
    let here = there.client("api-golden");
    let store = &there.site;
    check("api-tenants-create", here.json(&["tenants", "create", "acme", "--name", "Acme"]));
    let owner = ["owners", "create", "acme", "ci", "--kind", "service", "--metadata", "a=b"];
    check("api-owners-create", here.json(&owner));
    let role = ["roles", "create", "acme", "deployer", "--scope", "deploys:write"];
    check("api-roles-create", here.json(&role));
    check("api-templates-create", here.json(&TEMPLATE));
    let made = with(&NAMED, &["--target", "prod"]);
    let made = here.site.json(&made);
    let id = text(&made["key"]["id"]);
    check("api-keys-create", made);
    check("api-keys-list", here.json(&["keys", "list", "--tenant", "acme", "--sort", "-created"]));
    // Nothing of a minute is unused for thirty days.
    let unused = here.json(&["keys", "list", "--tenant", "acme", "--unused-since", "-30d"]);
    assert_eq!(unused["keys"], json!([]));
    check("api-keys-show", here.json(&["keys", "show", &id]));
    check("api-tenants-show", here.json(&["tenants", "show", "acme"]));
    check("api-owners-list", here.json(&["owners", "list", "acme"]));
    check("api-owners-stop", here.json(&["owners", "stop", "acme", "ci", "--reason", "policy"]));
    check("api-owners-resume", here.json(&["owners", "resume", "acme", "ci"]));
    check("api-usage", here.json(&["usage", "--tenant", "acme", "--by", "key,code"]));
    check("api-audit-list", here.json(&["audit", "list", "--tenant", "acme", "--count", "1"]));
    let mut verified = here.json(&["audit", "verify", "--tenant", "acme"]);
    // When a checkpoint is due is a matter of the clock.
    for drawn in ["vouched", "checkpoints", "lines"] {
        assert!(verified.get(drawn).is_some(), "{verified}");
        verified[drawn] = json!("<drawn>");
    }
    check("api-audit-verify", verified);
    // On the store the same documents, but of what has one there already.
    check("api-tenants-show", store.json(&["tenants", "show", "acme"]));
    check("api-roles-show", here.json(&["roles", "show", "acme", "deployer"]));
    check("api-roles-show", store.json(&["roles", "show", "acme", "deployer"]));
    check("api-templates-list", here.json(&["templates", "list", "acme"]));
    check("api-templates-list", store.json(&["templates", "list", "acme"]));
    check("api-usage", store.json(&["usage", "--tenant", "acme", "--by", "key,code"]));
    check("api-audit-list", store.json(&["audit", "list", "--tenant", "acme", "--count", "1"]));
    check("keys-named", store.json(&NAMED));
    let refused = here.run(&["roles", "delete", "acme", "deployer", "--json"], "");
    assert_eq!(refused.code, Some(3), "{refused:?}");
    check("api-error", serde_json::from_str(&refused.err).unwrap());
}

const TEMPLATE: [&str; 12] = [
    "templates",
    "create",
    "acme",
    "service",
    "--env",
    "live",
    "--limit",
    "burst:key=100,50/1s",
    "--lifetime",
    "90d",
    "--overridable",
    "roles",
];

const NAMED: [&str; 13] = [
    "keys",
    "create",
    "--tenant",
    "acme",
    "--owner",
    "ci",
    "--template",
    "service",
    "--role",
    "deployer",
    "--description",
    "for CI",
    "--name=ci",
];

#[test]
fn what_is_filed_is_changed_as_a_whole_or_in_part_over_the_version_that_was_seen() {
    let there = Deployment::start("api-filed");
    let here = there.client("api-filed");
    here.done(&["roles", "create", "acme", "reader", "--scope", "a:read"]);
    let before = here.json(&["roles", "show", "acme", "reader"]);
    here.site.write("role.json", &before.to_string());
    let changed = here.json(&["roles", "update", "acme", "reader", "--description", "reads"]);
    assert_eq!(
        (&changed["description"], &changed["scopes"]),
        (&json!("reads"), &json!(["a:read"]))
    );
    let update = ["roles", "update", "acme", "reader", "--from", "role.json"];
    here.run(&update, "").fails(2, "--if-version");
    let stale = text(&before["version"]);
    here.run(&with(&update, &["--if-version", &stale]), "")
        .fails(3, "`show` tells its version now");
    here.run(&["roles", "update", "acme", "reader"], "").fails(2, "say what is to change");
    let whole = here.json(&with(&update, &["--overwrite"]));
    assert_eq!(whole["description"], Value::Null);
    here.site.write("list.json", "[1]");
    here.run(&["roles", "create", "acme", "b", "--from", "list.json"], "").fails(2, "an object");
    here.done(&["roles", "create", "acme", "b", "--from", "role.json"]);
    let both = here.json(&["roles", "list", "acme"]);
    assert_eq!(both["roles"].as_array().unwrap().len(), 2);
    here.done(&["roles", "delete", "acme", "b"]);
    here.run(&["roles", "show", "acme", "b"], "").fails(3, "roles list");
    let end = with(&["templates", "create", "acme", "t"], &["--unlimited", "--expires", "+3d"]);
    here.run(&end, "").fails(2, "--lifetime");
}

#[test]
fn a_refusal_is_told_with_its_exit_code_and_what_to_do_next() {
    let there = Deployment::start("api-refusals");
    let here = there.client("api-refusals");
    here.done(&["tenants", "create", "acme"]);
    let id = text(&here.json(&CREATE)["key"]["id"]);
    for (words, code, says) in [
        (&["tenants", "create", "acme"][..], 3, "`update` changes what there is"),
        (&["owners", "create", "acme", "a"], 2, "--kind must be given"),
        (
            &["roles", "create", "acme", "a", "--scope", "a:b", "--scope", "A"],
            2,
            "--scope number 2",
        ),
        (&["keys", "show", "key_0000000000000000"], 3, "tollgate keys list --target prod` lists"),
        (&["keys", "show", "tenant"], 2, "begins with key_"),
        (&["tenants", "show", "nobody"], 3, "tollgate tenants list --target prod` lists"),
        (&["tenants", "delete", "acme"], 3, "refers to it"),
        (&["keys", "update", &id, "--plan", "p", "--if-version", "1.1"], 3, "`show` tells"),
        (&["keys", "update", &id, "--expires", "2020-01-01"], 2, "--allow-past"),
        (&["keys", "update", &id], 2, "say what is to change"),
        (&["keys", "revoke", &id, "--secret", "7"], 3, "no such secret"),
        (&["keys", "revoke", &id, "--secret", &"0".repeat(32)], 2, "by their numbers"),
        (&["keys", "create", "--tenant", "acme", "--env", "live"], 2, "--limit burst:key"),
        (&with(&CREATE, &["--label", "team"]), 2, "write NAME=VALUE"),
        (&with(&CREATE, &["--role", "nobody"]), 2, "--role number 1"),
        (&["usage", "--csv", "--json"], 2, "--csv and --json"),
        (
            &["limits", "set", "--tenant", "a", "--quota", "m:tenant=1/month"],
            3,
            "where its store is",
        ),
        (&["store", "backup", "copy.db"], 2, "prod is a management API"),
    ] {
        let ran = here.run(words, "");
        assert!(ran.out.is_empty(), "{words:?}: {ran:?}");
        ran.fails(code, says);
    }
    // Another key than an admin's, and one that is none.
    let secret = text(&here.json(&CREATE)["secret"]);
    let env = [("TOLLGATE_ADMIN_KEY", secret.as_str())];
    let list = Client::words(&["keys", "list"]);
    here.site.run_with(&list, "", &env).fails(3, "this needs an admin key with the scopes for it");
    let env = [("TOLLGATE_ADMIN_KEY", KEY)];
    let ran = here.site.run_with(&list, "", &env);
    assert!(!ran.err.contains(KEY), "{ran:?}");
    ran.fails(3, "the admin key of TOLLGATE_ADMIN_KEY is not accepted");
}

#[test]
fn what_a_target_is_is_said_before_anything_is_sent() {
    let site = Site::bare("api-targets");
    let list = ["keys", "list", "--target", "prod"];
    site.run(&list).fails(2, "[targets.prod]\n");
    site.write("tollgate.toml", "[targets.other]\nurl = 'https://a.example'\n");
    site.run(&list).fails(2, "there is no [targets.prod] in it: it has other");
    site.run(&["keys", "list", "--target", "Prod"]).fails(2, "NAME of a [targets.NAME]");
    let other = ["keys", "list", "--target", "other"];
    site.run(&with(&other, &["--url", "https://b.example"])).fails(2, "leave out --url");
    site.run(&other).fails(1, "tollgate.admin-key: cannot be read");
    site.run(&["init", "--target", "other"]).fails(2, "possible values: local, cloudflare");
    let client = Client::of("api-targets-key", "http://127.0.0.1:1");
    for mode in [0o644, 0o640] {
        client.keep("prod.admin-key", KEY, mode);
        client.run(&["keys", "list"], "").fails(1, "others may read it");
    }
    client.keep("prod.admin-key", KEY, 0o600);
    let ran = client.run(&["keys", "list"], "");
    assert!(!ran.err.contains(KEY), "{ran:?}");
    ran.fails(1, "http://127.0.0.1:1/: there is no connection");
    // A ledger without a management API.
    let site = Site::new("api-none");
    for words in [
        &["roles", "list", "acme"][..],
        &["templates", "list", "acme"],
        &["usage", "--tenant", "acme"],
        &["audit", "list", "--tenant", "acme"],
        &["tenants", "show", "acme"],
        &["keys", "verify"],
    ] {
        for target in ["cloudflare", "dynamodb"] {
            let words = with(words, &["--target", target]);
            site.run_with(&words, KEY, &[])
                .fails(3, "name a target that has it with [targets.NAME]");
        }
    }
}

#[test]
fn a_key_whose_answer_is_lost_is_asked_for_again_and_made_once() {
    let there = Deployment::start("api-again");
    let to = there.control;
    let fake = Fake::that(vec![Does::Withholds(to), Does::Nothing, Does::Relays(to)]);
    let here = Client::of("api-again", &fake.url);
    here.keep("prod.admin-key", &there.admin, 0o600);
    let made = here.json(&CREATE);
    let requests = fake.requests();
    let name = |request: &String| {
        let named = |line: &&str| line.starts_with("idempotency-key: ");
        request.lines().find(named).map(str::to_owned)
    };
    assert_eq!(requests.len(), 3, "{requests:?}");
    assert!(name(&requests[0]).is_some());
    assert!(requests.iter().all(|request| name(request) == name(&requests[0])), "{requests:?}");
    let listed = there.client("api-again-list").json(&["keys", "list", "--tenant", "acme"]);
    assert_eq!(listed["keys"].as_array().unwrap().len(), 1, "{listed}");
    let ran = there.client("api-again-verify").run(&["keys", "verify"], &text(&made["secret"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_change_without_an_answer_is_asked_for_once_and_told_as_unknown() {
    let id = "key_0000000000000000";
    for (words, says) in [
        (&["keys", "disable", id][..], "it is not known whether the change was made"),
        (&["roles", "delete", "acme", "a"], "it is not known whether the change was made"),
        (&["keys", "show", id], "the connection ended before the answer did"),
    ] {
        let fake = Fake::that(vec![Does::Nothing, Does::Says(200, "{}".to_owned())]);
        let here = Client::of("api-unknown", &fake.url);
        here.keep("prod.admin-key", KEY, 0o600);
        let ran = here.run(words, "");
        assert!(words[1] == "show" || ran.err.contains("look at what is there"), "{ran:?}");
        ran.fails(1, says);
        assert_eq!(fake.requests().len(), 1);
    }
}

#[test]
fn what_answers_and_is_no_management_api_is_not_repeated() {
    for (status, body, says) in [
        (502, "<html>\u{1b}[31mBad gateway</html>", "no management API"),
        (200, "<html>", "no management API"),
        (200, "{\"items\":[]}", "is not known here"),
        (404, "{\"code\":\"../../x\"}", "no management API"),
        (404, "{\"code\":\"not_found\",\"detail\":\"no \\u001b[31m\"}", "what stands before /api"),
        (503, "{\"code\":\"unavailable\",\"detail\":\"later\"}", "busy: try again in 7 s"),
        (503, "", "busy: try again in 7 s"),
    ] {
        let fake = Fake::that(vec![Does::Says(status, body.to_owned())]);
        let here = Client::of("api-odd", &fake.url);
        here.keep("prod.admin-key", KEY, 0o600);
        let ran = here.run(&["keys", "list"], "");
        assert!(!ran.err.contains('\u{1b}'), "{ran:?}");
        ran.fails(if status == 404 && body.contains("not_found") { 3 } else { 1 }, says);
    }
}

#[test]
fn all_pages_are_asked_for_one_after_the_other() {
    let page = |ids: &[&str], next: Value| {
        let keys: Vec<_> = ids.iter().map(|id| json!({ "id": id, "state": "active" })).collect();
        Does::Says(200, json!({ "keys": keys, "next": next }).to_string())
    };
    let pages = || {
        let pages =
            [page(&["key_1"], json!("a b")), page(&[], json!("c")), page(&["key_2"], json!(null))];
        Fake::that(pages.into())
    };
    let fake = pages();
    let here = Client::of("api-pages", &fake.url);
    here.keep("prod.admin-key", KEY, 0o600);
    let all = here.json(&["keys", "list", "--label", "team=core", "--all"]);
    assert_eq!(all["keys"].as_array().unwrap().len(), 2);
    let first = fake.requests()[0].lines().next().unwrap().to_owned();
    assert_eq!(first, "GET /api/keys?label=team%3Acore&limit=200 HTTP/1.1");
    let cursors: Vec<_> = fake.requests()[1..].iter().map(|it| it.contains("cursor=")).collect();
    assert_eq!(cursors, [true, true]);
    assert!(fake.requests()[1].contains("cursor=a%20b"), "{:?}", fake.requests()[1]);
    // No more than asked for, and how to go on.
    let fake = pages();
    let here = Client::of("api-pages-some", &fake.url);
    here.keep("prod.admin-key", KEY, 0o600);
    let some = here.done(&["keys", "list", "--state", "active", "--count", "1"]);
    let next = "tollgate keys list --state active --after 'a b' --target prod";
    assert!(some.contains(next), "{some}");
    assert_eq!(fake.requests().len(), 1);
}
