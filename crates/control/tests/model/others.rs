//! Tenants, owners, roles and templates that are put and patched.

use core::fmt::Debug;

use serde_json::{Value, json};
use tollgate_control::model::{Document, Owner, Role, Template, Tenant};

use crate::made::{body, limit, patch, put, told, with};

/// Of a document: `new` and a patch of nothing are the same, `put` gives it its name again, no body can change that.
fn check<T: Document + PartialEq + Debug>(new: &Value, patches: &[(Value, Result<Value, &str>)]) {
    let named = T::NAME.unwrap();
    let made: T = body(new).unwrap();
    let mut rest = new.clone();
    let name = rest.as_object_mut().unwrap().remove(named).unwrap();
    assert_eq!(put::<T>(name.as_str().unwrap(), &rest).unwrap(), made);
    let problem = put::<T>("other", new).unwrap_err();
    assert_eq!(told(&problem), [format!("/{named} unknown")]);
    assert_eq!(patch::<T>(&json!({})).unwrap().applied(&made).unwrap(), made);
    for (members, expected) in patches {
        let patched = patch::<T>(members).and_then(|patch| patch.applied(&made));
        let found = patched.map_err(|problem| told(&problem).join(", "));
        let expected = match expected {
            Ok(after) => Ok(put::<T>(name.as_str().unwrap(), after).unwrap()),
            Err(wrong) => Err((*wrong).to_owned()),
        };
        assert_eq!(found, expected, "{members}");
    }
}

#[test]
fn what_is_said_of_holders_and_roles_is_put_and_patched_but_for_its_name() {
    let tenant =
        json!({ "id": "acme", "name": "Acme", "description": null, "metadata": { "a": "b" } });
    check::<Tenant>(
        &tenant,
        &[
            (json!({ "name": null, "metadata": { "a": null } }), Ok(json!({}))),
            (json!({ "id": "x" }), Err("/id unknown")),
        ],
    );
    let owner = json!({ "id": "bob", "kind": "user" });
    check::<Owner>(
        &owner,
        &[
            (json!({ "kind": "team", "name": "B" }), Ok(json!({ "kind": "team", "name": "B" }))),
            (json!({ "kind": null }), Err("/kind required")),
        ],
    );
    let role = json!({ "name": "reader", "scopes": ["a:read"] });
    check::<Role>(
        &role,
        &[
            (
                json!({ "scopes": ["b:b"], "description": "d" }),
                Ok(json!({ "scopes": ["b:b"], "description": "d" })),
            ),
            (json!({ "scopes": null }), Err("/scopes required")),
            (json!({ "roles": ["x"] }), Err("/roles not_allowed")),
            (json!({ "roles": null }), Err("/roles not_allowed")),
        ],
    );
}

#[test]
fn what_is_said_of_a_template_is_merged_within_its_parts() {
    let template = json!({
        "name": "standard", "defaults": { "plan": "gold", "scopes": ["a:a"], "limits": [limit()], "lifetime_ms": 5 },
        "naming": { "prefix": "a" }, "lifetime_max_ms": 9, "overridable": ["plan"],
    });
    let rest = |members: Value| {
        let mut rest = with(template.clone(), members);
        rest.as_object_mut().unwrap().remove("name");
        Ok(rest)
    };
    check::<Template>(
        &template,
        &[
            (
                json!({ "defaults": { "plan": null, "scopes": null, "env": "live" } }),
                rest(
                    json!({ "defaults": { "env": "live", "limits": [limit()], "lifetime_ms": 5 } }),
                ),
            ),
            (
                json!({ "naming": { "prefix": null, "suffix": "z" } }),
                rest(json!({ "naming": { "suffix": "z" } })),
            ),
            (
                json!({ "naming": null, "defaults": null }),
                rest(json!({ "naming": null, "defaults": {} })),
            ),
            (json!({ "lifetime_max_ms": 4 }), Err("/defaults/lifetime_ms conflict")),
            (json!({ "defaults": { "limits": [null] } }), Err("/defaults/limits/0 wrong_type")),
            (
                json!({ "defaults": { "labels": { "A": "b" } } }),
                Err("/defaults/labels/A malformed"),
            ),
            (json!({ "defaults": [] }), Err("/defaults wrong_type")),
        ],
    );
}
