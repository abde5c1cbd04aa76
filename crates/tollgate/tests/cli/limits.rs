//! `tollgate limits set`: numbers that keys share change for all of them or for none.

use serde_json::{Value, json};

use crate::site::Site;

/// Makes a key with this limit; its id.
fn key(site: &Site, tenant: &str, owner: &str, limit: &[&str]) -> String {
    let words = ["keys", "create", "--tenant", tenant, "--owner", owner, "--unlimited"];
    let plain = &words[..if limit[0] == "--limit" { 6 } else { 7 }];
    let made = site.json(&[plain, limit].concat());
    made["key"]["id"].as_str().unwrap().to_owned()
}

fn settings(site: &Site, id: &str) -> Value {
    site.json(&["keys", "show", id])["key"]["settings"].clone()
}

#[test]
fn a_shared_limit_is_changed_in_every_key_at_once() {
    let site = Site::new("limits");
    for (scope, of) in [
        ("owner", &["--tenant", "acme", "--owner", "dev"][..]),
        ("tenant", &["--tenant", "acme"]),
        ("ip", &["--tenant", "acme"]),
        ("global", &[]),
    ] {
        let limit = |burst: u32| format!("l-{scope}:{scope}={burst},5/1s");
        let ids = [(); 2].map(|()| key(&site, "acme", "dev", &["--limit", &limit(5)]));
        // One key alone may not say otherwise, and is told what may.
        site.run(&["keys", "update", &ids[0], "--limit", &limit(9)])
            .fails(3, "`tollgate limits set` changes it for all of them");
        let nine = limit(9);
        let set = site.json(&[&["limits", "set"], of, &["--limit", &nine]].concat());
        assert_eq!((&set["keys"], &set["scope"]), (&json!(2), &json!(scope)));
        let stamps = ids.each_ref().map(|id| {
            let limit = settings(&site, id)["limits"][0].clone();
            assert_eq!(limit["burst"], 9, "{scope}");
            limit["changed"].clone()
        });
        assert_eq!(stamps[0], stamps[1], "{scope}");
    }
}

#[test]
fn a_shared_quota_is_changed_in_the_same_way() {
    let site = Site::new("quotas");
    let id = key(&site, "acme", "dev", &["--quota", "q:tenant=5/month"]);
    site.done(&["limits", "set", "--tenant", "acme", "--quota", "q:tenant=9/month"]);
    assert_eq!(settings(&site, &id)["quotas"][0]["count"], 9);
    site.run(&["limits", "set", "--tenant", "acme", "--limit", "q:tenant=9,9/s"])
        .fails(3, "q is in use for the other of limit and quota");
}

#[test]
fn whose_limit_it_is_is_said_exactly() {
    let site = Site::new("limits-wrong");
    let id = key(&site, "acme", "dev", &["--limit", "a:tenant=5,5/1s"]);
    let check = |words: &[&str], code: i32, says: &str| {
        site.run(&[&["limits", "set"], words].concat()).fails(code, says);
    };
    let (acme, dev) = (["--tenant", "acme"], ["--owner", "dev"]);
    check(&[&acme[..], &["--limit", "a:key=9,5/1s"]].concat(), 2, "`tollgate keys update`");
    check(&[&acme[..], &["--limit", "a:owner=9,5/1s"]].concat(), 2, "--tenant and --owner");
    check(&["--limit", "a:tenant=9,5/1s"], 2, "takes --tenant alone");
    check(&[&acme[..], &dev, &["--limit", "a:ip=9,5/1s"]].concat(), 2, "takes --tenant alone");
    check(&[&acme[..], &["--limit", "a:global=9,5/1s"]].concat(), 2, "neither --tenant nor");
    check(&[&acme[..], &["--limit", "b:tenant=9,5/1s"]].concat(), 3, "look at its spelling");
    check(&["--tenant", "acmee", "--limit", "a:tenant=9,5/1s"], 3, "look at its spelling");
    check(&[&acme[..], &["--limit", "a:tenant=0,5/1s"]].concat(), 2, "--limit must have burst");
    check(&acme, 2, "--limit");
    assert_eq!(settings(&site, &id)["limits"][0]["burst"], 5);
}
