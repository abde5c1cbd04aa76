//! For whom, by whom, when and for what a token is good.

use tollgate_core::time::UnixMillis;
use tollgate_identity::{
    Jwk, KeyError, KeySet, Request, SKEW_MAX_MS, SigningKey, Verifier, VerifierError,
};

use crate::made::{
    BOUND, BOUND_TOKEN, HEADER, NOW, REQUEST, UNBOUND, UNBOUND_TOKEN, base64url, bound, forged,
    judged, key, outcome, scopes, signed, unbound, verifier,
};

const ISSUER: &str = "https://gate.example";

#[test]
fn a_token_is_accepted_from_iat_to_before_exp_give_or_take_the_skew() {
    let (iat, exp) = (1_700_000_000_000, 1_700_000_030_000);
    for skew in [0, 1, 999, 1_000, 5_000, SKEW_MAX_MS] {
        let verifier = verifier().with_skew(skew).unwrap();
        let rows = [
            (iat - skew - 1, "not_yet_valid"),
            (iat - skew, "ok"),
            (iat, "ok"),
            (exp - 1, "ok"),
            (exp + skew - 1, "ok"),
            (exp + skew, "expired"),
            (0, "not_yet_valid"),
            (u64::MAX, "expired"),
        ];
        for (now, expected) in rows {
            let token = UNBOUND_TOKEN.as_bytes();
            assert_eq!(outcome(&verifier, token, REQUEST, UnixMillis(now)), expected, "{now}");
        }
    }
    assert_eq!(verifier().with_skew(SKEW_MAX_MS + 1).unwrap_err(), VerifierError::BadSkew);
}

#[test]
fn the_last_instants_that_a_token_can_name_are_told_apart() {
    let (last, end) = ((1_u64 << 53) - 30, 1_u64 << 53);
    let claims = UNBOUND.replacen("1700000000", &last.to_string(), 1);
    let token =
        forged(HEADER.as_bytes(), claims.replacen("1700000030", &end.to_string(), 1).as_bytes());
    for (now, expected) in [
        (last * 1000 - 5_001, "not_yet_valid"),
        (last * 1000 - 5_000, "ok"),
        (end * 1000 + 4_999, "ok"),
        (end * 1000 + 5_000, "expired"),
        (u64::MAX, "expired"),
    ] {
        assert_eq!(outcome(&verifier(), token.as_bytes(), REQUEST, UnixMillis(now)), expected);
    }
}

#[test]
fn a_life_below_a_second_or_above_its_maximum_is_refused() {
    let check = |claims: &str, exp: &str, iat_exp: (u64, u64), expected| {
        let claims = claims.replacen("1700000000", &iat_exp.0.to_string(), 1);
        let claims = claims.replacen(exp, &iat_exp.1.to_string(), 1);
        let token = forged(HEADER.as_bytes(), claims.as_bytes());
        assert_eq!(judged(token.as_bytes()), expected, "{claims}");
    };
    let at = 1_700_000_000;
    for (life, unbound, bound) in [
        (0, "bad_life", "bad_life"),
        (1, "ok", "ok"),
        (10, "ok", "ok"),
        (11, "ok", "bad_life"),
        (30, "ok", "bad_life"),
        (31, "bad_life", "bad_life"),
    ] {
        check(UNBOUND, "1700000030", (at, at + life), unbound);
        check(BOUND, "1700000010", (at, at + life), bound);
    }
    check(UNBOUND, "1700000030", (at, at - 1), "bad_life");
    check(UNBOUND, "1700000030", (at, 0), "bad_life");
    check(UNBOUND, "1700000030", (0, 1 << 53), "bad_life");
}

#[test]
fn only_a_trusted_name_with_its_algorithm_and_its_key_is_believed() {
    let (own, other) = (
        key().public(),
        SigningKey::new("k", "EdDSA", &[&[9; 16][..], &[8; 16]].concat().try_into().unwrap())
            .unwrap()
            .public(),
    );
    let rows: [(&[Jwk<'_>], &str); 8] = [
        (&[Jwk { kid: "k1", alg: "EdDSA", x: own }], "ok"),
        (&[Jwk { kid: "k1", alg: "Ed25519", x: own }], "wrong_alg"),
        (&[Jwk { kid: "k2", alg: "EdDSA", x: own }], "unknown_kid"),
        (&[Jwk { kid: "K1", alg: "EdDSA", x: own }], "unknown_kid"),
        (&[Jwk { kid: "k11", alg: "EdDSA", x: own }], "unknown_kid"),
        (&[Jwk { kid: "k1", alg: "EdDSA", x: other }], "bad_signature"),
        // Rotation: the old key beside the new one; then the old one retired.
        (
            &[Jwk { kid: "k2", alg: "EdDSA", x: other }, Jwk { kid: "k1", alg: "EdDSA", x: own }],
            "ok",
        ),
        (&[Jwk { kid: "k2", alg: "EdDSA", x: other }], "unknown_kid"),
    ];
    for (jwks, expected) in rows {
        let verifier = Verifier::new(KeySet::new(jwks).unwrap(), ISSUER, "orders").unwrap();
        assert_eq!(outcome(&verifier, UNBOUND_TOKEN.as_bytes(), REQUEST, NOW), expected);
    }
}

#[test]
fn a_key_set_that_could_be_misread_is_refused() {
    let jwk = |kid, alg, x| Jwk { kid, alg, x };
    let good = jwk("k1", "EdDSA", key().public());
    let named = |kid| jwk(kid, "EdDSA", key().public());
    let mut not_canonical = [0xff; 32];
    not_canonical[0] = 0xed + 3;
    not_canonical[31] = 0x7f;
    let no_point = core::array::from_fn(|at| u8::from(at == 0) * 2);
    let rows: [(&[Jwk<'_>], Option<KeyError>); 11] = [
        (&[], Some(KeyError::NoKeys)),
        (&[named("a"), named("b"), named("c"), named("d")], None),
        (&[named("a"), named("b"), named("c"), named("d"), named("")], Some(KeyError::TooManyKeys)),
        (&[named("")], Some(KeyError::BadKid)),
        (&[named("a b")], Some(KeyError::BadKid)),
        (&[jwk("k1", "none", key().public())], Some(KeyError::BadAlg)),
        (&[jwk("k1", "EdDSA", [0; 32])], Some(KeyError::BadKey)),
        (&[jwk("k1", "EdDSA", not_canonical)], Some(KeyError::BadKey)),
        (&[jwk("k1", "EdDSA", no_point)], Some(KeyError::BadKey)),
        (&[good, good], Some(KeyError::DuplicateKid)),
        (&[good, jwk("k1", "Ed25519", key().public())], Some(KeyError::DuplicateKid)),
    ];
    for (jwks, expected) in rows {
        assert_eq!(KeySet::new(jwks).err(), expected, "{jwks:?}");
    }
}

#[test]
fn another_gate_and_another_origin_are_refused() {
    let keys = || KeySet::new(&[Jwk { kid: "k1", alg: "EdDSA", x: key().public() }]).unwrap();
    let rows = [
        (ISSUER, "orders", "ok"),
        ("https://gate.example/", "orders", "wrong_issuer"),
        ("https://GATE.example", "orders", "wrong_issuer"),
        ("https://gate.exampl", "orders", "wrong_issuer"),
        ("x", "x", "wrong_issuer"),
        (ISSUER, "order", "wrong_audience"),
        (ISSUER, "orders2", "wrong_audience"),
        (ISSUER, "Orders", "wrong_audience"),
    ];
    for (issuer, audience, expected) in rows {
        let verifier = Verifier::new(keys(), issuer, audience).unwrap();
        assert_eq!(outcome(&verifier, UNBOUND_TOKEN.as_bytes(), REQUEST, NOW), expected);
    }
    for name in ["", " ", "a b", "a\"b", "a\\b", "é", "a\n", &"a".repeat(129)] {
        assert_eq!(Verifier::new(keys(), name, "a").unwrap_err(), VerifierError::BadName);
        assert_eq!(Verifier::new(keys(), "a", name).unwrap_err(), VerifierError::BadName);
    }
}

#[test]
fn a_bound_token_is_good_for_its_request_only() {
    let rows: [(&[u8], &[u8], &str); 12] = [
        (b"GET", b"/v1/orders/%41", "ok"),
        (b"POST", b"/v1/orders/%41", "wrong_method"),
        (b"get", b"/v1/orders/%41", "wrong_method"),
        (b"", b"/v1/orders/%41", "wrong_method"),
        (b"GET", b"/v1/orders/A", "wrong_path"),
        (b"GET", b"/v1/orders/%41/", "wrong_path"),
        (b"GET", b"/v1//orders/%41", "wrong_path"),
        (b"GET", b"/V1/orders/%41", "wrong_path"),
        (b"GET", b"/v1/orders/%41?a=b", "wrong_path"),
        (b"GET", b"/v1/orders/%4", "wrong_path"),
        (b"GET", b"", "wrong_path"),
        (b"POST", b"", "wrong_method"),
    ];
    for (method, path, expected) in rows {
        for required in [false, true] {
            let verifier = verifier().with_binding(required);
            let request = Request { method, path };
            assert_eq!(outcome(&verifier, BOUND_TOKEN.as_bytes(), request, NOW), expected);
        }
    }
    let demanding = verifier().with_binding(true);
    assert_eq!(outcome(&demanding, UNBOUND_TOKEN.as_bytes(), REQUEST, NOW), "unbound");
}

#[test]
fn the_first_reason_that_applies_is_given() {
    // Every token is wrong in all the ways that come later, as far as one token can be.
    let header = |alg, kid| HEADER.replace("EdDSA", alg).replace("k1", kid);
    let unsigned = |header: String| {
        let (header, claims) = (base64url(header.as_bytes()), base64url(b"{}"));
        format!("{header}.{claims}.{}", base64url(&[1; 64]))
    };
    let claims = |issuer, audience, (iat, exp): (u64, u64)| {
        let claims = BOUND.replace("https://gate.example", issuer).replace("orders\"", audience);
        let claims = claims.replace("1700000000", &iat.to_string());
        let claims = claims.replace("1700000010", &exp.to_string()).replace("GET", "PUT");
        forged(HEADER.as_bytes(), claims.as_bytes())
    };
    let (long_ago, ahead) = ((1_600_000_000, 1_600_000_010), (1_800_000_000, 1_800_000_010));
    let rows = [
        ("x".repeat(2049), "too_long"),
        ("x".repeat(2048), "malformed"),
        (unsigned(header("none", "k2")), "malformed"),
        (unsigned(header("Ed25519", "k2")), "unknown_kid"),
        (unsigned(header("Ed25519", "k1")), "wrong_alg"),
        (unsigned(header("EdDSA", "k1")), "bad_signature"),
        (forged(HEADER.as_bytes(), b"{}"), "bad_claims"),
        (claims("x", "x\"", (1_600_000_000, 1_600_000_011)), "bad_life"),
        (claims("x", "x\"", long_ago), "wrong_issuer"),
        (claims(ISSUER, "x\"", long_ago), "wrong_audience"),
        (claims(ISSUER, "orders\"", ahead), "not_yet_valid"),
        (claims(ISSUER, "orders\"", long_ago), "expired"),
        (claims(ISSUER, "orders\"", (1_700_000_000, 1_700_000_010)), "wrong_method"),
    ];
    let elsewhere = Request { method: b"GET", path: b"/" };
    for (token, expected) in rows {
        assert_eq!(outcome(&verifier(), token.as_bytes(), elsewhere, NOW), expected);
    }
    assert_eq!(outcome(&verifier(), BOUND_TOKEN.as_bytes(), elsewhere, NOW), "wrong_path");
}

#[test]
fn a_token_signed_with_the_public_key_as_a_secret_is_refused() {
    // The classic: `HS256` with what everybody knows. There is no such algorithm here to confuse.
    let header = HEADER.replace("EdDSA", "HS256");
    let token = format!(
        "{}.{}.{}",
        base64url(header.as_bytes()),
        base64url(UNBOUND.as_bytes()),
        base64url(&key().public())
    );
    assert_eq!(judged(token.as_bytes()), "malformed");
    let none = HEADER.replace("EdDSA", "none");
    let token = format!("{}.{}.", base64url(none.as_bytes()), base64url(UNBOUND.as_bytes()));
    assert_eq!(judged(token.as_bytes()), "malformed");
}

#[test]
fn what_an_earlier_token_left_in_the_room_is_never_seen() {
    use tollgate_identity::Room;
    let mut room = Room::new();
    let mut long = bound();
    long.scopes = scopes(&["a:b"; 60]);
    for token in [signed(&long), signed(&unbound()), "..".to_owned(), signed(&bound())] {
        let fresh = judged(token.as_bytes());
        let reused = verifier()
            .verify(token.as_bytes(), REQUEST, NOW, &mut room)
            .map_or_else(|refusal| refusal.code(), |_| "ok");
        assert_eq!(fresh, reused);
    }
}
