//! The key: one spelling, refused at the first thing that is wrong, and what it never gives away.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "a test stops at the first thing that is not as it should be"
)]

use tollgate_core::key::{ApiKey, Brand, BrandError, Draw, DrawError, Env, ParseKeyError, Prefix};
use tollgate_core::key::{KEY_MAX, KEY_MIN, check, mint};
use tollgate_core::pepper::{Pepper, Peppers, danger};
use tollgate_testkit::{Random, full, unhex};

use ParseKeyError::{
    OutOfRange, UnsupportedVersion, WrongAlphabet, WrongBrand, WrongCheck, WrongLength,
};

const KEY: &str = "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";
const SYMBOLS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn brand() -> Brand {
    Brand::new("tg", &["live", "test"]).unwrap()
}

fn published(id: u8) -> Peppers {
    let secret: [u8; 32] = core::array::from_fn(|at| u8::try_from(at).unwrap());
    danger::published_peppers(&[Pepper { id, secret: &secret }], id).unwrap()
}

fn refuse(text: impl AsRef<[u8]>, expected: ParseKeyError) {
    let text = text.as_ref();
    match ApiKey::parse(text, &brand()).map(|_| ()) {
        Ok(_) => panic!("accepted {:?}", text.escape_ascii().to_string()),
        Err(error) => assert_eq!(error, expected, "{:?}", text.escape_ascii().to_string()),
    }
}

/// The key text whose check fits what stands before it.
fn checked(front: &str) -> String {
    let check = check(front.as_bytes());
    format!("{front}{}", core::str::from_utf8(&check).unwrap())
}

#[test]
fn the_published_keys_are_minted_read_and_proved() {
    let rows = [
        (
            "tg",
            "live",
            0,
            "6465666768696a6b6c6d6e6f70717273747576",
            KEY,
            "2ccbc0e2728b2154939a868ede964808",
        ),
        (
            "acme2",
            "test",
            7,
            "131211100f0e0d0c0b0a090807060504030201",
            "acme2_test_1yp9GmdYC8D126WbFXIvLh0LLyUlxVk1q5KyjhWKAyD62juFwm",
            "7c9a2dfbc9a0b9665418e8b0c27b80dc",
        ),
    ];
    for (prefix, env, id, random, text, lookup) in rows {
        let peppers = published(id);
        let draw = Draw::new(&unhex(random)).unwrap();
        let minted = mint(Prefix::new(prefix).unwrap(), Env::new(env).unwrap(), &peppers, &draw);
        assert_eq!(minted.as_str(), text);
        assert_eq!(minted.lookup().to_string(), lookup);

        let brand = Brand::new(prefix, &[env]).unwrap();
        let key = ApiKey::parse(text.as_bytes(), &brand).unwrap();
        let genuine = peppers.prove(&key).unwrap();
        assert_eq!(genuine.lookup(), minted.lookup());
        assert_eq!((genuine.env().as_str(), genuine.pepper().get()), (env, id));
        assert_eq!(
            (key.prefix().as_str(), key.env().as_str(), key.pepper().get()),
            (prefix, env, id)
        );
    }
}

#[test]
fn every_minted_key_is_read_back_and_proved_whatever_its_brand() {
    let peppers = published(11);
    let mut random = Random::new(1);
    for (prefix, env) in [("tg", "live"), ("ab", "x"), ("a23456789012", "12345678"), ("z9", "0")] {
        let brand = Brand::new(prefix, &["other", env]).unwrap();
        for _ in 0..rounds(2_000) {
            let draw = Draw::new(&random.bytes::<19>()).unwrap();
            let (prefix, env) = (Prefix::new(prefix).unwrap(), Env::new(env).unwrap());
            let minted = mint(prefix, env, &peppers, &draw);
            let text = minted.as_str();
            assert!((KEY_MIN..=KEY_MAX).contains(&text.len()));
            let key = ApiKey::parse(text.as_bytes(), &brand).unwrap();
            assert_eq!(peppers.prove(&key).unwrap().lookup(), minted.lookup());
        }
    }
    assert_eq!(("ab_x_".len() + 50, "a23456789012_12345678_".len() + 50), (KEY_MIN, KEY_MAX));
}

#[test]
fn one_changed_byte_anywhere_is_never_a_key() {
    for at in 0..KEY.len() {
        for byte in 0..=u8::MAX {
            let mut text = KEY.as_bytes().to_vec();
            if text[at] == byte {
                continue;
            }
            text[at] = byte;
            let symbol = SYMBOLS.as_bytes().contains(&byte);
            match ApiKey::parse(&text, &brand()).map(|_| ()) {
                Ok(_) => panic!("accepted byte {byte} at {at}"),
                Err(WrongBrand) => assert!(at < 8),
                Err(WrongAlphabet) => assert!(at >= 8 && !symbol),
                Err(OutOfRange) => assert!(symbol && [8, 19, 30, 41, 52].contains(&at)),
                Err(WrongCheck) => assert!(at >= 8 && symbol),
                Err(error @ (WrongLength | UnsupportedVersion)) => panic!("{error} at {at}"),
            }
        }
    }
}

#[test]
fn two_changed_or_swapped_symbols_are_never_a_key() {
    let bytes = KEY.as_bytes();
    for left in 8..bytes.len() {
        for right in left + 1..bytes.len() {
            let mut swapped = bytes.to_vec();
            swapped.swap(left, right);
            if swapped != bytes {
                assert!(ApiKey::parse(&swapped, &brand()).is_err(), "swapped {left} and {right}");
            }
        }
    }
}

/// Abuse cases P01 to P13, as far as they reach the parser: what HTTP removes is removed before.
#[test]
fn every_malformed_class_has_its_error() {
    let body = &KEY[8..52];
    for text in ["", " ", "tg_live_", "tg", "_", "Bearer ", "Basic dGdfbGl2ZV8xUEZvbTo="] {
        refuse(text, WrongLength);
    }
    for len in 0..KEY.len() {
        refuse(&KEY[..len], WrongLength);
        refuse(&KEY[KEY.len() - len..], WrongLength);
    }
    for end in ["0", " ", "\0", "\t", "\n", "=", "_"] {
        refuse(format!("{KEY}{end}"), WrongLength);
        refuse(format!("{end}{KEY}"), WrongLength);
    }
    refuse(vec![b'0'; 65_536], WrongLength);
    refuse(KEY.repeat(1_000), WrongLength);
    for text in ["TG_LIVE_", "Tg_live_", "tg_Live_", "sk_test_", "tg-live-", "tg__ive_", "tg_live-"]
    {
        refuse(checked(&format!("{text}{body}")), WrongBrand);
    }
    for text in [
        "tg_prod_",
        "tg_liv__",
        "tgalive_",
        "tg_live\0",
        "gt_live_",
        "ab_live_",
        "\0\0\0\0\0\0\0\0",
    ] {
        refuse(checked(&format!("{text}{body}")), WrongBrand);
    }
    // "tg_test" is accepted, and so is its length; the spelling still has to be that of one env.
    refuse(KEY.replace("live", "test"), WrongCheck);
    refuse(checked(&KEY.replace("live", "five")[..52]), WrongBrand);
    // Percent-encoding and separators change the length or leave the alphabet.
    refuse(KEY.replacen('t', "%74", 1), WrongLength);
    refuse(
        format!("tg_live_{}", "%31PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp5") + "2XJU",
        WrongAlphabet,
    );
    for foreign in ["ѕ", "１", "é", "e\u{301}", "\u{200b}"] {
        let mut text = KEY[..52 - foreign.len()].to_owned() + foreign;
        text += &KEY[52..];
        refuse(text, WrongAlphabet);
    }
    for byte in (0..=u8::MAX).filter(|byte| !SYMBOLS.as_bytes().contains(byte)) {
        for at in [8, 18, 30, 51, 52, 57] {
            let mut text = KEY.as_bytes().to_vec();
            text[at] = byte;
            refuse(text, WrongAlphabet);
        }
    }
}

#[test]
fn a_group_or_check_beyond_its_range_is_refused_even_with_a_fitting_check() {
    const TOP: &str = "LygHa16AHYF";
    for group in 0..4 {
        for (text, fits) in [
            (TOP, true),
            ("LygHa16AHYG", false),
            ("LygHa16AHZ0", false),
            ("M0000000000", false),
            ("zzzzzzzzzzz", false),
        ] {
            let mut groups = ["1PFomxVvHxK", "9DoPCchyGyQ", "9uYxJ7rLoXE", "5C7u22zYyp5"];
            groups[group] = text;
            let text = checked(&format!("tg_live_{}", groups.concat()));
            match (fits, group) {
                (true, 0) => refuse(text, UnsupportedVersion),
                (true, _) => assert!(ApiKey::parse(text.as_bytes(), &brand()).is_ok()),
                (false, _) => refuse(text, OutOfRange),
            }
        }
    }
    for (check, error) in [
        ("4gfFC3", WrongCheck),
        ("4gfFC4", OutOfRange),
        ("500000", OutOfRange),
        ("zzzzzz", OutOfRange),
    ] {
        refuse(format!("{}{check}", &KEY[..52]), error);
    }
}

/// Abuse case P16.
#[test]
fn every_version_but_the_first_is_told_apart() {
    for version in (0..16_u64).filter(|&version| version != 1) {
        for pepper in 0..16 {
            let first = version << 60 | pepper << 56 | 0x64_6566_6768_696a;
            let text = checked(&format!("tg_live_{}{}", base62(first), &KEY[19..52]));
            refuse(text, UnsupportedVersion);
        }
    }
}

#[test]
fn the_first_check_that_fails_names_the_error() {
    type Break = (ParseKeyError, fn(&mut String));
    let breaks: [Break; 5] = [
        (WrongLength, |text| text.push('0')),
        (WrongAlphabet, |text| {
            text.replace_range(60.min(text.len() - 20)..=60.min(text.len() - 20), "-")
        }),
        (WrongBrand, |text| text.replace_range(0..1, "x")),
        (OutOfRange, |text| text.replace_range(19..20, "z")),
        (WrongCheck, |text| text.replace_range(50..51, "q")),
    ];
    for first in 0..breaks.len() {
        let mut text = KEY.to_owned();
        for (_, apply) in &breaks[first..] {
            apply(&mut text);
        }
        refuse(text, breaks[first].0);
    }
    let codes = ParseKeyError::ALL.map(ParseKeyError::code);
    assert_eq!(
        codes,
        [
            "wrong_length",
            "wrong_alphabet",
            "wrong_brand",
            "out_of_range",
            "wrong_check",
            "unsupported_version"
        ]
    );
}

#[test]
fn random_bytes_are_never_a_key_and_never_a_panic() {
    let mut random = Random::new(7);
    for round in 0..rounds(100_000) {
        let noise = random.bytes::<72>();
        let mut text = noise[..round % 73].to_vec();
        assert!(ApiKey::parse(&text, &brand()).is_err());
        text = KEY.as_bytes().to_vec();
        for at in 0..=round % 8 {
            text[usize::from(noise[at]) % 58] = SYMBOLS.as_bytes()[usize::from(noise[at + 8]) % 62];
        }
        let read = ApiKey::parse(&text, &brand()).map(|_| ());
        // Many changed symbols fit the check once in 2^32.
        assert_eq!(read.is_ok(), text == KEY.as_bytes());
    }
}

#[test]
fn a_brand_is_refused_for_the_first_thing_wrong() {
    use BrandError::{DuplicateEnv, NoEnv, TooManyEnvs, WrongEnv, WrongPrefix};
    let nine = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    let rows: [(&str, &[&str], BrandError); 19] = [
        ("", &["live"], WrongPrefix),
        ("t", &["live"], WrongPrefix),
        ("abcdefghijklm", &["live"], WrongPrefix),
        ("1a", &["live"], WrongPrefix),
        ("Tg", &["live"], WrongPrefix),
        ("t_g", &["live"], WrongPrefix),
        ("tgé", &["live"], WrongPrefix),
        (" tg", &["live"], WrongPrefix),
        ("", &[], WrongPrefix),
        ("tg", &[], NoEnv),
        ("tg", &nine, TooManyEnvs),
        ("tg", &["", "", "", "", "", "", "", "", ""], TooManyEnvs),
        ("tg", &[""], WrongEnv),
        ("tg", &["123456789"], WrongEnv),
        ("tg", &["Live"], WrongEnv),
        ("tg", &["li_e"], WrongEnv),
        ("tg", &["live", "test", "live"], DuplicateEnv),
        ("tg", &["live", "live", "LIVE"], WrongEnv),
        ("tg", &["LIVE", "live", "live"], WrongEnv),
    ];
    for (prefix, envs, expected) in rows {
        assert_eq!(Brand::new(prefix, envs).unwrap_err(), expected, "{prefix} {envs:?}");
    }
    let eight = Brand::new("abcdefghij12", &nine[..8]).unwrap();
    assert!(eight.envs().map(|env| env.to_string()).eq(nine[..8].iter().copied()));
}

#[test]
fn a_draw_that_is_short_or_zero_makes_no_key() {
    for len in (0..64).filter(|&len| len != 19) {
        assert_eq!(Draw::new(&vec![7; len]).unwrap_err(), DrawError::ShortDraw, "{len} bytes");
    }
    assert_eq!(Draw::new(&[0; 19]).unwrap_err(), DrawError::WeakDraw);
    for at in 0..19 {
        let mut bytes = [0; 19];
        bytes[at] = 1;
        assert!(Draw::new(&bytes).is_ok());
    }
}

#[test]
fn nothing_shows_a_byte_of_the_secret() {
    let (brand, peppers) = (brand(), published(0));
    let key = ApiKey::parse(KEY.as_bytes(), &brand).unwrap();
    assert_eq!(format!("{key:?}"), "ApiKey(tg_live_…)");
    let draw = Draw::new(&unhex("6465666768696a6b6c6d6e6f70717273747576")).unwrap();
    let minted = mint(brand.prefix(), key.env(), &peppers, &draw);
    let genuine = peppers.prove(&key).unwrap();
    let shown = format!("{draw:?} {minted:?} {genuine:?} {peppers:?} {brand:?}");
    for (at, piece) in KEY.as_bytes()[8..].windows(6).enumerate() {
        let piece = core::str::from_utf8(piece).unwrap();
        assert!(!shown.contains(piece), "symbols from {at} in {shown}");
    }
    assert!(!shown.contains("100, 101") && !shown.contains("6465"), "{shown}");
    for error in ParseKeyError::ALL {
        assert!(!format!("{error:?} {error}").contains("1PF"));
    }
}

#[test]
fn the_check_is_githubs_over_all_that_stands_before_it() {
    assert_eq!(&check(b"zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ"), b"0mLq17");
    assert_eq!(&check(&KEY.as_bytes()[..52]), &KEY.as_bytes()[52..]);
}

fn base62(mut number: u64) -> String {
    let mut symbols = [b'0'; 11];
    for symbol in symbols.iter_mut().rev() {
        *symbol = SYMBOLS.as_bytes()[usize::try_from(number % 62).unwrap()];
        number /= 62;
    }
    String::from_utf8(symbols.to_vec()).unwrap()
}

/// How often to try: a hundred times as often in the full profile.
fn rounds(quick: usize) -> usize {
    if full() { quick * 100 } else { quick }
}
