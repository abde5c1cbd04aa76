//! How many owners, roles and templates a tenant has at most.

use serde_json::{Value, json};
use tollgate_control::{OWNERS_MAX, ROLES_MAX, TEMPLATES_MAX};

use crate::{
    made::{EVERYTHING, said},
    raw::Raw,
};

/// What is made, how one is written, and how many there may be.
type Case = (&'static str, fn(&str) -> Value, usize);

const CASES: [Case; 3] = [
    ("owner", |name| json!({ "id": name, "kind": "user" }), OWNERS_MAX),
    ("role", |name| json!({ "name": name, "scopes": [] }), ROLES_MAX),
    ("template", |name| json!({ "name": name, "defaults": {} }), TEMPLATES_MAX),
];

/// Puts as many rows of a kind into a tenant, as copies of the one that is there.
fn copies(raw: &Raw, (kind, from): (&str, &str), tenant: &str, count: usize) {
    raw.does(&format!(
        "INSERT INTO documents (kind, tenant, name, document)
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT {count})
            SELECT kind, '{tenant}', 'copy-' || n, document FROM documents, n
            WHERE kind = '{kind}' AND tenant = 'acme' AND name = '{from}'"
    ));
}

#[test]
fn a_tenant_has_no_more_of_anything_than_its_bound_says() {
    for (kind, new, most) in CASES {
        let mut raw = Raw::new(&format!("many-{kind}"));
        let admin = raw.world.admin("acme", "admin", &EVERYTHING);
        let path = format!("/api/{kind}s");
        let made = |raw: &mut Raw, name: &str| raw.world.call(&admin, ("POST", &path), &new(name));
        assert_eq!(made(&mut raw, "first").status, 201, "{kind}");
        copies(&raw, (kind, "first"), "acme", most - 2);
        // Those of another tenant are not counted.
        copies(&raw, (kind, "first"), "globex", 10);
        assert_eq!(made(&mut raw, "last").status, 201, "{kind}: as many as there may be");
        let refused = made(&mut raw, "more");
        assert_eq!((refused.status, refused.code()), (409, "too_many"), "{kind}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("at most {most} {kind}s")), "{detail}");
        // What is there is changed, and makes room when it is deleted.
        let one = format!("{path}/last");
        raw.world.done(&admin, ("PATCH", &one), &json!({ "description": "changed" }));
        assert_eq!(made(&mut raw, "last").status, 409);
        raw.world.done(&admin, ("DELETE", &one), &Value::Null);
        assert_eq!(made(&mut raw, "more").status, 201, "{kind}");
    }
}

/// Nobody needs to make an owner, and a stop needs no room.
#[test]
fn an_owner_that_is_there_by_its_keys_is_stopped_however_many_others_were_made() {
    let mut raw = Raw::new("many-stopped");
    let admin = raw.world.admin("acme", "admin", &EVERYTHING);
    raw.world.done(&admin, ("POST", "/api/owners"), &json!({ "id": "first", "kind": "user" }));
    copies(&raw, ("owner", "first"), "acme", OWNERS_MAX - 1);
    raw.world.created(&admin, &said("bob"));
    raw.world.done(&admin, ("POST", "/api/owners/bob/stop"), &Value::Null);
    raw.world.done(&admin, ("POST", "/api/owners/bob/resume"), &Value::Null);
    // What is said of it would be one more.
    let patch = json!({ "kind": "user" });
    let told = raw.world.call(&admin, ("PATCH", "/api/owners/bob"), &patch);
    assert_eq!((told.status, told.code()), (409, "too_many"), "{}", told.text);
}
