//! What caches are told of answers to requests with a key.

use tollgate_http::{
    credential::Sources,
    hygiene::{
        Hop, Outward,
        cache::{forced, is_cache_control, vary},
        reaches_client,
    },
    rate::Style,
};

use crate::made::fields;

fn check(origin: &[&str], expected: &str) {
    assert_eq!(forced(origin.iter().map(|value| value.as_bytes())), expected, "{origin:?}");
}

#[test]
fn an_answer_to_a_key_is_private_whatever_the_origin_says() {
    for (origin, expected) in [
        (&[][..], "private, no-cache"),
        (&[""], "private, no-cache"),
        (&["public"], "private, no-cache"),
        (&["public, max-age=60"], "private, max-age=60"),
        (&["PUBLIC,MAX-AGE=60,S-MaxAge=600"], "private, max-age=60"),
        (&["s-maxage=600"], "private, no-cache"),
        (&["max-age=60", "public"], "private, max-age=60"),
        (&["no-store"], "private, no-store"),
        (&["private, max-age=0, must-revalidate"], "private, max-age=0, must-revalidate"),
        (&["private=\"set-cookie\", max-age=5"], "private, max-age=5"),
        (&["no-cache=\"set-cookie\""], "private, no-cache"),
        (&["proxy-revalidate, must-understand, immutable"], "private, immutable, no-cache"),
        (
            &["max-age=60, stale-while-revalidate=5"],
            "private, max-age=60, stale-while-revalidate=5",
        ),
        (&["max-age=\"60\""], "private, no-cache"),
        (&["max-age=-1"], "private, no-cache"),
        (&["max-age="], "private, no-cache"),
        (&["max-age=60 public"], "private, no-cache"),
        (&["max-age=60\r\nA: b"], "private, no-cache"),
        (&["x=\"a, public, s-maxage=5\""], "private, no-cache"),
        (&["\u{e9}"], "private, no-cache"),
    ] {
        check(origin, expected);
    }
    check(&["max-age=60, ".repeat(1_000).as_str()], "no-store");
}

#[test]
fn no_other_field_tells_a_shared_cache_to_keep_it() {
    let hop = Hop::read(fields(&[])).unwrap();
    let outward = |private| Outward {
        hop: &hop,
        private,
        cors_answered: false,
        style: Style::Standard,
        trailers: false,
        websocket: false,
    };
    for (name, told) in [
        ("Cache-Control", true),
        ("cache-control", true),
        ("Expires", true),
        ("Pragma", true),
        ("Surrogate-Control", true),
        ("CDN-Cache-Control", true),
        ("Cloudflare-CDN-Cache-Control", true),
        ("Vercel-CDN-Cache-Control", true),
        ("Netlify-CDN-Cache-Control", true),
        ("Edge-Control", true),
        ("X-Accel-Expires", true),
        ("cdn_cache_control", true),
        ("Vary", false),
        ("ETag", false),
        ("Last-Modified", false),
        ("Age", false),
        ("Cache-Tag", false),
    ] {
        assert_eq!(is_cache_control(name.as_bytes()), told, "{name}");
        assert_eq!(reaches_client(name.as_bytes(), b"x", &outward(true)), !told, "{name}");
        assert!(reaches_client(name.as_bytes(), b"x", &outward(false)), "{name}");
    }
}

#[test]
fn an_answer_varies_with_every_header_that_may_carry_the_key() {
    assert_eq!(vary(&Sources::default()), "Authorization, X-API-Key");
    let sources = Sources { header: Some("X-My-Key".into()), ..Sources::default() };
    assert_eq!(vary(&sources), "Authorization, X-API-Key, X-My-Key");
}
