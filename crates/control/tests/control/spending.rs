//! What a verdict spends: exactly what a gate would have, and nothing where a gate would have refused.

use serde_json::{Value, json};
use tollgate_control::{
    model::{check, tables},
    problem::{Findings, Pointer},
};
use tollgate_core::limit::{LimitScope, Period};
use tollgate_ledger::{LimitSpec, QuotaSpec, Settings};

use crate::made::{NOW, Told, World, settings};

fn limit(name: &str, scope: LimitScope, burst: u64) -> LimitSpec {
    let (name, changed) = (name.to_owned(), Default::default());
    LimitSpec { name, scope, burst, rate: 1, period_ms: 1_000, changed }
}

fn quota(name: &str, count: u64) -> QuotaSpec {
    let (name, changed) = (name.to_owned(), Default::default());
    QuotaSpec { name, scope: LimitScope::Key, count, period: Period::Day, changed }
}

fn limited(limits: Vec<LimitSpec>, quotas: Vec<QuotaSpec>) -> Settings {
    Settings { limits, quotas, ..settings("acme", "dev", &["orders:read"]) }
}

fn ask(world: &mut World, by: &str, key: &str, more: &Value) -> Told {
    let mut body = more.clone();
    body["key"] = json!(key);
    let told = world.call(by, ("POST", "/api/keys/validate"), &body);
    if told.status == 200 {
        let mut findings = Findings::new();
        check(&tables::VERDICT, &told.body, &mut Pointer::root(), &mut findings);
        assert!(findings.is_empty(), "{}", told.text);
    }
    told
}

/// What is left of a limit (`/limits/0`), without looking at what spends it.
fn left(world: &mut World, by: &str, key: &str, of: &str) -> u64 {
    let told = ask(world, by, key, &json!({ "dry_run": true, "cost": 0 }));
    told.body.pointer(&format!("{of}/left")).and_then(Value::as_u64).unwrap()
}

#[test]
fn a_verdict_spends_what_the_request_costs_and_a_dry_run_nothing() {
    let mut world = World::new();
    let root = world.root();
    let (key, _) = world.key_of(limited(vec![limit("burst", LimitScope::Key, 10)], vec![]));
    for (more, valid, spent, leaves) in [
        (json!({ "dry_run": true }), true, 0, 10),
        (json!({ "dry_run": true, "cost": 10 }), true, 0, 10),
        (json!({}), true, 1, 9),
        (json!({ "cost": 4 }), true, 4, 5),
        (json!({ "cost": 0 }), true, 0, 5),
        (json!({ "cost": 6 }), false, 0, 5),
        (json!({ "cost": 6, "dry_run": true }), false, 0, 5),
        (json!({ "cost": 5, "scopes": ["orders:write"] }), false, 0, 5),
        (json!({ "cost": 5 }), true, 5, 0),
        (json!({}), false, 0, 0),
    ] {
        let told = ask(&mut world, &root, &key, &more);
        assert_eq!(told.body["valid"], valid, "{more}: {}", told.text);
        assert_eq!(told.body["spent"], spent, "{more}");
        if let Some(shown) = told.body.pointer("/limits/0/left") {
            assert_eq!(shown, leaves, "{more}");
        }
        assert_eq!(left(&mut world, &root, &key, "/limits/0"), leaves, "{more}");
    }
    // One token a second comes back, and the wait that is told is exact.
    let told = ask(&mut world, &root, &key, &json!({ "cost": 3 }));
    assert_eq!(
        (told.body["code"].clone(), told.body["retry_after_ms"].clone()),
        (json!("rate_limited"), json!(3_000))
    );
    for (after, valid) in [(2_999, false), (3_000, true)] {
        world.now = NOW.plus(after);
        let told = ask(&mut world, &root, &key, &json!({ "cost": 3, "dry_run": true }));
        assert_eq!(told.body["valid"], valid, "{after}");
    }
}

#[test]
fn as_many_pass_as_the_limit_has_and_no_more() {
    let mut world = World::new();
    let root = world.root();
    let (key, _) = world.key_of(limited(vec![limit("burst", LimitScope::Key, 20)], vec![]));
    let passes = |world: &mut World| {
        let verdicts = (0..40).map(|_| ask(world, &root, &key, &json!({})).body["valid"].clone());
        verdicts.filter(|valid| valid == true).count()
    };
    assert_eq!(passes(&mut world), 20);
    world.now = NOW.plus(5_000);
    assert_eq!(passes(&mut world), 5);
    world.now = NOW.plus(60_000);
    assert_eq!(passes(&mut world), 20);
}

#[test]
fn all_limits_and_quotas_give_or_none_does() {
    let mut world = World::new();
    let root = world.root();
    let limits = vec![limit("wide", LimitScope::Key, 100), limit("team", LimitScope::Owner, 8)];
    let (key, _) = world.key_of(limited(limits.clone(), vec![quota("daily", 6)]));
    let (other, _) = world.key_of(limited(vec![limits[1].clone()], vec![]));
    let stand = |world: &mut World| {
        ["/limits/0", "/limits/1", "/quotas/0"].map(|of| left(world, &root, &key, of))
    };
    assert_eq!(ask(&mut world, &root, &key, &json!({ "cost": 5 })).body["valid"], true);
    assert_eq!(stand(&mut world), [95, 3, 1]);
    // The owner's is the same for another key of the owner.
    assert_eq!(ask(&mut world, &root, &other, &json!({ "cost": 2 })).body["valid"], true);
    assert_eq!(stand(&mut world), [95, 1, 1]);
    // A quota is named before a limit, and of all waits the longest; nothing was taken from the limit that has enough.
    let until = 86_400_000 - NOW.0 % 86_400_000;
    for (cost, code, wait, refused) in [
        (2, "quota_exhausted", json!(until), [false, true, true]),
        (7, "quota_exhausted", Value::Null, [false, true, true]),
        (9, "quota_exhausted", Value::Null, [false, true, true]),
    ] {
        let told = ask(&mut world, &root, &key, &json!({ "cost": cost }));
        assert_eq!(told.body["code"], code, "{cost}");
        assert_eq!(told.body["retry_after_ms"], wait, "{cost}");
        let says = ["/limits/0", "/limits/1", "/quotas/0"]
            .map(|of| told.body.pointer(&format!("{of}/refused")) == Some(&json!(true)));
        assert_eq!(says, refused, "{cost}");
        assert_eq!(stand(&mut world), [95, 1, 1], "{cost}");
    }
    // The next day begins.
    world.now = NOW.plus(until);
    assert_eq!(left(&mut world, &root, &key, "/quotas/0"), 6);
}

#[test]
fn a_limit_of_an_address_counts_that_address_and_is_nobodys_where_there_is_none() {
    let mut world = World::new();
    let root = world.root();
    let (key, _) = world.key_of(limited(vec![limit("each", LimitScope::Ip, 2)], vec![]));
    for (ip, cost, code) in [
        (Some("192.0.2.1"), 2, None),
        (Some("192.0.2.1"), 1, Some("rate_limited")),
        (Some("::ffff:192.0.2.1"), 1, Some("rate_limited")),
        (Some("192.0.2.2"), 2, None),
        (Some("2001:db8::1"), 2, None),
        (Some("2001:db8::2"), 1, Some("rate_limited")),
        (Some("2001:db8:0:1::2"), 1, None),
        (None, 1, Some("unavailable")),
        (None, 0, Some("unavailable")),
    ] {
        let told = ask(&mut world, &root, &key, &json!({ "ip": ip, "cost": cost }));
        assert_eq!(told.body["code"], json!(code), "{ip:?} {cost}: {}", told.text);
    }
}

#[test]
fn whoever_spends_may_and_whoever_reads_looks() {
    let key = limited(vec![limit("burst", LimitScope::Key, 10)], vec![]);
    let (spend, look) = (json!({}), json!({ "dry_run": true }));
    let (good, no_scope) = ((200, ""), (403, "scope_missing"));
    for (tenant, scopes, more, expected) in [
        ("acme", vec!["keys:verify"], &spend, good),
        ("acme", vec!["keys:verify"], &look, good),
        ("acme", vec!["keys:read"], &look, good),
        ("acme", vec!["keys:read"], &spend, no_scope),
        ("acme", vec!["keys:*"], &spend, good),
        ("acme", vec!["keys:write"], &look, no_scope),
        ("acme", vec!["*:verify", "*:*"], &spend, no_scope),
        // Another tenant's key is as good as none, whatever the scopes.
        ("globex", vec!["keys:*", "tenants:*"], &spend, (200, "key_invalid")),
        ("globex", vec!["keys:*", "tenants:*"], &look, (200, "key_invalid")),
        ("operators", vec!["keys:*"], &spend, (200, "key_invalid")),
        // An operator that may see tenants looks, and one that may change them spends.
        ("operators", vec!["keys:*", "tenants:read"], &look, good),
        ("operators", vec!["keys:*", "tenants:read"], &spend, (403, "forbidden")),
        ("operators", vec!["keys:*", "tenants:*"], &spend, good),
    ] {
        let mut world = World::new();
        let (secret, _) = world.key_of(key.clone());
        let root = world.root();
        let by = world.admin(tenant, "admin", &scopes);
        let told = ask(&mut world, &by, &secret, more);
        let spent = u64::from(expected == good && more == &spend);
        assert_eq!((told.status, told.code()), expected, "{tenant} {scopes:?} {more}");
        let kept = left(&mut world, &root, &secret, "/limits/0");
        assert_eq!(kept, 10 - spent, "{tenant} {scopes:?} {more}");
    }
}
