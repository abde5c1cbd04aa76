//! There is one spelling of everything.

use crate::made::{BOUND, HEADER, UNBOUND, forged, judged};

/// Replaces `from`, which must be there once, by `to`, signs it truly, and expects a refusal.
fn check(rows: &[(&str, &str)], text: &str, expected: &str) {
    for (from, to) in rows {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        let changed = text.replacen(from, to, 1);
        let token = if text == HEADER {
            forged(changed.as_bytes(), UNBOUND.as_bytes())
        } else {
            forged(HEADER.as_bytes(), changed.as_bytes())
        };
        assert_eq!(judged(token.as_bytes()), expected, "{from} became {to}");
    }
}

#[test]
fn the_examples_are_accepted() {
    for claims in [UNBOUND, BOUND] {
        assert_eq!(judged(forged(HEADER.as_bytes(), claims.as_bytes()).as_bytes()), "ok");
    }
}

#[test]
fn another_header_is_malformed() {
    let rows = [
        (r#""EdDSA""#, r#""none""#),
        (r#""EdDSA""#, r#""None""#),
        (r#""EdDSA""#, r#""HS256""#),
        (r#""EdDSA""#, r#""ES256""#),
        (r#""EdDSA""#, r#""eddsa""#),
        (r#""EdDSA""#, r#""EdDSA ""#),
        (r#""EdDSA""#, r#""""#),
        (r#""EdDSA""#, "null"),
        (r#""EdDSA""#, r#"["EdDSA"]"#),
        (r#""alg":"EdDSA","#, ""),
        (r#""alg":"EdDSA","#, r#""alg":"EdDSA","alg":"EdDSA","#),
        (r#""alg":"EdDSA","#, r#""alg":"none","alg":"EdDSA","#),
        (r#""alg":"EdDSA","kid":"k1","#, r#""kid":"k1","alg":"EdDSA","#),
        (r#""alg""#, r#""ALG""#),
        (r#""alg""#, r#""\u0061lg""#),
        (r#""kid":"k1","#, ""),
        (r#""kid":"k1","#, r#""kid":"k1","kid":"k2","#),
        (r#""kid":"k1","#, r#""kid":"k1","crit":["exp"],"#),
        (r#""kid":"k1","#, r#""kid":"k1","b64":false,"#),
        (r#""kid":"k1","#, r#""kid":"k1","jwk":{"kty":"OKP"},"#),
        (r#""kid":"k1","#, r#""kid":"k1","jku":"https://evil.example","#),
        (r#""kid":"k1","#, r#""kid":"k1","x5u":"","#),
        (r#""k1""#, r#""""#),
        (r#""k1""#, r#""\u006b1""#),
        (r#""k1""#, r#""k/1""#),
        (r#""k1""#, "1"),
        ("tg-identity+jwt", "JWT"),
        ("tg-identity+jwt", "application/tg-identity+jwt"),
        ("tg-identity+jwt", "TG-identity+jwt"),
        (r#","typ":"tg-identity+jwt""#, ""),
        (r#""tg-identity+jwt"}"#, r#""tg-identity+jwt","zip":"DEF"}"#),
        (r#""tg-identity+jwt"}"#, r#""tg-identity+jwt"} "#),
        (r#""tg-identity+jwt"}"#, r#""tg-identity+jwt""#),
        (r#"{"alg""#, r#" {"alg""#),
        (r#"{"alg""#, "\u{feff}{\"alg\""),
        (r#"{"alg":"#, r#"{"alg": "#),
        (r#"{"alg":"EdDSA","#, "{\"alg\":\"EdDSA\",\n"),
    ];
    check(&rows, HEADER, "malformed");
}

#[test]
fn another_spelling_of_the_claims_is_refused() {
    let rows = [
        ("1700000000", "+1700000000"),
        ("1700000000", "-1700000000"),
        ("1700000000", "01700000000"),
        ("1700000000", "1700000000.0"),
        ("1700000000", "1.7e9"),
        ("1700000000", "17e8"),
        ("1700000000", r#""1700000000""#),
        ("1700000000", "0x6553f100"),
        ("1700000000", ""),
        ("1700000000", "null"),
        ("1700000000", "9007199254740993"),
        ("1700000000", "18446744073709551616"),
        ("1700000000", "1700000000 "),
        (r#"{"iss""#, r#"{ "iss""#),
        (r#"{"iss""#, r#"{"jti":null,"iss""#),
        (r#""iss""#, r#""is\u0073""#),
        (r#""orders","#, r#""\u006frders","#),
        (r#""orders","#, r#"["orders"],"#),
        (r#""aud":"orders","#, ""),
        (r#""aud":"orders","#, r#""aud":"orders","aud":"orders","#),
        (r#""aud":"orders","#, r#""aud":"payments","aud":"orders","#),
        (r#""aud":"orders","sub":"owner_1","#, r#""sub":"owner_1","aud":"orders","#),
        (r#""sub":"owner_1","#, ""),
        (r#""sub":"owner_1""#, r#""sub":"owner_1","nbf":1700000000"#),
        (r#""sub":"owner_1""#, r#""sub":null"#),
        ("owner_1", ""),
        ("owner_1", "owner 1"),
        ("owner_1", "a@b@c"),
        ("owner_1", "owner_1\u{0}"),
        ("owner_1", "owner_1\n"),
        ("owner_1", "owner_1\u{7f}"),
        ("owner_1", "ówner"),
        ("owner_1", "o;admin=1"),
        ("owner_1", "o,admin"),
        ("owner_1", "o\u{9}"),
        (r#"owner_1"#, r#"o\"1"#),
        (r#"owner_1"#, r"o\\1"),
        (r#""iat":1700000000,"exp":1700000030"#, r#""exp":1700000030,"iat":1700000000"#),
        (r#""live""#, r#""LIVE""#),
        (r#""live""#, r#""""#),
        (r#""live""#, r#""ninechars""#),
        (r#"["orders:read","#, r#"["orders:read", "#),
        (r#"["orders:read","#, r#"[,"orders:read","#),
        (r#""orders:write"]"#, r#""orders:write",]"#),
        (r#""orders:write"]"#, r#""orders:write"],"extra":1"#),
        ("orders:read", "orders"),
        ("orders:read", "Orders:read"),
        ("orders:read", "orders:read:all"),
        ("orders:read", "orders:re ad"),
        (r#""orders:read""#, "null"),
        (r#"["orders:read","orders:write"]"#, "null"),
        (r#"["orders:read","orders:write"]"#, r#""orders:read orders:write""#),
        (r#""pro""#, r#""""#),
        (r#""pro""#, "false"),
        (r#""pro""#, "NULL"),
        (r#","plan":"pro""#, ""),
        (r#""pro"}"#, r#""pro","method":"GET","path":"Lw"}"#),
        (r#""pro"}}"#, r#""pro"}} "#),
        (r#""pro"}}"#, r#""pro"}}{}"#),
        (r#""pro"}}"#, r#""pro"}"#),
        (r#""pro"}}"#, r#""pro"},"admin":true}"#),
        ("1700000030,", "1700000030,\"jti\":\"00000000000000000000000000000001\","),
    ];
    check(&rows, UNBOUND, "bad_claims");
}

#[test]
fn another_spelling_of_the_binding_is_refused() {
    let rows = [
        (r#""jti":"000102030405060708090a0b0c0d0e0f","#, ""),
        ("000102030405060708090a0b0c0d0e0f", "00000000000000000000000000000000"),
        ("000102030405060708090a0b0c0d0e0f", "000102030405060708090A0B0C0D0E0F"),
        ("000102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e"),
        ("000102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e0f00"),
        (r#""000102030405060708090a0b0c0d0e0f""#, "null"),
        (r#","method":"GET""#, ""),
        (r#""GET""#, r#""""#),
        (r#""GET""#, r#""G T""#),
        (r#""GET""#, r#""GET,POST""#),
        (r#""GET""#, "null"),
        (r#""GET""#, r#""AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#),
        (r#","path":"L3YxL29yZGVycy8lNDE""#, ""),
        (r#""L3YxL29yZGVycy8lNDE""#, r#""L3YxL29yZGVycy8lNDE=""#),
        (r#""L3YxL29yZGVycy8lNDE""#, r#""L3YxL29yZGVycy8lNDF""#),
        (r#""L3YxL29yZGVycy8lNDE""#, r#""L3YxL29yZGVycy8lN""#),
        (r#""L3YxL29yZGVycy8lNDE""#, r#""""#),
        (r#""L3YxL29yZGVycy8lNDE""#, r#""/v1/orders/%41""#),
        (r#""L3YxL29yZGVycy8lNDE""#, r#""Lz8""#),
        (r#""L3YxL29yZGVycy8lNDE""#, r#""++++""#),
        (
            r#""method":"GET","path":"L3YxL29yZGVycy8lNDE""#,
            r#""path":"L3YxL29yZGVycy8lNDE","method":"GET""#,
        ),
    ];
    check(&rows, BOUND, "bad_claims");
}

#[test]
fn bounds_of_lists_and_strings_hold_to_the_one() {
    let scopes = |count: usize| vec![r#""a:b""#; count].join(",");
    let many = |count| UNBOUND.replacen(r#""orders:read","orders:write""#, &scopes(count), 1);
    let owner = |len| UNBOUND.replacen("owner_1", &"o".repeat(len), 1);
    let side = "s".repeat(32);
    let scope = |extra| UNBOUND.replacen("orders:read", &format!("{side}:{side}{extra}"), 1);
    let rows = [
        (many(0), "ok"),
        (many(64), "ok"),
        (many(65), "bad_claims"),
        (owner(64), "ok"),
        (owner(65), "bad_claims"),
        (scope(""), "ok"),
        (scope("s"), "bad_claims"),
        (UNBOUND.replacen("https://gate.example", &"i".repeat(128), 1), "wrong_issuer"),
        (UNBOUND.replacen("https://gate.example", &"i".repeat(129), 1), "bad_claims"),
    ];
    for (claims, expected) in rows {
        let token = forged(HEADER.as_bytes(), claims.as_bytes());
        assert_eq!(judged(token.as_bytes()), expected, "{claims}");
    }
}
