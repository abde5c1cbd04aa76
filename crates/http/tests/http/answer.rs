//! What the gate itself answers.

use tollgate_core::{
    bucket::Wait,
    decision::Denial,
    limit::{LimitScope, Numbers, Period},
    record::PACKED_MAX,
    time::UnixMillis,
};
use tollgate_http::{
    answer::{Answer, Context, Invalid, Trouble, denied, invalid, status, trouble},
    rate::Style,
    route::RouteLimit,
};

use crate::{
    denials::every,
    made::{quota, record, steady},
};

fn context<'a>() -> Context<'a> {
    Context {
        realm: "api",
        request_id: "req-1",
        head: false,
        required: &[],
        record: None,
        limits: &[],
        left: &[],
        style: Style::Standard,
    }
}

fn said<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let mut values = answer.fields.iter().filter(|(other, _)| *other == name);
    let first = values.next().map(|(_, value)| value.as_str());
    assert!(values.next().is_none(), "{name} is there once");
    first
}

const WAIT: Wait = Wait::Later(1_500);

/// Every denial, in order.
fn all() -> [Denial; 15] {
    every(WAIT)
}

#[test]
fn each_denial_has_the_status_the_challenge_and_the_wait_of_its_row() {
    assert_eq!(all().map(Denial::code), Denial::CODES);
    let plain = Some("Bearer realm=\"api\"");
    let request = Some("Bearer realm=\"api\", error=\"invalid_request\"");
    let token = Some("Bearer realm=\"api\", error=\"invalid_token\"");
    let scope = Some("Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"a:r b:*\"");
    let rows = [
        (400, request, None),
        (401, plain, None),
        (401, token, None),
        (401, token, None),
        (401, token, None),
        (401, token, None),
        (401, token, None),
        (401, token, None),
        (401, token, None),
        (403, None, None),
        (403, None, None),
        (403, scope, None),
        (429, None, Some("2")),
        (429, None, Some("2")),
        (503, None, Some("1")),
    ];
    let required = ["a:r".into(), "b:*".into()];
    for (denial, (expected, challenge, retry_after)) in all().into_iter().zip(rows) {
        let answer = denied(denial, &Context { required: &required, ..context() });
        assert_eq!((answer.status, status(denial)), (expected, expected), "{denial}");
        assert_eq!(said(&answer, "www-authenticate"), challenge, "{denial}");
        assert_eq!(said(&answer, "retry-after"), retry_after, "{denial}");
        assert_eq!(said(&answer, "content-type"), Some("application/problem+json"), "{denial}");
        assert_eq!(said(&answer, "cache-control"), Some("no-store"), "{denial}");
        assert!(answer.body.contains(&format!("\"code\":\"{denial}\"")), "{}", answer.body);
        assert!(answer.body.contains(&format!("\"status\":{expected},")), "{}", answer.body);
        assert!(answer.body.contains("\"instance\":\"req-1\""), "{}", answer.body);
        let violated = answer.body.contains("\"violated-policies\":[");
        assert_eq!(violated, expected == 429, "{denial}");
        let kind = if expected == 429 {
            "{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\","
        } else {
            "{\"type\":\"about:blank\","
        };
        assert!(answer.body.starts_with(kind) && answer.body.ends_with("}\n"), "{}", answer.body);
        for (name, value) in &answer.fields {
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
            assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{name}: {value}");
        }
    }
}

#[test]
fn a_body_is_one_text_and_the_same_for_every_key_that_is_not_proved() {
    let answer = denied(Denial::KeyInvalid, &context());
    assert_eq!(
        answer.body,
        "{\"type\":\"about:blank\",\"title\":\"Key invalid\",\"status\":401,\
         \"detail\":\"The API key is not valid.\",\"instance\":\"req-1\",\"code\":\"key_invalid\"}\n"
    );
    // Nothing that is known of a key changes it.
    let packed = &mut [0; PACKED_MAX];
    let record = record(&[steady("a", 1, 1, 1)], &[], Some(UnixMillis(5)), packed);
    let known = Context { record: Some(record), left: &[1], style: Style::Both, ..context() };
    assert_eq!(denied(Denial::KeyInvalid, &known), answer);
    assert_ne!(denied(Denial::CredentialMissing, &known), answer);
}

#[test]
fn head_gets_the_same_fields_and_no_body() {
    for denial in all() {
        let (whole, head) =
            (denied(denial, &context()), denied(denial, &Context { head: true, ..context() }));
        assert!(head.body.is_empty() && !whole.body.is_empty());
        assert_eq!((head.status, head.fields), (whole.status, whole.fields));
    }
}

#[test]
fn nothing_breaks_out_of_a_challenge_or_a_body() {
    let realm = "a\"b\\c\r\nX: y\u{e9}\0";
    let hostile = Context { realm, request_id: "a\"b\\c\r\n\u{1}\u{e9}", ..context() };
    let answer = denied(Denial::KeyInvalid, &hostile);
    assert_eq!(
        said(&answer, "www-authenticate"),
        Some("Bearer realm=\"a\\\"b\\\\cX: y\", error=\"invalid_token\"")
    );
    assert!(answer.body.contains("\"instance\":\"a\\\"b\\\\c   \u{e9}\""), "{}", answer.body);
}

#[test]
fn an_expired_key_is_told_when_and_what_to_do() {
    let packed = &mut [0; PACKED_MAX];
    let record = record(&[], &[], Some(UnixMillis(1_767_323_045_678)), packed);
    let answer = denied(Denial::KeyExpired, &Context { record: Some(record), ..context() });
    let detail = "\"detail\":\"The key expired at 2026-01-02T03:04:05Z. Ask whoever issued it for a new one.\"";
    assert!(answer.body.contains(detail), "{}", answer.body);
    let answer = denied(Denial::KeyExpired, &context());
    assert!(answer.body.contains("The key has expired. Ask whoever issued it"), "{}", answer.body);
}

#[test]
fn a_429_names_what_is_violated_in_body_and_fields() {
    let numbers = Numbers::steady(7, 1, 1_000).unwrap();
    let own = [RouteLimit { name: "export".into(), scope: LimitScope::Key, numbers }];
    let limits = [steady("a", 5, 1, 1_000), steady("b", 6, 1, 1_000)];
    let quotas = [quota("c", 8, Period::Day), quota("d", 9, Period::Day)];
    for (denial, name, state) in [
        (Denial::RateLimited { limit: 0, wait: WAIT }, "a", "\"a\";r=1;t=2"),
        (Denial::RateLimited { limit: 1, wait: WAIT }, "b", "\"b\";r=2;t=2"),
        (Denial::RateLimited { limit: 2, wait: WAIT }, "@export", "\"@export\";r=5;t=2"),
        (Denial::QuotaExhausted { quota: 0, wait: WAIT }, "c", "\"c\";r=3;t=2"),
        (Denial::QuotaExhausted { quota: 1, wait: Wait::Never }, "d", "\"d\";r=4"),
    ] {
        let packed = &mut [0; PACKED_MAX];
        let record = record(&limits, &quotas, None, packed);
        let known =
            Context { record: Some(record), limits: &own, left: &[1, 2, 3, 4, 5], ..context() };
        let answer = denied(denial, &known);
        let violated = format!("\"violated-policies\":[\"{name}\"]");
        assert!(answer.body.contains(&violated), "{}", answer.body);
        assert_eq!(said(&answer, "ratelimit"), Some(state));
        assert!(said(&answer, "ratelimit-policy").unwrap().contains(&format!("\"{name}\";q=")));
        let never = state.ends_with("r=4");
        assert_eq!(said(&answer, "retry-after"), (!never).then_some("2"));
        let off = denied(denial, &Context { style: Style::Off, ..known });
        assert_eq!(said(&off, "ratelimit"), None);
        assert_eq!(said(&off, "retry-after"), (!never).then_some("2"));
        let legacy = denied(denial, &Context { style: Style::Legacy, ..known });
        assert_eq!(said(&legacy, "ratelimit-reset"), (!never).then_some("2"));
    }
}

#[test]
fn what_has_nothing_to_do_with_a_key_says_so() {
    for (kind, expected, code) in [
        (Trouble::NotFound, 404, "not_found"),
        (Trouble::MethodNotAllowed, 405, "method_not_allowed"),
        (Trouble::RequestTimeout, 408, "request_timeout"),
        (Trouble::HeadTooLarge, 431, "head_too_large"),
        (Trouble::OriginUnreachable, 502, "origin_unreachable"),
        (Trouble::OriginTimeout, 504, "origin_timeout"),
    ] {
        let answer = trouble(kind, &context());
        assert_eq!(answer.status, expected);
        assert!(answer.body.contains(&format!("\"code\":\"{code}\"")), "{}", answer.body);
        assert_eq!(said(&answer, "cache-control"), Some("no-store"));
        assert_eq!(said(&answer, "www-authenticate"), None);
        let allow = (kind == Trouble::MethodNotAllowed).then_some("GET, HEAD");
        assert_eq!(said(&answer, "allow"), allow);
        assert!(!Denial::CODES.contains(&code));
    }
}

#[test]
fn a_proxy_that_passes_on_two_statuses_and_no_body_is_told_which_were_meant() {
    for denial in all() {
        let body = denied(denial, &context()).body;
        let answer = denied(denial, &context()).for_auth_request();
        let expected = if status(denial) == 401 { 401 } else { 403 };
        assert_eq!(answer.status, expected, "{denial}");
        assert_eq!(said(&answer, "x-auth-status"), Some(status(denial).to_string().as_str()));
        assert_eq!(said(&answer, "x-auth-problem"), body.strip_suffix('\n'));
        let line = body.trim_end().bytes();
        assert!(line.clone().all(|byte| (b' '..=b'~').contains(&byte)), "{body}");
    }
}

#[test]
fn each_way_to_be_invalid_says_its_own_and_differs_in_nothing_else() {
    let causes = [
        (Invalid::Head, "The head of the request"),
        (Invalid::Target, "The target of the request"),
        (Invalid::TwoKeys, "two different keys"),
        (Invalid::Repeated, "given twice"),
        (Invalid::List, "a comma"),
        (Invalid::Alias, "Tollgate-Identity"),
    ];
    let plain = denied(Denial::RequestInvalid, &context());
    let detail = |answer: &Answer| {
        let (_, rest) = answer.body.split_once("\"detail\":\"").unwrap();
        rest.split_once("\",").unwrap().0.to_owned()
    };
    let mut seen = std::collections::BTreeSet::new();
    for (cause, says) in causes {
        let answer = invalid(cause, &context());
        let own = detail(&answer);
        assert!(own.contains(says) && !own.contains(" or can be"), "{cause:?}: {own}");
        assert_eq!(answer.body.replace(&own, &detail(&plain)), plain.body, "{cause:?}");
        assert_eq!((answer.status, &answer.fields), (plain.status, &plain.fields), "{cause:?}");
        assert!(seen.insert(own), "{cause:?} says what another does");
    }
}

#[test]
fn only_a_400_from_somebody_who_knows_no_realm_has_no_challenge() {
    let nobody = Context { realm: "", ..context() };
    assert_eq!(said(&denied(Denial::RequestInvalid, &nobody), "www-authenticate"), None);
    assert_eq!(said(&invalid(Invalid::List, &nobody), "www-authenticate"), None);
    let plain = denied(Denial::CredentialMissing, &nobody);
    assert_eq!(said(&plain, "www-authenticate"), Some("Bearer realm=\"\""));
}
