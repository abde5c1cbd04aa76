//! What is written is read back as it was, and nothing else is read.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use tollgate_core::{
    bucket::Wait,
    id::Id,
    json::INTEGER_MAX,
    lease::{Answer, Ask, Deadline, HolderId, Lease},
    limit::{Limit, LimitScope, Numbers, Period},
    lookup::LookupId,
    stamp::Stamp,
};
use tollgate_store_cloudflare::message::{
    ANSWER_MAX, LIMITS_ASKED_MAX, MessageError, NOTE_MAX, QUESTION_MAX, Question, is_about_limits,
    read_answer, read_changed, read_limits, read_note, read_question, write_answer, write_changed,
    write_limits, write_note, write_question,
};

const STAMPS: [Stamp; 3] = [
    Stamp { incarnation: 0, epoch: 0 },
    Stamp { incarnation: 3, epoch: 123_456 },
    Stamp { incarnation: INTEGER_MAX, epoch: INTEGER_MAX },
];

/// A tenant, a scope, a scope id and a limit.
const BUCKETS: [&str; 5] = [
    "acme/key/key_1/burst",
    "acme/owner/ann@acme/daily",
    "acme/tenant/acme/all",
    "acme/ip/2001:db8:0:1::/burst",
    "*/global/*/everybody",
];

fn all_numbers() -> Vec<Numbers> {
    let most = u64::from(u32::MAX);
    let mut all: Vec<_> =
        Period::ALL.iter().map(|&period| Numbers::quota(most, period).unwrap()).collect();
    all.push(Numbers::steady(1, 1, 1).unwrap());
    all.push(Numbers::steady(100, 50, 60_000).unwrap());
    all.push(Numbers::steady(2_147_483_647, most, most).unwrap());
    all
}

fn asks() -> Vec<Ask> {
    let mut asks = vec![];
    for (numbers, changed) in all_numbers().into_iter().flat_map(|n| STAMPS.map(|s| (n, s))) {
        for (seq, count, deadline) in [(1, 0, 100), (7, 12, 250), (INTEGER_MAX, u32::MAX, 1_000)] {
            asks.push(Ask {
                holder: HolderId([0xa5; 16]),
                seq,
                numbers,
                changed,
                deadline: Deadline::new(deadline).unwrap(),
                waiting: count,
                cost: count / 2,
                want: count / 3,
                keep: count / 4,
                back: count / 5,
            });
        }
    }
    asks
}

fn answers() -> Vec<Answer> {
    let mut answers = vec![Answer::Stale { seq: 1 }, Answer::Stale { seq: INTEGER_MAX }];
    for (numbers, changed) in all_numbers().into_iter().flat_map(|n| STAMPS.map(|s| (n, s))) {
        for (count, retry_after) in
            [(0, Wait::Later(0)), (3, Wait::Never), (u32::MAX, Wait::Later(INTEGER_MAX))]
        {
            answers.push(Answer::Lease(Lease {
                seq: 9,
                granted_waiting: count,
                granted: count / 2,
                ttl_ms: count / 3,
                retry_after,
                ask_after_ms: count / 4,
                numbers,
                changed,
                left: count / 5,
            }));
        }
    }
    answers
}

fn questions(each: impl Fn(&Question<'_>, Stamp)) {
    let lookup = LookupId::new([0x2c; 16]);
    for since in STAMPS {
        each(&Question::Head, since);
        each(&Question::Record(lookup), since);
        for (place, ask) in asks().into_iter().enumerate() {
            let bucket = BUCKETS.iter().cycle().nth(place).unwrap();
            each(&Question::Lease { bucket, ask }, since);
        }
    }
}

fn question(question: &Question<'_>, since: Stamp) -> Vec<u8> {
    let mut text = vec![];
    write_question(question, since, &mut text).unwrap();
    text
}

fn answer(answer: &Answer) -> Vec<u8> {
    let mut text = vec![];
    write_answer(answer, &mut text).unwrap();
    text
}

#[test]
fn a_question_reads_back_as_it_was() {
    questions(|asked, since| {
        let text = question(asked, since);
        assert!(text.len() <= QUESTION_MAX);
        assert_eq!(read_question(&text), Ok((*asked, since)));
    });
}

#[test]
fn an_answer_reads_back_as_it_was() {
    for said in answers() {
        let text = answer(&said);
        assert!(text.len() <= ANSWER_MAX);
        assert_eq!(read_answer(&text), Ok(said));
    }
}

#[test]
fn the_spelling_stays_what_it_is() {
    let ask = Ask {
        holder: HolderId([0x0f; 16]),
        seq: 7,
        numbers: Numbers::steady(100, 50, 1_000).unwrap(),
        changed: Stamp { incarnation: 2, epoch: 40 },
        deadline: Deadline::MAX,
        waiting: 1,
        cost: 2,
        want: 3,
        keep: 4,
        back: 5,
    };
    let lease = Lease {
        seq: 7,
        granted_waiting: 1,
        granted: 2,
        ttl_ms: 5_000,
        retry_after: Wait::Never,
        ask_after_ms: 0,
        numbers: Numbers::quota(10, Period::Day).unwrap(),
        changed: ask.changed,
        left: 9,
    };
    let since = Stamp { incarnation: 2, epoch: 41 };
    let lookup = LookupId::new([0xab; 16]);
    let bucket = "acme/key/key_1/burst";
    for (text, written) in [
        (r#"{"since":[2,41]}"#, question(&Question::Head, since)),
        (
            r#"{"since":[2,41],"lookup":"abababababababababababababababab"}"#,
            question(&Question::Record(lookup), since),
        ),
        (
            r#"{"since":[2,41],"bucket":"acme/key/key_1/burst","ask":{"holder":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","seq":7,"numbers":[100,50,1000],"changed":[2,40],"deadline_ms":1000,"waiting":1,"cost":2,"want":3,"keep":4,"back":5}}"#,
            question(&Question::Lease { bucket, ask }, since),
        ),
        (r#"{"seq":7,"stale":true}"#, answer(&Answer::Stale { seq: 7 })),
        (
            r#"{"seq":7,"granted_waiting":1,"granted":2,"ttl_ms":5000,"retry_after_ms":null,"ask_after_ms":0,"numbers":[10,"day"],"changed":[2,40],"left":9}"#,
            answer(&Answer::Lease(lease)),
        ),
    ] {
        assert_eq!(std::str::from_utf8(&written), Ok(text));
    }
}

#[test]
fn a_wait_beyond_every_life_is_written_as_the_longest_there_is() {
    let said = |wait| {
        Answer::Lease(Lease {
            seq: 1,
            granted_waiting: 0,
            granted: 0,
            ttl_ms: 500,
            retry_after: Wait::Later(wait),
            ask_after_ms: 0,
            numbers: Numbers::steady(1, 1, 1).unwrap(),
            changed: STAMPS[1],
            left: 0,
        })
    };
    assert_eq!(read_answer(&answer(&said(u64::MAX))), Ok(said(INTEGER_MAX)));
}

/// Changes each byte of `text` to each other byte: what reads is written again as it stands there.
fn no_second_spelling(text: &[u8], again: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let mut changed = text.to_vec();
    for place in 0..text.len() {
        let before = text.get(place).copied().unwrap();
        for byte in 0..=u8::MAX {
            *changed.get_mut(place).unwrap() = byte;
            if let Some(again) = again(&changed) {
                assert_eq!(again, changed, "two spellings of one message");
            }
        }
        *changed.get_mut(place).unwrap() = before;
    }
    for len in 0..text.len() {
        assert_eq!(again(text.get(..len).unwrap()), None, "a part of a message");
    }
    for byte in 0..=u8::MAX {
        assert_eq!(again(&[text, &[byte]].concat()), None, "more than a message");
    }
}

#[test]
fn every_change_of_a_byte_reads_as_another_message_or_not_at_all() {
    let again = |text: &[u8]| {
        let (asked, since) = read_question(text).ok()?;
        Some(question(&asked, since))
    };
    let lookup = LookupId::new([0x2c; 16]);
    no_second_spelling(&question(&Question::Record(lookup), STAMPS[1]), again);
    no_second_spelling(&question(&Question::Head, STAMPS[2]), again);
    for ask in asks().into_iter().step_by(5) {
        no_second_spelling(
            &question(&Question::Lease { bucket: BUCKETS[3], ask }, STAMPS[1]),
            again,
        );
    }
    for said in answers().into_iter().step_by(5) {
        no_second_spelling(&answer(&said), |text| Some(answer(&read_answer(text).ok()?)));
    }
}

#[test]
fn what_is_out_of_bounds_is_refused_by_name() {
    let ask = r#"{"holder":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","seq":7,"numbers":[100,50,1000],"changed":[2,40],"deadline_ms":1000,"waiting":1,"cost":2,"want":3,"keep":4,"back":5}"#;
    let lease = |bucket: &str, ask: &str| {
        format!(r#"{{"since":[2,41],"bucket":"{bucket}","ask":{ask}}}"#).into_bytes()
    };
    let known = BUCKETS[0];
    for (text, error) in [
        (lease(known, &ask.replace("1000,\"waiting", "99,\"waiting")), "message_invalid"),
        (lease(known, &ask.replace("1000,\"waiting", "1001,\"waiting")), "message_invalid"),
        (lease(known, &ask.replace("[100,50,1000]", "[0,50,1000]")), "message_invalid"),
        (lease(known, &ask.replace("[100,50,1000]", "[100,50]")), "message_malformed"),
        (lease(known, &ask.replace("[100,50,1000]", "[100,\"week\"]")), "message_invalid"),
        (
            lease(known, &ask.replace("[100,50,1000]", "[4294967295,1,4294967295]")),
            "message_invalid",
        ),
        (lease(known, &ask.replace("\"back\":5", "\"back\":4294967296")), "message_invalid"),
        (lease(known, &ask.replace("\"seq\":7", "\"seq\":9007199254740993")), "message_malformed"),
        (lease(known, &ask.replace(",\"back\":5", "")), "message_malformed"),
        (lease(known, &ask.replace(",\"back\":5", ",\"back\":5,\"back\":5")), "message_malformed"),
        (lease("", ask), "message_invalid"),
        (lease("acme/key/key_1", ask), "message_invalid"),
        (lease("acme/key/key_1/burst/more", ask), "message_invalid"),
        (lease("acme/key//burst", ask), "message_invalid"),
        (lease("acme/else/key_1/burst", ask), "message_invalid"),
        (lease(&"a".repeat(300), ask), "message_malformed"),
        (vec![b'{'; QUESTION_MAX + 1], "message_too_long"),
        (b"{}".to_vec(), "message_malformed"),
    ] {
        let error_of = read_question(&text).err().map(MessageError::code);
        assert_eq!(error_of, Some(error), "{}", String::from_utf8_lossy(&text));
    }
    assert_eq!(read_answer(&[b'{'; ANSWER_MAX + 1]), Err(MessageError::TooLong));
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let ask = asks().pop().unwrap();
    for (bucket, seq, since) in [
        ("acme", 1, STAMPS[1]),
        (BUCKETS[0], INTEGER_MAX + 1, STAMPS[1]),
        (BUCKETS[0], 1, Stamp { incarnation: 1, epoch: u64::MAX }),
    ] {
        let mut text = b"before".to_vec();
        let asked = Question::Lease { bucket, ask: Ask { seq, ..ask } };
        assert!(write_question(&asked, since, &mut text).is_err());
        assert_eq!(text, b"before", "nothing is written");
    }
    let mut text = vec![];
    assert!(write_answer(&Answer::Stale { seq: u64::MAX }, &mut text).is_err());
    assert!(text.is_empty());
}

fn route_limits() -> Vec<Limit<'static>> {
    let scopes = LimitScope::ALL.into_iter().cycle();
    let limits = all_numbers().into_iter().zip(scopes).map(|(numbers, scope)| Limit {
        name: Id::new("@search").unwrap(),
        scope,
        numbers,
        changed: Stamp::default(),
    });
    limits.collect()
}

fn limits(asked: &[Limit<'_>]) -> Vec<u8> {
    let mut text = vec![];
    write_limits(asked, &mut text).unwrap();
    text
}

fn changed(stamps: &[Stamp]) -> Vec<u8> {
    let mut text = vec![];
    write_changed(stamps, &mut text).unwrap();
    text
}

#[test]
fn a_question_about_the_limits_of_routes_reads_back_as_it_was_and_is_no_other() {
    let all = route_limits();
    for asked in [&all[..], &all[..1], &[]] {
        let text = limits(asked);
        assert!(is_about_limits(&text));
        assert_eq!(read_limits(&text), Ok(asked.to_vec()));
        assert!(read_question(&text).is_err());
    }
    questions(|asked, since| assert!(!is_about_limits(&question(asked, since))));
    no_second_spelling(&limits(&all[2..4]), |text| Some(limits(&read_limits(text).ok()?)));
    let most: Vec<_> = all.iter().copied().cycle().take(LIMITS_ASKED_MAX).collect();
    assert_eq!(read_limits(&limits(&most)), Ok(most.clone()));
    let more = [&most[..], &all[..1]].concat();
    assert_eq!(write_limits(&more, &mut vec![]), Err(MessageError::TooLong));
    let text = String::from_utf8(limits(&most)).unwrap();
    let text = text.replacen('[', "[{\"name\":\"a\",\"scope\":\"key\",\"numbers\":[1,1,1]},", 1);
    assert!(read_limits(text.as_bytes()).is_err(), "one more than there may be");
}

#[test]
fn since_when_limits_hold_reads_back_as_it_was() {
    for stamps in [&STAMPS[..], &[]] {
        let text = changed(stamps);
        assert_eq!(read_changed(&text), Ok(stamps.to_vec()));
        no_second_spelling(&text, |text| Some(changed(&read_changed(text).ok()?)));
    }
    assert!(write_changed(&[Stamp { incarnation: 1, epoch: u64::MAX }], &mut vec![]).is_err());
    let most = vec![STAMPS[2]; LIMITS_ASKED_MAX];
    assert_eq!(read_changed(&changed(&most)), Ok(most.clone()));
    let more = vec![STAMPS[2]; LIMITS_ASKED_MAX + 1];
    assert_eq!(write_changed(&more, &mut vec![]), Err(MessageError::TooLong));
}

#[test]
fn a_note_reads_back_as_it_was_and_is_nothing_else() {
    let note = |stamp| {
        let mut text = vec![];
        write_note(stamp, &mut text).map(|()| text)
    };
    for stamp in STAMPS {
        let text = note(stamp).unwrap();
        assert_eq!(read_note(&text), Ok(stamp));
        no_second_spelling(&text, |text| note(read_note(text).ok()?).ok());
    }
    let above = Stamp { incarnation: 1, epoch: INTEGER_MAX + 1 };
    assert!(note(above).is_err());
    assert_eq!(read_note(&[b' '; NOTE_MAX + 1]), Err(MessageError::TooLong));
}
