//! What a change of a role reaches.

use std::{collections::BTreeSet, fs};

use serde_json::{Value, json};
use tollgate_ledger::{KeyState, Ledger};
use tollgate_store_sqlite::{Access, Store};
use tollgate_testkit::Random;

use super::{granted, key, role};
use crate::{
    made::{EVERYTHING, World},
    meanwhile::{Call, between},
};

const ROLES: (&str, &str) = ("POST", "/api/roles");
const READER: &str = "/api/roles/reader";

fn world() -> (World, String) {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    world.done(&admin, ROLES, &role("reader", &["orders:read"]));
    (world, admin)
}

/// Each of them as a change of its own, which gates are told of and the audit tells.
#[test]
fn a_change_of_a_role_reaches_every_key_that_carries_it() {
    let (mut world, admin) = world();
    world.done(&admin, ROLES, &role("clerk", &["orders:write"]));
    let ids: Vec<String> = (0..5)
        .map(|_| world.created(&admin, &key(&["own:read"], &["reader", "clerk"])).0)
        .collect();
    let (aside, _) = world.created(&admin, &key(&["orders:read"], &["clerk"]));
    let before = world.store.stamp().unwrap();
    let (told, lines) = (granted(&mut world, &aside), world.audit("acme").len());
    world.now.0 += 7;
    world.done(&admin, ("PATCH", READER), &json!({ "scopes": ["orders:write", "refunds:read"] }));
    for id in &ids {
        assert_eq!(granted(&mut world, id), ["orders:write", "own:read", "refunds:read"], "{id}");
        let shown = world.done(&admin, ("GET", &format!("/api/keys/{id}")), &Value::Null);
        assert_eq!(shown["scopes"], json!(["own:read"]));
        assert_eq!(shown["roles"], json!(["reader", "clerk"]));
        assert_eq!(shown["updated"], world.now.0);
    }
    assert_eq!(granted(&mut world, &aside), told);
    assert_eq!(world.store.stamp().unwrap().epoch, before.epoch + 5, "an epoch for each");
    let audit = world.audit("acme");
    let after: Vec<Value> =
        audit[lines..].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let subjects: BTreeSet<_> =
        after.iter().map(|line| line["entry"]["subject"].as_str().unwrap()).collect();
    let expected: BTreeSet<_> = ids.iter().map(String::as_str).chain(["reader"]).collect();
    assert_eq!((subjects, after.len()), (expected, 6));
    assert!(after.iter().all(|line| line["entry"]["operation"] == "roles.update"));
    let scopes = &after[1]["entry"]["after"]["key"]["settings"]["scopes"];
    assert_eq!(scopes, &json!(["orders:write", "own:read", "refunds:read"]));
    // What only people read of a role reaches no key.
    let before = world.store.stamp().unwrap();
    world.done(&admin, ("PATCH", READER), &json!({ "description": "reads" }));
    assert_eq!(world.store.stamp().unwrap(), before);
}

#[test]
fn a_role_is_in_use_while_a_key_that_is_not_revoked_carries_it() {
    let (mut world, admin) = world();
    let (one, _) = world.created(&admin, &key(&[], &["reader"]));
    let (two, _) = world.created(&admin, &key(&[], &[]));
    let [one, two] = [one, two].map(|id| format!("/api/keys/{id}"));
    world.done(&admin, ("PATCH", &two), &json!({ "roles": ["reader"] }));
    let mut check = |asked: (&str, &str), body: Value| {
        let told = world.call(&admin, ("DELETE", READER), &Value::Null);
        assert_eq!((told.status, told.code()), (409, "in_use"), "before {asked:?}");
        world.done(&admin, asked, &body);
    };
    check(("POST", &format!("{one}/disable")), Value::Null);
    check(("DELETE", &one), Value::Null);
    check(("PATCH", &two), json!({ "roles": [] }));
    world.done(&admin, ("DELETE", READER), &Value::Null);
    // Whoever was revoked is not changed by what becomes of a role of that name.
    world.done(&admin, ROLES, &role("reader", &["a:b"]));
    let told = world.done(&admin, ("PATCH", READER), &json!({ "scopes": ["c:d"] }));
    assert_eq!(told["scopes"], json!(["c:d"]));
    let revoked = world.done(&admin, ("GET", &one), &Value::Null);
    assert_eq!(revoked["granted"], json!(["orders:read"]));
}

/// A key that the ledger has revoked without the control plane is carried along no more either.
#[test]
fn a_key_that_the_ledger_revoked_stands_in_no_roles_way() {
    let (mut world, admin) = world();
    let (id, _) = world.created(&admin, &key(&[], &["reader"]));
    let revoke = tollgate_ledger::Change::Revoke { id };
    Ledger::change(&mut world.store, &revoke, world.now).unwrap();
    world.done(&admin, ("PATCH", READER), &json!({ "scopes": [] }));
    world.done(&admin, ("DELETE", READER), &Value::Null);
}

#[test]
fn a_role_that_would_give_a_key_too_many_scopes_is_refused_with_the_key() {
    let (mut world, admin) = world();
    let own: Vec<String> = (0..60).map(|at| format!("s{at}:read")).collect();
    let own: Vec<_> = own.iter().map(String::as_str).collect();
    world.created(&admin, &key(&[], &["reader"]));
    let (full, _) = world.created(&admin, &key(&own, &["reader"]));
    let before = world.store.stamp().unwrap();
    let lines = world.audit("acme").len();
    let scopes = |count: usize| json!({ "scopes": (0..count).map(|at| format!("r{at}:read")).collect::<Vec<_>>() });
    let told = world.call(&admin, ("PATCH", READER), &scopes(5));
    assert_eq!((told.status, told.code()), (422, "body_invalid"), "{}", told.text);
    let error = &told.body["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/scopes"), &json!("too_many")));
    assert!(error["detail"].as_str().unwrap().contains(&full), "{error}");
    assert_eq!((world.store.stamp().unwrap(), world.audit("acme").len()), (before, lines));
    world.done(&admin, ("PATCH", READER), &scopes(4));
    assert_eq!(granted(&mut world, &full).len(), 64);
}

/// What only the ledger knows against a key is told with the key too.
#[test]
fn a_role_that_the_ledger_refuses_for_a_key_is_refused_with_the_key() {
    let (mut world, admin) = world();
    let long = |side: char, count: usize| -> Vec<String> {
        let rest = "x".repeat(29);
        (0..count).map(|at| format!("{side}{at:02}{rest}:{side}{at:02}{rest}")).collect()
    };
    let own = long('o', 8);
    let own: Vec<_> = own.iter().map(String::as_str).collect();
    let (full, _) = world.created(&admin, &key(&own, &["reader"]));
    let (other, _) = world.created(&admin, &key(&[], &["reader"]));
    let before = world.store.stamp().unwrap();
    let told = world.call(&admin, ("PATCH", READER), &json!({ "scopes": long('r', 10) }));
    assert_eq!((told.status, told.code()), (422, "identity_too_long"), "{}", told.text);
    assert!(told.body["detail"].as_str().unwrap().contains(&full), "{}", told.text);
    assert_eq!(world.store.stamp().unwrap(), before);
    assert_eq!(granted(&mut world, &other), ["orders:read"]);
}

#[test]
fn a_role_of_more_keys_than_are_changed_at_once_is_refused_with_the_bound() {
    let folder = std::env::temp_dir().join(format!("tollgate-carried-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("store.db");
    let mut world = World::over(Store::open(&path, Access::Create).unwrap());
    let admin = world.admin("acme", "admin", &EVERYTHING);
    world.done(&admin, ROLES, &role("reader", &["orders:read"]));
    let (id, _) = world.created(&admin, &key(&[], &["reader"]));
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute(
        "INSERT INTO keys (id, tenant, owner, document)
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 1000)
            SELECT 'many' || n, tenant, owner, document FROM keys, n WHERE id = ?1",
        [&id],
    )
    .unwrap();
    let carried = "INSERT INTO carried (kind, tenant, name, key)
        SELECT 'role', 'acme', 'reader', id FROM keys WHERE id LIKE 'many%'";
    assert_eq!(raw.execute(carried, []).unwrap(), 1_000);
    let told = world.call(&admin, ("PATCH", READER), &json!({ "scopes": [] }));
    assert_eq!((told.status, told.code()), (409, "in_use"), "{}", told.text);
    assert!(told.body["detail"].as_str().unwrap().contains("1000 keys"), "{}", told.text);
    // What reaches no key is not bound by them.
    world.done(&admin, ("PATCH", READER), &json!({ "description": "reads" }));
    drop(world);
    fs::remove_dir_all(&folder).unwrap();
}

/// What is asked for with a key, of a key and its version.
type Asked<'a> = &'a dyn Fn(&str, &str, &str) -> Call;

/// Somebody gives the role other scopes.
fn patched(by: &str, _: &str, _: &str) -> Call {
    Call::new(by, ("PATCH", READER), json!({ "scopes": ["new:read"] }))
}

/// A writer that was slower than another starts anew from what is there: nothing of a role as it was stays.
#[test]
fn a_key_and_its_role_that_are_changed_at_the_same_time_agree_afterwards() {
    let check = |name: &str, ours: Asked<'_>, theirs: Asked<'_>| {
        let (mut world, admin) = world();
        world.done(&admin, ROLES, &role("other", &["other:read"]));
        let (id, _) = world.created(&admin, &key(&["own:read"], &["reader"]));
        let one = format!("/api/keys/{id}");
        let etag =
            world.call(&admin, ("GET", &one), &Value::Null).field("etag").unwrap().to_owned();
        let (ours, theirs) = (ours(&admin, &one, &etag), theirs(&admin, &one, &etag));
        let (status, body) = between(&mut world, &ours, vec![theirs]);
        assert!(status < 300 || status == 412, "{name}: {body}");
        assert_agreement(&mut world, &admin, name);
        let shown = world.done(&admin, ("GET", &one), &Value::Null);
        (status, body, shown)
    };
    let key_patch = |body: Value| {
        move |by: &str, one: &str, _: &str| Call::new(by, ("PATCH", one), body.clone())
    };
    for body in [
        json!({ "roles": ["reader", "other"] }),
        json!({ "scopes": ["new:read"] }),
        json!({ "plan": "pro" }),
        json!({ "roles": [] }),
    ] {
        let ours = key_patch(body.clone());
        // Neither undoes what the other has done.
        let both: [(&str, Asked<'_>, Asked<'_>); 2] = [
            ("a key is patched while its role is", &ours, &patched),
            ("a role is patched while its key is", &patched, &ours),
        ];
        for (what, ours, theirs) in both {
            let (status, _, shown) = check(&format!("{what}: {body}"), ours, theirs);
            let (field, value) = body.as_object().unwrap().iter().next().unwrap();
            assert_eq!((status, &shown[field]), (200, value), "{what}: {body}");
        }
    }
    // A key takes a role that it has not had, while that one changes.
    let takes = key_patch(json!({ "roles": ["reader", "other"] }));
    let other = |by: &str, _: &str, _: &str| {
        Call::new(by, ("PATCH", "/api/roles/other"), json!({ "scopes": ["later:read"] }))
    };
    let (_, _, shown) = check("a key takes a role that changes", &takes, &other);
    assert_eq!(shown["granted"], json!(["later:read", "orders:read", "own:read"]));
    let (_, _, shown) = check("a role changes that a key takes", &other, &takes);
    assert_eq!(shown["granted"], json!(["later:read", "orders:read", "own:read"]));
    let made = |by: &str, _: &str, _: &str| {
        Call::new(by, ("POST", "/api/keys"), key(&["a:b"], &["reader"]))
    };
    let (status, body, _) = check("a key is made while its role changes", &made, &patched);
    assert_eq!((status, &body["key"]["granted"]), (201, &json!(["a:b", "new:read"])));
    check("a role changes while a key of it is made", &patched, &made);
    // Whoever names the version of a key is told that it has changed with its role.
    let put = |by: &str, one: &str, etag: &str| {
        let body = json!({ "owner": "dev", "scopes": [], "limits": [], "roles": ["reader"] });
        Call::new(by, ("PUT", one), body).of(etag)
    };
    let (status, _, _) = check("a key is put while its role changes", &put, &patched);
    assert_eq!(status, 412);
}

#[test]
fn a_role_and_a_key_that_takes_it_do_not_miss_each_other() {
    let delete = |by: &str| Call::new(by, ("DELETE", READER), Value::Null);
    let made = |by: &str| Call::new(by, ("POST", "/api/keys"), key(&[], &["reader"]));
    let (mut w, admin) = world();
    let (status, body) = between(&mut w, &made(&admin), vec![delete(&admin)]);
    assert_eq!((status, &body["errors"][0]["code"]), (422, &json!("unknown_name")), "{body}");
    let (mut w, admin) = world();
    let (status, body) = between(&mut w, &delete(&admin), vec![made(&admin)]);
    assert_eq!((status, &body["code"]), (409, &json!("in_use")), "{body}");
    // Two that make the same, and two that change the same of one version.
    let new = Call::new(&admin, ROLES, role("twice", &[]));
    let (status, body) = between(&mut w, &new, vec![new.clone()]);
    assert_eq!((status, &body["code"]), (409, &json!("role_exists")), "{body}");
    let etag = w.call(&admin, ("GET", READER), &Value::Null).field("etag").unwrap().to_owned();
    let put = |word: &str| {
        let body = json!({ "scopes": [], "description": word });
        Call::new(&admin, ("PUT", READER), body).of(&etag)
    };
    let (status, body) = between(&mut w, &put("ours"), vec![put("theirs")]);
    assert_eq!((status, &body["code"]), (412, &json!("version_differs")), "{body}");
    // A patch without a version is put over what the other has made of it, and gives up at some time.
    let patch =
        |at: usize| Call::new(&admin, ("PATCH", READER), json!({ "description": format!("{at}") }));
    let ours = Call::new(&admin, ("PATCH", READER), json!({ "scopes": ["x:y"] }));
    let (status, body) = between(&mut w, &ours, (0..3).map(patch).collect());
    assert_eq!(
        (status, &body["description"], &body["scopes"]),
        (200, &json!("0"), &json!(["x:y"]))
    );
    let (status, _) = between(&mut w, &ours, (0..20).map(patch).collect());
    assert_eq!(status, 412);
}

/// What every key has is what it was given itself and what its roles have.
fn assert_agreement(world: &mut World, by: &str, what: &str) {
    let roles = world.done(by, ("GET", "/api/roles?limit=200"), &Value::Null);
    let of = |name: &Value| {
        let roles = roles["roles"].as_array().unwrap();
        roles.iter().find(|role| role["name"] == *name).unwrap_or_else(|| panic!("{what}: {name}"))
            ["scopes"]
            .clone()
    };
    let keys = world.done(by, ("GET", "/api/keys?limit=200"), &Value::Null);
    for key in keys["keys"].as_array().unwrap() {
        if key["state"] == json!(KeyState::Revoked) || key["owner"] == "admin" {
            continue;
        }
        let lists = key["roles"].as_array().unwrap().iter().map(of).chain([key["scopes"].clone()]);
        let expected: BTreeSet<String> = lists
            .flat_map(|list| list.as_array().unwrap().clone())
            .map(|scope| scope.as_str().unwrap().to_owned())
            .collect();
        let id = key["id"].as_str().unwrap();
        let found = granted(world, id);
        let expected: Vec<String> = expected.into_iter().collect();
        assert_eq!(found, expected, "{what}: {id} of {}", key["roles"]);
    }
}

#[test]
fn after_any_changes_in_any_order_a_key_has_its_own_scopes_and_those_of_its_roles() {
    let names = ["a", "b", "c", "reader"];
    let scopes = ["s0:read", "s1:read", "s2:read", "s3:read", "s4:read"];
    let mut made = 0;
    for seed in 0..6 {
        let mut random = Random::new(seed);
        let mut some = |of: &[&'static str]| -> Vec<&'static str> {
            of.iter().copied().filter(|_| random.happens(400)).collect()
        };
        let (mut world, admin) = world();
        let first = |world: &mut World| world.created(&admin, &key(&["s0:read"], &["reader"])).0;
        let mut ids: Vec<String> = (0..3).map(|_| first(&mut world)).collect();
        let mut picks = Random::new(seed + 1_000);
        for step in 0..50 {
            let name = picks.one_of(&names);
            let of_role = format!("/api/roles/{name}");
            let (own, roles) = (some(&scopes), some(&names));
            let id = ids.get(picks.place(ids.len().max(1))).cloned().unwrap_or_default();
            let of_key = format!("/api/keys/{id}");
            // Whatever is refused changes nothing.
            let told = match picks.below(8) {
                0 => world.call(&admin, ROLES, &role(name, &own)),
                1 => world.call(&admin, ("DELETE", &of_role), &Value::Null),
                2 | 3 => world.call(&admin, ("PATCH", &of_role), &json!({ "scopes": own })),
                4 => world.call(&admin, ("PATCH", &of_key), &json!({ "scopes": own })),
                5 => world.call(&admin, ("PATCH", &of_key), &json!({ "roles": roles })),
                6 if step % 3 == 0 => world.call(&admin, ("DELETE", &of_key), &Value::Null),
                _ => world.call(&admin, ("POST", "/api/keys"), &key(&own, &roles)),
            };
            assert!(told.status < 500, "{}", told.text);
            ids.extend(told.body["key"]["id"].as_str().map(str::to_owned));
            assert_agreement(&mut world, &admin, &format!("seed {seed}, step {step}"));
        }
        made += ids.len() - 3;
    }
    assert!(made > 10, "few keys are made: {made}");
}
