//! What is removed before the origin, and what logs do not show.

use tollgate_http::credential::{Sources, carries_key, query_without_key, redact};

use crate::made::{JWT, K, brand};

fn sources() -> Sources {
    Sources { header: Some("X-My-Key".into()), query: Some("api_key".into()), forward: false }
}

fn carries(name: &str, value: &str) -> bool {
    let (all, none) = (sources(), Sources::default());
    let found = carries_key(name.as_bytes(), value.as_bytes(), &all, &brand());
    if !name.eq_ignore_ascii_case("x-my-key") {
        // Nothing but the configured header depends on what is switched on.
        let off = carries_key(name.as_bytes(), value.as_bytes(), &none, &brand());
        assert_eq!(found, off, "{name}: {value}");
    }
    let forward = Sources { forward: true, ..all };
    assert!(!carries_key(name.as_bytes(), value.as_bytes(), &forward, &brand()));
    found
}

#[test]
fn a_field_with_a_key_of_ours_does_not_reach_the_origin_wherever_it_stands() {
    for (name, value) in [
        ("Authorization", format!("Bearer {K}")),
        ("AUTHORIZATION", format!("bearer  {K}")),
        ("Authorization", format!("Bearer\t{K}")),
        ("Authorization", format!("Basic x, Bearer {K}")),
        ("Authorization", format!("Token {K}")),
        ("Authorization", K.to_owned()),
        ("X-API-Key", format!(" {K} ")),
        ("X-My-Key", K.to_owned()),
        ("X_API_KEY", K.to_owned()),
        ("X-Old-Key", K.to_owned()),
        ("Cookie", format!("a=b; key={K}; c=d")),
        ("Referer", format!("https://a.example/p?x=1&api_key={K}")),
        ("Referer", format!("https://a.example/p?x=1&api_key=%74g%5Flive%5F{}", &K[8..])),
        ("Referer", format!("https://a.example/?next=%2Fp%3Fapi_key%3D{K}")),
        ("Referer", format!("https://a.example/?next=%252Fp%253Fapi_key%253D{K}")),
        ("Sec-WebSocket-Protocol", format!("chat, {K}")),
        ("X-Original-URI", format!("/p?api_key={K}")),
        ("Baggage", format!("k={K}")),
        ("X-API-Key", format!("TG_LIVE_{}", &K[8..])),
        ("X-API-Key", "Tg_Live_x".to_owned()),
        ("Cookie", format!("k=TG_live_{}", &K[8..])),
        (K, "1".to_owned()),
    ] {
        assert!(carries(name, &value), "{name}: {value}");
    }
}

#[test]
fn a_key_that_is_malformed_or_of_another_accepted_env_is_removed_too() {
    for value in [
        K[..57].to_owned(),
        format!("{K}x"),
        format!("tg_test_{}", &K[8..]),
        format!("{}-", &K[..30]),
    ] {
        for name in ["Authorization", "X-API-Key", "X-My-Key", "Cookie", "Referer"] {
            assert!(carries(name, &value), "{name}: {value}");
        }
    }
    // In a place of keys what begins as one is one.
    for value in ["tg_live_", "tg_live_x", "Bearer tg_live_short", "Bearer  tg_test_"] {
        for name in ["Authorization", "X-API-Key", "X-My-Key"] {
            assert!(carries(name, value), "{name}: {value}");
        }
    }
}

#[test]
fn what_is_somebody_elses_reaches_the_origin() {
    for (name, value) in [
        ("Authorization", format!("Bearer {JWT}")),
        ("Authorization", "Basic dXNlcjpwYXNz".to_owned()),
        ("X-API-Key", "theirs".to_owned()),
        ("X-API-Key", format!("sk_live_{}", &K[8..])),
        ("Cookie", "tg_live_session=1; tg_live_theme=dark".to_owned()),
        ("Referer", "https://a.example/tg_live_prices?x=1".to_owned()),
        ("X-Table", "tg_live_orders".to_owned()),
        ("X-Table", "tg_live_fifteensymbols1".to_owned()),
        ("X-Empty", String::new()),
        ("X-Escape", "%".to_owned()),
    ] {
        assert!(!carries(name, &value), "{name}: {value}");
    }
    assert!(carries("X-Table", "tg_live_sixteensymbols16"));
}

fn check_query(query: &str, expected: &str) {
    for sources in [sources(), Sources::default()] {
        let left = query_without_key(query.as_bytes(), &sources, &brand());
        assert_eq!(left, expected.as_bytes(), "{query}");
    }
    let forward = Sources { forward: true, ..sources() };
    assert_eq!(query_without_key(query.as_bytes(), &forward, &brand()), query.as_bytes());
}

#[test]
fn a_query_loses_the_parameters_that_hold_a_key_and_nothing_else() {
    check_query(&format!("api_key={K}"), "");
    check_query(&format!("a=1&api_key={K}&b=2"), "a=1&b=2");
    check_query(&format!("api_key={K}&a=1"), "a=1");
    check_query(&format!("a=1&api_key={K}"), "a=1");
    check_query(&format!("token={K}&a=1"), "a=1");
    check_query(&format!("{K}&a=1"), "a=1");
    check_query(&format!("{K}=1&a=1"), "a=1");
    check_query(&format!("%61pi_key={K}&a=1"), "a=1");
    check_query(&format!("api_key=%74%67_live_{}&a=1", &K[8..]), "a=1");
    check_query(&format!("a=1;api_key={K}&b=2"), "b=2");
    check_query(&format!("api_key={K}&a=1&api_key={K}"), "a=1");
    check_query(&format!("next=/p?api_key={K}&a=1"), "a=1");
    check_query(&format!("api_key=+{K}&a=1"), "a=1");
    for untouched in ["", "&", "a", "a=1&&b", "a=%&b=%zz", "q=tg_live_orders", "api_key=theirs"] {
        check_query(untouched, untouched);
    }
    // What the named parameter begins with is meant for us.
    let left = query_without_key(b"a=1&api_key=tg_live_x", &sources(), &brand());
    assert_eq!(*left, *b"a=1");
}

fn check_log(text: &str, expected: &str) {
    assert_eq!(redact(text, &brand()), expected, "{text}");
}

#[test]
fn a_log_shows_prefix_and_env_and_no_symbol_after_them() {
    check_log(K, "tg_live_…");
    check_log(&format!("/p?api_key={K}&a=1"), "/p?api_key=tg_live_…&a=1");
    check_log(&format!("a={K}&b={K}&c"), "a=tg_live_…&b=tg_live_…&c");
    check_log(&format!("/keys/{K}/use"), "/keys/tg_live_…");
    check_log(&format!("k={}%0d{}", &K[..20], &K[20..]), "k=tg_live_…");
    check_log(&format!("k={} {}", &K[..20], &K[20..]), "k=tg_live_…");
    check_log(&format!("k=%74g%5flive%5F{}&a", &K[8..]), "k=tg_live_…&a");
    check_log(&format!("k=TG_LIVE_{}", &K[8..]), "k=tg_live_…");
    check_log(&format!("k=tg_prod_{}", &K[8..]), "k=tg_prod_…");
    check_log("k=tg_live_x", "k=tg_live_…");
    check_log("é=tg_test_x&é=1", "é=tg_test_…&é=1");
    for shown in ["", "/p?a=1", "tg_live", "tgx_live_y", "tg_", "/tg_prod_orders", "%74%", "é"] {
        check_log(shown, shown);
    }
}
