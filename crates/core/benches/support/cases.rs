//! What is measured: one list for the times and for the instruction counts.
//!
//! A new case is one line in [`all`]: a name, and a closure that does the thing once.

#[path = "decisions.rs"]
mod decisions;
#[path = "../../tests/support/records.rs"]
mod records;

use std::hint::black_box;

use sha2::block_api::compress256;
use tollgate_core::{
    key::{self, ApiKey, Brand, Draw, mint},
    mac::MacKey,
    pepper::{Pepper, Peppers, danger},
};

/// One thing that is measured.
pub struct Case {
    /// How it is called in every table and budget.
    pub name: &'static str,
    /// Does it as often as asked.
    pub run: Box<dyn Fn(u32)>,
}

const KEY: &str = "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";

/// Every case.
pub fn all() -> Vec<Case> {
    let secret: &'static [u8; 32] = leak(core::array::from_fn(|at| u8::try_from(at).unwrap()));
    let ring: &'static Peppers =
        leak(danger::published_peppers(&[Pepper { id: 0, secret }], 0).unwrap());
    let brand: &'static Brand = leak(Brand::new("tg", &["live", "test"]).unwrap());
    let mac: &'static MacKey = leak(MacKey::new(secret));
    let draw: &'static Draw = leak(Draw::new(b"nineteen bytes long").unwrap());
    let env = brand.envs().next().unwrap();
    let parse = |name, text: String| {
        let text = placed(&text);
        case(name, move || ApiKey::parse(black_box(text), black_box(brand)))
    };
    let prove = |name, text: String| {
        let text = placed(&text);
        case(name, move || {
            let key = ApiKey::parse(black_box(text), black_box(brand)).ok()?;
            black_box(ring).prove(&key).ok()
        })
    };
    let mut cases = vec![
        case("nothing", || black_box(KEY.as_bytes())),
        case("sha256 two compressions", || {
            let mut state = black_box([7; 8]);
            let block = black_box([[9; 64]]);
            compress256(&mut state, &block);
            compress256(&mut state, &block);
            state
        }),
        case("mac 46 bytes", move || mac.mac(black_box(&[5; 46]))),
        case("mac 1000 bytes", move || mac.mac(black_box(&[5; 1000]))),
        prove("key proved", KEY.into()),
        parse("key read", KEY.into()),
        parse("key refused, empty", String::new()),
        parse("key refused, one byte short", KEY.replace("1PF", "1P")),
        parse("key refused, 64 kB", "a".repeat(65_536)),
        parse("key refused, alphabet", KEY.replace("1PF", "1-F")),
        parse("key refused, brand", KEY.replace("tg_live", "sk_live")),
        parse("key refused, range", KEY.replace("1PF", "zPF")),
        parse("key refused, mistyped", KEY.replace("1PF", "1QF")),
        parse("key refused, mistyped check", KEY.replace("JUH5", "JUH6")),
        prove("key refused, pepper", spelled(0x11, &[0; 12])),
        prove("key refused, tag's first bit", tag_with(|tag| tag[0] ^= 0x80)),
        prove("key refused, tag's last bit", tag_with(|tag| tag[11] ^= 1)),
        prove("key refused, tag's middle", tag_with(|tag| tag[6] ^= 0x10)),
        prove("key refused, whole tag", tag_with(|tag| *tag = tag.map(|byte| !byte))),
        prove("key refused, zero tag", tag_with(|tag| *tag = [0; 12])),
        case("key minted", move || mint(black_box(brand).prefix(), env, ring, draw)),
    ];
    cases.extend(decisions::all());
    cases
}

fn case<T>(name: &'static str, once: impl Fn() -> T + 'static) -> Case {
    let run = move |times| {
        for _ in 0..times {
            black_box(once());
        }
    };
    Case { name, run: Box::new(run) }
}

/// What lives as long as the program, as a host's configuration does.
fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// The text at the start of a page, as long as the program lives: what compares and copies memory takes a few
/// instructions more or less by where it lies, and counts that must be equal would differ by chance.
fn placed(text: &str) -> &'static [u8] {
    const PAGE: usize = 4096;
    let room: &'static mut [u8] = vec![0; text.len() + PAGE].leak();
    let start = room.as_ptr().align_offset(PAGE);
    let place = &mut room[start..start + text.len()];
    place.copy_from_slice(text.as_bytes());
    place
}

/// The key of the specification with another tag, and the check that fits it.
fn tag_with(change: impl Fn(&mut [u8; 12])) -> String {
    let mut tag = [0xc6, 0xde, 0xb8, 0xdc, 0x3c, 0x84, 0x34, 0x0e, 0x57, 0x10, 0x01, 0x4f];
    change(&mut tag);
    spelled(0x10, &tag)
}

/// The key of the specification with another first byte and tag, and the check that fits them.
fn spelled(first: u8, tag: &[u8; 12]) -> String {
    let random: [u8; 19] = core::array::from_fn(|at| b"defghijklmnopqrstuv"[at]);
    let body = [&[first][..], &random, tag].concat();
    let mut text = String::from("tg_live_");
    for group in body.chunks(8) {
        let mut number = group.iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        let mut symbols = [0; 11];
        for symbol in symbols.iter_mut().rev() {
            let digit = u8::try_from(number % 62).unwrap();
            *symbol = match digit {
                0..10 => b'0' + digit,
                10..36 => b'A' + digit - 10,
                _ => b'a' + digit - 36,
            };
            number /= 62;
        }
        text.extend(symbols.map(char::from));
    }
    let check = key::check(text.as_bytes());
    text.extend(check.map(char::from));
    text
}
