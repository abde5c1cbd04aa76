//! What is shown of a key is what a gate decides: in lists, of one key, and of one that is looked into.

use serde_json::{Value, json};

use crate::site::Site;

/// Checks what list, show and inspect say of the only key there is.
fn check(site: &Site, id: &str, secret: &str, code: Option<&str>, says: &str) {
    let listed = &site.json(&["keys", "list"])["keys"][0];
    let shown = &site.json(&["keys", "show", id])["key"];
    let refusal = code.map_or(Value::Null, |code| json!(code));
    for (which, key) in [("list", listed), ("show", shown)] {
        assert_eq!(key["refusal"]["code"], refusal, "{which}: {key}");
        let reason = key["refusal"]["reason"].as_str().unwrap_or_default();
        assert!(code.is_none() || reason.contains(says), "`{says}` is not in {key}");
    }
    let ran = site.run_with(&["inspect", "--json"], secret, &[]);
    let inspected: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(inspected["refusal"]["code"], refusal, "{inspected}");
    assert_eq!(ran.code, Some(i32::from(code.is_some())), "{inspected}");
    let told = code.map_or("accepted".to_owned(), |code| format!("refused as {code}: "));
    let texts = [site.done(&["keys", "show", id]), site.run_with(&["inspect"], secret, &[]).out];
    for text in texts {
        assert!(text.contains(&format!("at a gate    {told}")), "`{told}` is not in {text}");
        assert_eq!(text.contains(", good"), code.is_none(), "{text}");
    }
}

/// The state in the list for people.
fn listed(site: &Site) -> String {
    let list = site.done(&["keys", "list"]);
    let row = list.lines().nth(1).unwrap();
    row.split("  ").filter(|cell| !cell.is_empty()).nth(1).unwrap().trim().to_owned()
}

#[test]
fn stops_are_shown_on_every_key_that_they_stop() {
    let site = Site::new("stands-stopped");
    let (id, secret) = site.key();
    check(&site, &id, &secret, None, "");
    assert_eq!(listed(&site), "active");
    for (stop, resume, code, says, word) in [
        (
            &["owners", "stop", "acme", "dev"][..],
            &["owners", "resume", "acme", "dev"][..],
            "owner_disabled",
            "`tollgate owners resume acme dev` ends that",
            "owner stopped",
        ),
        (
            &["tenants", "stop", "acme"],
            &["tenants", "resume", "acme"],
            "tenant_disabled",
            "`tollgate tenants resume acme` ends that",
            "tenant stopped",
        ),
        (
            &["keys", "disable", &id],
            &["keys", "enable", &id],
            "key_disabled",
            "`tollgate keys enable` ends that",
            "disabled",
        ),
    ] {
        site.done(stop);
        check(&site, &id, &secret, Some(code), says);
        assert_eq!(listed(&site), word);
        site.done(resume);
        check(&site, &id, &secret, None, "");
    }
    site.done(&["keys", "revoke", &id]);
    check(&site, &id, &secret, Some("key_revoked"), "revoked for good");
    assert_eq!(listed(&site), "revoked");
    assert_eq!(site.json(&["keys", "show", &id])["key"]["secrets"][0]["lives"], false);
}

#[test]
fn a_key_outside_its_time_is_shown_as_such() {
    let site = Site::new("stands-time");
    let (id, secret) = site.key();
    site.done(&["keys", "update", &id, "--not-before", "2090-01-01"]);
    check(&site, &id, &secret, Some("key_not_yet_valid"), "has not come yet");
    assert_eq!(listed(&site), "not yet valid");
    let past = ["--clear", "not-before", "--expires", "2020-01-01", "--allow-past"];
    site.done(&[&["keys", "update", &id], &past[..]].concat());
    check(&site, &id, &secret, Some("key_expired"), "has expired");
    assert_eq!(listed(&site), "expired");
}

#[test]
fn a_key_under_a_retired_pepper_is_shown_as_such() {
    let site = Site::new("stands-pepper");
    let (id, secret) = site.key();
    site.done(&["peppers", "add"]);
    site.done(&["peppers", "use", "1"]);
    site.done(&["peppers", "retire", "0", "--force"]);
    let key = site.json(&["keys", "show", &id])["key"].clone();
    assert_eq!(key["refusal"]["code"], "key_invalid");
    assert_eq!(listed(&site), "pepper 0 retired");
    let inspected = site.run_with(&["inspect"], &secret, &[]);
    assert!(inspected.out.contains("at a gate    refused as key_invalid: it is forged"));
    // A secret under another pepper is as good as ever, and the old one still is not.
    let new = site.json(&["keys", "rotate", &id])["secret"].as_str().unwrap().to_owned();
    let key = site.json(&["keys", "show", &id])["key"].clone();
    assert_eq!(key["refusal"], Value::Null);
    assert_eq!(key["secrets"][0]["refusal"]["code"], "key_invalid");
    assert_eq!(key["secrets"][1]["refusal"], Value::Null);
    assert_eq!(site.run_with(&["inspect"], &new, &[]).code, Some(0));
}

#[test]
fn a_key_of_an_env_that_is_no_longer_accepted_is_shown_as_such() {
    let site = Site::new("stands-env");
    let (id, secret) = site.key();
    let other = site.read("tollgate.toml").replace("\"live\"", "\"test\"");
    site.write("tollgate.toml", &other);
    assert_eq!(listed(&site), "env live not accepted");
    let ran = site.run_with(&["inspect", "--json"], &secret, &[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(site.json(&["keys", "show", &id])["key"]["refusal"]["code"], "key_invalid");
}

#[test]
fn of_several_secrets_a_good_one_decides_and_else_what_is_ended_most_easily() {
    let site = Site::new("stands-several");
    let (id, _) = site.key();
    let lookup = site.json(&["keys", "show", &id])["key"]["secrets"][0]["lookup"].clone();
    site.done(&["keys", "rotate", &id]);
    site.done(&["keys", "revoke", &id, "--secret", lookup.as_str().unwrap()]);
    let key = site.json(&["keys", "show", &id])["key"].clone();
    assert_eq!((&key["refusal"], &key["secrets"][0]["revoked"]), (&Value::Null, &json!(true)));
    site.done(&["keys", "disable", &id]);
    let key = site.json(&["keys", "show", &id])["key"].clone();
    assert_eq!(key["refusal"]["code"], "key_disabled");
    assert_eq!(key["secrets"][0]["refusal"]["code"], "key_revoked");
}

#[test]
fn without_secrets_the_rest_is_shown_and_that_is_said() {
    let site = Site::new("stands-unseen");
    let (id, _) = site.key();
    std::fs::remove_file(site.folder.join("tollgate.secrets.json")).unwrap();
    for words in [&["keys", "list"][..], &["keys", "show", &id]] {
        assert!(site.done(words).contains("not looked at: tollgate.secrets.json: "), "{words:?}");
        let notes = site.json(words)["notes"].clone();
        assert_eq!(notes.as_array().unwrap().len(), 1, "{notes}");
    }
}

#[test]
fn tenants_and_owners_are_listed_with_their_stops() {
    let site = Site::new("stands-holders");
    site.key();
    site.done(&["keys", "create", "--tenant", "zoo", "--owner", "ann", "--unlimited"]);
    assert!(site.done(&["tenants", "list"]).contains("acme    1     -              0\n"));
    site.done(&["owners", "stop", "acme", "dev"]);
    site.done(&["tenants", "stop", "zoo"]);
    let tenants = site.json(&["tenants", "list"])["tenants"].clone();
    let fields = |of: &Value| [of["tenant"].clone(), of["stopped"].clone()];
    assert_eq!(fields(&tenants[0]), [json!("acme"), json!(false)]);
    assert_eq!(fields(&tenants[1]), [json!("zoo"), json!(true)]);
    assert_eq!(tenants[0]["owners_stopped"], 1);
    assert!(tenants[1]["stopped_since_ms"].as_u64() > Some(1_600_000_000_000), "{tenants}");
    let owners = site.json(&["owners", "list", "acme"])["owners"].clone();
    assert_eq!((&owners[0]["owner"], &owners[0]["stopped"]), (&json!("dev"), &json!(true)));
    assert!(site.done(&["owners", "list", "acme"]).contains("dev    1     20"), "since when");
    let says = "Their tenant zoo is stopped, so all of their keys are refused.";
    assert!(site.done(&["owners", "list", "zoo"]).contains(says));
    assert!(!site.done(&["owners", "list", "acme"]).contains("is stopped, so"));
    assert_eq!(site.json(&["owners", "list", "zoo"])["tenant_stopped"], true);
    let page = site.json(&["tenants", "list", "--count", "1"]);
    assert_eq!(page["next"], "acme");
    let more = site.done(&["tenants", "list", "--count", "1"]);
    assert!(more.contains("tollgate tenants list --after acme"), "{more}");
}

#[test]
fn tenants_and_owners_that_were_made_are_listed_before_they_have_a_key() {
    let site = Site::new("stands-made");
    site.key();
    site.done(&["tenants", "create", "beta", "--name", "Beta"]);
    site.done(&["tenants", "stop", "beta"]);
    site.done(&["owners", "create", "acme", "ci", "--kind", "service"]);
    let tenants = site.json(&["tenants", "list"])["tenants"].clone();
    assert_eq!(tenants.as_array().map(Vec::len), Some(2), "{tenants}");
    let beta = &tenants[1];
    assert_eq!((&beta["tenant"], &beta["keys"]), (&json!("beta"), &json!(0)));
    assert_eq!(beta["stopped"], true);
    assert!(site.done(&["tenants", "list"]).contains("beta    0     20"), "since when");
    let owners = site.json(&["owners", "list", "acme"])["owners"].clone();
    let names: Vec<_> = owners.as_array().unwrap().iter().map(|owner| &owner["owner"]).collect();
    assert_eq!(names, ["ci", "dev"], "{owners}");
    assert!(site.done(&["owners", "list", "acme"]).contains("ci     0     -"));
    // What is deleted is listed no more.
    site.done(&["tenants", "resume", "beta"]);
    site.done(&["tenants", "delete", "beta"]);
    assert!(!site.done(&["tenants", "list"]).contains("beta"));
}
