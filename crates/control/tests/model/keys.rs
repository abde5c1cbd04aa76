//! Keys that are made, put and patched.

use serde_json::{Value, json};
use tollgate_control::{
    model::{Changed, Details, KeyPut, NewKey, granted},
    problem::{Code, Problem},
};
use tollgate_core::time::UnixMillis;
use tollgate_ledger::KeyState;

use crate::made::{
    BY, NOW, body, details, key, least, limit, lookup, patch, roles, secret, told, with,
};

const LATER: UnixMillis = UnixMillis(NOW.0 + 5_000);

fn made(members: Value) -> Result<tollgate_control::model::Made, Problem> {
    body::<NewKey>(&with(least(), members)).unwrap().made(BY, None, &roles(), NOW)
}

#[test]
fn a_key_that_says_the_least_is_its_makers_and_may_do_nothing() {
    let made = made(json!({})).unwrap();
    assert_eq!(made.settings, tollgate_ledger::Settings::of("acme", "alice", "live"));
    assert_eq!(made.name, None);
    assert_eq!(made.details.creator.as_deref(), Some("key_admin"));
    assert_eq!((made.details.updated_ms, made.details.template), (NOW.0, None));
}

#[test]
fn a_tenant_cannot_be_said() {
    let problem = body::<NewKey>(&with(least(), json!({ "tenant": "other" }))).unwrap_err();
    assert_eq!(told(&problem), ["/tenant unknown"]);
}

#[test]
fn what_a_new_key_says_is_what_it_has() {
    let said = json!({
        "owner": "bob", "name": "n", "description": "d", "plan": "gold", "scopes": ["z:z"],
        "roles": ["reader"], "limits": [limit()], "metadata": { "a": "b" }, "labels": { "t": "u" },
        "not_before": 5, "expires": NOW.0 + 1,
    });
    let made = made(said).unwrap();
    let settings = &made.settings;
    assert_eq!((settings.owner.as_str(), settings.plan.as_deref()), ("bob", Some("gold")));
    assert_eq!(settings.scopes, ["a:read", "c:read", "z:z"]);
    assert_eq!((settings.not_before, settings.expires), (Some(5), Some(NOW.0 + 1)));
    assert_eq!((settings.limits.len(), made.name.as_deref()), (1, Some("n")));
    assert_eq!(made.details.scopes, ["z:z"]);
    assert_eq!(made.details.roles, ["reader"]);
    assert_eq!(
        (made.details.metadata["a"].as_str(), made.details.labels["t"].as_str()),
        ("b", "u")
    );
}

#[test]
fn a_new_key_that_lacks_something_or_ends_before_it_begins_is_refused() {
    let rows = [
        (json!({ "env": null }), vec!["/env required"]),
        (
            json!({ "roles": ["none", "reader", "no"] }),
            vec!["/roles/0 unknown_name", "/roles/2 unknown_name"],
        ),
        (json!({ "expires": NOW.0 }), vec!["/expires out_of_range"]),
        (json!({ "template": "none" }), vec!["/template unknown_name"]),
    ];
    for (members, expected) in rows {
        let problem = made(members).unwrap_err();
        assert_eq!(
            (problem.code, told(&problem)),
            (Code::BodyInvalid, expected.iter().map(|&it| it.to_owned()).collect())
        );
    }
    let unsaid = body::<NewKey>(&json!({ "env": "live" })).unwrap();
    let problem = unsaid.made(BY, None, &[], NOW).unwrap_err();
    assert_eq!(told(&problem), ["/limits required"]);
}

#[test]
fn roles_grant_scopes_in_order_each_once_and_within_the_bound() {
    let texts =
        |texts: &[&str]| -> Vec<String> { texts.iter().map(|&text| text.to_owned()).collect() };
    let rows: [(&[&str], &[&str], &[&str]); 4] = [
        (&[], &[], &[]),
        (&["b:b", "a:a", "b:b"], &[], &["a:a", "b:b"]),
        (&[], &["writer", "reader"], &["a:read", "a:write", "c:read"]),
        (&["a:write", "*:*"], &["writer"], &["*:*", "a:write", "c:read"]),
    ];
    for (own, names, expected) in rows {
        assert_eq!(granted(&texts(own), &texts(names), &roles()).unwrap(), texts(expected));
    }
    let own: Vec<String> = (0..62).map(|at| format!("x:{at}")).collect();
    assert_eq!(granted(&own, &texts(&["reader"]), &roles()).unwrap().len(), 64);
    let wrong = granted(&own, &texts(&["reader", "writer"]), &roles()).unwrap_err();
    assert_eq!(wrong.len(), 1);
    assert!(wrong[0].detail.contains("64"));
}

fn patched(members: Value) -> Result<Changed, Problem> {
    let put = patch::<KeyPut>(&members)?.applied(&KeyPut::of(&key(), &details()))?;
    put.changed(&key(), &details(), None, &roles(), LATER)
}

#[test]
fn a_patch_of_nothing_changes_nothing() {
    for nothing in [
        json!({}),
        json!({ "owner": "bob" }),
        json!({ "plan": null }),
        json!({ "metadata": {} }),
        json!({ "labels": { "none": null } }),
    ] {
        let changed = patched(nothing).unwrap();
        assert_eq!(
            (changed.settings, changed.details, changed.name),
            (key().settings, details(), key().name)
        );
    }
}

#[test]
fn a_patch_changes_what_it_says_and_keeps_the_rest() {
    let changed = patched(json!({ "plan": "gold", "name": null, "description": "new" })).unwrap();
    assert_eq!((changed.settings.plan.as_deref(), changed.name), (Some("gold"), None));
    assert_eq!(changed.details.description.as_deref(), Some("new"));
    assert_eq!(changed.details.updated_ms, LATER.0);
    let Details { description: _, updated_ms: _, ref metadata, ref labels, ref numbers, .. } =
        changed.details;
    assert_eq!(
        (metadata, labels, numbers),
        (&details().metadata, &details().labels, &details().numbers)
    );
    // Scopes that nobody spoke of stay in their order.
    assert_eq!(changed.settings.scopes, ["b:read", "a:read"]);
    assert_eq!(changed.settings.tenant, "acme");

    let changed =
        patched(json!({ "metadata": { "a/b": null, "f": "g" }, "labels": null })).unwrap();
    let metadata: Vec<(&str, &str)> =
        changed.details.metadata.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!((metadata, changed.details.labels.len()), (vec![("d", "e"), ("f", "g")], 0));

    let changed = patched(json!({ "roles": ["writer"] })).unwrap();
    assert_eq!(changed.settings.scopes, ["a:read", "a:write", "b:read", "c:read"]);
    assert_eq!(changed.details.scopes, ["b:read", "a:read"]);
    let changed = patched(json!({ "limits": [] })).unwrap();
    assert_eq!(changed.settings.limits, []);
}

#[test]
fn a_patch_that_makes_what_could_not_be_put_is_refused_with_the_place() {
    let many: serde_json::Map<String, Value> =
        (0..31).map(|at| (format!("n{at}"), json!("v"))).collect();
    let rows = [
        (json!({ "owner": null }), "/owner required"),
        (json!({ "limits": null }), "/limits required"),
        (json!({ "limits": [with(limit(), json!({ "rate": 0 }))] }), "/limits/0/rate out_of_range"),
        (json!({ "env": "test" }), "/env unknown"),
        (json!({ "tenant": null }), "/tenant unknown"),
        (json!({ "scopes": [null] }), "/scopes/0 wrong_type"),
        (json!({ "metadata": { "x": { "y": "z" } } }), "/metadata/x wrong_type"),
        (json!({ "metadata": many }), "/metadata too_many"),
        (json!({ "not_before": 9, "expires": 9 }), "/expires conflict"),
        (json!({ "roles": ["no"] }), "/roles/0 unknown_name"),
        (json!([]), " wrong_type"),
        (json!(null), " wrong_type"),
    ];
    for (members, expected) in rows {
        let problem = patched(members.clone()).unwrap_err();
        assert_eq!(
            (problem.code, told(&problem)),
            (Code::BodyInvalid, vec![expected.to_owned()]),
            "{members}"
        );
    }
}

#[test]
fn a_number_of_a_secret_stays_when_older_ones_are_forgotten() {
    let mut key = key();
    let mut details = Details::of(&key);
    assert_eq!((details.number_of(lookup(1)), details.lookup(1)), (Some(1), Some(lookup(1))));
    assert_eq!(details.number(lookup(2)), 2);
    assert_eq!(details.number(lookup(2)), 2);
    key.secrets = vec![secret(2), secret(3)];
    details.renumber(&key);
    assert_eq!(details.lookup(1), None);
    assert_eq!((details.number_of(lookup(2)), details.number_of(lookup(3))), (Some(2), Some(3)));
    key.secrets = vec![secret(4)];
    details.renumber(&key);
    assert_eq!((details.numbers.len(), details.number_of(lookup(4))), (1, Some(4)));
}

#[test]
fn details_are_kept_as_they_are_and_nothing_else_is_taken_for_them() {
    let text = details().to_text();
    assert_eq!(Details::from_text(&text), Some(details()));
    for other in [
        "",
        "{}",
        "null",
        &text.replacen("description", "descriptor", 1),
        &text.replacen('{', "{\"x\":1,", 1),
    ] {
        assert_eq!(Details::from_text(other), None, "{other}");
    }
}

#[test]
fn nothing_of_a_key_but_what_is_put_is_in_the_change() {
    let revoked = tollgate_ledger::Key { state: KeyState::Revoked, ..key() };
    let put = KeyPut { plan: Some("x".into()), ..KeyPut::of(&revoked, &details()) };
    // Whether a revoked key may change is the ledger's to say.
    assert!(put.changed(&revoked, &details(), None, &[], LATER).is_ok());
}
