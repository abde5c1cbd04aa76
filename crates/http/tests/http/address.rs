//! The nearest address that no trusted hop has.

use std::net::IpAddr;

use tollgate_core::network::{Address, Country};
use tollgate_http::address::{
    HOPS_MAX, LINES_MAX, TRUSTED_MAX, Trusted, TrustedError, client, country, forwarded_for,
};

use crate::made::fields;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn trusted() -> Trusted {
    Trusted::new(&["10.0.0.0/8", "fd00::/8"]).unwrap()
}

fn check(peer: &str, lines: &[&str], expected: &str) {
    let given: Vec<_> = lines.iter().map(|line| ("X-Forwarded-For", *line)).collect();
    let found = client(ip(peer), fields(&given), &trusted());
    assert_eq!(found, Address::new(ip(expected)), "{peer} {lines:?}");
}

#[test]
fn nobody_is_believed_by_default() {
    let given = [
        ("X-Forwarded-For", "1.1.1.1"),
        ("Forwarded", "for=1.1.1.1"),
        ("X-Real-IP", "1.1.1.1"),
        ("CF-Connecting-IP", "1.1.1.1"),
        ("True-Client-IP", "1.1.1.1"),
    ];
    for peer in ["9.9.9.9", "127.0.0.1", "10.0.0.1", "::1"] {
        let found = client(ip(peer), fields(&given), &Trusted::default());
        assert_eq!(found, Address::new(ip(peer)));
    }
    // A trusted hop is believed in its one field only.
    let found = client(ip("10.0.0.1"), fields(&given[1..]), &trusted());
    assert_eq!(found, Address::new(ip("10.0.0.1")));
}

#[test]
fn the_rightmost_address_that_is_not_a_trusted_hop_is_the_clients() {
    check("9.9.9.9", &["1.1.1.1"], "9.9.9.9");
    check("10.0.0.1", &[], "10.0.0.1");
    check("10.0.0.1", &["1.1.1.1"], "1.1.1.1");
    check("10.0.0.1", &["1.1.1.1, 2.2.2.2"], "2.2.2.2");
    check("10.0.0.1", &["1.1.1.1,10.0.0.2"], "1.1.1.1");
    check("10.0.0.1", &["6.6.6.6, 1.1.1.1 ,\t10.0.0.3,10.0.0.2"], "1.1.1.1");
    check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3");
    check("10.0.0.1", &["1.1.1.1", "2.2.2.2"], "2.2.2.2");
    check("10.0.0.1", &["1.1.1.1", "10.0.0.2"], "1.1.1.1");
    check("10.0.0.1", &["6.6.6.6", "1.1.1.1, 10.0.0.3", "10.0.0.2"], "1.1.1.1");
    check("fd00::1", &["2001:db8::1"], "2001:db8::1");
}

#[test]
fn the_name_of_the_field_has_any_case_and_no_other_spelling() {
    for (name, expected) in [
        ("x-forwarded-for", "1.1.1.1"),
        ("X-FORWARDED-FOR", "1.1.1.1"),
        ("X_Forwarded_For", "10.0.0.1"),
        ("X-Forwarded-For ", "10.0.0.1"),
    ] {
        let given = [(name, "1.1.1.1")];
        assert_eq!(client(ip("10.0.0.1"), fields(&given), &trusted()), Address::new(ip(expected)));
    }
}

#[test]
fn ports_brackets_and_mapped_addresses_are_read_and_nothing_else_is_an_address() {
    for (entry, expected) in [
        ("1.1.1.1:80", "1.1.1.1"),
        ("1.1.1.1:65535", "1.1.1.1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("::ffff:1.1.1.1", "1.1.1.1"),
        ("[::ffff:1.1.1.1]:80", "1.1.1.1"),
        ("::ffff:101:101", "1.1.1.1"),
    ] {
        check("10.0.0.1", &[entry], expected);
        // Mapped or not, a peer is the same peer.
        check("::ffff:10.0.0.1", &[entry], expected);
    }
    // What is none ends the walk where it was written.
    for entry in [
        "",
        "unknown",
        "_hidden",
        "localhost",
        "1.1.1",
        "1.1.1.1.1",
        "01.1.1.1",
        "0x1.1.1.1",
        "256.1.1.1",
        "1.1.1.1:",
        "1.1.1.1:65536",
        "1.1.1.1:+80",
        "1.1.1.1:a",
        "1.1.1.1 2.2.2.2",
        "\"1.1.1.1\"",
        "[1.1.1.1]",
        "[2001:db8::1",
        "2001:db8::1]",
        "[2001:db8::1]80",
        "[2001:db8::1]:",
        "[]",
        "fe80::1%eth0",
        "[fe80::1%25eth0]",
        "1.1.1.1\0",
        "1.1.1.1/32",
        "for=1.1.1.1",
        "\u{ff11}.1.1.1",
    ] {
        check("10.0.0.1", &[entry], "10.0.0.1");
        check("10.0.0.1", &[&format!("1.1.1.1, {entry}, 10.0.0.2")], "10.0.0.2");
        check("10.0.0.1", &["1.1.1.1", entry], "10.0.0.1");
    }
}

#[test]
fn a_client_that_makes_up_hops_does_not_split_what_counts_it() {
    for round in 0..256_u32 {
        let made_up = format!("{round}.{round}.1.1, 10.9.9.{round}, [::{round}]:1");
        check("10.0.0.1", &[&made_up, "7.7.7.7"], "7.7.7.7");
        check("10.0.0.1", &[&format!("{made_up}, 7.7.7.7")], "7.7.7.7");
        check("7.7.7.7", &[&made_up], "7.7.7.7");
    }
}

#[test]
fn the_walk_is_bounded() {
    let mut lines = vec!["1.1.1.1"];
    lines.extend(vec!["10.0.0.2"; LINES_MAX]);
    check("10.0.0.1", &lines, "10.0.0.2");
    lines.pop();
    check("10.0.0.1", &lines, "1.1.1.1");
    let hops = |count: usize| format!("1.1.1.1{}", ", 10.0.0.2".repeat(count));
    check("10.0.0.1", &[&hops(HOPS_MAX)], "10.0.0.2");
    check("10.0.0.1", &[&hops(HOPS_MAX - 1)], "1.1.1.1");
    check("10.0.0.1", &[&",".repeat(100_000)], "10.0.0.1");
    let many = vec!["9.9.9.9"; 10_000];
    check("10.0.0.1", &many, "9.9.9.9");
}

#[test]
fn a_list_of_hops_is_read_strictly() {
    assert_eq!(Trusted::new(&["10.0.0.0/8", "10.0.0.1/8"]), Err(TrustedError::WrongBlock(1)));
    assert_eq!(Trusted::new(&["10.0.0.1"]), Err(TrustedError::WrongBlock(0)));
    assert_eq!(Trusted::new(&["::1/128"; TRUSTED_MAX + 1]), Err(TrustedError::TooMany));
    assert_eq!(Trusted::new(&["::1/128"; TRUSTED_MAX]).unwrap().blocks().len(), TRUSTED_MAX);
    let all = Trusted::new(&["0.0.0.0/0"]).unwrap();
    assert!(
        all.contains(Address::new(ip("::ffff:1.2.3.4"))) && !all.contains(Address::new(ip("::1")))
    );
}

#[test]
fn a_country_is_believed_of_a_trusted_peer_that_says_one_thing() {
    for (peer, given, header, expected) in [
        ("10.0.0.1", vec![("CF-IPCountry", "DE")], Some("cf-ipcountry"), Some(b"DE")),
        ("10.0.0.1", vec![("cf-ipcountry", " T1 ")], Some("CF-IPCountry"), Some(b"T1")),
        ("10.0.0.1", vec![("CF-IPCountry", "DE"); 2], Some("CF-IPCountry"), Some(b"DE")),
        ("9.9.9.9", vec![("CF-IPCountry", "DE")], Some("CF-IPCountry"), None),
        ("10.0.0.1", vec![("CF-IPCountry", "DE")], None, None),
        ("10.0.0.1", vec![("X-Country", "DE")], Some("CF-IPCountry"), None),
        ("10.0.0.1", vec![("CF_IPCountry", "DE")], Some("CF-IPCountry"), None),
        (
            "10.0.0.1",
            vec![("CF-IPCountry", "DE"), ("cf-ipcountry", "FR")],
            Some("CF-IPCountry"),
            None,
        ),
        ("10.0.0.1", vec![("CF-IPCountry", "DE, FR")], Some("CF-IPCountry"), None),
        ("10.0.0.1", vec![("CF-IPCountry", "XX")], Some("CF-IPCountry"), None),
        ("10.0.0.1", vec![("CF-IPCountry", "de")], Some("CF-IPCountry"), None),
        ("10.0.0.1", vec![("CF-IPCountry", "")], Some("CF-IPCountry"), None),
    ] {
        let found = country(ip(peer), fields(&given), header, &trusted());
        assert_eq!(found, expected.and_then(|code| Country::new(code)), "{peer} {given:?}");
    }
}

#[test]
fn the_origin_is_told_what_trusted_hops_said_and_who_asked_us() {
    for (peer, lines, expected) in [
        ("9.9.9.9", vec![], "9.9.9.9"),
        ("9.9.9.9", vec!["1.1.1.1"], "9.9.9.9"),
        ("10.0.0.1", vec!["1.1.1.1, 10.0.0.2"], "1.1.1.1, 10.0.0.2, 10.0.0.1"),
        ("10.0.0.1", vec!["1.1.1.1", " ", "2.2.2.2"], "1.1.1.1, 2.2.2.2, 10.0.0.1"),
        ("10.0.0.1", vec!["1.1.1.1\r\nA: b", "2.2.2.2"], "2.2.2.2, 10.0.0.1"),
        ("::ffff:10.0.0.1", vec![], "10.0.0.1"),
        ("fd00::1", vec!["::1"], "::1, fd00::1"),
    ] {
        let given: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
        assert_eq!(forwarded_for(ip(peer), fields(&given), &trusted()), expected);
    }
}
