//! What can be set, and what cannot be meant.

use std::time::Duration;

use serde_json::json;
use tollgate_origin::{
    DEADLINE_MAX, MAX_AGE_MAX, PUBLIC_MAX, REALM_MAX, REFETCH_MAX, REMEMBER_MAX, REPLAY_MAX,
    Settings, Verifier,
};

use crate::data::{settings, settings_of};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn check(settings: Settings, wrong: Option<&str>) {
    let shown = format!("{settings:?}");
    let found = Verifier::new(settings).err();
    assert_eq!(found.map(|error| error.setting()), wrong, "{shown}");
}

#[test]
fn what_cannot_be_meant_is_refused_when_it_is_made() {
    for (name, wrong) in [("", true), ("a b", true), ("a\"", true), ("a\\", true), ("é", true)] {
        check(Settings::new(name, "orders").jwks("https://a"), wrong.then_some("issuer"));
        check(Settings::new("gate", name).jwks("https://a"), wrong.then_some("audience"));
    }
    let long = "x".repeat(129);
    check(Settings::new(long.as_str(), "orders").jwks("https://a"), Some("issuer"));
    check(Settings::new("gate", long.as_str()).jwks("https://a"), Some("audience"));
    for (skew, wrong) in [(0, None), (60_000, None), (60_001, Some("skew"))] {
        check(settings().skew(millis(skew)), wrong);
    }
    check(settings().skew(Duration::MAX), Some("skew"));
    for (realm, wrong) in [("", true), ("a\"b", true), ("a\r\nb", true), ("the orders", false)] {
        check(settings().realm(realm), wrong.then_some("realm"));
    }
    check(settings().realm("x".repeat(REALM_MAX)), None);
    check(settings().realm("x".repeat(REALM_MAX + 1)), Some("realm"));
    for (path, wrong) in [("health", true), ("", true), ("/a?b", true), ("/health", false)] {
        check(settings().public([path]), wrong.then_some("public"));
    }
    check(settings().public(vec!["/"; PUBLIC_MAX]), None);
    check(settings().public(vec!["/"; PUBLIC_MAX + 1]), Some("public"));
}

#[test]
fn replay_is_remembered_only_where_binding_is_demanded() {
    check(settings().replay_max(1), Some("replay_max"));
    check(settings().replay_max(1).require_binding(), None);
    check(settings().replay_max(REPLAY_MAX).require_binding(), None);
    check(settings().replay_max(REPLAY_MAX + 1).require_binding(), Some("replay_max"));
    check(settings().remember_max(REMEMBER_MAX), None);
    check(settings().remember_max(REMEMBER_MAX + 1), Some("remember_max"));
}

#[test]
fn times_are_within_their_bounds_and_in_their_order() {
    let more = millis(1);
    for (set, wrong) in [
        (settings().fresh(millis(999)), Some("fresh")),
        (settings().fresh(millis(300_000)), Some("fresh")),
        (settings().fresh(millis(1_000)).max_age(millis(1_001)), None),
        (settings().max_age(MAX_AGE_MAX), None),
        (settings().max_age(MAX_AGE_MAX + more), Some("max_age")),
        (settings().refetch(millis(999)), Some("refetch")),
        (settings().refetch(REFETCH_MAX), None),
        (settings().refetch(REFETCH_MAX + more), Some("refetch")),
        (settings().deadline(millis(49)), Some("deadline")),
        (settings().deadline(DEADLINE_MAX), None),
        (settings().deadline(DEADLINE_MAX + more), Some("deadline")),
    ] {
        check(set, wrong);
    }
}

#[test]
fn keys_come_from_somewhere_that_can_be_trusted() {
    let gate = || Settings::new("gate", "orders");
    check(gate(), Some("jwks"));
    check(Settings::new("https://gate.example", "orders"), None);
    check(Settings::new("https://gate.example/", "orders"), None);
    check(Settings::new("http://gate.example", "orders"), Some("jwks"));
    check(Settings::new("http://gate.example", "orders").allow_http(), None);
    check(gate().jwks("http://127.0.0.1:1/x"), None);
    check(gate().jwks("http://10.0.0.1/x"), Some("jwks"));
    check(gate().jwks(""), Some("jwks"));
    check(gate().jwks_document(""), Some("jwks_document"));
    check(settings_of(&json!({})), Some("jwks_document"));
    check(settings_of(&json!({"keys": []})), Some("jwks_document"));
}

#[test]
fn authorities_are_certificates() {
    let gate = || Settings::new("https://gate.example", "orders");
    check(gate().authorities(include_str!("certificates/ca.pem")), None);
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    for wrong in ["", "none", broken, include_str!("certificates/server.key.pem")] {
        check(gate().authorities(wrong), Some("authorities"));
    }
}
