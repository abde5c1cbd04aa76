//! Records and absences: asked for once, believed only if the head vouches for them.

use tollgate_core::{
    head::{Name, Subject},
    id::Id,
    record::{Expected, State},
    stamp::Stamp,
};
use tollgate_engine::{HEADS_MAX, Question, Reply};

use crate::{
    book::{Card, genuine},
    rig::{Rig, SETTINGS},
};

pub(crate) fn expected(number: u32) -> Expected {
    Expected::from(&genuine(number))
}

/// A rig that holds a head of the ledger's present epoch, and no record.
pub(crate) fn headed(settings: tollgate_engine::Settings, cards: &[Card]) -> Rig {
    let mut rig = Rig::new(settings);
    for (number, card) in (0..).zip(cards) {
        rig.book.issue(number, card.clone());
    }
    rig.book.issue(99, Card::of(99));
    assert_eq!(rig.come(99), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["0 allow"]);
    rig
}

#[test]
fn a_warm_key_is_decided_at_once_and_nobody_is_asked() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0)]);
    for _ in 0..100 {
        assert_eq!(rig.come(0), "allow");
        assert!(rig.asked.is_empty());
        rig.skip_ms(5);
    }
    let counts = rig.counts();
    assert_eq!((counts.record_hits, counts.record_misses, counts.allowed), (100, 1, 101));
    assert_eq!((counts.head_errands, counts.record_errands), (1, 1));
}

#[test]
fn ten_thousand_requests_on_one_cold_key_ask_for_one_record() {
    let mut rig = Rig::new(SETTINGS);
    rig.book.issue(0, Card::of(0));
    for _ in 0..10_000 {
        assert_eq!(rig.come(0), "parked");
    }
    assert_eq!(rig.counts().parked, 10_000);
    assert_eq!(rig.kinds(), ["head", "record"]);
    rig.answer_all();
    let expected: Vec<_> = (0..10_000).map(|waiter| format!("{waiter} allow")).collect();
    assert_eq!(rig.told(), expected, "each has its own verdict, in their order");
    let counts = rig.counts();
    assert_eq!((counts.head_errands, counts.record_errands, counts.parked), (1, 1, 0));
}

#[test]
fn a_fetch_is_shared_and_a_verdict_never_is() {
    let mut rig = headed(SETTINGS, &[Card::of(0)]);
    let mut write = Rig::inquiry(0);
    write.demand = std::sync::Arc::new(tollgate_engine::Demand::new(&["orders:write"], 1).unwrap());
    assert_eq!(rig.come(0), "parked");
    assert_eq!(rig.arrive(write), "parked");
    assert_eq!(rig.come(0), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["1 allow", "2 scope_missing", "3 allow"]);
    assert_eq!(rig.counts().record_errands, 2);
}

#[test]
fn two_keys_are_never_taken_for_one_another() {
    let stopped = Card { state: State::Disabled, ..Card::of(1) };
    let mut rig = headed(SETTINGS, &[Card::of(0), stopped]);
    for number in [0, 1, 2] {
        assert_eq!(rig.come(number), "parked");
    }
    let mut asked = rig.take("record");
    asked.reverse();
    for errand in asked {
        rig.answer(&errand);
    }
    assert_eq!(rig.told(), ["3 key_invalid", "2 key_disabled", "1 allow"]);
    for (number, said) in [(0, "allow"), (1, "key_disabled"), (2, "key_invalid")] {
        assert_eq!(rig.come(number), said);
    }
    // The record of one, delivered as the answer for the other.
    assert_eq!(rig.come(3), "parked");
    let errand = rig.one("record");
    let other = rig.book.read(expected(0));
    rig.reply(&errand, Ok(Reply::Record(Some(other), None)));
    assert_eq!(rig.told(), ["4 unavailable"]);
    assert_eq!(rig.counts().damaged_records, 1);
}

#[test]
fn an_unknown_key_is_asked_for_once_in_ten_seconds() {
    let mut rig = headed(SETTINGS, &[]);
    assert_eq!(rig.come(5), "parked");
    rig.skip_ms(10);
    rig.answer_all();
    assert_eq!(rig.told(), ["1 key_invalid"]);
    // Ten seconds count from the sending of the question.
    for (after_ms, asks) in [(400, 1), (9_599 - 10, 1), (1, 2)] {
        rig.skip_ms(after_ms);
        let said = rig.come(5);
        if said == "parked" {
            rig.answer_all();
        }
        assert_eq!(rig.counts().record_errands, asks + 1, "{after_ms}");
    }
    assert_eq!(rig.counts().absence_hits, 2);
}

#[test]
fn a_key_that_was_tried_before_it_existed_works_within_ten_seconds() {
    let mut rig = headed(SETTINGS, &[]);
    assert_eq!(rig.come(5), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["1 key_invalid"]);
    rig.book.issue(5, Card::of(5));
    rig.skip_ms(10_000);
    assert_eq!(rig.come(5), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["2 allow"]);
}

#[test]
fn a_key_that_was_removed_is_unknown_and_so_is_what_was_held_of_it() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0)]);
    rig.book.change(0, |_| ());
    rig.book.cards.clear();
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["1 key_invalid"]);
    assert_eq!((rig.counts().records, rig.counts().absences), (0, 1));
    assert_eq!(rig.come(0), "key_invalid");
}

#[test]
fn absences_push_out_each_other_and_nothing_good() {
    let settings = tollgate_engine::Settings { absences_max: 3, ..SETTINGS };
    let mut rig = headed(settings, &[Card::of(0)]);
    assert_eq!(rig.come(0), "parked");
    rig.answer_all();
    for number in 10..30 {
        assert_eq!(rig.come(number), "parked");
        rig.answer_all();
        assert!(rig.counts().absences <= 3);
    }
    assert_eq!(rig.come(0), "allow");
    for (number, held) in [(29, true), (28, true), (27, true), (26, false)] {
        assert_eq!(rig.come(number) == "key_invalid", held, "{number}");
    }
}

#[test]
fn an_outdated_record_is_never_used() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0), Card::of(1)]);
    rig.book.revoke(0);
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    let head = rig.one("head");
    rig.answer(&head);
    assert_eq!(rig.told(), [""; 0], "the head says that the record is too old");
    let record = rig.one("record");
    rig.answer(&record);
    assert_eq!(rig.told(), ["1 key_revoked"]);
    assert_eq!(rig.come(0), "key_revoked");
    // With its record, for the log.
    let refused = rig.refused(Rig::inquiry(0));
    assert_eq!(refused.record().unwrap().key.as_str(), "key_0");
}

#[test]
fn an_authority_that_answers_what_the_head_has_overtaken_is_asked_again_until_the_deadline() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0)]);
    let old = rig.book.head.stamp();
    rig.book.revoke(0);
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    let head = rig.one("head");
    rig.answer(&head);
    let mut asked = 0;
    let began = rig.now.mono_ms;
    while rig.counts().parked > 0 {
        for errand in rig.take("record") {
            asked += 1;
            let before = rig.book.read_as_of(expected(0), old);
            rig.reply(&errand, Ok(Reply::Record(Some(before), None)));
        }
        rig.pass_ms(1);
    }
    assert_eq!(rig.told(), ["1 unavailable"], "and never allowed");
    assert_eq!(rig.now.mono_ms - began, 50, "the deadline");
    assert!((4..20).contains(&asked), "not without a pause: {asked}");
    assert_eq!(rig.counts().records_outdated, asked);
    // It heals as soon as the authority does.
    assert_eq!(rig.come(0), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["2 key_revoked"]);
}

#[test]
fn what_came_with_a_record_is_heard_before_the_record_is_judged() {
    let mut rig = headed(SETTINGS, &[Card::of(0)]);
    assert_eq!(rig.come(0), "parked");
    let errand = rig.one("record");
    let old = rig.book.head.stamp();
    let record = rig.book.read_as_of(expected(0), old);
    rig.book.revoke(0);
    let tidings = rig.book.tidings(errand.since);
    rig.reply(&errand, Ok(Reply::Record(Some(record), Some(tidings))));
    assert_eq!(rig.told(), [""; 0], "the head beside it says that it is too old");
    rig.pass_ms(3);
    rig.answer_all();
    assert_eq!(rig.told(), ["1 key_revoked"]);
}

#[test]
fn a_record_of_a_later_incarnation_waits_for_the_head() {
    let mut rig = headed(SETTINGS, &[Card::of(0)]);
    assert_eq!(rig.come(0), "parked");
    let errand = rig.one("record");
    let later = Stamp { incarnation: 2, epoch: 50 };
    let record = rig.book.read_as_of(expected(0), later);
    rig.reply(&errand, Ok(Reply::Record(Some(record.clone()), None)));
    assert_eq!(rig.told(), [""; 0]);
    let head = rig.one("head");
    rig.book.head = tollgate_core::head::Head::begin(later, rig.book.head.entries().to_vec());
    rig.answer(&head);
    assert_eq!(rig.counts().restarts, 1, "every cache is dropped, this record too");
    rig.answer_all();
    assert_eq!(rig.told(), ["1 allow"]);
    // A head that never gets there ends it.
    let mut rig = headed(SETTINGS, &[Card::of(0)]);
    assert_eq!(rig.come(0), "parked");
    let errand = rig.one("record");
    rig.reply(&errand, Ok(Reply::Record(Some(record), None)));
    for _ in 0..=HEADS_MAX {
        rig.skip_ms(1);
        let head = rig.one("head");
        rig.answer(&head);
    }
    assert_eq!(rig.told(), ["1 unavailable"]);
    assert!(rig.asked.is_empty());
}

#[test]
fn what_the_head_has_vouched_for_stays_good_when_its_entries_leave() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0)]);
    let other = Subject::Tenant { tenant: Name::new(Id::new("other").unwrap()) };
    let step = |rig: &mut Rig| {
        rig.skip_ms(1_001);
        assert_eq!(rig.come(0), "parked");
        rig.answer_all();
        rig.told().join("")
    };
    for _ in 0..5 {
        rig.book.head.record(Some(other));
    }
    assert!(step(&mut rig).ends_with("allow"));
    assert_eq!(rig.come(0), "allow", "noted by a request that found nobody else looking");
    let noted = rig.book.head.stamp();
    rig.book.head.record(Some(other));
    rig.book.head.raise_floor(noted.epoch);
    assert!(step(&mut rig).ends_with("allow"));
    assert_eq!(rig.counts().record_errands, 1, "the floor is not above what was vouched for");
    rig.book.head.record(Some(other));
    let floor = rig.book.head.record(Some(other));
    rig.book.head.raise_floor(floor.epoch);
    assert!(step(&mut rig).ends_with("allow"));
    assert_eq!(rig.counts().record_errands, 2, "now it is");
}

#[test]
fn a_tenant_that_was_stopped_and_resumed_comes_out_right() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0)]);
    let tenant = Name::new(Id::new("acme").unwrap());
    for (state, said) in [(State::TenantDisabled, "tenant_disabled"), (State::Active, "allow")] {
        rig.book.cards.get_mut(&genuine(0).lookup()).unwrap().state = state;
        rig.book.head.record(Some(Subject::Tenant { tenant }));
        rig.skip_ms(1_001);
        assert_eq!(rig.come(0), "parked");
        rig.answer_all();
        assert!(rig.told().join("").ends_with(said));
        assert_eq!(rig.come(0), said);
    }
}

#[test]
fn the_least_used_records_leave_when_there_is_no_room() {
    let settings = tollgate_engine::Settings { records_bytes_max: 4_000, ..SETTINGS };
    let mut rig = Rig::warm(settings, &(0..100).map(Card::of).collect::<Vec<_>>());
    let (mut most, mut again) = (0, 0);
    for number in 1..100 {
        let said = rig.come(number);
        assert_eq!(said, "parked");
        rig.answer_all();
        assert!(rig.counts().record_bytes <= 4_000);
        most = most.max(rig.counts().records);
        again += u32::from(rig.come(0) == "allow");
    }
    assert!((8..20).contains(&most), "{most}");
    assert_eq!(again, 99, "what is used stays");
    assert_eq!(rig.counts().records_evicted, 100 - rig.counts().records);
    rig.engine.forget_all();
    assert_eq!((rig.counts().records, rig.counts().record_bytes), (0, 0));
    assert_eq!(rig.come(0), "parked");
    rig.answer_all();
    assert!(rig.told().last().unwrap().ends_with("allow"));
}

#[test]
fn replies_that_nobody_waits_for_change_nothing() {
    let mut rig = headed(SETTINGS, &[Card::of(0), Card::of(1)]);
    assert_eq!(rig.come(0), "parked");
    let errand = rig.one("record");
    // Of another kind.
    let tidings = rig.book.tidings(errand.since);
    rig.reply(&errand, Ok(Reply::Head(tidings.clone())));
    assert_eq!(rig.told(), [""; 0]);
    // To an errand that never was.
    let mut unknown = errand.clone();
    unknown.id.0 += 1_000;
    rig.answer(&unknown);
    assert_eq!(rig.told(), [""; 0]);
    assert_eq!(rig.counts().answers_ignored, 2);
    rig.answer(&errand);
    assert_eq!(rig.told(), ["1 allow"]);
    // Twice.
    rig.answer(&errand);
    rig.fail(&errand);
    assert_eq!(rig.counts().answers_ignored, 4);
    assert_eq!(rig.counts().store_unreachable, 0);
    // After the deadline.
    assert_eq!(rig.come(1), "parked");
    let errand = rig.one("record");
    assert_eq!(errand.deadline_ms, 50);
    rig.pass_ms(50);
    assert_eq!(rig.told(), ["2 unavailable"]);
    rig.answer(&errand);
    assert_eq!((rig.counts().answers_late, rig.counts().records), (1, 2));
    assert!(matches!(errand.question, Question::Record { .. }));
    assert_eq!(rig.come(1), "parked", "it is asked for anew");
}
