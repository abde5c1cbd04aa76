//! What counts all tenants together, and what administers, is given by whoever may.

use serde_json::{Value, json};

use crate::made::{EVERYTHING, OPERATORS, World};

const KEYS: (&str, &str) = ("POST", "/api/keys");
const TEMPLATES: (&str, &str) = ("POST", "/api/templates");

fn limit(burst: u64) -> Value {
    json!({ "name": "everybody", "scope": "global", "burst": burst, "rate": 1, "period_ms": 1_000 })
}

fn quota(count: u64) -> Value {
    json!({ "name": "month", "scope": "global", "count": count, "period": "month" })
}

fn key(limits: &Value, quotas: &Value) -> Value {
    json!({ "owner": "dev", "env": "live", "limits": limits, "quotas": quotas })
}

fn refused(world: &mut World, admin: &str, asked: (&str, &str), body: &Value, places: &[&str]) {
    let told = world.call(admin, asked, body);
    let wrong = told.body["errors"].as_array().cloned().unwrap_or_default();
    let found: Vec<_> =
        wrong.iter().map(|one| one["pointer"].as_str().unwrap_or_default()).collect();
    assert_eq!((told.status, &*found), (422, places), "{asked:?} {body}: {}", told.text);
    assert!(wrong.iter().all(|one| one["code"] == "not_allowed"), "{}", told.text);
}

/// A tenant that named such a limit first would have its numbers be everybody's, and could use all of it up.
#[test]
fn what_counts_all_tenants_together_is_given_by_operators_alone() {
    let mut world = World::new();
    let root = world.root();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    // An operator who may not change other tenants is no better.
    let reader = world.admin(OPERATORS, "reader", &["keys:write", "owners:write", "tenants:read"]);
    let both = key(&json!([limit(5)]), &json!([quota(9)]));
    for who in [&admin, &reader] {
        refused(&mut world, who, KEYS, &both, &["/limits/0", "/quotas/0"]);
    }
    let made = world.done(&root, ("POST", "/api/keys?tenant=acme"), &both);
    let one = format!("/api/keys/{}", made["key"]["id"].as_str().unwrap());
    // What a key has already it may keep or lose.
    let patch = ("PATCH", one.as_str());
    world.done(&admin, patch, &json!({ "name": "main", "limits": [limit(5)] }));
    refused(&mut world, &admin, patch, &json!({ "limits": [limit(6)] }), &["/limits/0"]);
    refused(&mut world, &admin, patch, &json!({ "quotas": [quota(10)] }), &["/quotas/0"]);
    world.done(&admin, patch, &json!({ "limits": [], "quotas": [] }));
    refused(&mut world, &admin, patch, &json!({ "limits": [limit(5)] }), &["/limits/0"]);
    world.done(&root, patch, &json!({ "limits": [limit(6)] }));
}

#[test]
fn a_template_gives_what_counts_all_tenants_together_where_operators_have_put_it() {
    let mut world = World::new();
    let root = world.root();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    let defaults = json!({ "env": "live", "limits": [limit(5)], "quotas": [quota(9)] });
    let template = json!({ "name": "ci", "defaults": defaults });
    let places = ["/defaults/limits/0", "/defaults/quotas/0"];
    refused(&mut world, &admin, TEMPLATES, &template, &places);
    world.done(&root, ("POST", "/api/templates?tenant=acme"), &template);
    let one = ("PATCH", "/api/templates/ci");
    world.done(&admin, one, &json!({ "description": "of operators" }));
    let other = json!({ "defaults": { "limits": [limit(6)] } });
    refused(&mut world, &admin, one, &other, &places[..1]);
    let made = world.done(&admin, KEYS, &json!({ "owner": "dev", "template": "ci" }));
    assert_eq!(made["key"]["limits"][0]["scope"], "global");
}

/// Somebody else who may give it would hand it out with the next key, and not know.
#[test]
fn a_template_administers_no_more_than_whoever_says_so() {
    let mut world = World::new();
    let root = world.root();
    let scopes = ["templates:*", "roles:read", "owners:read"];
    let writer = world.admin("acme", "writer", &scopes);
    let role = json!({ "name": "admins", "scopes": ["keys:*"] });
    world.done(&root, ("POST", "/api/roles?tenant=acme"), &role);
    let template = |scopes: &[&str], roles: &[&str]| json!({ "name": "ci", "defaults": { "env": "live", "limits": [], "scopes": scopes, "roles": roles } });
    let forbidden = |world: &mut World, asked: (&str, &str), body: &Value| {
        let told = world.call(&writer, asked, body);
        assert_eq!((told.status, told.code()), (403, "forbidden"), "{asked:?} {body}");
    };
    let one = ("PATCH", "/api/templates/ci");
    forbidden(&mut world, TEMPLATES, &template(&["keys:write"], &[]));
    forbidden(&mut world, TEMPLATES, &template(&[], &["admins"]));
    world.done(&writer, TEMPLATES, &template(&["orders:write", "owners:read"], &["unknown"]));
    forbidden(&mut world, one, &json!({ "defaults": { "scopes": ["keys:write"] } }));
    forbidden(&mut world, one, &json!({ "defaults": { "roles": ["admins"] } }));
    // Nor does it change one that does.
    for wider in [json!({ "scopes": ["keys:write"] }), json!({ "scopes": [], "roles": ["admins"] })]
    {
        world.done(
            &root,
            ("PATCH", "/api/templates/ci?tenant=acme"),
            &json!({ "defaults": wider }),
        );
        forbidden(&mut world, one, &json!({ "description": "mine" }));
    }
    let wider = json!({ "defaults": { "scopes": ["keys:write"] } });
    world.done(&root, ("PATCH", "/api/templates/ci?tenant=acme"), &wider);
    forbidden(&mut world, ("DELETE", "/api/templates/ci"), &Value::Null);
}
