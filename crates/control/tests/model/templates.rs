//! Templates: what they give, what they leave, and what they never allow.

use serde_json::{Value, json};
use tollgate_control::{
    model::{Changed, Details, KeyPut, Made, NewKey, Template},
    problem::Problem,
};

use crate::made::{BY, DAY, NOW, body, key, limit, patch, roles, template, told, with};

fn standard() -> Value {
    json!({
        "defaults": {
            "env": "live", "plan": "gold", "scopes": ["t:t"], "limits": [limit()], "labels": { "by": "template" },
            "lifetime_ms": 30 * DAY,
        },
        "naming": { "prefix": "svc-", "suffix": "-key", "plain": true },
        "lifetime_max_ms": 90 * DAY,
        "rotation_ms": 7 * DAY,
        "overridable": ["plan", "expires"],
    })
}

fn made(rules: Value, said: Value) -> Result<Made, Problem> {
    let said = with(json!({ "template": "standard" }), said);
    body::<NewKey>(&said).unwrap().made(BY, Some(&template(rules)), &roles(), NOW)
}

#[test]
fn a_template_gives_what_its_caller_does_not_say() {
    let made = made(standard(), json!({ "name": "svc-a-key" })).unwrap();
    let settings = &made.settings;
    assert_eq!(
        (settings.env.as_str(), settings.plan.as_deref(), settings.limits.len()),
        ("live", Some("gold"), 1)
    );
    assert_eq!(
        (settings.scopes.as_slice(), settings.expires),
        (["t:t".to_owned()].as_slice(), Some(NOW.0 + 30 * DAY))
    );
    let details = &made.details;
    assert_eq!(
        (details.template.as_deref(), details.rotation_ms),
        (Some("standard"), Some(7 * DAY))
    );
    assert_eq!(details.labels["by"], "template");
}

#[test]
fn a_caller_says_other_than_the_defaults_only_what_the_template_leaves() {
    let rows = [
        (json!({ "plan": "free" }), vec![]),
        (json!({ "plan": "gold", "scopes": ["t:t"] }), vec![]),
        (
            json!({ "ips_allowed": ["192.0.2.0/24"], "owner": "bob", "description": "d", "not_before": 5 }),
            vec![],
        ),
        (json!({ "scopes": [] }), vec!["/scopes not_allowed"]),
        (
            json!({ "scopes": ["t:t", "u:u"], "env": "test" }),
            vec!["/env not_allowed", "/scopes not_allowed"],
        ),
        (json!({ "limits": [] }), vec!["/limits not_allowed"]),
        (json!({ "labels": {} }), vec!["/labels not_allowed"]),
    ];
    for (said, expected) in rows {
        let found = match made(standard(), with(json!({ "name": "svc-a-key" }), said.clone())) {
            Ok(_) => vec![],
            Err(problem) => told(&problem),
        };
        assert_eq!(found, expected, "{said}");
    }
}

#[test]
fn no_key_of_a_template_lives_longer_than_it_says() {
    let free = json!(["expires"]);
    // Default life, longest life, what is asked for, what is given; all in days from now.
    let rows: [[Option<u64>; 4]; 8] = [
        [None, None, None, None],
        [None, None, Some(5), Some(5)],
        [Some(30), None, None, Some(30)],
        [Some(30), None, Some(40), Some(40)],
        [None, Some(90), None, Some(90)],
        [None, Some(90), Some(91), Some(90)],
        [Some(30), Some(90), Some(89), Some(89)],
        [Some(30), Some(90), None, Some(30)],
    ];
    for [life, most, asked, given] in rows {
        let days = |days: Option<u64>| days.map(|days| days * DAY);
        let rules = json!({
            "defaults": { "env": "live", "limits": [], "lifetime_ms": days(life) },
            "lifetime_max_ms": days(most),
            "overridable": free,
        });
        let made =
            made(rules, json!({ "expires": asked.map(|asked| NOW.0 + asked * DAY) })).unwrap();
        assert_eq!(
            made.settings.expires,
            given.map(|given| NOW.0 + given * DAY),
            "{life:?} {most:?} {asked:?}"
        );
    }
    let fixed = json!({ "defaults": { "env": "live", "limits": [], "lifetime_ms": DAY } });
    let problem = made(fixed, json!({ "expires": NOW.0 + 2 })).unwrap_err();
    assert_eq!(told(&problem), ["/expires not_allowed"]);
    let short = json!({ "defaults": { "env": "live", "limits": [] }, "lifetime_max_ms": 1 });
    let problem = made(short, json!({ "not_before": NOW.0 + 1 })).unwrap_err();
    assert_eq!(told(&problem), ["/expires conflict"]);
}

#[test]
fn a_naming_rule_is_kept() {
    let rows = [
        (json!("svc-a-key"), None),
        (json!("svc--key"), None),
        (json!(null), Some("/name required")),
        (json!("a-key"), Some("/name not_allowed")),
        (json!("svc-a"), Some("/name not_allowed")),
        // What it begins with is not what it ends with as well.
        (json!("svc-key"), Some("/name not_allowed")),
        (json!("svc-A-key"), Some("/name not_allowed")),
        (json!("svc-a b-key"), Some("/name not_allowed")),
    ];
    for (name, expected) in rows {
        let found =
            made(standard(), json!({ "name": name })).err().map(|problem| told(&problem).join(" "));
        assert_eq!(found.as_deref(), expected, "{name}");
    }
    let free = with(standard(), json!({ "naming": { "suffix": "!" } }));
    assert!(made(free, json!({ "name": "Any thing!" })).is_ok());
    let none = with(standard(), json!({ "naming": null }));
    assert!(made(none, json!({})).is_ok());
}

#[test]
fn a_template_that_no_key_could_keep_to_is_refused() {
    let rows = [
        (
            json!({ "defaults": { "lifetime_ms": 2 }, "lifetime_max_ms": 1 }),
            vec!["/defaults/lifetime_ms conflict"],
        ),
        (
            json!({ "defaults": { "limits": [limit(), limit()] } }),
            vec!["/defaults/limits/1/name conflict"],
        ),
        (
            json!({ "naming": { "prefix": "A", "suffix": " ", "plain": true } }),
            vec!["/naming/prefix conflict", "/naming/suffix conflict"],
        ),
        (json!({ "naming": { "prefix": "p".repeat(65) } }), vec!["/naming/prefix too_long"]),
        (json!({ "overridable": ["tenant"] }), vec!["/overridable/0 malformed"]),
        (json!({ "overridable": ["plan", "plan"] }), vec!["/overridable/1 duplicate"]),
        (
            json!({ "defaults": { "name": "x", "limits": null } }),
            vec!["/defaults/name unknown", "/defaults/limits wrong_type"],
        ),
        (json!({ "lifetime_max_ms": 0 }), vec!["/lifetime_max_ms out_of_range"]),
    ];
    for (rules, expected) in rows {
        let problem =
            body::<Template>(&with(json!({ "name": "standard" }), rules.clone())).unwrap_err();
        assert_eq!(told(&problem), expected, "{rules}");
    }
}

fn changed(rules: Value, members: Value) -> Result<Changed, Problem> {
    let details = Details { template: Some("standard".into()), ..Details::of(&key()) };
    let put = patch::<KeyPut>(&members)?.applied(&KeyPut::of(&key(), &details))?;
    put.changed(&key(), &details, Some(&template(rules)), &roles(), NOW)
}

#[test]
fn a_key_does_not_leave_its_template_by_a_later_change() {
    let rules = json!({
        "defaults": { "plan": "gold", "scopes": ["a:read"], "limits": [] },
        "naming": { "prefix": "svc-" },
        "lifetime_max_ms": 2 * DAY,
    });
    let rows = [
        (json!({ "name": "other" }), vec!["/name not_allowed"]),
        (json!({ "name": null }), vec!["/name required"]),
        (json!({ "scopes": ["a:read", "b:read", "c:c"] }), vec!["/scopes not_allowed"]),
        (
            json!({ "plan": "free", "limits": [with(limit(), json!({ "rate": 6 }))] }),
            vec!["/limits not_allowed", "/plan not_allowed"],
        ),
        // To what the template gives, everything may change; and what is as it was is left in peace.
        (json!({ "scopes": ["a:read"], "plan": "gold", "limits": [] }), vec![]),
        (json!({ "description": "d", "countries_denied": ["NZ"], "name": "svc-x" }), vec![]),
    ];
    for (members, expected) in rows {
        let mut found = changed(rules.clone(), members.clone())
            .err()
            .map_or_else(Vec::new, |problem| told(&problem));
        found.sort();
        assert_eq!(found, expected, "{members}");
    }
    // The key was made a day ago: of two days one is left.
    for (expires, given) in
        [(NOW.0 + 1, NOW.0 + 1), (NOW.0 + DAY, NOW.0 + DAY), (NOW.0 + DAY + 1, NOW.0 + DAY)]
    {
        let changed = changed(rules.clone(), json!({ "expires": expires })).unwrap();
        assert_eq!(changed.settings.expires, Some(given));
    }
    // What is brought forward may then lie before its own beginning.
    let members = json!({ "not_before": NOW.0 + DAY, "expires": NOW.0 + 3 * DAY });
    assert_eq!(told(&changed(rules, members).unwrap_err()), ["/expires conflict"]);
}
