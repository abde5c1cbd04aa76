//! HMAC-SHA256, against everybody else's cases and another implementation.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first thing that is not as it should be"
)]

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use tollgate_core::mac::{MacKey, derive, equal};
use tollgate_standards::{MacCase, cavp, rfc_4231, wycheproof_macs};
use tollgate_testkit::{Random, full, unhex};
use zeroize::Zeroize;

#[test]
fn all_cases_of_rfc_4231_hold() {
    assert_eq!(check_all(&rfc_4231()), (7, 7));
}

#[test]
fn all_cases_of_wycheproof_hold() {
    assert_eq!(check_all(&wycheproof_macs()), (174, 66));
}

#[test]
fn all_cases_of_nist_cavp_hold() {
    assert_eq!(check_all(&cavp()), (225, 225));
}

#[test]
fn it_is_the_mac_of_the_hmac_crate_for_random_keys_and_messages() {
    let mut random = Random::new(3);
    let rounds = if full() { 1_000_000 } else { 100_000 };
    for _ in 0..rounds {
        let (key, message): ([u8; 200], [u8; 200]) = (random.bytes(), random.bytes());
        let [key_len, message_len] = random.bytes::<2>().map(|byte| usize::from(byte) % 200);
        let (key, message) = (&key[..key_len], &message[..message_len]);
        assert_eq!(MacKey::new(key).mac(message), oracle(key, message), "{key_len} {message_len}");
    }
}

#[test]
fn every_length_around_a_block_and_every_way_to_cut_it_gives_one_mac() {
    let mut random = Random::new(5);
    let message: [u8; 260] = random.bytes();
    for key_len in [0, 1, 31, 32, 55, 56, 63, 64, 65, 128, 129] {
        let key = &message[100..100 + key_len];
        let mac_key = MacKey::new(key);
        for len in 0..=200 {
            assert_eq!(mac_key.mac(&message[..len]), oracle(key, &message[..len]), "{len} bytes");
        }
    }
    let (key, short) = (MacKey::new(b"key"), &message[..140]);
    let whole = key.mac(short);
    for first in 0..=short.len() {
        for second in first..=short.len() {
            let parts = [&short[..first], &short[first..second], &short[second..]];
            assert_eq!(key.mac_parts(&parts), whole, "cut at {first} and {second}");
        }
    }
}

#[test]
fn a_mac_with_any_bit_wrong_does_not_verify() {
    let key = MacKey::new(&[9; 32]);
    let parts: [&[u8]; 2] = [b"a record", b" of ours"];
    let mac = key.mac(b"a record of ours");
    assert!(key.verify(&parts, &mac));
    for bit in 0..256 {
        let mut wrong = mac;
        wrong[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.verify(&parts, &wrong), "bit {bit}");
        assert!(!equal(&mac, &wrong));
    }
    assert!(!key.verify(&[b"a record of theirs"], &mac));
    assert!(!MacKey::new(&[8; 32]).verify(&parts, &mac));
}

#[test]
fn derived_keys_are_those_of_rfc_5869() {
    // Test case 3: no salt, no info; the first 32 of its 42 bytes.
    assert_eq!(
        derive(&[0x0b; 22], "").to_vec(),
        unhex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d")
    );
    let pepper: [u8; 32] = core::array::from_fn(|at| u8::try_from(at).unwrap());
    for (label, key) in [
        ("tollgate record 1", "9580029670f29ec8101f41e99d7874b158661847e016762e9a3ae5483dba1e72"),
        ("tollgate head 1", "38486f64f45c5ae7b3095657c39bdb317a378c04727df8b95ff22f1a7d320a7e"),
    ] {
        assert_eq!(derive(&pepper, label).to_vec(), unhex(key));
        assert_eq!(MacKey::derive(&pepper, label).mac(b"x"), MacKey::new(&unhex(key)).mac(b"x"));
    }
}

#[test]
fn a_wiped_key_has_nothing_left_of_its_pads() {
    // A key of which nothing is left is the one whose two states are zero, whatever it was before.
    let [mut one, mut other] = [&b"one"[..], b"other"].map(MacKey::new);
    assert_ne!(one.mac(b"message"), other.mac(b"message"));
    one.zeroize();
    other.zeroize();
    assert_eq!(one.mac(b"message"), other.mac(b"message"));
    assert_eq!(format!("{one:?} {:?}", one.start()), "MacKey(…) Mac(…)");
}

/// How many cases there are, and how many of them are valid; each must be what it says.
fn check_all(cases: &[MacCase]) -> (usize, usize) {
    for MacCase { name, key, message, tag, valid } in cases {
        let key = MacKey::new(key);
        assert_eq!(key.mac(message).starts_with(tag), *valid, "{name}");
        assert_eq!(key.mac_parts(&[message]).starts_with(tag), *valid, "{name}, as a part");
    }
    (cases.len(), cases.iter().filter(|case| case.valid).count())
}

fn oracle(key: &[u8], message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key)
        .unwrap()
        .chain_update(message)
        .finalize()
        .into_bytes()
        .into()
}
