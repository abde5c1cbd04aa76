//! What tests start from.

use serde_json::{Value, json};
use tollgate_control::{
    model::{Body, By, Details, Document, Patch, Role, Template, read, read_put},
    problem::{Finding, Place, Problem},
};
use tollgate_core::{lookup::LookupId, pepper::PepperId, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Key, KeyState, LimitSpec, Secret, Settings, Stopped};

pub(crate) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
pub(crate) const DAY: u64 = 86_400_000;
pub(crate) const BY: By<'_> = By { tenant: "acme", owner: "alice", key: "key_admin" };

/// Nobody is.
pub(crate) const STOPPED: Stopped = Stopped { owner: false, tenant: false };

pub(crate) fn body<T: Body>(value: &Value) -> Result<T, Problem> {
    read(value.to_string().as_bytes())
}

pub(crate) fn put<T: Document>(name: &str, value: &Value) -> Result<T, Problem> {
    read_put(name, value.to_string().as_bytes())
}

pub(crate) fn patch<T: Document>(value: &Value) -> Result<Patch<T>, Problem> {
    Patch::read(value.to_string().as_bytes())
}

/// What is wrong, as `/place fault`, in the order of the answer.
pub(crate) fn told(problem: &Problem) -> Vec<String> {
    problem.errors.iter().map(one).collect()
}

fn one(finding: &Finding) -> String {
    let place = match &finding.place {
        Place::Pointer(pointer) => pointer.clone(),
        Place::Parameter(name) => format!("?{name}"),
        Place::Header(name) => format!("{name}:"),
    };
    format!("{place} {}", finding.fault.as_str())
}

pub(crate) fn limit() -> Value {
    json!({ "name": "burst", "scope": "key", "burst": 10, "rate": 5, "period_ms": 1000 })
}

pub(crate) fn quota() -> Value {
    json!({ "name": "daily", "scope": "tenant", "count": 100, "period": "day" })
}

/// The least that makes a key.
pub(crate) fn least() -> Value {
    json!({ "env": "live", "limits": [] })
}

/// `value` with some members replaced.
pub(crate) fn with(mut value: Value, members: Value) -> Value {
    let (Value::Object(map), Value::Object(members)) = (&mut value, members) else { panic!() };
    map.extend(members);
    value
}

/// A key put in the place of another, with everything that can be said.
pub(crate) fn whole() -> Value {
    json!({
        "owner": "bob",
        "name": "Billing",
        "description": "for invoices",
        "plan": "gold",
        "scopes": ["invoices:read", "b:*"],
        "roles": ["reader"],
        "limits": [limit()],
        "quotas": [quota()],
        "ips_allowed": ["192.0.2.0/24"],
        "ips_denied": ["2001:db8::/32"],
        "countries_allowed": ["NZ"],
        "countries_denied": ["T1"],
        "metadata": { "a/b~c": "d" },
        "labels": { "team": "billing" },
        "not_before": 1_600_000_000_000_u64,
        "expires": 1_800_000_000_000_u64,
    })
}

pub(crate) fn lookup(number: u8) -> LookupId {
    LookupId::new([number; 16])
}

pub(crate) fn secret(number: u8) -> Secret {
    let secret = Secret::new(lookup(number), PepperId::new(3).unwrap());
    Secret { created_ms: NOW.0 - DAY, ..secret }
}

/// A key that was made by the command, without the control plane.
pub(crate) fn key() -> Key {
    let limits = vec![LimitSpec {
        name: "burst".to_owned(),
        scope: tollgate_core::limit::LimitScope::Key,
        burst: 10,
        rate: 5,
        period_ms: 1_000,
        changed: Stamp { incarnation: 1, epoch: 7 },
    }];
    // In no order, as they were given.
    let scopes = vec!["b:read".to_owned(), "a:read".to_owned()];
    Key {
        id: "key_1".to_owned(),
        name: Some("Billing".to_owned()),
        created_ms: NOW.0 - DAY,
        state: KeyState::Active,
        settings: Settings { scopes, limits, ..Settings::of("acme", "bob", "live") },
        secrets: vec![secret(1)],
        changed: Stamp { incarnation: 1, epoch: 42 },
    }
}

pub(crate) fn details() -> Details {
    let metadata = [("a/b".to_owned(), "c".to_owned()), ("d".to_owned(), "e".to_owned())].into();
    let labels = [("team".to_owned(), "billing".to_owned())].into();
    Details { metadata, labels, description: Some("old".to_owned()), ..Details::of(&key()) }
}

pub(crate) fn roles() -> Vec<Role> {
    let role = |name: &str, scopes: &[&str]| Role {
        name: name.to_owned(),
        description: None,
        scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
    };
    vec![role("reader", &["c:read", "a:read"]), role("writer", &["a:write", "c:read"])]
}

pub(crate) fn template(value: Value) -> Template {
    body(&with(json!({ "name": "standard" }), value)).unwrap()
}
