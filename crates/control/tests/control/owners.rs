//! Owners: those that were made, and those that are there by their keys.

use serde_json::{Value, json};
use tollgate_ledger::{Change, Ledger};

use crate::{
    made::{EVERYTHING, World, said},
    meanwhile::{Call, between},
};

const COLLECTION: (&str, &str) = ("POST", "/api/owners");
const BOB: &str = "/api/owners/bob";

fn world() -> (World, String) {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    (world, admin)
}

fn bob() -> Value {
    json!({ "id": "bob", "kind": "user", "name": "Bob", "metadata": { "mail": "b@acme.example" } })
}

#[test]
fn an_owner_is_made_read_changed_and_deleted() {
    let (mut world, admin) = world();
    let made = world.call(&admin, COLLECTION, &bob());
    assert_eq!((made.status, made.field("location")), (201, Some(BOB)), "{}", made.text);
    assert_eq!((&made.body["state"], &made.body["kind"]), (&json!("active"), &json!("user")));
    assert_eq!(made.body["created"], world.now.0);
    assert_eq!(world.call(&admin, COLLECTION, &bob()).code(), "owner_exists");
    let etag = made.field("etag").unwrap().to_owned();
    let put = json!({ "kind": "team" });
    assert_eq!(world.call(&admin, ("PUT", BOB), &put).code(), "precondition_required");
    let put = world.meant(&admin, ("PUT", BOB), &etag, &put);
    assert_eq!((&put.body["kind"], &put.body["name"]), (&json!("team"), &Value::Null));
    assert_eq!(world.meant(&admin, ("PATCH", BOB), &etag, &json!({})).code(), "version_differs");
    let patched = world.done(&admin, ("PATCH", BOB), &json!({ "name": "Bobs" }));
    assert_eq!((&patched["kind"], &patched["name"]), (&json!("team"), &json!("Bobs")));
    world.done(&admin, ("DELETE", BOB), &Value::Null);
    let gone = world.call(&admin, ("GET", BOB), &Value::Null);
    assert_eq!((gone.status, gone.code()), (404, "owner_unknown"));
    let none = world.call(&admin, ("GET", "/api/owners/none"), &Value::Null);
    assert_eq!(gone.text, none.text);
}

/// Whoever makes a key need not make its owner before.
#[test]
fn an_owner_is_there_by_its_keys_until_the_last_is_revoked() {
    let (mut world, admin) = world();
    assert_eq!(world.call(&admin, ("GET", BOB), &Value::Null).status, 404);
    let (id, _) = world.created(&admin, &said("bob"));
    let read = world.call(&admin, ("GET", BOB), &Value::Null);
    assert_eq!(read.status, 200, "{}", read.text);
    for field in ["kind", "name", "description", "creator", "created", "updated", "reason"] {
        assert_eq!(read.body[field], Value::Null, "{field}");
    }
    assert_eq!(world.call(&admin, ("DELETE", BOB), &Value::Null).code(), "in_use");
    // Who says something of it first must say of which kind it is.
    let told = world.call(&admin, ("PATCH", BOB), &json!({ "name": "Bob" }));
    assert_eq!(told.body["errors"][0]["pointer"], "/kind", "{}", told.text);
    let etag = read.field("etag").unwrap().to_owned();
    let put = world.meant(&admin, ("PUT", BOB), &etag, &json!({ "kind": "user" }));
    assert_eq!((put.status, &put.body["created"]), (200, &json!(world.now.0)), "{}", put.text);
    assert_eq!(world.call(&admin, ("DELETE", BOB), &Value::Null).code(), "in_use");
    world.done(&admin, ("DELETE", &format!("/api/keys/{id}")), &Value::Null);
    world.done(&admin, ("DELETE", BOB), &Value::Null);
    assert_eq!(world.call(&admin, ("GET", BOB), &Value::Null).status, 404);
    let listed = world.done(&admin, ("GET", "/api/owners"), &Value::Null);
    assert_eq!(listed["owners"].as_array().unwrap().len(), 1, "{listed}");
}

#[test]
fn a_stop_is_shown_with_its_reason_and_reaches_an_owner_without_keys() {
    let (mut world, admin) = world();
    let (stop, resume) = (format!("{BOB}/stop"), format!("{BOB}/resume"));
    let unknown = world.call(&admin, ("POST", &stop), &Value::Null);
    assert_eq!((unknown.status, unknown.code()), (404, "owner_unknown"));
    world.done(&admin, COLLECTION, &bob());
    let reason = json!({ "code": "owner_left", "note": "in May" });
    let stopped = world.call(&admin, ("POST", &stop), &reason);
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    let read = world.call(&admin, ("GET", BOB), &Value::Null);
    assert_eq!((&read.body, read.field("etag")), (&stopped.body, stopped.field("etag")));
    assert_eq!((&read.body["state"], &read.body["reason"]), (&json!("disabled"), &reason));
    assert_eq!(read.body["name"], "Bob");
    let again = world.done(&admin, ("POST", &stop), &Value::Null);
    assert_eq!(again["reason"], reason, "a second stop for which nobody says why");
    // A key that is made meanwhile is stopped with it.
    let (id, secret) = world.created(&admin, &said("bob"));
    let code = |world: &mut World| {
        world.done(&admin, ("POST", "/api/keys/validate"), &json!({ "key": secret }))["code"]
            .clone()
    };
    assert_eq!(code(&mut world), "owner_disabled");
    // What is said of it changes, its stop does not.
    let patched = world.done(&admin, ("PATCH", BOB), &json!({ "name": null }));
    assert_eq!((&patched["state"], &patched["reason"]), (&json!("disabled"), &reason));
    world.done(&admin, ("DELETE", &format!("/api/keys/{id}")), &Value::Null);
    let told = world.call(&admin, ("DELETE", BOB), &Value::Null);
    assert_eq!((told.status, told.code()), (409, "in_use"), "a stop is not forgotten");
    let resumed = world.done(&admin, ("POST", &resume), &Value::Null);
    assert_eq!((&resumed["state"], &resumed["reason"]), (&json!("active"), &Value::Null));
    world.done(&admin, ("DELETE", BOB), &Value::Null);
    let lines = world.audit("acme");
    let line = lines.iter().find(|line| line.contains("owners.stop")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["entry"]["after"]["stopped"], true);
    assert_eq!(line["entry"]["after"]["document"]["reason"], reason);
}

/// Of an owner that nobody made nothing is left when its stop has ended.
#[test]
fn a_stop_of_an_owner_that_nobody_made_leaves_nothing() {
    let (mut world, admin) = world();
    world.created(&admin, &said("bob"));
    let before = world.call(&admin, ("GET", BOB), &Value::Null);
    let stopped = world.done(&admin, ("POST", &format!("{BOB}/stop")), &Value::Null);
    assert_eq!(stopped["reason"]["code"], "unspecified");
    assert_eq!((&stopped["kind"], &stopped["created"]), (&Value::Null, &Value::Null));
    let after = world.call(&admin, ("POST", &format!("{BOB}/resume")), &Value::Null);
    assert_eq!((&after.body, after.field("etag")), (&before.body, before.field("etag")));
    // Who is made while it is stopped stays so, and why.
    world.done(&admin, ("POST", &format!("{BOB}/stop")), &json!({ "code": "policy" }));
    let made = world.done(&admin, COLLECTION, &bob());
    assert_eq!((&made["state"], &made["reason"]["code"]), (&json!("disabled"), &json!("policy")));
}

#[test]
fn owners_that_were_made_and_those_that_have_keys_are_one_list() {
    let (mut world, admin) = world();
    for owner in ["made", "both"] {
        world.done(&admin, COLLECTION, &json!({ "id": owner, "kind": "team", "name": "Blue" }));
    }
    for owner in ["both", "keys", "left"] {
        let (id, _) = world.created(&admin, &said(owner));
        if owner == "left" {
            world.done(&admin, ("DELETE", &format!("/api/keys/{id}")), &Value::Null);
        }
    }
    let stop = Change::StopOwner { tenant: "acme".into(), owner: "left".into() };
    let mut check = |query: &str, expected: &[&str]| -> Option<String> {
        let told = world.done(&admin, ("GET", &format!("/api/owners{query}")), &Value::Null);
        let owners = told["owners"].as_array().unwrap();
        let ids: Vec<_> = owners.iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
        for one in owners {
            let read = format!("/api/owners/{}", one["id"].as_str().unwrap());
            assert_eq!(&world.done(&admin, ("GET", &read), &Value::Null), one);
        }
        told["next"].as_str().map(str::to_owned)
    };
    let all = ["admin", "both", "keys", "made"];
    assert_eq!(check("", &all), None);
    let next = check("?limit=1", &all[..1]).unwrap();
    let next = check(&format!("?limit=2&cursor={next}"), &all[1..3]).unwrap();
    assert_eq!(check(&format!("?limit=1&cursor={next}"), &all[3..]), None);
    assert_eq!(check("?text=bLUE", &["both", "made"]), None);
    world.store.change(&stop, world.now).unwrap();
    let told = world.done(&admin, ("GET", "/api/owners?text=left"), &Value::Null);
    assert_eq!(told["owners"][0]["state"], "disabled");
}

#[test]
fn an_owner_that_gets_a_key_while_it_is_deleted_stays() {
    let (mut world, admin) = world();
    world.done(&admin, COLLECTION, &bob());
    let delete = Call::new(&admin, ("DELETE", BOB), Value::Null);
    let made = Call::new(&admin, ("POST", "/api/keys"), said("bob"));
    let (status, body) = between(&mut world, &delete, vec![made]);
    assert_eq!((status, &body["code"]), (409, &json!("in_use")), "{body}");
    // Nor is what was said of it meanwhile lost with a stop.
    let stop = Call::new(&admin, ("POST", &format!("{BOB}/stop")), Value::Null);
    let patch = Call::new(&admin, ("PATCH", BOB), json!({ "name": "Robert" }));
    let (status, body) = between(&mut world, &stop, vec![patch]);
    assert_eq!(
        (status, &body["name"], &body["state"]),
        (200, &json!("Robert"), &json!("disabled"))
    );
}

#[test]
fn who_reads_owners_does_not_write_them_and_who_writes_keys_does_neither() {
    let (mut world, admin) = world();
    world.done(&admin, COLLECTION, &bob());
    let reading = world.admin("acme", "dev", &["owners:read", "keys:*"]);
    assert_eq!(world.call(&reading, ("GET", BOB), &Value::Null).status, 200);
    let new = json!({ "id": "eve", "kind": "user" });
    for (asked, body) in [
        (COLLECTION, new),
        (("PATCH", BOB), json!({})),
        (("DELETE", BOB), Value::Null),
        (("POST", "/api/owners/bob/stop"), Value::Null),
    ] {
        assert_eq!(world.call(&reading, asked, &body).code(), "scope_missing", "{asked:?}");
    }
    let member = world.admin("acme", "dev", &["keys:*"]);
    assert_eq!(world.call(&member, ("GET", BOB), &Value::Null).code(), "scope_missing");
}

/// What is made can be reached by its path, and so what could not is not made.
#[test]
fn whatever_may_be_the_name_of_something_may_stand_in_its_path() {
    let (mut world, admin) = world();
    for id in ["a", "a.b", ".a", "..a", "a+b@c", "-", "_", "@", "a..", "%2B"] {
        let told = world.call(&admin, COLLECTION, &json!({ "id": id, "kind": "user" }));
        if id == "%2B" {
            assert_eq!(told.code(), "body_invalid", "{id}");
            continue;
        }
        assert_eq!(told.status, 201, "{id}: {}", told.text);
        let one = told.field("location").unwrap().to_owned();
        assert_eq!(world.done(&admin, ("GET", &one), &Value::Null)["id"], id);
        world.done(&admin, ("DELETE", &one), &Value::Null);
    }
    for (collection, name) in
        [("owners", "id"), ("tenants", "id"), ("roles", "name"), ("templates", "name")]
    {
        let root = world.root();
        for dots in [".", "..", "..."] {
            let mut new = json!({ name: dots });
            match collection {
                "owners" => new["kind"] = "user".into(),
                "roles" => new["scopes"] = json!([]),
                _ => {}
            }
            let told = world.call(&root, ("POST", &format!("/api/{collection}")), &new);
            let place = format!("/{name}");
            let found = &told.body["errors"][0]["pointer"];
            assert_eq!((told.status, found), (422, &json!(place)), "{collection}: {}", told.text);
        }
    }
}
