//! Whose a stop of an owner is, and who ends it.

use serde_json::{Value, json};
use tollgate_ledger::{Change, Ledger};
use tollgate_store_sqlite::Commanded;

use crate::{
    made::{EVERYTHING, OPERATORS, World, said},
    meanwhile::meddled,
    raw::Raw,
};

const BOB: &str = "/api/owners/bob";
const STOP: (&str, &str) = ("POST", "/api/owners/bob/stop");
const RESUME: (&str, &str) = ("POST", "/api/owners/bob/resume");

/// Who does something to an owner of a tenant.
#[derive(Clone, Copy, Debug)]
enum By {
    /// A key of the tenant, with every scope.
    Tenant,
    /// A key of the operators that changes every tenant.
    Operator,
    /// Whoever runs the command where the store is, on the ledger.
    Command,
}

struct Keys {
    tenant: String,
    operator: String,
}

fn world() -> (World, Keys) {
    let mut world = World::new();
    let keys = Keys { tenant: world.admin("acme", "admin", &EVERYTHING), operator: world.root() };
    world.created(&keys.tenant, &said("bob"));
    (world, keys)
}

fn stop(world: &mut World, keys: &Keys, by: By) -> u16 {
    let operators = format!("{}?tenant=acme", STOP.1);
    match by {
        By::Tenant => world.call(&keys.tenant, STOP, &json!({ "code": "unused" })).status,
        By::Operator => world.call(&keys.operator, (STOP.0, &operators), &Value::Null).status,
        By::Command => {
            let change = Change::StopOwner { tenant: "acme".into(), owner: "bob".into() };
            let now = world.now;
            Commanded(&mut world.store).change(&change, now).map_or(500, |_| 200)
        }
    }
}

#[test]
fn an_owner_that_operators_stopped_is_resumed_by_no_key_of_its_tenant() {
    for (stops, whose) in [
        (&[By::Tenant][..], "tenant"),
        (&[By::Tenant, By::Tenant], "tenant"),
        (&[By::Operator], "operators"),
        (&[By::Command], "operators"),
        // Whoever comes later makes it theirs, or has nothing to say any more.
        (&[By::Tenant, By::Operator], "operators"),
        (&[By::Tenant, By::Command], "operators"),
        (&[By::Operator, By::Tenant], "operators"),
        (&[By::Command, By::Tenant], "operators"),
    ] {
        let (mut world, keys) = world();
        for (at, by) in stops.iter().enumerate() {
            let kept = at > 0 && whose == "operators" && matches!(by, By::Tenant);
            let expected = if kept { 403 } else { 200 };
            assert_eq!(stop(&mut world, &keys, *by), expected, "{stops:?}: {by:?}");
        }
        let read = world.done(&keys.tenant, ("GET", BOB), &Value::Null);
        assert_eq!((&read["state"], &read["stopped_by"]), (&json!("disabled"), &json!(whose)));
        let listed = world.done(&keys.tenant, ("GET", "/api/owners"), &Value::Null);
        assert_eq!(listed["owners"][1], read);
        let told = world.call(&keys.tenant, RESUME, &Value::Null);
        if whose == "operators" {
            assert_eq!((told.status, told.code()), (403, "forbidden"), "{stops:?}");
            assert_eq!(world.done(&keys.tenant, ("GET", BOB), &Value::Null), read);
            let path = format!("{}?tenant=acme", RESUME.1);
            let resumed = world.call(&keys.operator, (RESUME.0, &path), &Value::Null);
            assert_eq!(resumed.status, 200, "{stops:?}: {}", resumed.text);
            // What is stopped from then on is the tenant's again.
            assert_eq!(stop(&mut world, &keys, By::Tenant), 200);
            world.done(&keys.tenant, RESUME, &Value::Null);
        } else {
            assert_eq!(told.status, 200, "{stops:?}: {}", told.text);
        }
        let read = world.done(&keys.tenant, ("GET", BOB), &Value::Null);
        assert_eq!((&read["state"], &read["stopped_by"]), (&json!("active"), &Value::Null));
    }
}

/// In the operators' own tenant too it counts what somebody may change, and not where its key is.
#[test]
fn a_key_of_the_operators_that_changes_no_other_tenant_ends_no_stop_of_those_that_do() {
    let (mut world, keys) = world();
    let member = world.admin(OPERATORS, "clerk", &["keys:*", "owners:*", "tenants:read"]);
    world.created(&keys.operator, &said("bob"));
    for (by, whose, resumed) in [(&member, "tenant", 200), (&keys.operator, "operators", 403)] {
        world.done(by, STOP, &Value::Null);
        let read = world.done(&member, ("GET", BOB), &Value::Null);
        assert_eq!(read["stopped_by"], whose);
        assert_eq!(world.call(&member, RESUME, &Value::Null).status, resumed, "{whose}");
    }
}

#[test]
fn operators_who_stop_an_owner_while_its_tenant_resumes_it_have_stopped_it() {
    let (mut world, keys) = world();
    world.done(&keys.tenant, STOP, &Value::Null);
    let stop = Change::StopOwner { tenant: "acme".into(), owner: "bob".into() };
    let (status, body) = meddled(&mut world, &keys.tenant, RESUME, &json!({}), vec![stop]);
    assert_eq!((status, &body["code"]), (403, &json!("forbidden")), "{body}");
    let read = world.done(&keys.tenant, ("GET", BOB), &Value::Null);
    assert_eq!((&read["state"], &read["stopped_by"]), (&json!("disabled"), &json!("operators")));
}

/// It knows nothing of whose a stop is, and may be an operator.
#[test]
fn what_a_program_of_a_version_before_stops_is_of_the_operators() {
    let mut raw = Raw::new("stops");
    let admin = raw.world.admin("acme", "admin", &EVERYTHING);
    raw.world.created(&admin, &said("bob"));
    raw.does(
        "INSERT INTO stops (tenant, owner, at_ms) VALUES ('acme', 'bob', 1) ON CONFLICT DO NOTHING",
    );
    let told = raw.world.call(&admin, RESUME, &Value::Null);
    assert_eq!((told.status, told.code()), (403, "forbidden"));
    // When it has ended that, nothing of it is left.
    raw.does("DELETE FROM stops WHERE tenant = 'acme' AND owner = 'bob'");
    raw.world.done(&admin, STOP, &Value::Null);
    raw.world.done(&admin, RESUME, &Value::Null);
}
