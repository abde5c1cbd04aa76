//! Ed25519 by the published vectors, and by the rule of `docs/spec/identity.md` where they are silent.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ed25519_dalek::{Signer, SigningKey};
use tollgate_identity::{public_of_seed, signature_holds};
use tollgate_standards::{SignatureCase, rfc_8032, wycheproof_signatures};
use tollgate_testkit::unhex;

#[test]
fn wycheproof_is_answered_without_exception() {
    let cases = wycheproof_signatures();
    for case in &cases {
        let signature: Result<[u8; 64], _> = case.signature[..].try_into();
        let holds =
            signature.is_ok_and(|signature| signature_holds(&case.key, &case.message, &signature));
        assert_eq!(holds, case.valid, "{}", case.name);
    }
    let accepted = cases.iter().filter(|case| case.valid).count();
    assert_eq!((cases.len(), accepted), (151, 88));
}

#[test]
fn rfc_8032_is_signed_and_verified_to_the_byte() {
    let cases = rfc_8032();
    assert_eq!(cases.len(), 5);
    for SignatureCase { name, seed, key, message, signature, .. } in cases {
        let (seed, signature) = (seed.unwrap(), signature.try_into().unwrap());
        assert_eq!(public_of_seed(&seed), key, "{name}");
        assert_eq!(SigningKey::from_bytes(&seed).sign(&message).to_bytes(), signature, "{name}");
        assert!(signature_holds(&key, &message, &signature), "{name}");
        let other = [&message[..], &[0]].concat();
        assert!(!signature_holds(&key, &other, &signature), "{name}, another message");
    }
}

/// Where libraries disagree: made with an independent implementation of the curve that knows the
/// secret key. OpenSSL alone accepts six of them.
const ODD: [(&str, &str, &str, &str, bool); 19] = [
    (
        "an honest signature",
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "an honest message",
        "9d8c80d3ae74414dabe7c3e4ebbac0a56a5794b82c6f1dc54bd2bacd348ca0b4c00d8a16ab981ead9e78e34a4fe2346220133c71077fffb86f74fdc4bbeebe07",
        true,
    ),
    (
        "S above L",
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "an honest message",
        "9d8c80d3ae74414dabe7c3e4ebbac0a56a5794b82c6f1dc54bd2bacd348ca0b4ade17f73c5fb30057515dbed2ddc137720133c71077fffb86f74fdc4bbeebe17",
        false,
    ),
    (
        "the top bit of S set",
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "an honest message",
        "9d8c80d3ae74414dabe7c3e4ebbac0a56a5794b82c6f1dc54bd2bacd348ca0b4c00d8a16ab981ead9e78e34a4fe2346220133c71077fffb86f74fdc4bbeebe87",
        false,
    ),
    (
        "the neutral point as R",
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "m0",
        "01000000000000000000000000000000000000000000000000000000000000007a52083364e40a8c2918736756e22c756c888ac53670254c267b6fd4b2591b03",
        false,
    ),
    (
        "a point of order 8 as R",
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "m0",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc052b90c7f7cbe5ef1646ee6f1188135be7ce8003b0c9e6e42b12c6c08520f6c006",
        false,
    ),
    (
        "the neutral point with a sign as R",
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "neg",
        "0100000000000000000000000000000000000000000000000000000000000080a2fa884cfa7a14262ec10751283c79f657179ef78e75673e0a7e7fc122ed3103",
        false,
    ),
    (
        "the neutral point spelled p + 1 as R",
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "neg",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7fa57ebf92e828b37c5e47864750758749f9051d4f86d966c824a7eb17eb09f700",
        false,
    ),
    (
        "R off by a point of order 8: holds with the cofactor only",
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "torsion in R",
        "b15bf26424d1b69dd33b7a9e57db5de4a2aadea4a2a051efd9bfd6af74165d2b0b10750bceea3f2ed32c9e5f1dd0d7243b03bec053b90d3e3395acd4c8d41d04",
        false,
    ),
    (
        "a key with a part of order 8, where it does not: holds with the cofactor only",
        "b154bd62188ae283dd187fefe8c31f5e276edf083b4cff11c9d5cff856c74440",
        "mixed 0",
        "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572f99c3fde0e180440a800e14955f2a5189ce4d1d13fb52eceda8ded02f2610102",
        false,
    ),
    (
        "a key with a part of order 8, where the part vanishes",
        "b154bd62188ae283dd187fefe8c31f5e276edf083b4cff11c9d5cff856c74440",
        "mixed 5",
        "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572df38a2bb83c0abfd267bf8ca2061075885d30f60847efbbab57ff2587dfb9e06",
        true,
    ),
    (
        "the neutral point as A",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "small 11",
        "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572d20a1feb8ca954ab000000000000000000000000000000000000000000000000",
        false,
    ),
    (
        "a point of order 8 as A",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "small 11",
        "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572d20a1feb8ca954ab000000000000000000000000000000000000000000000000",
        false,
    ),
    (
        "y = p as A",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "small 1",
        "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572d20a1feb8ca954ab000000000000000000000000000000000000000000000000",
        false,
    ),
    (
        "y = p + 1 as A",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "small 23",
        "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572d20a1feb8ca954ab000000000000000000000000000000000000000000000000",
        false,
    ),
    (
        "the neutral point with a sign as A",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "small 29",
        "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca572d20a1feb8ca954ab000000000000000000000000000000000000000000000000",
        false,
    ),
    (
        "y = p + 3 as A",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "x",
        "9d8c80d3ae74414dabe7c3e4ebbac0a56a5794b82c6f1dc54bd2bacd348ca0b4c00d8a16ab981ead9e78e34a4fe2346220133c71077fffb86f74fdc4bbeebe07",
        false,
    ),
    (
        "R is no point",
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "x",
        "02000000000000000000000000000000000000000000000000000000000000000500000000000000000000000000000000000000000000000000000000000000",
        false,
    ),
    (
        "A is no point",
        "0200000000000000000000000000000000000000000000000000000000000000",
        "x",
        "9d8c80d3ae74414dabe7c3e4ebbac0a56a5794b82c6f1dc54bd2bacd348ca0b4c00d8a16ab981ead9e78e34a4fe2346220133c71077fffb86f74fdc4bbeebe07",
        false,
    ),
    (
        "all zero signature",
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        "x",
        "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000",
        false,
    ),
];

#[test]
fn odd_keys_and_signatures_are_judged_by_the_strict_rule() {
    for (what, key, message, signature, expected) in ODD {
        let (key, signature) =
            (unhex(key).try_into().unwrap(), unhex(signature).try_into().unwrap());
        assert_eq!(signature_holds(&key, message.as_bytes(), &signature), expected, "{what}");
    }
}

#[test]
fn every_spelling_of_a_point_of_small_order_is_refused_as_a_key() {
    let lowest = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ];
    for (key, sign) in lowest.into_iter().flat_map(|key| [(key, 0), (key, 0x80)]) {
        let mut x: [u8; 32] = unhex(key).try_into().unwrap();
        x[31] |= sign;
        let jwk = tollgate_identity::Jwk { kid: "k1", alg: "EdDSA", x };
        let error = tollgate_identity::KeySet::new(&[jwk]).err();
        assert_eq!(error, Some(tollgate_identity::KeyError::BadKey), "{x:02x?}");
    }
    // And every y from p to 2^255 - 1, whatever the point.
    for low in 0xed..=0xff {
        for high in [0x7f, 0xff] {
            let x = core::array::from_fn(|at| match at {
                0 => low,
                31 => high,
                _ => 0xff,
            });
            let jwk = tollgate_identity::Jwk { kid: "k1", alg: "EdDSA", x };
            assert!(tollgate_identity::KeySet::new(&[jwk]).is_err());
        }
    }
}
