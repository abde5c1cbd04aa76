//! Roles, and the keys that carry them.

mod given;
mod reached;

use serde_json::{Value, json};

use crate::made::{EVERYTHING, World, said};

const COLLECTION: (&str, &str) = ("POST", "/api/roles");
const READER: &str = "/api/roles/reader";

/// A key as a caller says it, with these scopes of its own and these roles.
pub(super) fn key(scopes: &[&str], roles: &[&str]) -> Value {
    let mut body = said("dev");
    body["scopes"] = json!(scopes);
    body["roles"] = json!(roles);
    body
}

/// A role as a caller says it.
pub(super) fn role(name: &str, scopes: &[&str]) -> Value {
    json!({ "name": name, "scopes": scopes })
}

/// Every scope that a key has, as the ledger has it.
pub(super) fn granted(world: &mut World, id: &str) -> Vec<String> {
    tollgate_ledger::Ledger::key(&mut world.store, id).unwrap().unwrap().settings.scopes
}

#[test]
fn a_role_is_made_read_changed_and_deleted() {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    let mut new = role("reader", &["orders:read"]);
    new["description"] = "reads".into();
    let made = world.call(&admin, COLLECTION, &new);
    assert_eq!((made.status, made.field("location")), (201, Some(READER)), "{}", made.text);
    let read = world.call(&admin, ("GET", READER), &Value::Null);
    assert_eq!((read.status, &read.body), (200, &made.body));
    assert_eq!(read.field("etag"), made.field("etag"));
    assert_eq!(read.body["description"], "reads");
    assert_eq!(world.call(&admin, COLLECTION, &new).code(), "role_exists");
    let etag = made.field("etag").unwrap().to_owned();
    let put = json!({ "scopes": ["orders:write"] });
    assert_eq!(world.call(&admin, ("PUT", READER), &put).code(), "precondition_required");
    let other = world.meant(&admin, ("PUT", READER), "\"1.2\"", &put);
    assert_eq!((other.status, other.code()), (412, "version_differs"));
    world.now.0 += 5;
    let put = world.meant(&admin, ("PUT", READER), &etag, &put);
    assert_eq!((put.status, &put.body["description"]), (200, &Value::Null), "{}", put.text);
    assert_eq!(put.body["created"].as_u64().unwrap() + 5, put.body["updated"].as_u64().unwrap());
    assert_ne!(put.field("etag"), Some(etag.as_str()));
    let patch = json!({ "description": "writes" });
    assert_eq!(world.meant(&admin, ("PATCH", READER), &etag, &patch).status, 412);
    let patched = world.call(&admin, ("PATCH", READER), &patch);
    assert_eq!((patched.status, &patched.body["scopes"]), (200, &json!(["orders:write"])));
    assert_eq!(world.meant(&admin, ("DELETE", READER), &etag, &Value::Null).status, 412);
    assert_eq!(world.meant(&admin, ("DELETE", READER), "x", &Value::Null).status, 400);
    assert_eq!(world.call(&admin, ("DELETE", READER), &Value::Null).status, 200);
    for (method, body) in [
        ("GET", Value::Null),
        ("PUT", json!({ "scopes": [] })),
        ("PATCH", json!({})),
        ("DELETE", Value::Null),
    ] {
        let told = world.meant(&admin, (method, READER), "*", &body);
        assert_eq!((told.status, told.code()), (404, "role_unknown"), "{method}");
    }
    let lines = world.audit("acme");
    let told: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let operations: Vec<_> = told.iter().map(|line| &line["entry"]["operation"]).collect();
    assert_eq!(operations, ["roles.create", "roles.replace", "roles.update", "roles.delete"]);
    let entry = &told[1]["entry"];
    assert_eq!(entry["subject"], "reader");
    assert_eq!(entry["before"]["said"]["scopes"], json!(["orders:read"]));
    assert_eq!(entry["after"]["said"]["scopes"], json!(["orders:write"]));
    assert_eq!(
        (&told[0]["entry"]["before"], &told[3]["entry"]["after"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn roles_and_templates_are_listed_page_by_page_and_found_by_their_texts() {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    let other = world.admin("globex", "admin", &EVERYTHING);
    for (plural, scopes) in [("roles", Some(json!([]))), ("templates", None)] {
        for name in ["d", "a", "c", "b"] {
            let mut new = json!({ "name": name, "description": format!("The {name}") });
            if let Some(scopes) = &scopes {
                new["scopes"] = scopes.clone();
            }
            world.done(&admin, ("POST", &format!("/api/{plural}")), &new);
        }
        let mut check = |by: &str, query: &str, expected: &[&str]| -> Option<String> {
            let told = world.call(by, ("GET", &format!("/api/{plural}{query}")), &Value::Null);
            let listed = told.body[plural].as_array().unwrap_or_else(|| panic!("{}", told.text));
            let names: Vec<_> = listed.iter().map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!(names, expected, "{plural} {query}");
            told.body["next"].as_str().map(str::to_owned)
        };
        let next = check(&admin, "?limit=3", &["a", "b", "c"]).unwrap();
        assert_eq!(check(&admin, &format!("?cursor={next}"), &["d"]), None);
        assert_eq!(check(&admin, "?limit=4", &["a", "b", "c", "d"]), None);
        assert_eq!(check(&admin, "?text=THE+C", &["c"]), None);
        assert_eq!(check(&other, "", &[]), None);
        // A place in the list of one tenant is none in another's.
        let told =
            world.call(&other, ("GET", &format!("/api/{plural}?cursor={next}")), &Value::Null);
        assert_eq!(told.code(), "cursor_invalid");
    }
}

#[test]
fn what_is_another_tenants_is_as_what_is_not_there() {
    let mut world = World::new();
    let root = world.root();
    let (acme, globex) =
        (world.admin("acme", "admin", &EVERYTHING), world.admin("globex", "admin", &EVERYTHING));
    world.done(&acme, COLLECTION, &role("reader", &["orders:read"]));
    for (method, body) in [
        ("GET", Value::Null),
        ("PUT", json!({ "scopes": [] })),
        ("PATCH", json!({})),
        ("DELETE", Value::Null),
    ] {
        let theirs = world.meant(&globex, (method, READER), "*", &body);
        let none = world.meant(&globex, (method, "/api/roles/none"), "*", &body);
        assert_eq!((theirs.status, &theirs.text), (404, &none.text), "{method}");
        let theirs = world.meant(&globex, (method, &format!("{READER}?tenant=acme")), "*", &body);
        let none = world.meant(&globex, (method, &format!("{READER}?tenant=none")), "*", &body);
        assert_eq!((theirs.code(), &theirs.text), ("tenant_unknown", &none.text), "{method}");
    }
    let told = world.call(&globex, ("POST", "/api/keys"), &key(&[], &["reader"]));
    assert_eq!((told.status, &told.body["errors"][0]["code"]), (422, &json!("unknown_name")));
    // Roles of one name in two tenants are two.
    world.done(&globex, COLLECTION, &role("reader", &["invoices:read"]));
    let (id, _) = world.created(&globex, &key(&[], &["reader"]));
    world.done(&acme, ("PATCH", READER), &json!({ "scopes": ["orders:write"] }));
    assert_eq!(granted(&mut world, &id), ["invoices:read"]);
    // An operator reaches both.
    let theirs = world.call(&root, ("GET", &format!("{READER}?tenant=globex")), &Value::Null);
    assert_eq!(theirs.body["scopes"], json!(["invoices:read"]));
    let reading = world.admin("operators", "reading", &["tenants:read", "roles:*"]);
    let told = world.call(&reading, ("DELETE", &format!("{READER}?tenant=globex")), &Value::Null);
    assert_eq!(told.code(), "forbidden");
}
