//! Who may give what by a role.

use serde_json::{Value, json};

use tollgate_ledger::Ledger;

use super::{granted, key, role};
use crate::made::{EVERYTHING, World};

const ROLES: (&str, &str) = ("POST", "/api/roles");

/// A scope of administration reaches nobody by way of a role whose maker lacks it.
#[test]
fn nobody_gives_by_a_role_what_it_has_not() {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    world.done(&admin, ROLES, &role("auditor", &["audit:read"]));
    world.done(&admin, ROLES, &role("reader", &["orders:read"]));
    let (theirs, _) = world.created(&admin, &key(&[], &["auditor"]));
    let (own, _) = world.created(&admin, &key(&[], &["reader"]));
    let lesser = world.admin("acme", "lesser", &["keys:*", "owners:*", "roles:*"]);
    let before = world.store.stamp().unwrap();
    let (auditor, reader) = ("/api/roles/auditor", "/api/roles/reader");
    let (theirs, own) = (format!("/api/keys/{theirs}"), format!("/api/keys/{own}"));
    for (method, path, body) in [
        ("POST", "/api/roles", role("mine", &["audit:read"])),
        ("POST", "/api/roles", role("mine", &["usage:*"])),
        ("PATCH", reader, json!({ "scopes": ["orders:read", "tenants:write"] })),
        ("PUT", reader, json!({ "scopes": ["audit:read"] })),
        ("PATCH", auditor, json!({ "description": "mine" })),
        ("PATCH", auditor, json!({ "scopes": [] })),
        ("DELETE", auditor, Value::Null),
        ("POST", "/api/keys", key(&[], &["auditor"])),
        ("PATCH", &own, json!({ "roles": ["reader", "auditor"] })),
        ("PATCH", &theirs, json!({ "roles": [] })),
    ] {
        let told = world.meant(&lesser, (method, path), "*", &body);
        assert_eq!((told.status, told.code()), (403, "forbidden"), "{method} {path} {body}");
    }
    assert_eq!(world.store.stamp().unwrap(), before);
    // What it has it may give.
    world.done(&lesser, ROLES, &role("clerk", &["keys:read", "invoices:read"]));
    world.created(&lesser, &key(&[], &["clerk", "reader"]));
}

/// What opens nothing here is no scope of administration: a client of an origin may have it.
#[test]
fn a_member_gives_its_own_keys_the_roles_that_administer_nothing() {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    let member = world.admin("acme", "dev", &["keys:*"]);
    world.done(&admin, ROLES, &role("all", &["*:*"]));
    world.done(&admin, ROLES, &role("keeper", &["owners:read"]));
    let (id, _) = world.created(&member, &key(&["a:b"], &["all"]));
    assert_eq!(granted(&mut world, &id), ["*:*", "a:b"]);
    assert_eq!(world.call(&member, ("POST", "/api/keys"), &key(&[], &["keeper"])).status, 403);
    assert_eq!(world.call(&member, ROLES, &role("own", &[])).code(), "scope_missing");
}
