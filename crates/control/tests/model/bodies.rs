//! Bodies are read strictly, and everything that is wrong with one is said at once.

use serde_json::{Value, json};
use tollgate_control::{
    BODY_MAX,
    model::{DEPTH_MAX, KeyPut, NewKey, Owner, Role, Rotation, Tenant, read, tables},
    problem::{Code, PROBLEMS_MAX},
};

use crate::made::{body, least, limit, quota, told, whole, with};

fn check(text: &str, expected: &[&str]) {
    let problem = read::<KeyPut>(text.as_bytes()).unwrap_err();
    assert_eq!((problem.code, told(&problem)), (Code::BodyInvalid, strings(expected)), "{text}");
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn a_body_that_says_everything_is_read_and_says_the_same_again() {
    let read: KeyPut = body(&whole()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), whole());
    let least = json!({ "owner": "bob", "scopes": [], "limits": [] });
    let read: KeyPut = body(&least).unwrap();
    assert_eq!((read.expires, read.name, read.quotas.len()), (None, None, 0));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let wrong = json!({
        "owner": "a b", "colour": 1, "scopes": ["a", "a:b", "a:b"], "plan": 7, "expires": 1.5,
        "limits": [with(limit(), json!({ "rate": -1, "burst": "10" })), { "name": "@x" }, 3],
        "labels": { "Team": "x", "b": "" }, "metadata": [], "not_before": 0,
    });
    let expected = [
        "/colour unknown",
        "/owner malformed",
        "/plan wrong_type",
        "/scopes/0 malformed",
        "/scopes/2 duplicate",
        "/limits/0/burst wrong_type",
        "/limits/0/rate out_of_range",
        "/limits/1/name malformed",
        "/limits/1/scope required",
        "/limits/1/burst required",
        "/limits/1/rate required",
        "/limits/1/period_ms required",
        "/limits/2 wrong_type",
        "/metadata wrong_type",
        "/labels/Team malformed",
        "/labels/b too_short",
        "/not_before out_of_range",
        "/expires not_integer",
    ];
    check(&wrong.to_string(), &expected);
}

#[test]
fn each_rule_of_a_value_has_a_fault_and_a_place_of_its_own() {
    let many = |count: usize| -> Vec<String> { (0..count).map(|at| format!("a:{at}")).collect() };
    let entries = |count: usize| -> Value {
        (0..count)
            .map(|at| (format!("n{at}"), json!("v")))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let rows = [
        (json!({ "owner": null }), "/owner wrong_type"),
        (json!({ "name": "" }), "/name too_short"),
        (json!({ "name": "n".repeat(129) }), "/name too_long"),
        (json!({ "name": "a\nb" }), "/name malformed"),
        (json!({ "name": "a\u{202e}b" }), "/name malformed"),
        (json!({ "description": "d".repeat(513) }), "/description too_long"),
        (json!({ "description": "a\u{7f}" }), "/description malformed"),
        (json!({ "description": "a\u{2028}" }), "/description malformed"),
        (json!({ "description": "a\u{2066}" }), "/description malformed"),
        (json!({ "scopes": many(65) }), "/scopes too_many"),
        (json!({ "scopes": "a:b" }), "/scopes wrong_type"),
        (json!({ "scopes": [null] }), "/scopes/0 wrong_type"),
        (json!({ "roles": ["a", "a"] }), "/roles/1 duplicate"),
        (json!({ "roles": many(17) }), "/roles too_many"),
        (json!({ "limits": null }), "/limits wrong_type"),
        (json!({ "limits": vec![limit(); 9] }), "/limits too_many"),
        (json!({ "quotas": vec![quota(); 5] }), "/quotas too_many"),
        (
            json!({ "quotas": [with(quota(), json!({ "scope": "ip" }))] }),
            "/quotas/0/scope malformed",
        ),
        (
            json!({ "quotas": [with(quota(), json!({ "period": "hour" }))] }),
            "/quotas/0/period malformed",
        ),
        (
            json!({ "limits": [with(limit(), json!({ "changed": [1, 2] }))] }),
            "/limits/0/changed unknown",
        ),
        (json!({ "limits": [with(limit(), json!({ "rate": 0 }))] }), "/limits/0/rate out_of_range"),
        (
            json!({ "limits": [with(limit(), json!({ "rate": 1_u64 << 32 }))] }),
            "/limits/0/rate out_of_range",
        ),
        (
            json!({ "limits": [with(limit(), json!({ "rate": 1e300 }))] }),
            "/limits/0/rate out_of_range",
        ),
        (
            json!({ "limits": [with(limit(), json!({ "rate": 1.0 }))] }),
            "/limits/0/rate not_integer",
        ),
        (
            json!({ "limits": [with(limit(), json!({ "rate": true }))] }),
            "/limits/0/rate wrong_type",
        ),
        (json!({ "ips_allowed": ["192.0.2.1/24"] }), "/ips_allowed/0 malformed"),
        (json!({ "ips_denied": vec!["::/0"; 2] }), "/ips_denied/1 duplicate"),
        (json!({ "countries_allowed": ["XX"] }), "/countries_allowed/0 malformed"),
        (json!({ "countries_denied": ["nz"] }), "/countries_denied/0 malformed"),
        (json!({ "metadata": entries(33) }), "/metadata too_many"),
        (json!({ "metadata": { "a/~": 1 } }), "/metadata/a~1~0 wrong_type"),
        (json!({ "metadata": { "": "x" } }), "/metadata/ too_short"),
        (json!({ "metadata": { "x": "y".repeat(513) } }), "/metadata/x too_long"),
        (json!({ "metadata": { "x": null } }), "/metadata/x wrong_type"),
        (json!({ "labels": entries(17) }), "/labels too_many"),
        (json!({ "expires": (1_u64 << 53) + 1 }), "/expires out_of_range"),
        (json!({ "template": "other" }), "/template unknown"),
        (json!({ "env": "test" }), "/env unknown"),
    ];
    for (members, expected) in rows {
        check(&with(whole(), members).to_string(), &[expected]);
    }
    let full: serde_json::Map<String, Value> =
        (0..10).map(|at| (format!("n{at}"), json!("v".repeat(450)))).collect();
    check(&with(whole(), json!({ "metadata": full })).to_string(), &["/metadata too_long"]);
    for missing in ["owner", "scopes", "limits"] {
        let mut value = whole();
        value.as_object_mut().unwrap().remove(missing);
        check(&value.to_string(), &[&format!("/{missing} required")]);
    }
}

#[test]
fn what_is_right_by_itself_and_wrong_together_is_said_by_the_ledgers_rules() {
    let huge = with(limit(), json!({ "burst": 4_294_967_295_u64, "period_ms": 4_294_967_295_u64 }));
    let rows = [
        (json!({ "not_before": 5, "expires": 5 }), vec!["/expires conflict"]),
        (json!({ "limits": [limit(), limit()] }), vec!["/limits/1/name conflict"]),
        (
            json!({ "limits": [huge], "not_before": 9, "expires": 8 }),
            vec!["/limits/0 conflict", "/expires conflict"],
        ),
    ];
    for (members, expected) in rows {
        check(&with(whole(), members.clone()).to_string(), &expected);
        let new = body::<NewKey>(&with(least(), members)).unwrap_err();
        assert_eq!((new.code, told(&new)), (Code::BodyInvalid, strings(&expected)));
    }
}

#[test]
fn what_stands_twice_or_too_deep_is_said_with_the_rest() {
    let twice = r#"{"owner":"a","owner":"b","scopes":[],"limits":[{"name":"x","name":"y","scope":"key","burst":1,"rate":1,"period_ms":1}],"x":0}"#;
    check(twice, &["/owner duplicate", "/limits/0/name duplicate", "/x unknown"]);
    let escaped = r#"{"owner":"a","own\u0065r":"b","scopes":[],"limits":[]}"#;
    check(escaped, &["/owner duplicate"]);
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let inside = |depth: usize| format!(r#"{{"owner":{},"scopes":[],"limits":[]}}"#, deep(depth));
    check(&inside(DEPTH_MAX - 1), &["/owner wrong_type"]);
    check(
        &inside(DEPTH_MAX),
        &[&format!("/owner{} too_deep", "/0".repeat(DEPTH_MAX)), "/owner wrong_type"],
    );
    // So deep that a reader which held all of it would run out of stack.
    check(
        &inside(30_000),
        &[&format!("/owner{} too_deep", "/0".repeat(DEPTH_MAX)), "/owner wrong_type"],
    );
}

#[test]
fn a_list_of_what_is_wrong_has_an_end_and_says_so() {
    let unknown: serde_json::Map<String, Value> =
        (0..PROBLEMS_MAX + 9).map(|at| (format!("x{at}"), Value::Null)).collect();
    let problem = body::<KeyPut>(&unknown.into()).unwrap_err();
    assert_eq!(problem.errors.len(), PROBLEMS_MAX);
    assert!(problem.detail.ends_with("More is wrong than is listed."), "{}", problem.detail);
    let problem = body::<KeyPut>(&json!({ "x": 1 })).unwrap_err();
    assert!(!problem.detail.contains("More is wrong"));
}

#[test]
fn a_name_that_is_too_long_is_not_repeated() {
    let name = "n".repeat(5_000);
    let problem = body::<KeyPut>(&with(whole(), json!({ name.clone(): 1 }))).unwrap_err();
    assert_eq!(told(&problem), [" unknown"]);
    assert!(!problem.body("r").contains(&name));
}

#[test]
fn what_is_no_json_is_said_to_be_none_and_where() {
    for text in [
        "",
        " ",
        "{",
        "{}{}",
        "{\"a\":}",
        "{'a':1}",
        "[1,]",
        "nul",
        "{\"a\":1,}",
        "01",
        "\u{feff}{}",
        "\"\\ud800\"",
        "\"\n\"",
        "NaN",
        "{\"a\":+1}",
        "1e999",
    ] {
        let problem = read::<KeyPut>(text.as_bytes()).unwrap_err();
        assert_eq!(
            (problem.code, told(&problem)),
            (Code::BodyMalformed, strings(&[" malformed"])),
            "{text}"
        );
    }
    let problem = read::<KeyPut>(b"{\"a\":\"\xff\"}").unwrap_err();
    assert_eq!(problem.code, Code::BodyMalformed);
    for text in ["null", "[]", "1", "\"x\"", "true", "1.5"] {
        check(text, &[" wrong_type"]);
    }
}

#[test]
fn a_body_is_as_long_as_it_may_be_and_no_longer() {
    let padded = |len: usize| {
        let text = whole().to_string();
        format!("{text}{}", " ".repeat(len - text.len()))
    };
    assert!(read::<KeyPut>(padded(BODY_MAX).as_bytes()).is_ok());
    let problem = read::<KeyPut>(padded(BODY_MAX + 1).as_bytes()).unwrap_err();
    assert_eq!((problem.code, problem.status()), (Code::BodyTooLarge, 413));
    assert!(problem.detail.contains(&BODY_MAX.to_string()));
}

#[test]
fn roles_do_not_nest() {
    let nested = json!({ "name": "r", "scopes": ["a:b"], "roles": ["other"] });
    let problem = body::<Role>(&nested).unwrap_err();
    assert_eq!(told(&problem), ["/roles not_allowed"]);
    assert!(problem.errors[0].detail.contains("do not nest"));
}

#[test]
fn the_other_bodies_are_read_as_strictly() {
    let tenant: Tenant = body(&json!({ "id": "acme", "name": null })).unwrap();
    assert_eq!((tenant.id.as_str(), tenant.name), ("acme", None));
    for kind in tables::OWNER_KINDS {
        let owner: Owner = body(&json!({ "id": "bob", "kind": kind })).unwrap();
        assert_eq!(owner.kind, kind);
    }
    let problem =
        body::<Owner>(&json!({ "id": "", "kind": "robot", "metadata": null })).unwrap_err();
    assert_eq!(told(&problem), ["/id too_short", "/kind malformed", "/metadata wrong_type"]);
    assert_eq!(body::<Rotation>(&json!({})).unwrap(), Rotation { grace_ms: 0 });
    let most = tollgate_ledger::GRACE_MAX_MS;
    assert_eq!(body::<Rotation>(&json!({ "grace_ms": most })).unwrap().grace_ms, most);
    let problem = body::<Rotation>(&json!({ "grace_ms": most + 1 })).unwrap_err();
    assert_eq!(told(&problem), ["/grace_ms out_of_range"]);
}
