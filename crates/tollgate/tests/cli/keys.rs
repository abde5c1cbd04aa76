//! Keys, from their first secret to their end.

use serde_json::Value;

use crate::site::Site;

fn inspect(site: &Site, secret: &str) -> (Option<i32>, Value) {
    let ran = site.run_with(&["inspect", "--json"], secret, &[]);
    (ran.code, serde_json::from_str(&ran.out).unwrap())
}

#[test]
fn a_key_lives_is_switched_off_and_ends() {
    let site = Site::new("life");
    let (id, secret) = site.key();
    let state = |expected: &str, good: bool| {
        assert_eq!(site.json(&["keys", "show", &id])["key"]["state"], expected);
        let (code, found) = inspect(&site, &secret);
        assert_eq!(found["key"]["id"], id.as_str());
        assert_eq!(found["key"]["state"], expected);
        assert_eq!(code, Some(i32::from(!good)), "{expected}: {found}");
    };
    state("active", true);
    site.done(&["keys", "disable", &id]);
    state("disabled", false);
    site.done(&["keys", "enable", &id]);
    state("active", true);
    site.done(&["keys", "revoke", &id]);
    state("revoked", false);
    site.run(&["keys", "enable", &id]).fails(3, "the key is revoked for good");
    site.run(&["keys", "rotate", &id]).fails(3, "the key is revoked for good");
    site.run(&["keys", "update", &id, "--plan", "pro"]).fails(3, "the key is revoked for good");
}

#[test]
fn a_rotation_gives_the_old_secret_its_grace_and_no_more() {
    let site = Site::new("rotation");
    let (id, old) = site.key();
    let rotated = site.json(&["keys", "rotate", &id, "--grace", "1h"]);
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, old);
    let secrets = rotated["key"]["secrets"].as_array().unwrap();
    let ends = secrets[0]["ends_ms"].as_u64().unwrap();
    assert_eq!(ends - secrets[1]["created_ms"].as_u64().unwrap(), 3_600_000);
    assert_eq!(secrets[1]["ends_ms"], Value::Null);
    for secret in [&old, new] {
        assert_eq!(inspect(&site, secret).0, Some(0));
    }
    site.done(&["keys", "rotate", &id, "--grace", "0s"]);
    for secret in [&old, new] {
        let (code, found) = inspect(&site, secret);
        assert_eq!((code, &found["secret_lives"]), (Some(1), &Value::Bool(false)), "{found}");
    }
}

#[test]
fn one_secret_of_a_key_ends_without_the_others() {
    let site = Site::new("one-secret");
    let (id, old) = site.key();
    let lookup = site.json(&["keys", "show", &id])["key"]["secrets"][0]["lookup"].clone();
    let new = site.json(&["keys", "rotate", &id])["secret"].as_str().unwrap().to_owned();
    let lookup = lookup.as_str().unwrap();
    site.run(&["keys", "revoke", &id, "--secret", &"0".repeat(32)])
        .fails(3, "no secret of this lookup id");
    site.done(&["keys", "revoke", &id, "--secret", lookup]);
    assert_eq!(inspect(&site, &old).0, Some(1));
    assert_eq!(inspect(&site, &new).0, Some(0));
}

#[test]
fn an_update_changes_what_is_given_and_nothing_else() {
    let site = Site::new("update");
    let made = site.json(&[
        "keys",
        "create",
        "--tenant",
        "acme",
        "--owner",
        "dev",
        "--scope",
        "a:b",
        "--limit",
        "burst:key=100,50/1s",
        "--quota",
        "m:key=5/month",
        "--plan",
        "pro",
        "--expires",
        "2090-01-01",
    ]);
    let id = made["key"]["id"].as_str().unwrap();
    let settings = |arguments: &[&str]| {
        let arguments = [&["keys", "update", id], arguments].concat();
        site.json(&arguments)["key"]["settings"].clone()
    };
    let before = &made["key"]["settings"];
    let mut expected = before.clone();
    expected["scopes"] = serde_json::json!(["c:d", "e:f"]);
    assert_eq!(settings(&["--scope", "c:d", "--scope", "e:f"]), expected);
    expected["plan"] = Value::Null;
    expected["expires"] = Value::Null;
    assert_eq!(settings(&["--clear", "plan", "--clear", "expires"]), expected);
    expected["limits"] = serde_json::json!([]);
    assert_eq!(settings(&["--unlimited"]), expected);
    // As JSON everything is replaced, and what `show` prints can be given again.
    site.write("settings.json", &before.to_string());
    let again = settings(&["--settings", "settings.json", "--overwrite"]);
    assert_eq!(again["scopes"], before["scopes"]);
    assert_eq!(again["quotas"], before["quotas"]);
    site.run(&["keys", "update", id, "--settings", "settings.json", "--plan", "x"])
        .fails(2, "cannot be used with");
}

#[test]
fn all_settings_are_put_only_over_the_version_that_they_were_made_from() {
    let site = Site::new("versions");
    let (id, _) = site.key();
    let shown = site.json(&["keys", "show", &id])["key"].clone();
    let made_from = shown["version"].as_str().unwrap();
    assert!(site.done(&["keys", "show", &id]).contains(&format!("version      {made_from}\n")));
    site.write("settings.json", &shown["settings"].to_string());
    let update = ["keys", "update", &id, "--settings", "settings.json"];
    site.run(&update).fails(2, "say which version it was made from");
    // Somebody else changes the key in between.
    site.done(&["keys", "update", &id, "--plan", "pro"]);
    let stale = [&update[..], &["--if-version", made_from]].concat();
    site.run(&stale).fails(3, "somebody else has changed the key");
    site.run(&["keys", "update", &id, "--plan", "x", "--if-version", made_from])
        .fails(3, "somebody else has changed the key");
    let now = site.json(&["keys", "show", &id])["key"].clone();
    assert_eq!(now["settings"]["plan"], "pro");
    site.done(&[
        "keys",
        "update",
        &id,
        "--plan",
        "x",
        "--if-version",
        now["version"].as_str().unwrap(),
    ]);
    site.done(&[&update[..], &["--overwrite"]].concat());
    assert_eq!(site.json(&["keys", "show", &id])["key"]["settings"]["plan"], Value::Null);
    site.run(&["keys", "update", &id, "--plan", "x", "--if-version", "41"])
        .fails(2, "such as 1.41");
}

#[test]
fn changes_of_different_fields_at_once_are_all_made() {
    let site = Site::new("updates-at-once");
    let (id, _) = site.key();
    let fields: [[&str; 2]; 8] = [
        ["--plan", "pro"],
        ["--scope", "a:b"],
        ["--limit", "b:key=5,5/s"],
        ["--quota", "q:key=5/day"],
        ["--allow-ip", "192.0.2.0/24"],
        ["--deny-ip", "192.0.2.7/32"],
        ["--allow-country", "NZ"],
        ["--deny-country", "T1"],
    ];
    std::thread::scope(|scope| {
        for field in &fields {
            let (site, id) = (&site, id.as_str());
            scope.spawn(move || site.done(&[&["keys", "update", id], &field[..]].concat()));
        }
    });
    let settings = site.json(&["keys", "show", &id])["key"]["settings"].clone();
    for field in ["scopes", "limits", "quotas", "ips_allowed", "ips_denied", "countries_allowed"] {
        assert_eq!(settings[field].as_array().unwrap().len(), 1, "{field}: {settings}");
    }
    assert_eq!(
        (&settings["plan"], &settings["countries_denied"][0]),
        (&"pro".into(), &"T1".into())
    );
}

#[test]
fn settings_are_taken_from_standard_input() {
    let site = Site::new("stdin");
    let settings = r#"{"tenant":"acme","owner":"dev","env":"live","scopes":["a:b"],"limits":[]}"#;
    let ran = site.run_with(&["keys", "create", "--settings", "-", "--json"], settings, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let check = |input: &str, says: &str| {
        site.run_with(&["keys", "create", "--settings", "-"], input, &[]).fails(2, says);
    };
    check("", "standard input:1:0: EOF while parsing a value");
    check(&settings.replace("owner", "ownr"), "unknown field `ownr`");
    check(
        &settings.replace("\"dev\"", "7"),
        "standard input:1:26: a value of another type is needed",
    );
    check(&settings.replace(",\"limits\":[]", ""), "missing field `limits`");
    check(&settings.replace("a:b", "a"), "scopes[0] must be resource:action");
    check(&settings.replace("live", "test"), "env \"test\" is not among keys.envs");
    check(&" ".repeat(70_000), "settings have at most 65536 bytes");
}

#[test]
fn what_cannot_be_made_is_said_and_not_made() {
    let site = Site::new("refusals");
    let base = ["keys", "create", "--tenant", "acme", "--owner", "dev"];
    let check = |arguments: &[&str], code: i32, says: &str| {
        site.run(&[&base, arguments].concat()).fails(code, says);
    };
    check(&[], 2, "--limit burst:key=100,50/1s, or --unlimited");
    check(&["--limit", "burst=5"], 2, "write NAME:SCOPE=BURST,RATE/PERIOD");
    check(&["--limit", "b:key=5,5/s", "--unlimited"], 2, "cannot be used with");
    check(&["--unlimited", "--quota", "m:key=5/year"], 2, "write NAME:SCOPE=COUNT/day|month|total");
    check(&["--unlimited", "--env", "test"], 2, "env \"test\" is not among keys.envs");
    check(&["--unlimited", "--scope", "orders"], 2, "--scope number 1 must be resource:action");
    check(
        &["--unlimited", "--allow-ip", "192.0.2.0/24", "--allow-ip", "192.0.2.1"],
        2,
        "--allow-ip number 2 must be a block",
    );
    check(&["--unlimited", "--expires", "tomorrow"], 2, "2027-01-31, 2027-01-31T12:00:00Z or +30d");
    check(
        &["--unlimited", "--not-before", "2030-01-01", "--expires", "2029-01-01"],
        2,
        "--expires must be later than --not-before",
    );
    check(&["--limit", "@b:key=5,5/s"], 2, "--limit number 1: its name must not start with @");
    check(&["--limit", "b:key=0,5/s"], 2, "--limit number 1 must have burst, rate and period in");
    check(&["--unlimited", "--quota", "m:ip=5/day"], 2, "--quota number 1: its scope must be key,");
    check(&["--unlimited", "--name", ""], 2, "--name must be 1 to 128 bytes");
    check(&["--unlimited", "--deny-country", "XX"], 2, "--deny-country number 1 must be a code");
    assert_eq!(site.json(&["keys", "list"])["keys"], serde_json::json!([]));
    site.write("tollgate.toml", "[keys]\nenvs = ['live', 'test']\n");
    check(&["--unlimited"], 2, "--env live or --env test");
}

#[test]
fn an_end_that_has_passed_is_taken_only_if_that_is_said() {
    let site = Site::new("past");
    let base = ["keys", "create", "--tenant", "acme", "--owner", "dev", "--unlimited"];
    let past = ["--expires", "2020-01-01"];
    let says = "expires 2020-01-01T00:00:00Z has passed";
    site.run(&[&base[..], &past].concat()).fails(2, says);
    let json =
        r#"{"tenant":"acme","owner":"dev","env":"live","scopes":[],"limits":[],"expires":5}"#;
    site.run_with(&["keys", "create", "--settings", "-"], json, &[]).fails(2, "has passed");
    assert_eq!(site.json(&["keys", "list"])["keys"], serde_json::json!([]));
    let made = site.json(&[&base[..], &past, &["--allow-past"]].concat());
    assert_eq!(made["key"]["refusal"]["code"], "key_expired");
    // What has expired may be changed otherwise without saying so again.
    let id = made["key"]["id"].as_str().unwrap();
    site.done(&["keys", "update", id, "--plan", "pro"]);
    site.run(&["keys", "update", id, "--expires", "2021-01-01"]).fails(2, "has passed");
    site.done(&["keys", "update", id, "--expires", "2021-01-01", "--allow-past"]);
    site.done(&["keys", "update", id, "--expires", "+1h"]);
}

#[test]
fn keys_are_listed_page_by_page_and_by_tenant() {
    let site = Site::new("pages");
    for tenant in ["acme", "acme", "zoo", "acme"] {
        site.done(&["keys", "create", "--tenant", tenant, "--owner", "dev", "--unlimited"]);
    }
    let ids = |page: &Value| {
        let keys = page["keys"].as_array().unwrap();
        keys.iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = ids(&site.json(&["keys", "list"]));
    assert!(all.is_sorted() && all.len() == 4, "{all:?}");
    let first = site.json(&["keys", "list", "--count", "3"]);
    let next = first["next"].as_str().unwrap();
    let second = site.json(&["keys", "list", "--count", "3", "--after", next]);
    assert_eq!([ids(&first), ids(&second)].concat(), all);
    assert_eq!(second["next"], Value::Null);
    assert_eq!(ids(&site.json(&["keys", "list", "--tenant", "acme"])).len(), 3);
}

#[test]
fn owners_and_tenants_are_stopped_by_their_exact_names() {
    let site = Site::new("holders");
    site.key();
    site.done(&["owners", "stop", "acme", "dev"]);
    site.done(&["owners", "resume", "acme", "dev"]);
    site.done(&["tenants", "stop", "acme"]);
    site.done(&["tenants", "resume", "acme"]);
    // A misspelled stop would stop nobody.
    site.run(&["owners", "stop", "acme", "Dev"]).fails(3, "look at its spelling");
    site.run(&["tenants", "stop", "acmee"]).fails(3, "look at its spelling");
}

#[test]
fn without_a_store_the_next_step_is_said() {
    let site = Site::bare("no-store");
    site.run(&["keys", "list"]).fails(1, "`tollgate init` makes one");
    site.write("tollgate.toml", "[store]\npath = 'memory'\n");
    site.run(&["keys", "list"]).fails(3, "name a file");
    site.write("tollgate.toml", "");
    site.run(&["keys", "list"]).fails(1, "there is no store here");
}
