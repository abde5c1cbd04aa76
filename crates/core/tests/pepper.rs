//! The ring of peppers: what it refuses, what it proves, and what is left of it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::string_slice,
    reason = "a test stops at the first thing that is not as it should be"
)]

use tollgate_core::key::{ApiKey, Brand, Draw, Minted, check, mint};
use tollgate_core::pepper::{Pepper, PepperError, PepperId, Peppers, Refusal, danger};

use PepperError::{
    DuplicatePepperId, NoIssuingPepper, NoPepper, PublishedPepper, ShortPepper, WeakPepper,
    WrongPepperId,
};

/// Neither weak nor published, and good enough for a test.
const GOOD: [u8; 32] = *b"not a secret, but no progression";

const GOOD_TOO: [u8; 40] = *b"another that is no secret and no series!";

#[test]
fn a_ring_is_refused_for_the_first_thing_wrong() {
    let zero = [0; 32];
    let counting: Vec<u8> = (0..32).collect();
    let falling: Vec<u8> = (0..48).map(|at| 200 - 3 * at).collect();
    let wrapping: Vec<u8> = (0..100_u8).map(|at| at.wrapping_mul(7).wrapping_add(250)).collect();
    let pepper = |id, secret| Pepper { id, secret };
    let rows: [(&[Pepper<'_>], u8, PepperError); 22] = [
        (&[], 0, NoPepper),
        (&[], 99, NoPepper),
        (&[pepper(16, &GOOD)], 16, WrongPepperId),
        (&[pepper(255, &[])], 0, WrongPepperId),
        (&[pepper(3, &GOOD), pepper(3, &GOOD_TOO)], 3, DuplicatePepperId),
        (&[pepper(3, &GOOD), pepper(3, &[])], 3, DuplicatePepperId),
        (&[pepper(0, &[])], 0, ShortPepper),
        (&[pepper(0, &GOOD[..31])], 0, ShortPepper),
        (&[pepper(0, &zero[..31])], 0, ShortPepper),
        (&[pepper(0, &counting[..31])], 0, ShortPepper),
        (&[pepper(0, &zero)], 0, WeakPepper),
        (&[pepper(0, &[0xff; 64])], 0, WeakPepper),
        (&[pepper(0, b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")], 0, WeakPepper),
        (&[pepper(0, &counting)], 0, PublishedPepper),
        (&[pepper(0, &falling)], 0, PublishedPepper),
        (&[pepper(0, &wrapping)], 0, PublishedPepper),
        (&[pepper(0, &GOOD), pepper(1, &counting)], 0, PublishedPepper),
        (&[pepper(0, &GOOD), pepper(1, &zero), pepper(0, &GOOD)], 0, WeakPepper),
        (&[pepper(0, &GOOD), pepper(1, &GOOD_TOO)], 2, NoIssuingPepper),
        (&[pepper(0, &GOOD)], 16, NoIssuingPepper),
        (&[pepper(0, &GOOD)], 255, NoIssuingPepper),
        (&[pepper(15, &zero)], 200, WeakPepper),
    ];
    for (at, (peppers, issuing, expected)) in rows.into_iter().enumerate() {
        assert_eq!(Peppers::new(peppers, issuing).unwrap_err(), expected, "row {at}");
        let danger = danger::published_peppers(peppers, issuing);
        if expected == PublishedPepper {
            assert!(danger.is_ok(), "row {at}");
        } else {
            assert_eq!(danger.unwrap_err(), expected, "row {at}");
        }
    }
}

#[test]
fn one_byte_off_a_progression_is_an_ordinary_pepper() {
    for at in 0..32 {
        let mut secret: [u8; 32] = core::array::from_fn(|at| at as u8);
        secret[at] ^= 0x80;
        assert!(Peppers::new(&[Pepper { id: 0, secret: &secret }], 0).is_ok(), "byte {at}");
        let mut secret = [7; 32];
        secret[at] = 8;
        assert!(Peppers::new(&[Pepper { id: 0, secret: &secret }], 0).is_ok(), "byte {at}");
    }
}

#[test]
fn a_ring_of_sixteen_mints_under_one_and_proves_under_all() {
    let secrets: [[u8; 32]; 16] = core::array::from_fn(|id| {
        let mut secret = GOOD;
        secret[0] = id as u8;
        secret
    });
    let peppers: Vec<_> =
        (0_u8..).zip(&secrets).map(|(id, secret)| Pepper { id, secret }).collect();
    let rings: Vec<_> = (0..16).map(|id| Peppers::new(&peppers, id).unwrap()).collect();
    for (id, ring) in rings.iter().enumerate() {
        assert_eq!(usize::from(ring.issuing().get()), id);
        assert_eq!(ring.ids().count(), 16);
        let minted = minted(ring);
        for prover in &rings {
            let genuine = proved(prover, minted.as_str()).unwrap();
            assert_eq!(usize::from(genuine.pepper().get()), id);
            assert_eq!(genuine.lookup(), minted.lookup());
        }
        let alone = Peppers::new(&peppers[id..=id], id as u8).unwrap();
        assert!(proved(&alone, minted.as_str()).is_ok());
        let other = Peppers::new(&peppers[(id + 1) % 16..][..1], ((id + 1) % 16) as u8).unwrap();
        assert_eq!(proved(&other, minted.as_str()).unwrap_err(), Refusal::UnknownPepper);
    }
}

#[test]
fn a_tag_with_any_bit_wrong_is_refused_though_the_check_fits() {
    let ring = Peppers::new(&[Pepper { id: 2, secret: &GOOD }], 2).unwrap();
    let text = minted(&ring).as_str().to_owned();
    let body = unbase62(&text[8..52]);
    for bit in 0..256 {
        let mut wrong = body;
        wrong[bit / 8] ^= 1 << (bit % 8);
        let forged = spelled("tg_live_", &wrong);
        let brand = Brand::new("tg", &["live", "test"]).unwrap();
        let expected = match bit {
            0..4 => Err(Refusal::UnknownPepper),
            4..8 => {
                assert!(ApiKey::parse(forged.as_bytes(), &brand).is_err(), "bit {bit}");
                continue;
            }
            _ => Err(Refusal::WrongTag),
        };
        let key = ApiKey::parse(forged.as_bytes(), &brand).unwrap();
        assert_eq!(ring.prove(&key).map(|_| ()), expected, "bit {bit}");
    }
    assert!(proved(&ring, &spelled("tg_live_", &body)).is_ok());
    assert_eq!(proved(&ring, &spelled("tg_test_", &body)).unwrap_err(), Refusal::WrongTag);
}

#[test]
fn keys_of_other_peppers_prefixes_and_envs_carry_other_tags() {
    let ring = Peppers::new(&[Pepper { id: 0, secret: &GOOD }], 0).unwrap();
    let other = Peppers::new(&[Pepper { id: 0, secret: &GOOD_TOO }], 0).unwrap();
    assert_eq!(proved(&ring, minted(&other).as_str()).unwrap_err(), Refusal::WrongTag);
    // The same letters, cut elsewhere into prefix and env: the underscores are part of the message.
    let draw = || Draw::new(&[5; 19]).unwrap();
    let of = |prefix, env| {
        let brand = Brand::new(prefix, &[env]).unwrap();
        mint(brand.prefix(), brand.envs().next().unwrap(), &ring, &draw()).lookup()
    };
    assert_ne!(of("tga", "b"), of("tg", "ab"));
}

#[test]
fn records_and_heads_are_sealed_under_keys_of_their_own() {
    let peppers = [Pepper { id: 1, secret: &GOOD }, Pepper { id: 4, secret: &GOOD_TOO }];
    let ring = Peppers::new(&peppers, 4).unwrap();
    let ids: Vec<_> = ring.ids().map(PepperId::get).collect();
    assert_eq!(ids, [1, 4]);
    let mut macs = Vec::new();
    for id in [1, 4].map(|id| PepperId::new(id).unwrap()) {
        macs.push(ring.record_key(id).unwrap().mac(b"text"));
        macs.push(ring.head_key(id).unwrap().mac(b"text"));
    }
    for (at, mac) in macs.iter().enumerate() {
        assert!(!macs[..at].contains(mac));
    }
    let absent = PepperId::new(0).unwrap();
    assert!(ring.record_key(absent).is_none() && ring.head_key(absent).is_none());
    assert_eq!(format!("{ring:?} {:?}", peppers[0]), "Peppers(1, 4, issuing 4) Pepper(1, …)");
}

fn minted(ring: &Peppers) -> Minted {
    let brand = Brand::new("tg", &["live"]).unwrap();
    let env = brand.envs().next().unwrap();
    mint(brand.prefix(), env, ring, &Draw::new(b"nineteen bytes long").unwrap())
}

fn proved(ring: &Peppers, text: &str) -> Result<tollgate_core::pepper::Genuine, Refusal> {
    let brand = Brand::new("tg", &["live", "test"]).unwrap();
    ring.prove(&ApiKey::parse(text.as_bytes(), &brand).unwrap())
}

const SYMBOLS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn unbase62(symbols: &str) -> [u8; 32] {
    let mut body = [0; 32];
    for (to, group) in body.chunks_mut(8).zip(symbols.as_bytes().chunks(11)) {
        let number = group.iter().fold(0_u64, |number, symbol| {
            number * 62 + SYMBOLS.iter().position(|known| known == symbol).unwrap() as u64
        });
        to.copy_from_slice(&number.to_be_bytes());
    }
    body
}

/// The key of this head and body, with the check that fits.
fn spelled(head: &str, body: &[u8; 32]) -> String {
    let mut text = head.as_bytes().to_vec();
    for group in body.chunks(8) {
        let mut number = group.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        let mut symbols = [0; 11];
        for symbol in symbols.iter_mut().rev() {
            *symbol = SYMBOLS[(number % 62) as usize];
            number /= 62;
        }
        text.extend(symbols);
    }
    text.extend(check(&text));
    String::from_utf8(text).unwrap()
}

#[test]
fn a_pepper_id_is_0_to_15() {
    for number in 0..=u8::MAX {
        assert_eq!(PepperId::new(number).map(PepperId::get), (number < 16).then_some(number));
    }
}
