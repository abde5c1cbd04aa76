//! A batch of what was counted is read back as it was, and nothing else is read.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use tollgate_core::{
    json::INTEGER_MAX,
    lease::HolderId,
    usage::{ALLOWED, LINES_MAX, Line, ROUTE_MAX},
};
use tollgate_store_cloudflare::message::{
    Batch, MessageError, Taken, USAGE_MAX, is_usage, read_usage, write_usage,
};

const HOLDER: HolderId = HolderId([0x0f; 16]);

const LINE: Line<'_> = Line {
    hour: 500_000,
    tenant: "acme",
    owner: "ann@acme",
    key: "key_1",
    route: "GET /orders/*",
    code: ALLOWED,
    count: 3,
};

fn text(seq: u64, lines: &[Line<'_>]) -> Vec<u8> {
    let mut text = vec![];
    write_usage(HOLDER, seq, lines.iter().copied(), &mut text).unwrap();
    assert!(is_usage(&text));
    text
}

#[test]
fn a_batch_is_written_as_the_specification_shows_it() {
    let nobody = Line { tenant: "", owner: "", key: "", route: "", code: "key_invalid", ..LINE };
    let expected = r#"{"usage":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","seq":7,"lines":[[500000,"acme","ann@acme","key_1","GET /orders/*","allowed",3],[500000,"","","","","key_invalid",3]]}"#;
    assert_eq!(std::str::from_utf8(&text(7, &[LINE, nobody])), Ok(expected));
}

#[test]
fn a_batch_is_read_back_as_it_was_and_the_largest_fits() {
    let (id, route) = ("k".repeat(64), "r".repeat(ROUTE_MAX));
    let longest = Line {
        hour: INTEGER_MAX / 3_600_000,
        tenant: &id,
        owner: &id,
        key: &id,
        route: &route,
        code: "credential_missing",
        count: INTEGER_MAX,
    };
    for (seq, lines) in [(1, vec![]), (2, vec![LINE]), (INTEGER_MAX, vec![longest; LINES_MAX])] {
        let written = text(seq, &lines);
        assert!(written.len() <= USAGE_MAX);
        assert_eq!(read_usage(&written), Ok(Batch { holder: HOLDER, seq, lines }));
    }
}

#[test]
fn every_change_of_a_byte_reads_as_another_batch_or_not_at_all() {
    let whole = text(12, &[LINE]);
    let again = |bytes: &[u8]| Some(text_of(&read_usage(bytes).ok()?));
    for place in 0..whole.len() {
        for byte in 0..=u8::MAX {
            let mut changed = whole.clone();
            *changed.get_mut(place).unwrap() = byte;
            assert!(again(&changed).is_none_or(|again| again == changed), "two spellings");
        }
        assert_eq!(again(whole.get(..place).unwrap()), None, "a part of a batch");
    }
    assert_eq!(again(&[&*whole, b"}"].concat()), None, "more than a batch");
}

fn text_of(batch: &Batch<'_>) -> Vec<u8> {
    let mut text = vec![];
    write_usage(batch.holder, batch.seq, batch.lines.iter().copied(), &mut text).unwrap();
    text
}

#[test]
fn what_no_gate_of_ours_counts_is_neither_written_nor_read() {
    let long = "r".repeat(ROUTE_MAX + 1);
    for line in [
        Line { count: 0, ..LINE },
        Line { count: INTEGER_MAX + 1, ..LINE },
        Line { hour: INTEGER_MAX, ..LINE },
        Line { code: "fine", ..LINE },
        Line { code: "", ..LINE },
        Line { key: "", ..LINE },
        Line { tenant: "a b", ..LINE },
        Line { route: &long, ..LINE },
        Line { route: "a\"b", ..LINE },
        Line { route: "a\tb", ..LINE },
    ] {
        let mut out = b"before".to_vec();
        assert!(write_usage(HOLDER, 1, [LINE, line].into_iter(), &mut out).is_err(), "{line:?}");
        assert_eq!(out, b"before", "nothing is written");
        let Line { hour, tenant, owner, key, route, code, count } = line;
        let forged = format!(
            r#"{{"usage":"{:032x}","seq":1,"lines":[[{hour},"{tenant}","{owner}","{key}","{route}","{code}",{count}]]}}"#,
            7
        );
        assert!(read_usage(forged.as_bytes()).is_err(), "{line:?}");
    }
    let many = [LINE; LINES_MAX + 1];
    assert!(write_usage(HOLDER, 1, many.into_iter(), &mut vec![]).is_err());
    let first = text(1, &[LINE]);
    let none = String::from_utf8(first).unwrap().replace("\"seq\":1", "\"seq\":0");
    assert_eq!(read_usage(none.as_bytes()), Err(MessageError::Field("seq")));
    assert_eq!(read_usage(&vec![b'{'; USAGE_MAX + 1]), Err(MessageError::TooLong));
}

#[test]
fn what_the_ledger_says_of_a_batch_has_two_spellings_and_no_third() {
    for taken in [Taken::Kept, Taken::Known] {
        assert_eq!(Taken::read(taken.as_str().as_bytes()), Ok(taken));
    }
    for other in ["", "kept ", "Kept", "known\n", "lost"] {
        assert!(Taken::read(other.as_bytes()).is_err(), "{other}");
    }
}
