//! Replays every corpus, then mutates it: 10⁵ inputs a target, 10⁶ with `TOLLGATE_FULL=1`.
//!
//! The mutations are seeded, so a failure repeats; it names the input in hexadecimal. What it found
//! belongs into `tests/fuzz/corpus/<target>/` from then on.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test stops at the first surprise"
)]

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

use tollgate_fuzz_bodies::{Body, TARGETS};
use tollgate_testkit::Random;

const QUICK: u32 = 100_000;
const FULL: u32 = 1_000_000;

/// How long one input may take on a machine that is busy with other things: each takes microseconds.
const INPUT_MAX: Duration = Duration::from_secs(5);

/// The longest input: more than any bound of ours.
const LEN_MAX: usize = 20_000;

#[test]
fn keys_hold_what_they_promise_for_any_input() {
    fuzz("key");
}

#[test]
fn records_hold_what_they_promise_for_any_input() {
    fuzz("record");
}

#[test]
fn identities_hold_what_they_promise_for_any_input() {
    fuzz("identity");
}

#[test]
fn exports_of_the_audit_hold_what_they_promise_for_any_input() {
    fuzz("audit");
}

fn fuzz(target: &str) {
    let (_, body) = TARGETS.into_iter().find(|(name, _)| *name == target).unwrap();
    let corpus = corpus(target);
    assert!(corpus.len() >= 10, "the corpus of {target} is missing");
    for input in &corpus {
        check(target, body, input);
    }
    let (times, mut random) = (times(), Random::new(0x7011_6a7e));
    for _ in 0..times {
        let mut input = corpus[random.place(corpus.len())].clone();
        for _ in 0..=random.place(4) {
            mutate(&mut input, &corpus, &mut random);
        }
        input.truncate(LEN_MAX);
        check(target, body, &input);
    }
}

#[expect(clippy::disallowed_methods, reason = "time is what is bounded here")]
fn check(target: &str, body: Body, input: &[u8]) {
    let start = Instant::now();
    let passed = catch_unwind(AssertUnwindSafe(|| body(input))).is_ok();
    let hex = || input.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(passed, "{target} broke a promise for {}", hex());
    assert!(start.elapsed() < INPUT_MAX, "{target} took too long for {}", hex());
}

/// The inputs of a corpus, in the order of their names.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

fn times() -> u32 {
    if tollgate_testkit::full() { FULL } else { QUICK }
}

/// What stands in our formats, and what breaks other people's parsers.
const WORDS: [&str; 40] = [
    "0",
    "1",
    "01",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "9007199254740992",
    "9007199254740993",
    "4294967295",
    "4294967296",
    "18446744073709551616",
    "\"",
    "\"\"",
    "\\u0061",
    "\\",
    "null",
    "true",
    "false",
    "{",
    "}",
    "[",
    "]",
    "[]",
    "{}",
    ",",
    ":",
    ".",
    "=",
    "==",
    "_",
    "*",
    "\0",
    "\n",
    " ",
    "é",
    "\u{feff}",
    "\"jti\":\"000102030405060708090a0b0c0d0e0f\",",
    "zzzzzzzzzzz",
    "@",
];

fn mutate(input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    let at = random.place(input.len() + 1);
    let to = at + random.place(input.len() - at + 1).min(1 << random.place(8));
    match random.place(8) {
        0 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << random.place(8)),
        1 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.byte()),
        2 => input.insert(at, random.byte()),
        3 => drop(input.drain(at..to)),
        4 => {
            let again = input[at..to].to_vec();
            input.splice(at..at, again);
        }
        5 => drop(input.splice(at..to, WORDS[random.place(WORDS.len())].bytes())),
        6 => drop(input.splice(at..at, WORDS[random.place(WORDS.len())].bytes())),
        _ => {
            let other = &corpus[random.place(corpus.len())];
            let from = random.place(other.len() + 1);
            let until = from + random.place(other.len() - from + 1);
            input.splice(at..to, other[from..until].iter().copied());
        }
    }
}
