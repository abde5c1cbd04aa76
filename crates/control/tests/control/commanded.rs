//! Changes that the command makes where the store is.

use serde_json::{Value, json};
use tollgate_core::{limit::LimitScope, lookup::LookupId, stamp::Stamp};
use tollgate_ledger::{Change, Key, Ledger, LimitSpec, Renumbered, Secret, Settings};
use tollgate_store_sqlite::Commanded;

use crate::{
    made::{EVERYTHING, World, said, settings},
    raw::Raw,
    roles::{granted, key, role},
};

/// What an entry says: whose it is, who did what to what.
fn told(world: &mut World, tenant: Option<&str>) -> Vec<[String; 3]> {
    let lines = tollgate_control::Books::audit(&mut world.store, tenant, 0, 100).unwrap();
    let read = |line: tollgate_control::Line| {
        let entry: Value = serde_json::from_str(&line.text).unwrap();
        ["actor", "operation", "subject"]
            .map(|name| entry["entry"][name].as_str().unwrap().to_owned())
    };
    lines.into_iter().map(read).collect()
}

fn spec(name: &str, scope: LimitScope, burst: u64) -> LimitSpec {
    let name = name.to_owned();
    LimitSpec { name, scope, burst, rate: 1, period_ms: 1_000, changed: Stamp::default() }
}

/// Changes, whose chain tells each, and how: what is done to what.
type Case = (Change, Option<&'static str>, &'static str, String);

fn cases(key: &Key, second: Secret) -> Vec<Case> {
    let id = || key.id.clone();
    let (tenant, owner) = (|| "acme".to_owned(), || "dev".to_owned());
    let limits = [("shared", LimitScope::Tenant), ("all", LimitScope::Global)];
    let limits = limits.map(|(name, scope)| spec(name, scope, 5)).to_vec();
    let settings = Settings { limits, ..key.settings.clone() };
    let renumber = |tenant: &str, spec| Change::Renumber {
        tenant: tenant.to_owned(),
        owner: String::new(),
        spec: Renumbered::Limit(spec),
    };
    let acme = [
        (Change::Update { id: id(), settings, expected: None }, "keys.update", id()),
        (
            renumber("acme", spec("shared", LimitScope::Tenant, 9)),
            "limits.set",
            "shared".to_owned(),
        ),
        (Change::Rotate { id: id(), secret: second, grace_ms: 60_000 }, "keys.rotate", id()),
        (Change::RevokeSecret { lookup: key.secrets[0].lookup }, "secrets.revoke", id()),
        (Change::Disable { id: id() }, "keys.disable", id()),
        (Change::Enable { id: id() }, "keys.enable", id()),
        (Change::StopOwner { tenant: tenant(), owner: owner() }, "owners.stop", owner()),
        (Change::ResumeOwner { tenant: tenant(), owner: owner() }, "owners.resume", owner()),
        (Change::StopTenant { tenant: tenant() }, "tenants.stop", tenant()),
        (Change::ResumeTenant { tenant: tenant() }, "tenants.resume", tenant()),
    ];
    let acme = acme.into_iter().map(|(change, what, to)| (change, Some("acme"), what, to));
    let own =
        (renumber("", spec("all", LimitScope::Global, 9)), None, "limits.set", "all".to_owned());
    let last = (Change::Revoke { id: id() }, Some("acme"), "keys.revoke", id());
    acme.chain([own, last]).collect()
}

#[test]
fn every_change_that_the_command_makes_is_told_as_its_own() {
    let mut world = World::new();
    let (_, key) = world.key_of(settings("acme", "dev", &[]));
    let second = Secret::new(LookupId::new([9; 16]), world.peppers.issuing());
    let now = world.now;
    for (change, of, operation, subject) in cases(&key, second) {
        let receipt = Commanded(&mut world.store).change(&change, now).unwrap();
        assert_eq!(receipt.stamp, world.store.stamp().unwrap());
        let last = told(&mut world, of).pop().unwrap();
        assert_eq!(last, ["command".to_owned(), operation.to_owned(), subject], "{change:?}");
    }
    // What is refused is not told.
    let refused = Commanded(&mut world.store).change(&Change::Enable { id: key.id }, now);
    assert!(refused.is_err());
    assert_eq!(told(&mut world, Some("acme")).len(), 11);
    // What is done outside the store is in the deployment's own chain, which operators read.
    assert!(Commanded(&mut world.store).tell("signing-keys.retire", "k1", now));
    let root = world.root();
    let lines = world.get(&root, "/api/audit?chain=deployment");
    let lines = lines.body["lines"].as_array().unwrap();
    assert_eq!((lines.len(), &lines[1]["entry"]["tenant"]), (2, &Value::Null));
    assert_eq!(lines[1]["entry"]["operation"], "signing-keys.retire");
    assert_eq!(lines[0]["entry"]["after"]["numbers"]["burst"], 9);
    for chain in ["tenant=acme", "chain=deployment"] {
        let found = world.get(&root, &format!("/api/audit/verify?{chain}"));
        assert_eq!(found.body["verified"], json!(true), "{chain}: {}", found.text);
    }
}

#[test]
fn where_the_audit_is_damaged_beyond_going_on_the_command_can_still_revoke() {
    let mut raw = Raw::new("commanded");
    let (_, key) = raw.world.key_of(settings("acme", "dev", &[]));
    raw.fill("acme", 1);
    raw.does("UPDATE audit SET number = 9007199254740993");
    let (now, id) = (raw.world.now, key.id);
    let mut commanded = Commanded(&mut raw.world.store);
    assert!(commanded.change(&Change::Enable { id: id.clone() }, now).is_err());
    assert!(!tollgate_control::Books::take_untold(commanded.0));
    assert!(commanded.change(&Change::Revoke { id }, now).is_ok());
    assert!(tollgate_control::Books::take_untold(commanded.0), "and says that it is not told");
}

#[test]
fn scopes_that_the_command_says_are_all_that_a_key_has_whatever_its_roles_become() {
    let mut world = World::new();
    let admin = world.admin("acme", "admin", &EVERYTHING);
    world.call(&admin, ("POST", "/api/roles"), &role("reader", &["orders:read"]));
    let made = world.call(&admin, ("POST", "/api/keys"), &key(&["lists:read"], &["reader"]));
    let id = made.body["key"]["id"].as_str().unwrap().to_owned();
    let filed = tollgate_control::Books::key(&mut world.store, &id).unwrap().unwrap();
    let narrowed = Settings { scopes: vec!["lists:read".to_owned()], ..filed.key.settings };
    let change = Change::Update { id: id.clone(), settings: narrowed, expected: None };
    world.now.0 += 5;
    let now = world.now;
    Commanded(&mut world.store).change(&change, now).unwrap();
    let shown = world.get(&admin, &format!("/api/keys/{id}")).body;
    let found = ["scopes", "roles"].map(|name| shown[name].clone());
    assert_eq!((found, &shown["updated"]), ([json!(["lists:read"]), json!([])], &json!(now.0)));
    let patch = json!({ "scopes": ["orders:read", "orders:write"] });
    let patched = world.call(&admin, ("PATCH", "/api/roles/reader"), &patch);
    assert_eq!(patched.status, 200, "{}", patched.text);
    assert_eq!(granted(&mut world, &id), ["lists:read"]);
    // Nobody carries the role any more.
    assert_eq!(world.call(&admin, ("DELETE", "/api/roles/reader"), &Value::Null).status, 200);
}

/// The command, asked for a change of the ledger.
fn commands(world: &mut World, change: &Change) {
    world.now.0 += 5;
    let now = world.now;
    Commanded(&mut world.store).change(change, now).unwrap();
}

#[test]
fn why_somebody_was_stopped_is_not_why_the_command_stops_it_later() {
    let mut world = World::new();
    let root = world.root();
    let (tenant, owner) = (|| "acme".to_owned(), || "bob".to_owned());
    world.key_of(settings("acme", "bob", &[]));
    // With something that is said of it, and there by its keys alone.
    for made in [false, true] {
        if made {
            let bob = json!({ "id": "bob", "kind": "user", "name": "Bob" });
            world.done(&root, ("POST", "/api/owners?tenant=acme"), &bob);
            world.done(&root, ("POST", "/api/tenants"), &json!({ "id": "acme", "name": "Acme" }));
        }
        let stop_owner = Change::StopOwner { tenant: tenant(), owner: owner() };
        let resume_owner = Change::ResumeOwner { tenant: tenant(), owner: owner() };
        let stop_tenant = Change::StopTenant { tenant: tenant() };
        let resume_tenant = Change::ResumeTenant { tenant: tenant() };
        for (path, query, stop, resume) in [
            ("/api/owners/bob", "?tenant=acme", stop_owner, resume_owner),
            ("/api/tenants/acme", "", stop_tenant, resume_tenant),
        ] {
            let read = |world: &mut World| {
                world.done(&root, ("GET", &format!("{path}{query}")), &Value::Null)
            };
            let reason = json!({ "code": "payment", "note": "invoice 1" });
            let post = format!("{path}/stop{query}");
            world.done(&root, ("POST", &post), &reason);
            // It is stopped already: why stays.
            commands(&mut world, &stop);
            assert_eq!(read(&mut world)["reason"], reason, "{path}");
            commands(&mut world, &resume);
            let resumed = read(&mut world);
            commands(&mut world, &stop);
            let stopped = read(&mut world);
            let found = (&stopped["state"], &stopped["reason"]);
            assert_eq!(found, (&json!("disabled"), &Value::Null), "{path}");
            assert_eq!(stopped["name"], resumed["name"], "{path}");
            commands(&mut world, &resume);
        }
    }
}

#[test]
fn a_reason_that_was_left_behind_is_not_that_of_a_new_stop() {
    let mut raw = Raw::new("reasons");
    let root = raw.world.root();
    raw.world.key_of(settings("beta", "bob", &[]));
    let stop = ("POST", "/api/tenants/beta/stop");
    raw.world.done(&root, stop, &json!({ "code": "payment" }));
    // As a command of an older version has resumed it.
    raw.does("DELETE FROM stops");
    commands(&mut raw.world, &Change::StopTenant { tenant: "beta".to_owned() });
    let read = raw.world.done(&root, ("GET", "/api/tenants/beta"), &Value::Null);
    assert_eq!((&read["state"], &read["reason"]), (&json!("disabled"), &Value::Null));
    // What cannot be read keeps nobody from being stopped.
    commands(&mut raw.world, &Change::ResumeTenant { tenant: "beta".to_owned() });
    raw.does("INSERT OR REPLACE INTO documents VALUES ('tenant', 'beta', '', '{')");
    commands(&mut raw.world, &Change::StopTenant { tenant: "beta".to_owned() });
    assert!(raw.world.store.stopped("beta", "bob").unwrap().tenant);
}

#[test]
fn why_a_key_was_disabled_is_not_why_the_command_disables_it_later() {
    let mut world = World::new();
    let root = world.root();
    let (id, _) = world.created(&root, &said("dev"));
    let one = format!("/api/keys/{id}");
    let reason = json!({ "code": "policy", "note": "for now" });
    world.done(&root, ("POST", &format!("{one}/disable")), &reason);
    // It is disabled already: why stays.
    commands(&mut world, &Change::Disable { id: id.clone() });
    assert_eq!(world.done(&root, ("GET", &one), &Value::Null)["reason"], reason);
    for change in [
        Change::Enable { id: id.clone() },
        Change::Disable { id: id.clone() },
        Change::Revoke { id: id.clone() },
    ] {
        commands(&mut world, &change);
        let read = world.done(&root, ("GET", &one), &Value::Null);
        assert_eq!(read["reason"], Value::Null, "{change:?}");
        let kept = tollgate_control::Books::key(&mut world.store, &id).unwrap().unwrap().details;
        assert!(!kept.unwrap().contains("policy"), "{change:?}");
    }
}
