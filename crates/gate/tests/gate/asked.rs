//! The order of checks, before anything is looked up.

use tollgate_core::{
    decision::Denial,
    key::{Draw, mint},
    pepper::{Pepper, Peppers},
    stamp::Stamp,
};
use tollgate_gate::{Asked, Parts, Policy, PolicyError};
use tollgate_http::{
    answer::{Invalid, Trouble},
    credential::Sources,
};

use crate::book::brand;
use crate::desk::{PAGE, Sent, key, line, parts};

/// The outcome in a line; what the engine is to decide says what it is asked.
fn check(policy: &Policy, sent: Sent<'_>, expected: &str) {
    let line = match policy.ask::<Box<str>, _>(&sent.question()) {
        Asked::Judged(judged, _) => line(&judged),
        Asked::Inquire(inquiry, rule) => {
            let scopes: Vec<_> = inquiry.demand.scopes().collect();
            let limits: Vec<_> =
                inquiry.demand.limits().map(|limit| limit.name.as_str().to_owned()).collect();
            let from = inquiry.address.map(|address| address.to_string()).unwrap_or_default();
            let cost = inquiry.demand.cost();
            assert_eq!(cost, rule.cost);
            format!("asks cost {cost} {scopes:?} {limits:?} from {from}")
        }
    };
    assert_eq!(line, expected, "{sent:?}");
}

/// Method, path, fields, and what comes of them.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str);

#[test]
fn every_request_meets_the_checks_in_one_order() {
    let policy = Policy::new(parts()).unwrap();
    let (good, other) = (key(0), key(1));
    let bearer = format!("Bearer {good}");
    let mut misspelled = good.clone();
    let last = misspelled.pop();
    misspelled.push(if last == Some('A') { 'B' } else { 'A' });
    let theirs =
        Peppers::new(&[Pepper { id: 3, secret: b"a pepper of somebody else's making" }], 3);
    let (brand, draw) = (brand(), Draw::new(&[9; 19]).unwrap());
    let env = brand.envs().next().unwrap();
    let forged = mint(brand.prefix(), env, &theirs.unwrap(), &draw).as_str().to_owned();
    let preflight = [
        ("Origin", PAGE),
        ("Access-Control-Request-Method", "GET"),
        ("X-API-Key", "not looked at"),
    ];
    let stranger = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "GET")];
    let posting = [("Origin", PAGE), ("Access-Control-Request-Method", "POST")];
    let asks = r#"asks cost 1 [] [] from 192.0.2.7"#;
    let allowed = "access-control-allow-origin=https://app.example";
    let rows: &[Row<'_>] = &[
        // A preflight comes first: it never has a key. It is about the method that it names.
        ("OPTIONS", "/page", &preflight, &format!("204 {allowed}")),
        ("OPTIONS", "/page", &stranger, "204"),
        ("OPTIONS", "/page", &posting, "passes nobody cacheable"),
        ("OPTIONS", "/forwarded", &preflight, "passes nobody cacheable"),
        ("OPTIONS", "/write", &posting, "401 credential_missing"),
        ("OPTIONS", "/forwarded", &[("Origin", PAGE)], "401 credential_missing"),
        ("GET", "/forwarded", &preflight[..2], "401 credential_missing"),
        // Then what is public: no key is looked at there, whatever it is.
        ("GET", "/open", &[], "passes nobody cacheable cors"),
        (
            "GET",
            "/open",
            &[("X-API-Key", "nonsense"), ("Origin", PAGE)],
            &format!("passes nobody cacheable cors {allowed}"),
        ),
        // Then the credential.
        ("GET", "/write", &[], "401 credential_missing"),
        ("GET", "/page", &[("Origin", PAGE)], &format!("401 credential_missing {allowed}")),
        ("GET", "/page", &[("Origin", "https://evil.example")], "401 credential_missing"),
        ("GET", "/nowhere", &[], "401 credential_missing"),
        ("GET", "/from", &[("Authorization", &bearer)], "401 credential_missing"),
        (
            "GET",
            "/write",
            &[("X-API-Key", &good), ("Authorization", &format!("Bearer {other}"))],
            "400 request_invalid",
        ),
        // Then the proof, of which a client is told one thing only.
        ("GET", "/write", &[("X-API-Key", "nonsense")], "401 key_invalid (not_a_key)"),
        ("GET", "/write", &[("X-API-Key", &misspelled)], "401 key_invalid (wrong_check)"),
        ("GET", "/write", &[("X-API-Key", &forged)], "401 key_invalid (wrong_tag)"),
        // And then the engine, with what the route demands.
        ("GET", "/nowhere", &[("X-API-Key", &good)], asks),
        ("GET", "/from", &[("X-API-Key", &good)], asks),
        (
            "GET",
            "/write",
            &[("Authorization", &bearer)],
            r#"asks cost 1 ["orders:write"] [] from 192.0.2.7"#,
        ),
        ("GET", "/dear", &[("X-API-Key", &good)], r#"asks cost 7 [] ["few"] from 192.0.2.7"#),
    ];
    for &(method, path, fields, expected) in rows {
        check(&policy, Sent { method, path, fields }, expected);
    }
}

#[test]
fn a_preflight_on_a_public_route_is_answered_too() {
    let policy = Policy::new(parts()).unwrap();
    let fields = [("Origin", PAGE), ("Access-Control-Request-Method", "GET")];
    let expected = "204 access-control-allow-origin=https://app.example";
    check(&policy, Sent { method: "OPTIONS", path: "/open", fields: &fields }, expected);
}

#[test]
fn what_is_no_matter_of_keys_is_answered_in_the_name_of_the_request() {
    let policy = Policy::new(parts()).unwrap();
    let sent = |method| Sent { method, path: "/write", fields: &[] };
    for (method, body) in [("GET", true), ("HEAD", false)] {
        let question = sent(method).question();
        let answers = [
            (404, policy.trouble(&question, Trouble::NotFound)),
            (400, policy.invalid(&question, Invalid::Target).answer),
            (503, policy.denied(&question, Denial::Unavailable).answer),
        ];
        for (status, answer) in answers {
            assert_eq!(answer.status, status);
            assert_eq!(answer.body.contains("urn:tollgate:request:00000000000000aa"), body);
            assert_eq!(answer.body.is_empty(), !body);
        }
    }
}

#[test]
fn the_public_keys_are_all_that_is_published() {
    let policy = Policy::new(parts()).unwrap();
    let keys = "/.well-known/tollgate/jwks.json";
    for (method, path, expected) in [
        ("GET", keys, Ok("{}")),
        ("HEAD", keys, Ok("")),
        ("POST", keys, Err(Trouble::MethodNotAllowed)),
        ("get", keys, Err(Trouble::MethodNotAllowed)),
        ("GET", "/.well-known/tollgate/other", Err(Trouble::NotFound)),
        ("POST", "/.well-known/tollgate/other", Err(Trouble::NotFound)),
        ("GET", "/", Err(Trouble::NotFound)),
    ] {
        let published = policy.published(&Sent { method, path, fields: &[] }.question());
        let body = published.as_ref().map(|answer| answer.body.as_str()).map_err(|error| *error);
        assert_eq!(body, expected, "{method} {path}");
        if let Ok(answer) = published {
            let told = [
                ("content-type", "application/json".to_owned()),
                ("cache-control", "public, max-age=300".to_owned()),
            ];
            assert_eq!((answer.status, &*answer.fields), (200, &told[..]));
        }
    }
}

#[test]
fn parts_that_make_no_policy_are_told_apart() {
    let sources =
        |header: &str| Sources { header: Some(header.into()), query: None, forward: false };
    let unknown = Parts { changed: vec![], ..parts() };
    assert_eq!(Policy::new(unknown).unwrap_err(), PolicyError::Changed);
    let wrong = Parts { sources: sources("Two Words"), ..parts() };
    assert!(matches!(Policy::new(wrong), Err(PolicyError::Sources(_))));
    // Stamps that nobody asks for are none of its business.
    let more = Parts { changed: vec![Stamp::default(); 3], ..parts() };
    let policy = Policy::new(more).unwrap();
    assert_eq!((policy.jwks(), policy.brand().prefix().as_str()), ("{}", "tg"));
    assert!(policy.vary().to_ascii_lowercase().contains("authorization"));
}
