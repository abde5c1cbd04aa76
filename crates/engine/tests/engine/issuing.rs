//! Identities: signed once in a while, kept with the record that they are about.

use std::sync::Arc;

use tollgate_core::time::UnixMillis;
use tollgate_engine::{Issuer, Settings};
use tollgate_identity::{
    Jti, Jwk, KeySet, Method, Path, Request, Room, SignError, SigningKey, Verifier,
};

use crate::{
    book::{Card, WALL},
    rig::{Rig, SETTINGS},
};

const GET: Request<'_> = Request { method: b"GET", path: b"/orders/7" };

fn key(kid: &str) -> SigningKey {
    let seed: [u8; 32] = core::array::from_fn(|at| u8::try_from(at * 7 % 251).unwrap());
    SigningKey::new(kid, "EdDSA", &seed).unwrap()
}

fn issuer(kid: &str, audience: &str) -> Issuer {
    Issuer::new(key(kid), "tollgate", audience).unwrap()
}

fn after(ms: u64) -> UnixMillis {
    UnixMillis(WALL + ms)
}

#[test]
fn a_token_is_used_again_while_more_than_half_of_its_life_is_left() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0)]);
    let issuer = issuer("k1", "orders");
    let pass = rig.pass(0);
    let (first, new) = issuer.token(&pass, after(0)).unwrap();
    assert!(new);
    rig.engine.keep(&pass, Arc::clone(&first));
    let held = rig.pass(0);
    for (ms, reused) in [(0, true), (14_999, true), (15_000, false), (40_000, false)] {
        let (token, new) = issuer.token(&held, after(ms)).unwrap();
        assert_eq!((Arc::ptr_eq(&token, &first), new), (reused, !reused), "{ms}");
    }
    let (_, new) = issuer.token(&held, UnixMillis(WALL - 1)).unwrap();
    assert!(new, "a clock that stepped back makes none longer-lived");
}

#[test]
fn a_token_is_used_for_nothing_but_what_it_was_signed_for() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0), Card::of(1)]);
    let pass = rig.pass(0);
    let (signed, _) = issuer("k1", "orders").token(&pass, after(0)).unwrap();
    rig.engine.keep(&pass, signed);
    let held = rig.pass(0);
    for (kid, audience, new) in
        [("k1", "orders", false), ("k2", "orders", true), ("k1", "invoices", true)]
    {
        assert_eq!(issuer(kid, audience).token(&held, after(9)).unwrap().1, new);
    }
    // A reload may name another issuer: origins that know that one believe no other.
    let renamed = Issuer::new(key("k1"), "tollgate-2", "orders").unwrap();
    assert!(renamed.token(&held, after(9)).unwrap().1);
    // Another key has its own.
    assert_eq!(rig.come(1), "parked");
    rig.answer_all();
    let other = rig.pass(1);
    assert!(issuer("k1", "orders").token(&other, after(9)).unwrap().1);
    // What was signed for a record that is no more held is not kept with the next.
    let before = rig.pass(0);
    let (late, _) = issuer("k2", "orders").token(&before, after(9)).unwrap();
    rig.book.change(0, |card| card.scopes.clear());
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    rig.answer_all();
    let bytes = rig.counts().record_bytes;
    rig.engine.keep(&before, late);
    assert_eq!(rig.counts().record_bytes, bytes);
    let pass = rig.pass(0);
    let (token, new) = issuer("k2", "orders").token(&pass, after(1_001)).unwrap();
    assert!(new);
    let key = key("k2");
    let keys = KeySet::new(&[Jwk { kid: "k2", alg: "EdDSA", x: key.public() }]).unwrap();
    let verifier = Verifier::new(keys, "tollgate", "orders").unwrap();
    let mut room = Room::new();
    let identity =
        verifier.verify(token.as_str().as_bytes(), GET, after(1_001), &mut room).unwrap();
    assert_eq!(identity.claims().scopes.count(), 0);
    assert_eq!(identity.claims().key.as_str(), "key_0");
    assert_eq!(identity.exp() - identity.iat(), 30);
}

#[test]
fn a_bound_token_is_good_for_its_request_only() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0)]);
    let (pass, issuer) = (rig.pass(0), issuer("k1", "orders"));
    let bound = |jti: u8| {
        let jti = Jti::new([jti; 16]).unwrap();
        let (method, path) = (Method::new("GET").unwrap(), Path::new(b"/orders/7").unwrap());
        issuer.bound(&pass, method, path, jti, after(0)).unwrap()
    };
    let x = issuer.key().public();
    let keys = KeySet::new(&[Jwk { kid: "k1", alg: "EdDSA", x }]).unwrap();
    let verifier = Verifier::new(keys, "tollgate", "orders").unwrap();
    let mut room = Room::new();
    let token = bound(7);
    assert_ne!(token, bound(8));
    let good = verifier.verify(token.as_bytes(), GET, after(0), &mut room).unwrap();
    assert_eq!(good.exp() - good.iat(), 10);
    let other = Request { path: b"/orders/8", ..GET };
    assert!(verifier.verify(token.as_bytes(), other, after(0), &mut room).is_err());
}

#[test]
fn an_identity_that_does_not_fit_is_an_error_and_nothing_is_left_out() {
    let scopes = (0..64).map(|at| format!("resource-number-{at}-of-many:action-{at}")).collect();
    let mut rig = Rig::warm(SETTINGS, &[Card { scopes, ..Card::of(0) }]);
    let pass = rig.pass(0);
    assert_eq!(issuer("k1", "orders").token(&pass, after(0)).unwrap_err(), SignError::TooLong);
    assert!(Issuer::new(key("k1"), "two words", "orders").is_err());
    assert!(Issuer::new(key("k1"), "tollgate", "").is_err());
}

#[test]
fn a_kept_token_is_paid_for_and_shown_to_nobody() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0)]);
    let pass = rig.pass(0);
    let (signed, _) = issuer("k1", "orders").token(&pass, after(0)).unwrap();
    let before = rig.counts().record_bytes;
    rig.engine.keep(&pass, Arc::clone(&signed));
    let with = rig.counts().record_bytes;
    assert!(with > before + 300 && with <= 1_024, "{before} and {with}");
    rig.engine.keep(&pass, Arc::clone(&signed));
    assert_eq!(rig.counts().record_bytes, with, "once");
    let shown = format!("{signed:?}{pass:?}{:?}", issuer("k1", "orders"));
    assert!(!shown.contains(signed.as_str()));
    // Where there is no room for it, the cache stays within its bound.
    let settings =
        Settings { records_bytes_max: usize::try_from(before).unwrap() + 10, ..SETTINGS };
    let mut rig = Rig::warm(settings, &[Card::of(0)]);
    let pass = rig.pass(0);
    rig.engine.keep(&pass, signed);
    assert!(rig.counts().record_bytes <= before + 10);
    assert_eq!(rig.come(0), "allow");
}
