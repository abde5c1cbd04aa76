//! Preflights, and what pages of other origins may read.

use tollgate_http::cors::{
    Allowed, CorsError, Preflight, answer, fields as cors_fields, preflight,
};

use crate::made::fields;

const ORIGIN: (&str, &str) = ("Origin", "https://a.example");
const ASKED: (&str, &str) = ("Access-Control-Request-Method", "PUT");

fn allowed(origins: &[&str], methods: &[&str], headers: &[&str]) -> Allowed {
    let boxed = |texts: &[&str]| texts.iter().map(|text| Box::from(*text)).collect();
    Allowed {
        origins: boxed(origins),
        methods: boxed(methods),
        headers: boxed(headers),
        max_age_s: 600,
    }
}

fn check_preflight(method: &str, given: &[(&str, &str)], expected: bool) {
    let found = preflight(method.as_bytes(), fields(given));
    let whole = Preflight { origin: ORIGIN.1, method: ASKED.1 };
    assert_eq!(found, expected.then_some(whole), "{method} {given:?}");
}

#[test]
fn a_preflight_is_options_with_one_origin_and_one_method_asked_about() {
    check_preflight("OPTIONS", &[ORIGIN, ASKED], true);
    check_preflight(
        "OPTIONS",
        &[("origin", ORIGIN.1), ("access-control-request-METHOD", "PUT")],
        true,
    );
    check_preflight("GET", &[ORIGIN, ASKED], false);
    check_preflight("options", &[ORIGIN, ASKED], false);
    check_preflight("OPTIONS", &[ORIGIN], false);
    check_preflight("OPTIONS", &[ASKED], false);
    check_preflight("OPTIONS", &[], false);
    check_preflight("OPTIONS", &[ORIGIN, ORIGIN, ASKED], false);
    check_preflight("OPTIONS", &[ORIGIN, ASKED, ASKED], false);
    for asked in ["", "P T", "PUT, GET", "PUT\r\n", "\u{e9}"] {
        check_preflight("OPTIONS", &[ORIGIN, ("Access-Control-Request-Method", asked)], false);
    }
    for origin in ["", "a b", "a\r\nb", "\u{e9}"] {
        check_preflight("OPTIONS", &[("Origin", origin), ASKED], false);
    }
}

fn said<'a>(fields: &'a [(&'static str, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_listed_page_is_told_what_it_may_send_and_another_nothing() {
    let asked = Preflight { origin: "https://a.example", method: "PUT" };
    let listed =
        allowed(&["https://b.example", "https://a.example"], &["GET", "PUT"], &["X-API-Key"]);
    let told = answer(&listed, asked);
    for (name, value) in [
        ("access-control-allow-origin", Some("https://a.example")),
        ("access-control-allow-methods", Some("GET, PUT")),
        ("access-control-allow-headers", Some("X-API-Key")),
        ("access-control-max-age", Some("600")),
        ("vary", Some("Origin, Access-Control-Request-Method, Access-Control-Request-Headers")),
        ("access-control-allow-credentials", None),
    ] {
        assert_eq!(said(&told, name), value, "{name}");
    }
    let any = answer(&allowed(&["*"], &[], &[]), asked);
    assert_eq!(said(&any, "access-control-allow-origin"), Some("*"));
    assert_eq!(said(&any, "access-control-allow-methods"), Some("PUT"));
    assert_eq!(said(&any, "access-control-allow-headers"), None);
    for origin in [
        "https://c.example",
        "https://a.example.evil",
        "http://a.example",
        "https://A.example",
        "null",
        "https://a.example:443",
    ] {
        let told = answer(&listed, Preflight { origin, method: "PUT" });
        assert!(told.iter().all(|(name, _)| *name == "vary"), "{origin}: {told:?}");
    }
}

#[test]
fn every_other_answer_says_whether_the_page_may_read_it_and_never_lends_credentials() {
    let listed = allowed(&["https://a.example"], &[], &[]);
    let told = cors_fields(&listed, fields(&[ORIGIN]));
    assert_eq!(said(&told, "access-control-allow-origin"), Some("https://a.example"));
    assert_eq!(said(&told, "vary"), Some("Origin"));
    assert!(said(&told, "access-control-expose-headers").unwrap().contains("Retry-After"));
    assert_eq!(said(&told, "access-control-allow-credentials"), None);
    for given in
        [&[][..], &[("Origin", "https://b.example")], &[ORIGIN, ORIGIN], &[("Origin", "\u{e9}")]]
    {
        let told = cors_fields(&listed, fields(given));
        assert_eq!(told.len(), 1, "{given:?}");
        assert_eq!(said(&told, "vary"), Some("Origin"));
    }
}

#[test]
fn what_cannot_be_meant_is_refused_in_the_configuration() {
    for (origin, good) in [
        ("*", true),
        ("https://a.example", true),
        ("http://localhost:3000", true),
        ("http://[::1]:3000", true),
        ("app://local", true),
        ("null", false),
        ("", false),
        ("https://", false),
        ("a.example", false),
        ("https://a.example/", false),
        ("https://a.example/p", false),
        ("https://*.example", false),
        ("https://A.example", false),
        ("https://a.example, https://b.example", false),
        ("https://a\r\nb", false),
    ] {
        let expected = if good { Ok(()) } else { Err(CorsError::WrongOrigin) };
        assert_eq!(allowed(&[origin], &[], &[]).check(), expected, "{origin}");
    }
    let origins = &["*"];
    assert_eq!(allowed(&[], &[], &[]).check(), Err(CorsError::NoOrigin));
    assert_eq!(allowed(origins, &["G T"], &[]).check(), Err(CorsError::WrongName));
    assert_eq!(allowed(origins, &["*"], &[]).check(), Err(CorsError::WrongName));
    assert_eq!(allowed(origins, &[], &["a\r\nb"]).check(), Err(CorsError::WrongName));
    assert_eq!(allowed(origins, &[], &["a"; 65]).check(), Err(CorsError::TooLong));
    assert_eq!(allowed(origins, &[], &[&"a".repeat(257)]).check(), Err(CorsError::TooLong));
    let old = Allowed { max_age_s: 86_401, ..allowed(origins, &[], &[]) };
    assert_eq!(old.check(), Err(CorsError::WrongMaxAge));
}
