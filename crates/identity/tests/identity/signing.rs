//! What the signer makes, and what it refuses to make.

use tollgate_core::{id::Id, time::UnixMillis};
use tollgate_identity::{
    Binding, JWKS_MAX, Jti, Jwk, KEYS_MAX, KeyError, KeySet, Method, Name, Path, Request,
    SignError, SigningKey, TOKEN_MAX, Verifier, jwks,
};

use crate::made::{
    BOUND, BOUND_TOKEN, NOW, UNBOUND_TOKEN, bound, key, outcome, scopes, seed, signed, unbound,
};

#[test]
fn the_examples_of_the_specification_are_signed_so() {
    assert_eq!(signed(&unbound()), UNBOUND_TOKEN);
    assert_eq!(signed(&bound()), BOUND_TOKEN);
    for late in [1, 999] {
        let mut room = [0; TOKEN_MAX];
        let token = key().sign(&unbound(), 30, UnixMillis(NOW.0 + late), &mut room).unwrap();
        assert_eq!(
            (token.text, token.iat, token.exp),
            (UNBOUND_TOKEN, NOW.0 / 1000, NOW.0 / 1000 + 30)
        );
    }
}

#[test]
fn lives_and_times_that_no_token_may_have_are_errors() {
    let last = ((1 << 53) - 10) * 1000;
    let rows = [
        (0, NOW.0, Err(SignError::BadLife), Err(SignError::BadLife)),
        (1, NOW.0, Ok(()), Ok(())),
        (10, NOW.0, Ok(()), Ok(())),
        (11, NOW.0, Ok(()), Err(SignError::BadLife)),
        (30, NOW.0, Ok(()), Err(SignError::BadLife)),
        (31, NOW.0, Err(SignError::BadLife), Err(SignError::BadLife)),
        (u64::MAX, NOW.0, Err(SignError::BadLife), Err(SignError::BadLife)),
        (u64::MAX, u64::MAX, Err(SignError::BadLife), Err(SignError::BadLife)),
        (10, 0, Ok(()), Ok(())),
        (10, last + 999, Ok(()), Ok(())),
        (10, last + 1000, Err(SignError::BadTime), Err(SignError::BadTime)),
        (10, u64::MAX, Err(SignError::BadTime), Err(SignError::BadTime)),
    ];
    for (life, now, free, tied) in rows {
        let sign =
            |claims| key().sign(&claims, life, UnixMillis(now), &mut [0; TOKEN_MAX]).map(drop);
        assert_eq!((sign(unbound()), sign(bound())), (free, tied), "{life} s at {now}");
    }
}

#[test]
fn a_token_fills_its_bound_to_the_byte_and_is_never_cut_to_fit() {
    let mut full = 0;
    for (kid_len, owner_len, path_len) in (1..=4).flat_map(|kid| {
        (1..=4).flat_map(move |owner| (840..=900).map(move |path| (kid, owner, path)))
    }) {
        let (kid, owner, path) = ("k".repeat(kid_len), "o".repeat(owner_len), vec![b'/'; path_len]);
        let signer = SigningKey::new(&kid, "EdDSA", &seed()).unwrap();
        let mut claims = bound();
        claims.owner = Id::new(&owner).unwrap();
        claims.binding =
            claims.binding.map(|binding| Binding { path: Path::new(&path).unwrap(), ..binding });
        let header = 48 + kid_len;
        let body = BOUND.len() - 7 + owner_len - 19 + (path_len * 4).div_ceil(3);
        let len = (header * 4).div_ceil(3) + (body * 4).div_ceil(3) + 86 + 2;
        let expected = if len > TOKEN_MAX { Err(SignError::TooLong) } else { Ok(len) };
        let mut room = [0; TOKEN_MAX];
        let token = signer.sign(&claims, 10, NOW, &mut room).map(|token| token.text);
        assert_eq!(token.map(str::len), expected);
        if let Ok(token) = token
            && len == TOKEN_MAX
        {
            let keys = KeySet::new(&[Jwk { kid: &kid, alg: "EdDSA", x: signer.public() }]).unwrap();
            let verifier = Verifier::new(keys, "https://gate.example", "orders").unwrap();
            let request = Request { method: b"GET", path: &path };
            assert_eq!(outcome(&verifier, token.as_bytes(), request, NOW), "ok");
            full += 1;
        }
    }
    assert!(full > 0, "no token of 2,048 bytes was made");
}

#[test]
fn more_scopes_than_a_record_has_are_an_error_and_a_list_without_end_is_noticed() {
    let mut claims = unbound();
    claims.scopes = scopes(&["a:b"; 64]);
    assert!(key().sign(&claims, 30, NOW, &mut [0; TOKEN_MAX]).is_ok());
    claims.scopes = scopes(&["a:b"; 65]);
    assert_eq!(key().sign(&claims, 0, NOW, &mut [0; TOKEN_MAX]), Err(SignError::TooManyScopes));
    let endless = core::iter::repeat(tollgate_core::scope::Scope::new("a:b").unwrap());
    let unbound = unbound();
    let claims = tollgate_identity::Claims {
        issuer: unbound.issuer,
        audience: unbound.audience,
        owner: unbound.owner,
        key: unbound.key,
        tenant: unbound.tenant,
        env: unbound.env,
        scopes: endless,
        plan: None,
        binding: None,
    };
    assert_eq!(key().sign(&claims, 30, NOW, &mut [0; TOKEN_MAX]), Err(SignError::TooManyScopes));
}

#[test]
fn no_value_with_a_control_character_or_a_quote_can_be_put_into_claims() {
    for wrong in (0..0x20_u8).chain([b' ', b'"', b'\\', 0x7f]) {
        let text = format!("a{}b", char::from(wrong));
        assert!(Name::new(&text).is_err());
        assert!(Method::new(&text).is_err());
        assert!(Id::new(&text).is_err());
        assert!(tollgate_core::key::Env::new(&text).is_err());
        assert!(tollgate_core::scope::Scope::new(&format!("{text}:r")).is_err());
    }
    for wrong in ["", "é", "a:b,", "(", ")", "/", "@"] {
        assert!(Method::new(wrong).is_err(), "{wrong}");
    }
    assert!(Name::new("").is_err() && Name::new(&"n".repeat(129)).is_err());
    assert!(Name::new(&"n".repeat(128)).is_ok() && Method::new(&"M".repeat(32)).is_ok());
    assert!(Method::new(&"M".repeat(33)).is_err());
    assert!(Path::new(b"").is_err() && Path::new(b"/?").is_err() && Path::new(&[1; 1025]).is_err());
    assert!(Path::new(&[0xff; 1024]).is_ok());
    assert!(Jti::new([0; 16]).is_err());
}

#[test]
fn a_seed_that_is_missing_is_refused_and_a_key_shows_its_name_only() {
    for byte in [0, 1, 255] {
        assert_eq!(SigningKey::new("k1", "EdDSA", &[byte; 32]).unwrap_err(), KeyError::BadSeed);
    }
    assert_eq!(SigningKey::new("", "none", &[0; 32]).unwrap_err(), KeyError::BadKid);
    assert_eq!(SigningKey::new("k1", "none", &[0; 32]).unwrap_err(), KeyError::BadAlg);
    assert_eq!(SigningKey::new("k1", "eddsa", &seed()).unwrap_err(), KeyError::BadAlg);
    assert_eq!(format!("{:?}", key()), "SigningKey(k1)");
    assert_eq!(format!("{:#?}", key()), "SigningKey(k1)");
}

#[test]
fn the_document_of_public_keys_is_written_so() {
    let expected = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg","kid":"k1","alg":"EdDSA","use":"sig"}]}"#;
    let keys = KeySet::new(&[Jwk { kid: "k1", alg: "EdDSA", x: key().public() }]).unwrap();
    assert_eq!(jwks(&keys, &mut [0; JWKS_MAX]).unwrap(), expected);

    let kids: Vec<String> = (0..KEYS_MAX).map(|at| format!("{at}").repeat(64)).collect();
    let longest: Vec<Jwk<'_>> =
        kids.iter().map(|kid| Jwk { kid, alg: "Ed25519", x: key().public() }).collect();
    assert!(jwks(&KeySet::new(&longest).unwrap(), &mut [0; JWKS_MAX]).is_ok());
}
