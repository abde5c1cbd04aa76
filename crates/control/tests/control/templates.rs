//! Templates, and the keys that are made by them.

use serde_json::{Value, json};
use tollgate_ledger::Ledger;

use crate::{
    made::{EVERYTHING, World},
    meanwhile::{Call, between},
};

const COLLECTION: (&str, &str) = ("POST", "/api/templates");
const CI: &str = "/api/templates/ci";
const KEYS: (&str, &str) = ("POST", "/api/keys");
const DAY: u64 = 86_400_000;

fn template() -> Value {
    json!({
        "name": "ci",
        "defaults": {
            "env": "live", "scopes": ["builds:write"], "roles": ["reader"], "limits": [],
            "plan": "free", "lifetime_ms": 30 * DAY,
        },
        "naming": { "prefix": "ci-" },
        "lifetime_max_ms": 90 * DAY,
        "rotation_ms": 10 * DAY,
        "overridable": ["plan"],
    })
}

/// A tenant with a role and a template.
fn world() -> (World, String) {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    let role = json!({ "name": "reader", "scopes": ["orders:read"] });
    world.done(&admin, ("POST", "/api/roles"), &role);
    world.done(&admin, COLLECTION, &template());
    (world, admin)
}

fn new() -> Value {
    json!({ "template": "ci", "name": "ci-main", "owner": "dev" })
}

#[test]
fn a_template_is_made_read_changed_and_deleted() {
    let (mut world, admin) = world();
    let read = world.call(&admin, ("GET", CI), &Value::Null);
    assert_eq!(read.body["defaults"]["scopes"], json!(["builds:write"]));
    assert_eq!(world.call(&admin, COLLECTION, &template()).code(), "template_exists");
    let etag = read.field("etag").unwrap().to_owned();
    let put = json!({ "defaults": { "env": "test" } });
    assert_eq!(world.call(&admin, ("PUT", CI), &put).code(), "precondition_required");
    let put = world.meant(&admin, ("PUT", CI), &etag, &put);
    assert_eq!((put.status, &put.body["naming"]), (200, &Value::Null), "{}", put.text);
    assert_eq!(world.meant(&admin, ("PUT", CI), &etag, &json!({})).code(), "version_differs");
    let patch = json!({ "defaults": { "plan": "pro" } });
    let patched = world.done(&admin, ("PATCH", CI), &patch);
    assert_eq!(patched["defaults"], json!({ "env": "test", "plan": "pro" }));
    let wrong = json!({ "defaults": { "lifetime_ms": 9 }, "lifetime_max_ms": 8 });
    assert_eq!(world.call(&admin, ("PATCH", CI), &wrong).code(), "body_invalid");
    world.done(&admin, ("DELETE", CI), &Value::Null);
    let told = world.call(&admin, ("GET", CI), &Value::Null);
    assert_eq!((told.status, told.code()), (404, "template_unknown"));
}

#[test]
fn a_key_is_made_by_a_template_and_keeps_to_it() {
    let (mut world, admin) = world();
    let (id, _) = world.created(&admin, &new());
    let one = format!("/api/keys/{id}");
    let shown = world.done(&admin, ("GET", &one), &Value::Null);
    for (field, value) in [
        ("template", json!("ci")),
        ("env", json!("live")),
        ("scopes", json!(["builds:write"])),
        ("roles", json!(["reader"])),
        ("granted", json!(["builds:write", "orders:read"])),
        ("expires", json!(world.now.0 + 30 * DAY)),
        ("rotate_by", json!(world.now.0 + 10 * DAY)),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    let mut refused = |asked: (&str, &str), body: Value, place: &str, code: &str| {
        let told = world.call(&admin, asked, &body);
        assert_eq!(told.status, 422, "{body}: {}", told.text);
        let error = &told.body["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(place), &json!(code)), "{body}");
    };
    let with = |field: &str, value: Value| {
        let mut body = new();
        body[field] = value;
        body
    };
    refused(KEYS, with("template", json!("none")), "/template", "unknown_name");
    refused(KEYS, with("scopes", json!(["a:b"])), "/scopes", "not_allowed");
    refused(KEYS, with("name", json!("main")), "/name", "not_allowed");
    refused(("PATCH", &one), json!({ "scopes": ["a:b"] }), "/scopes", "not_allowed");
    refused(("PATCH", &one), json!({ "name": "main" }), "/name", "not_allowed");
    refused(("PATCH", &one), json!({ "template": "other" }), "/template", "unknown");
    world.done(&admin, ("PATCH", &one), &json!({ "plan": "pro" }));
    // A new secret puts off when the next is due.
    world.now.0 += DAY;
    world.done(&admin, ("POST", &format!("{one}/rotate")), &Value::Null);
    let shown = world.done(&admin, ("GET", &one), &Value::Null);
    assert_eq!(shown["rotate_by"], json!(world.now.0 + 10 * DAY));
}

/// What a key has by its role follows the role; what it was given by its template is its own.
#[test]
fn a_template_that_changes_later_changes_no_key() {
    let (mut world, admin) = world();
    let (id, _) = world.created(&admin, &new());
    let one = format!("/api/keys/{id}");
    let before = world.call(&admin, ("GET", &one), &Value::Null);
    let stricter = json!({
        "defaults": { "scopes": ["x:y"], "plan": "none" }, "lifetime_max_ms": 40 * DAY,
        "rotation_ms": DAY, "naming": null,
    });
    let epoch = world.store.stamp().unwrap();
    world.done(&admin, ("PATCH", CI), &stricter);
    assert_eq!(world.store.stamp().unwrap(), epoch);
    let after = world.call(&admin, ("GET", &one), &Value::Null);
    assert_eq!((&after.body, after.field("etag")), (&before.body, before.field("etag")));
    // A later change of the key is held to what the template says by then.
    let patched = world.done(&admin, ("PATCH", &one), &json!({ "name": "main" }));
    assert_eq!((&patched["name"], &patched["scopes"]), (&json!("main"), &json!(["builds:write"])));
    world.done(&admin, ("PATCH", "/api/roles/reader"), &json!({ "scopes": ["orders:write"] }));
    let shown = world.done(&admin, ("GET", &one), &Value::Null);
    assert_eq!(shown["granted"], json!(["builds:write", "orders:write"]));
}

#[test]
fn a_template_is_in_use_while_a_key_of_it_is_not_revoked() {
    let (mut world, admin) = world();
    let (id, _) = world.created(&admin, &new());
    let one = format!("/api/keys/{id}");
    world.done(&admin, ("PATCH", &one), &json!({ "plan": "pro" }));
    let told = world.call(&admin, ("DELETE", CI), &Value::Null);
    assert_eq!((told.status, told.code()), (409, "in_use"));
    world.done(&admin, ("DELETE", &one), &Value::Null);
    world.done(&admin, ("DELETE", CI), &Value::Null);
    // What it was made by is still told of it.
    assert_eq!(world.done(&admin, ("GET", &one), &Value::Null)["template"], "ci");
}

#[test]
fn a_key_is_made_by_the_template_as_it_is_when_it_is_made() {
    let (mut world, admin) = world();
    let made = Call::new(&admin, KEYS, new());
    let patch = Call::new(&admin, ("PATCH", CI), json!({ "defaults": { "scopes": ["new:read"] } }));
    let (status, body) = between(&mut world, &made, vec![patch]);
    assert_eq!((status, &body["key"]["scopes"]), (201, &json!(["new:read"])), "{body}");
    let id = body["key"]["id"].as_str().unwrap();
    let one = format!("/api/keys/{id}");
    let scopes = Call::new(&admin, ("PATCH", &one), json!({ "plan": "pro" }));
    let fixed = json!({ "overridable": [] });
    let (status, body) =
        between(&mut world, &scopes, vec![Call::new(&admin, ("PATCH", CI), fixed)]);
    assert_eq!((status, &body["errors"][0]["pointer"]), (422, &json!("/plan")), "{body}");
    world.done(&admin, ("DELETE", &one), &Value::Null);
    let delete = Call::new(&admin, ("DELETE", CI), Value::Null);
    let (status, body) = between(&mut world, &made, vec![delete]);
    assert_eq!((status, &body["errors"][0]["pointer"]), (422, &json!("/template")), "{body}");
}

/// A template may name roles that are made later, and so those that are there no more: nothing is given by it meanwhile.
#[test]
fn a_role_that_only_a_template_names_is_deleted_and_whoever_makes_a_key_by_it_is_told() {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    let role = json!({ "name": "reader", "scopes": ["orders:read"] });
    let template = json!({ "name": "service", "defaults": { "roles": ["reader"], "limits": [] } });
    let key = json!({ "template": "service", "owner": "dev", "env": "live" });
    world.done(&admin, ("POST", "/api/templates"), &template);
    world.done(&admin, ("POST", "/api/roles"), &role);
    world.done(&admin, ("DELETE", "/api/roles/reader"), &Value::Null);
    let told = world.call(&admin, ("POST", "/api/keys"), &key);
    assert_eq!((told.status, &told.body["errors"][0]["code"]), (422, &json!("unknown_name")));
    // A key that was made by it carries the role itself.
    world.done(&admin, ("POST", "/api/roles"), &role);
    world.created(&admin, &key);
    let told = world.call(&admin, ("DELETE", "/api/roles/reader"), &Value::Null);
    assert_eq!((told.status, told.code()), (409, "in_use"));
}
