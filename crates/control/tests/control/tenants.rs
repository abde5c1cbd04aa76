//! Tenants and owners, and the audit of what was done.

use serde_json::{Value, json};

use crate::made::{EVERYTHING, World, said};

#[test]
fn a_stop_reaches_every_key_of_a_tenant_or_an_owner_and_ends() {
    let mut world = World::new();
    let root = world.root();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    let (_, secret) = world.created(&admin, &said("dev@acme.example"));
    let mut check = |path: &str, by: &str, status: u16, code: Value| {
        let told = world.call(by, ("POST", path), &Value::Null);
        assert_eq!(told.status, status, "{path}: {}", told.text);
        let told = world.call(&root, ("POST", "/api/keys/validate"), &json!({ "key": secret }));
        assert_eq!(told.body["code"], code, "{path}: {}", told.text);
    };
    let owner = |what: &str| format!("/api/owners/dev@acme.example/{what}");
    check(&owner("stop"), &admin, 200, json!("owner_disabled"));
    check(&owner("resume"), &admin, 200, Value::Null);
    check("/api/owners/dev%40acme.example/stop?tenant=acme", &root, 200, json!("owner_disabled"));
    check(&owner("resume"), &admin, 403, json!("owner_disabled"));
    check(&owner("resume?tenant=acme"), &root, 200, Value::Null);
    check("/api/tenants/acme/stop", &root, 200, json!("tenant_disabled"));
    check("/api/tenants/acme/resume", &root, 200, Value::Null);
    check("/api/owners/nobody/stop?tenant=acme", &root, 404, Value::Null);
    check("/api/tenants/nobody/stop", &root, 404, Value::Null);
    // Whoever stops itself could not undo it.
    check("/api/tenants/operators/stop", &root, 403, Value::Null);
    check("/api/owners/admin/stop", &admin, 403, Value::Null);
    check("/api/tenants/acme/stop", &admin, 403, Value::Null);
}

#[test]
fn tenants_and_owners_are_listed_page_by_page() {
    let mut world = World::new();
    let root = world.root();
    for tenant in ["acme", "globex", "initech"] {
        world.admin(tenant, "a", &[]);
        world.admin(tenant, "b", &[]);
    }
    let names = |told: &crate::made::Told, what: &str| -> Vec<String> {
        let held = told.body[what].as_array().unwrap();
        held.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = world.call(&root, ("GET", "/api/tenants?limit=2"), &Value::Null);
    assert_eq!(names(&first, "tenants"), ["acme", "globex"]);
    let next = first.body["next"].as_str().unwrap();
    let rest = format!("/api/tenants?limit=2&cursor={next}");
    let rest = world.call(&root, ("GET", &rest), &Value::Null);
    assert_eq!(names(&rest, "tenants"), ["initech", "operators"]);
    assert_eq!(rest.body["next"], Value::Null);
    let owners = world.call(&root, ("GET", "/api/owners?tenant=acme"), &Value::Null);
    assert_eq!(names(&owners, "owners"), ["a", "b"]);
}

/// Each change leaves one line in the chain of its tenant, and what is refused none.
#[test]
fn every_change_is_in_the_audit_of_its_tenant() {
    let mut world = World::new();
    let root = world.root();
    let (id, _) = world.created(&root, &said("dev"));
    let one = format!("/api/keys/{id}");
    for (asked, body) in [
        (("PATCH", one.clone()), json!({ "plan": "pro" })),
        (("POST", format!("{one}/rotate")), Value::Null),
        (("POST", format!("{one}/disable")), Value::Null),
        (("POST", format!("{one}/enable")), Value::Null),
        (("DELETE", one.clone()), Value::Null),
        (("POST", format!("{one}/enable")), Value::Null),
        (("POST", "/api/owners/dev/stop".into()), Value::Null),
    ] {
        world.call(&root, (asked.0, &asked.1), &body);
    }
    world.call(&root, ("POST", "/api/keys?tenant=acme"), &said("dev"));
    let lines = world.audit("operators");
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["entry"]["operation"].as_str().unwrap().to_owned()
        })
        .collect();
    let expected = [
        "keys.create",
        "keys.update",
        "keys.rotate",
        "keys.disable",
        "keys.enable",
        "keys.revoke",
        "owners.stop",
    ];
    assert_eq!(told, expected);
    assert_eq!(world.audit("acme").len(), 1);
    let update: Value = serde_json::from_str(&lines[1]).unwrap();
    let entry = &update["entry"];
    assert_eq!(entry["before"]["key"]["settings"]["plan"], Value::Null);
    assert_eq!(entry["after"]["key"]["settings"]["plan"], "pro");
    assert_eq!((&entry["subject"], &entry["from"]), (&json!(id), &json!("10.0.0.1")));
    assert_eq!(entry["request"], "0123456789abcdef");
}

#[test]
fn a_tenant_is_made_read_changed_and_deleted_by_operators() {
    let mut world = World::new();
    let root = world.root();
    let one = "/api/tenants/acme";
    let new = json!({ "id": "acme", "name": "Acme" });
    let made = world.call(&root, ("POST", "/api/tenants"), &new);
    assert_eq!((made.status, made.field("location")), (201, Some(one)), "{}", made.text);
    assert_eq!(world.call(&root, ("POST", "/api/tenants"), &new).code(), "tenant_exists");
    let etag = made.field("etag").unwrap().to_owned();
    let put = json!({ "description": "a customer" });
    assert_eq!(world.call(&root, ("PUT", one), &put).code(), "precondition_required");
    let put = world.meant(&root, ("PUT", one), &etag, &put);
    assert_eq!((put.status, &put.body["name"]), (200, &Value::Null));
    assert_eq!(world.meant(&root, ("PATCH", one), &etag, &json!({})).code(), "version_differs");
    let patched = world.done(&root, ("PATCH", one), &json!({ "name": "Acme" }));
    assert_eq!(patched["description"], "a customer");
    // It can be stopped before it has anything.
    let stopped =
        world.done(&root, ("POST", "/api/tenants/acme/stop"), &json!({ "code": "payment" }));
    assert_eq!(
        (&stopped["state"], &stopped["reason"]["code"]),
        (&json!("disabled"), &json!("payment"))
    );
    assert_eq!(world.call(&root, ("DELETE", one), &Value::Null).code(), "in_use");
    world.done(&root, ("POST", "/api/tenants/acme/resume"), &Value::Null);
    world.done(&root, ("DELETE", one), &Value::Null);
    let gone = world.call(&root, ("GET", one), &Value::Null);
    assert_eq!((gone.status, gone.code()), (404, "tenant_unknown"));
    let lines = world.audit("acme");
    assert_eq!(lines.len(), 6, "in its own chain: {lines:?}");
}

#[test]
fn a_tenant_is_in_use_while_anything_of_it_is_left() {
    let mut world = World::new();
    let root = world.root();
    let one = "/api/tenants/acme";
    let at = |path: &str| format!("{path}?tenant=acme");
    for (collection, name, body) in [
        ("/api/owners", "bob", json!({ "id": "bob", "kind": "user" })),
        ("/api/roles", "reader", json!({ "name": "reader", "scopes": [] })),
        ("/api/templates", "ci", json!({ "name": "ci" })),
    ] {
        // What it has makes it be there, whether it was made or not.
        world.done(&root, ("POST", &at(collection)), &body);
        assert_eq!(world.done(&root, ("GET", one), &Value::Null)["created"], Value::Null);
        world.done(&root, ("POST", "/api/tenants"), &json!({ "id": "acme" }));
        let told = world.call(&root, ("DELETE", one), &Value::Null);
        assert_eq!((told.status, told.code()), (409, "in_use"), "{collection}");
        world.done(&root, ("DELETE", &at(&format!("{collection}/{name}"))), &Value::Null);
        world.done(&root, ("DELETE", one), &Value::Null);
        assert_eq!(world.call(&root, ("GET", one), &Value::Null).status, 404, "{collection}");
    }
    let made = world.done(&root, ("POST", &at("/api/keys")), &said("bob"));
    let key = format!("/api/keys/{}", made["key"]["id"].as_str().unwrap());
    world.done(&root, ("POST", "/api/tenants"), &json!({ "id": "acme" }));
    assert_eq!(world.call(&root, ("DELETE", one), &Value::Null).code(), "in_use");
    world.done(&root, ("POST", &at("/api/owners/bob/stop")), &Value::Null);
    world.done(&root, ("DELETE", &key), &Value::Null);
    assert_eq!(world.call(&root, ("DELETE", one), &Value::Null).code(), "in_use", "a stop is left");
    world.done(&root, ("POST", &at("/api/owners/bob/resume")), &Value::Null);
    world.done(&root, ("DELETE", one), &Value::Null);
    assert_eq!(world.call(&root, ("GET", one), &Value::Null).status, 404);
}

/// Its own tenant a caller may read, and no other; what is said of either is said by operators.
#[test]
fn tenants_are_for_operators() {
    let mut world = World::new();
    let root = world.root();
    world.done(&root, ("POST", "/api/tenants"), &json!({ "id": "globex" }));
    let admin = world.admin("acme", "admin", &EVERYTHING);
    assert_eq!(world.call(&admin, ("GET", "/api/tenants/acme"), &Value::Null).status, 200);
    for (method, body) in [("PUT", json!({})), ("PATCH", json!({})), ("DELETE", Value::Null)] {
        let told = world.meant(&admin, (method, "/api/tenants/acme"), "*", &body);
        assert_eq!((told.status, told.code()), (403, "forbidden"), "{method}");
        let theirs = world.meant(&admin, (method, "/api/tenants/globex"), "*", &body);
        let none = world.meant(&admin, (method, "/api/tenants/none"), "*", &body);
        assert_eq!((theirs.code(), &theirs.text), ("tenant_unknown", &none.text), "{method}");
    }
    for id in ["acme", "globex", "initech"] {
        let told = world.call(&admin, ("POST", "/api/tenants"), &json!({ "id": id }));
        assert_eq!((told.status, told.code()), (403, "forbidden"), "{id}");
    }
    // An operator that only reads changes nothing.
    let reading = world.admin("operators", "reading", &["tenants:read"]);
    assert_eq!(world.call(&reading, ("GET", "/api/tenants/globex"), &Value::Null).status, 200);
    let told = world.call(&reading, ("POST", "/api/tenants"), &json!({ "id": "initech" }));
    assert_eq!(told.code(), "scope_missing");
    // Its own is left: its key is of it.
    assert_eq!(
        world.call(&root, ("DELETE", "/api/tenants/operators"), &Value::Null).code(),
        "in_use"
    );
}
