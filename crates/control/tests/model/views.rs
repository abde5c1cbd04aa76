//! What a caller is shown of a key.

use serde_json::{Value, json};
use tollgate_control::{
    StoppedBy,
    model::{
        Details, Holding, KeyView, Marks, Owner, Reason, Role, Shown, State, Template, Tenant,
        check, shape::Shape, tables,
    },
    problem::{Findings, Pointer, Problem},
};
use tollgate_core::time::UnixMillis;
use tollgate_ledger::{Key, KeyState, Secret};

use crate::made::{DAY, NOW, STOPPED, body, details, key, lookup, secret, template, with};

fn view(key: &Key, details: Option<&Details>) -> KeyView {
    let used =
        [(lookup(1), UnixMillis(NOW.0 - 5)), (lookup(1), UnixMillis(NOW.0 - 9)), (lookup(9), NOW)];
    KeyView::of(key, details, STOPPED, &used, NOW)
}

/// What is answered is what its schema says, no more and no less.
fn shown(shape: &Shape, value: &Value) {
    let mut findings = Findings::new();
    check(shape, value, &mut Pointer::root(), &mut findings);
    assert_eq!(findings.list(), [], "{value}");
    assert_eq!(
        value.as_object().unwrap().len(),
        shape.fields().count() - refused(shape),
        "{value}"
    );
}

fn refused(shape: &Shape) -> usize {
    shape
        .fields()
        .filter(|field| matches!(field.kind, tollgate_control::model::shape::Kind::Refused(_)))
        .count()
}

#[test]
fn a_key_is_shown_with_and_without_details_as_its_schema_says() {
    let bare = view(&key(), None);
    shown(&tables::KEY, &serde_json::to_value(&bare).unwrap());
    assert_eq!(
        (bare.scopes.as_slice(), bare.granted.as_slice()),
        (key().settings.scopes.as_slice(), key().settings.scopes.as_slice())
    );
    assert_eq!(
        (bare.version.as_str(), bare.last_used, bare.updated),
        ("1.42", Some(NOW.0 - 5), NOW.0 - DAY)
    );
    let details = Details {
        template: Some("standard".into()),
        creator: Some("key_admin".into()),
        updated_ms: NOW.0,
        rotation_ms: Some(2 * DAY),
        ..details()
    };
    let full = view(&key(), Some(&details));
    shown(&tables::KEY, &serde_json::to_value(&full).unwrap());
    assert_eq!((full.updated, full.rotate_by), (NOW.0, Some(NOW.0 + DAY)));
    assert_eq!(
        (full.description.as_deref(), full.labels["team"].as_str()),
        (Some("old"), "billing")
    );
}

#[test]
fn a_secret_is_shown_by_its_number_and_when_it_is_good() {
    let mut key = key();
    key.secrets.push(Secret { ends_ms: Some(NOW.0), ..secret(2) });
    key.secrets.push(Secret { ends_ms: Some(NOW.0 + 1), ..secret(3) });
    key.secrets.push(Secret { revoked: true, ..secret(4) });
    let view = view(&key, Some(&details()));
    let found: Vec<_> =
        view.secrets.iter().map(|it| (it.number, it.state, it.ends, it.last_used)).collect();
    let expected = [
        (1, "active", None, Some(NOW.0 - 5)),
        (2, "ended", Some(NOW.0), None),
        (3, "active", Some(NOW.0 + 1), None),
        (4, "revoked", None, None),
    ];
    assert_eq!(found, expected);
    // Of a key that is revoked none is good any more, and of one that is disabled they will be again.
    key.state = KeyState::Revoked;
    let states = |key: &Key| -> Vec<_> {
        crate::views::view(key, Some(&details()))
            .secrets
            .iter()
            .map(|secret| secret.state)
            .collect()
    };
    assert_eq!(states(&key), ["revoked"; 4]);
    key.state = KeyState::Disabled;
    assert_eq!(states(&key), ["active", "ended", "active", "revoked"]);
}

#[test]
fn a_reason_is_shown_while_the_key_is_not_active() {
    let reason = Reason { code: "compromised".into(), note: None };
    let details = Details { reason: Some(reason.clone()), ..details() };
    for (state, expected) in [
        (KeyState::Active, None),
        (KeyState::Disabled, Some(reason.clone())),
        (KeyState::Revoked, Some(reason.clone())),
    ] {
        let view = view(&Key { state, ..key() }, Some(&details));
        assert_eq!((view.state, &view.reason), (state, &expected));
        shown(&tables::KEY, &serde_json::to_value(&view).unwrap());
    }
    for code in tables::REASONS {
        assert_eq!(body::<Reason>(&json!({ "code": code })).unwrap().code, code);
    }
    assert!(body::<Reason>(&json!({ "code": "because" })).is_err());
}

#[test]
fn neither_a_secret_nor_what_a_store_knows_it_by_is_shown() {
    let text = serde_json::to_string(&view(&key(), Some(&details()))).unwrap();
    for hidden in [lookup(1).to_string().as_str(), "lookup", "pepper", "numbers", "changed"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}

#[test]
fn everything_else_is_shown_as_its_schema_says() {
    let marks = Marks {
        creator: Some("key_1".into()),
        created: Some(1),
        updated: Some(2),
        version: "1.2".into(),
    };
    let reason = Reason { code: "policy".into(), note: Some("n".into()) };
    let (state, reason, marks) = (State::Disabled, Some(&reason), &marks);
    let stopped_by = Some(StoppedBy::Tenant);
    let tenant: Tenant = body(&json!({ "id": "acme" })).unwrap();
    let owner: Owner = body(&json!({ "id": "bob", "kind": "team" })).unwrap();
    let role: Role = body(&json!({ "name": "r", "scopes": ["a:b"] })).unwrap();
    let rules =
        json!({ "naming": { "prefix": "x" }, "defaults": { "limits": [], "lifetime_ms": 3 } });
    let template: Template = template(with(json!({}), rules));
    shown(
        &tables::TENANT,
        &serde_json::to_value(Holding { said: &tenant, state, stopped_by, reason, marks }).unwrap(),
    );
    shown(
        &tables::OWNER,
        &serde_json::to_value(Holding { said: &owner, state, stopped_by, reason, marks }).unwrap(),
    );
    shown(&tables::ROLE, &serde_json::to_value(Shown { said: &role, marks }).unwrap());
    shown(&tables::TEMPLATE, &serde_json::to_value(Shown { said: &template, marks }).unwrap());
    let problem = body::<Tenant>(&json!({ "id": "", "x\u{7}": 1 })).unwrap_err();
    let text: Value = serde_json::from_str(&problem.body("req-1")).unwrap();
    shown(&tables::PROBLEM, &text);
    let bare: Value = serde_json::from_str(&Problem::new(problem.code).body("")).unwrap();
    let mut findings = Findings::new();
    check(&tables::PROBLEM, &bare, &mut Pointer::root(), &mut findings);
    assert!(findings.is_empty());
}
