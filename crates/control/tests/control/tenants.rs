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
    check(&owner("resume"), &admin, 200, Value::Null);
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
    assert_eq!(first.body["next"], "globex");
    let rest = world.call(&root, ("GET", "/api/tenants?limit=2&after=globex"), &Value::Null);
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
