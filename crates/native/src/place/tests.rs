//! Every spelling that was thought of, and what it means.

#![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

use super::{Place, Plain, URL_MAX};

/// What a URL is read as where `http` is allowed here, and where it is allowed anywhere: the port.
fn check(url: &str, here: Option<u16>, anywhere: Option<u16>) {
    for (plain, port) in [(Plain::Here, here), (Plain::Anywhere, anywhere)] {
        assert_eq!(Place::parse(url, plain).map(|place| place.port), port, "{url}, {plain:?}");
    }
}

#[test]
fn whatever_is_under_tls_may_be_called() {
    for (url, port) in [
        ("https://gate.example", 443),
        ("https://gate.example/jwks.json", 443),
        ("https://gate.example:8443", 8443),
        ("HTTPS://Gate.Example/", 443),
        ("https://10.0.0.1:8443/", 8443),
        ("https://[::1]:8443/x?y", 8443),
        ("https://[2001:db8::1]/", 443),
    ] {
        check(url, Some(port), Some(port));
    }
}

#[test]
fn without_tls_nobody_sits_between() {
    for (url, port) in [
        ("http://127.0.0.1:8/jwks", 8),
        ("http://127.9.9.9/", 80),
        ("http://[::1]/jwks", 80),
        ("http://[::1]:8787/", 8787),
        ("http://localhost/x", 80),
        ("http://localhost:3000", 3000),
    ] {
        check(url, Some(port), Some(port));
    }
    for url in [
        "http://gate.internal/x",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "http://evil-localhost/",
        "http://localhost./",
        "http://2130706433/",
        "http://0x7f.1/",
    ] {
        check(url, None, Some(80));
    }
}

#[test]
fn what_names_no_place_is_none() {
    let long = |more: usize| "https://gate.example/".to_owned() + &"x".repeat(more);
    let room = URL_MAX - long(0).len();
    check(&long(room), Some(443), Some(443));
    for url in [
        "",
        "/x",
        "*",
        "gate.example",
        "gate.example:443",
        "//gate.example/",
        "ftp://gate.example/x",
        "ftp://127.0.0.1/",
        "file:///etc/keys",
        "https://",
        "https:///x",
        "https://:443/",
        "http://:80/",
        "https://[]/",
        "https://[::1/",
        "https://user@gate.example/",
        "http://user:word@127.0.0.1/",
        "http://127.0.0.1@evil.example/",
        "https://gate.example/@x",
        "https://gate.example/#x",
        "https://gate.example/\r\nX: y",
        "https://gate.example/ x",
        " https://gate.example/",
        "https://gate.example/é",
        "https://gäte.example/",
        "https://gate.example:0/",
        "https://gate.example:99999/",
        "https://gate.example:x/",
        "https://gate.example:/",
        "https://[::1]:/",
        &long(room + 1),
    ] {
        check(url, None, None);
    }
}

#[test]
fn what_is_asked_for_is_what_the_url_says() {
    for (url, host, authority, target, tls) in [
        ("https://gate.example", "gate.example", "gate.example", "/", true),
        ("https://gate.example:8443/a?b=c", "gate.example", "gate.example:8443", "/a?b=c", true),
        ("https://gate.example?b=c", "gate.example", "gate.example", "/?b=c", true),
        ("https://gate.example/?", "gate.example", "gate.example", "/?", true),
        ("http://[::1]:80/a", "::1", "[::1]:80", "/a", false),
    ] {
        let place = Place::parse(url, Plain::Here).unwrap();
        let found = (place.host(), place.authority(), place.target(), place.is_tls());
        assert_eq!(found, (host, authority, target, tls), "{url}");
        assert_eq!(place.has_query(), url.contains('?'), "{url}");
    }
}

#[test]
fn a_place_is_written_as_it_is_read() {
    for (url, written) in [
        ("https://gate.example", "https://gate.example/"),
        ("https://gate.example:443/a", "https://gate.example:443/a"),
        ("HTTP://localhost?a=b", "http://localhost/?a=b"),
    ] {
        let place = Place::parse(url, Plain::Here).unwrap();
        assert_eq!(place.to_string(), written, "{url}");
        assert_eq!(Place::parse(written, Plain::Here), Some(place), "{url}");
    }
}
