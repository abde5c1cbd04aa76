//! What becomes of keys and their secrets.

use serde_json::{Value, json};
use tollgate_ledger::{KeyState, Ledger};

use crate::made::{NOW, World, said};

#[test]
fn a_rotation_says_until_when_the_older_secret_is_good() {
    let mut world = World::new();
    let root = world.root();
    let (id, old) = world.created(&root, &said("dev"));
    let path = format!("/api/keys/{id}/rotate");
    let told = world.call(&root, ("POST", &path), &json!({ "grace_ms": 60_000 }));
    assert_eq!(told.status, 200, "{}", told.text);
    assert_ne!(told.body["secret"].as_str().unwrap(), old);
    assert_eq!(told.body["key"]["secrets"][0]["ends"], NOW.0 + 60_000);
    assert_eq!(told.body["key"]["secrets"][1]["ends"], Value::Null);
    let check = |world: &mut World, valid: bool| {
        let told = world.call(&root, ("POST", "/api/keys/validate"), &json!({ "key": old }));
        assert_eq!(told.body["valid"], valid, "{}", told.text);
    };
    check(&mut world, true);
    world.now = NOW.plus(60_000);
    check(&mut world, false);
    for grace in [json!(-1), json!("1h"), json!(366 * 86_400_000_u64 + 1)] {
        let told = world.call(&root, ("POST", &path), &json!({ "grace_ms": grace }));
        assert_eq!(told.status, 422, "{grace}: {}", told.text);
    }
}

#[test]
fn one_secret_ends_and_the_others_do_not() {
    let mut world = World::new();
    let root = world.root();
    let (id, _) = world.created(&root, &said("dev"));
    let one = format!("/api/keys/{id}");
    let told = world.call(&root, ("POST", &format!("{one}/rotate")), &Value::Null);
    let first = told.body["key"]["secrets"][0]["number"].as_u64().unwrap();
    let path = format!("{one}/secrets/{first}/revoke");
    let told = world.call(&root, ("POST", &path), &Value::Null);
    assert_eq!(told.status, 200, "{}", told.text);
    let good: Vec<_> =
        told.body["secrets"].as_array().unwrap().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(good, [json!("revoked"), json!("active")]);
    let (other, _) = world.created(&root, &said("dev"));
    let path = format!("/api/keys/{other}/secrets/2/revoke");
    assert_eq!(world.call(&root, ("POST", &path), &Value::Null).code(), "secret_unknown");
    for nonsense in ["0", "3", "x", "01", "+1", "ffffffffffffffffffffffffffffffff"] {
        let path = format!("{one}/secrets/{nonsense}/revoke");
        assert_eq!(world.call(&root, ("POST", &path), &Value::Null).code(), "secret_unknown");
    }
}

#[test]
fn a_key_is_switched_off_and_on_and_ended_with_a_reason() {
    let mut world = World::new();
    let root = world.root();
    let (id, _) = world.created(&root, &said("dev"));
    let one = format!("/api/keys/{id}");
    let reason = json!({ "code": "policy", "note": "for now" });
    let off = world.call(&root, ("POST", &format!("{one}/disable")), &reason);
    assert_eq!((&off.body["state"], &off.body["reason"]), (&json!("disabled"), &reason));
    let on = world.call(&root, ("POST", &format!("{one}/enable")), &Value::Null);
    assert_eq!((&on.body["state"], &on.body["reason"]), (&json!("active"), &Value::Null));
    let bad = world.call(&root, ("DELETE", &one), &json!({ "code": "whim" }));
    assert_eq!(bad.status, 422);
    let ended = world.call(&root, ("DELETE", &one), &json!({ "code": "compromised" }));
    assert_eq!(ended.body["state"], "revoked");
    assert_eq!(ended.body["reason"]["code"], "compromised");
    for action in ["enable", "disable", "rotate"] {
        let told = world.call(&root, ("POST", &format!("{one}/{action}")), &Value::Null);
        assert_eq!((told.status, told.code()), (409, "key_ended"), "{action}");
    }
    // Ending twice is no mistake.
    assert_eq!(world.call(&root, ("DELETE", &one), &Value::Null).status, 200);
}

#[test]
fn whoever_holds_a_key_may_end_it_whatever_its_scopes() {
    let mut world = World::new();
    let root = world.root();
    let (id, secret) = world.created(&root, &said("dev"));
    let told =
        world.call(&secret, ("POST", "/api/keys/revoke-self"), &json!({ "code": "compromised" }));
    assert_eq!((told.status, &told.body["state"]), (200, &json!("revoked")), "{}", told.text);
    assert_eq!(world.store.key(&id).unwrap().unwrap().state, KeyState::Revoked);
    let again = world.call(&secret, ("POST", "/api/keys/revoke-self"), &Value::Null);
    assert_eq!((again.status, again.code()), (401, "key_revoked"));
    let read = world.call(&root, ("GET", &format!("/api/keys/{id}")), &Value::Null);
    assert_eq!(read.body["reason"]["code"], "compromised");
}
