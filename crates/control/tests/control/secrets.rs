//! What becomes of keys and their secrets.

use serde_json::{Value, json};
use tollgate_ledger::{Change, KeyState, Ledger};
use tollgate_store_sqlite::Commanded;

use crate::made::{EVERYTHING, NOW, World, said};

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
    // Once more, and nobody says why: the reason stays, until there is another.
    let again = world.done(&root, ("POST", &format!("{one}/disable")), &Value::Null);
    assert_eq!((&again["state"], &again["reason"]), (&json!("disabled"), &reason));
    let other = json!({ "code": "payment", "note": null });
    let again = world.done(&root, ("POST", &format!("{one}/disable")), &other);
    assert_eq!(again["reason"], other);
    let on = world.call(&root, ("POST", &format!("{one}/enable")), &Value::Null);
    assert_eq!((&on.body["state"], &on.body["reason"]), (&json!("active"), &Value::Null));
    let off = world.done(&root, ("POST", &format!("{one}/disable")), &Value::Null);
    assert_eq!(off["reason"]["code"], "unspecified", "what has ended is no reason any more");
    let bad = world.call(&root, ("DELETE", &one), &json!({ "code": "whim" }));
    assert_eq!(bad.status, 422);
    let ended = world.call(&root, ("DELETE", &one), &json!({ "code": "compromised" }));
    assert_eq!(ended.body["state"], "revoked");
    assert_eq!(ended.body["reason"]["code"], "compromised");
    for action in ["enable", "disable", "rotate"] {
        let told = world.call(&root, ("POST", &format!("{one}/{action}")), &Value::Null);
        assert_eq!((told.status, told.code()), (409, "key_ended"), "{action}");
    }
}

/// Whoever asks twice is told how it stands, and no member takes back why an operator ended a key.
#[test]
fn what_has_ended_stays_what_it_was_however_often_it_is_ended() {
    let mut world = World::new();
    let root = world.root();
    let tenant = world.admin("acme", "admin", &EVERYTHING);
    let (id, _) = world.created(&tenant, &said("dev"));
    let one = format!("/api/keys/{id}");
    world.done(&tenant, ("POST", &format!("{one}/rotate")), &json!({ "grace_ms": 60_000 }));
    let first = format!("{one}/secrets/1/revoke");
    world.done(&tenant, ("POST", &first), &Value::Null);
    // A secret that has ended, of a key that has not.
    unmoved(&mut world, &tenant, &id, &[("POST", &first, Value::Null)]);
    let reason = json!({ "code": "compromised", "note": "public repo" });
    world.done(&root, ("DELETE", &one), &reason);
    let second = format!("{one}/secrets/2/revoke");
    let other = json!({ "code": "superseded" });
    let again = [
        ("DELETE", &*one, Value::Null),
        ("DELETE", &one, other),
        ("POST", &first, Value::Null),
        ("POST", &second, Value::Null),
    ];
    unmoved(&mut world, &tenant, &id, &again);
    let read = world.done(&tenant, ("GET", &one), &Value::Null);
    assert_eq!((&read["state"], &read["reason"]), (&json!("revoked"), &reason));
    // The command does no more, with a secret as well as with the key.
    let (stamp, now) = (world.store.stamp().unwrap(), world.now);
    let lines = world.audit("acme").len();
    let key = world.store.key(&id).unwrap().unwrap();
    for change in
        [Change::Revoke { id: id.clone() }, Change::RevokeSecret { lookup: key.secrets[1].lookup }]
    {
        let receipt = Commanded(&mut world.store).change(&change, now).unwrap();
        assert_eq!((receipt.stamp, receipt.key.as_ref(), receipt.noted), (stamp, Some(&key), true));
    }
    assert_eq!(world.audit("acme").len(), lines);
    assert_eq!(world.done(&tenant, ("GET", &one), &Value::Null), read);
}

/// Asks for each: the answer is the key as it is, and nothing moves. Another version is refused still.
fn unmoved(world: &mut World, by: &str, id: &str, again: &[(&str, &str, Value)]) {
    let read = world.done(by, ("GET", &format!("/api/keys/{id}")), &Value::Null);
    let (stamp, lines) = (world.store.stamp().unwrap(), world.audit("acme").len());
    let version = format!("\"{}\"", read["version"].as_str().unwrap());
    world.now.0 += 5;
    for (method, path, body) in again {
        let asked = (*method, *path);
        assert_eq!(world.done(by, asked, body), read, "{asked:?} {body}");
        assert_eq!(world.meant(by, asked, &version, body).body, read, "{asked:?} {body}");
        let stale = world.meant(by, asked, "\"1.1\"", body);
        assert_eq!(stale.code(), "version_differs", "{asked:?} {body}");
        assert_eq!((world.store.stamp().unwrap(), world.audit("acme").len()), (stamp, lines));
    }
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
