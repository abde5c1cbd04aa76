//! Any bytes at all.

use tollgate_audit::{Keys, LINE_MAX, Verifier};
use tollgate_testkit::{Random, full};

use crate::made::{made, report, wrong};

#[test]
fn every_changed_byte_is_found() {
    let (export, mut random) = (made(if full() { 16 } else { 12 }, 20), Random::new(21));
    let keys = export.keys();
    let text = export.text().into_bytes();
    let before = export.before_each(&keys);
    let mut from = 0;
    for (verifier, line) in before.iter().zip(&export.lines) {
        for at in from..=from + line.len() {
            let (few, all) = ([text[at] ^ 1, b'\n', random.byte()], (0..=255).collect::<Vec<_>>());
            for &byte in if full() { &all[..] } else { &few } {
                if byte == text[at] {
                    continue;
                }
                let mut verifier = verifier.clone();
                verifier.feed(&text[from..at]);
                verifier.feed(&[byte]);
                verifier.feed(&text[at + 1..]);
                let found = verifier.finish();
                assert!(found.wrong.is_some(), "byte {at} as {byte}: {found:?}");
            }
        }
        from += line.len() + 1;
    }
}

#[test]
fn a_report_does_not_hang_on_how_the_bytes_come() {
    let (export, mut random) = (made(30, 22), Random::new(23));
    let keys = export.keys();
    let text = export.text().into_bytes();
    for round in 0..if full() { 20_000 } else { 300 } {
        let mut text = text.clone();
        // Half of them whole, half of them with a few slips.
        for _ in 0..(round % 2) * (1 + random.below(3)) {
            let at = random.place(text.len());
            match random.below(3) {
                0 => text[at] = random.byte(),
                1 => drop(text.drain(at..(at + random.place(2_000)).min(text.len()))),
                _ => text.insert(at, random.byte()),
            }
        }
        let mut whole = Verifier::new(&keys);
        whole.feed(&text);
        let mut pieces = Verifier::new(&keys);
        let mut rest = &text[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((1 + random.place(3_000)).min(rest.len()));
            pieces.feed(piece);
            rest = after;
        }
        assert_eq!(whole.finish(), pieces.finish());
    }
}

#[test]
fn random_bytes_are_no_export() {
    let (keys, mut random) = (Keys::none(), Random::new(24));
    for _ in 0..if full() { 100_000 } else { 2_000 } {
        let mut verifier = Verifier::new(&keys);
        let bytes: Vec<_> = (0..random.below(300)).map(|_| random.byte()).collect();
        verifier.feed(&bytes);
        let code = wrong(&verifier.finish()).0;
        assert!(matches!(code, "no_export" | "cut_off"), "{code} of {bytes:?}");
    }
}

#[test]
fn a_line_without_an_end_takes_no_more_room_than_the_longest() {
    let export = made(3, 25);
    let keys = export.keys();
    let before = export.before_each(&keys);
    for (length, code) in
        [(LINE_MAX, "malformed"), (LINE_MAX + 1, "too_long"), (1 << 24, "too_long")]
    {
        let mut verifier = before[2].clone();
        for chunk in vec![b'{'; length].chunks(1 << 16) {
            verifier.feed(chunk);
        }
        assert!(verifier.held() <= LINE_MAX + 1, "{} bytes are held", verifier.held());
        verifier.feed(b"\n");
        let found = verifier.finish();
        assert_eq!(wrong(&found), (code, 3));
    }
}

#[test]
fn what_is_no_export_is_named_so() {
    let export = made(3, 26);
    let keys = export.keys();
    let text = export.text();
    for (text, expected) in [
        (String::new(), ("cut_off", 1)),
        ("\n".to_owned(), ("no_export", 1)),
        (text[text.find('\n').unwrap() + 1..].to_owned(), ("no_export", 1)),
        (text.replacen("_audit\":1", "_audit\":2", 1), ("other_version", 1)),
        (text.replacen("\"n\":0", "\"n\":1", 1), ("doubled", 2)),
        (text.replacen("\"tenant\":\"acme\"", "\"tenant\":\"other\"", 1), ("changed", 1)),
        (text.replacen('\n', "\r\n", 1), ("no_export", 1)),
        (format!("{text}\n"), ("after_end", 7)),
        (format!("{text} "), ("after_end", 7)),
        (format!("{text}{text}"), ("after_end", 7)),
    ] {
        assert_eq!(wrong(&report(&text, &keys)), expected, "{text}");
    }
    assert_eq!(wrong(&report(&text, &keys)), ("none", 0));
}
