//! The head: how old it may be, who reads it, and what a new one does.

use tollgate_core::{
    head::{HeadError, MaxStaleness},
    stamp::Stamp,
};
use tollgate_engine::{
    Decision, HEAD_TRIES_MAX, OpenError, Reply, STORE_DEADLINE_MAX_MS, Settings, StoreError,
};

use crate::{
    book::{Bound, Card},
    rig::{Rig, SETTINGS},
};

fn warm() -> Rig {
    Rig::warm(SETTINGS, &[Card::of(0)])
}

#[test]
fn a_head_is_used_then_renewed_in_the_background_then_awaited() {
    for (age_ms, said, asked) in [
        (0, "allow", 0),
        (500, "allow", 0),
        (501, "allow", 1),
        (1_000, "allow", 1),
        (1_001, "parked", 1),
    ] {
        let mut rig = warm();
        rig.skip_ms(age_ms);
        for _ in 0..3 {
            assert_eq!(rig.come(0), said, "{age_ms}");
        }
        assert_eq!(rig.kinds(), ["head"].repeat(asked), "{age_ms}");
        rig.answer_all();
        assert_eq!(rig.told().len(), if said == "parked" { 3 } else { 0 });
        assert_eq!(rig.come(0), "allow");
        assert!(rig.asked.is_empty());
    }
}

#[test]
fn the_age_counts_from_the_sending_and_starts_at_what_the_sender_said() {
    for (age_ms, travel_ms, later_ms, renews) in
        [(0, 40, 460, false), (0, 40, 461, true), (300, 40, 160, false), (300, 40, 161, true)]
    {
        let mut rig = warm();
        rig.skip_ms(1_001);
        assert_eq!(rig.come(0), "parked");
        let head = rig.one("head");
        rig.skip_ms(travel_ms);
        rig.book.age_ms = age_ms;
        rig.answer(&head);
        rig.skip_ms(later_ms);
        assert_eq!(rig.come(0), "allow");
        assert_eq!(!rig.asked.is_empty(), renews, "{age_ms} {travel_ms} {later_ms}");
    }
}

#[test]
fn while_the_authority_cannot_be_reached_known_keys_are_flagged_and_then_nothing_is_known() {
    let max_staleness = MaxStaleness::new(3_000).unwrap();
    let mut rig = Rig::warm(Settings { max_staleness, ..SETTINGS }, &[Card::of(0)]);
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    rig.pass_ms(50);
    assert_eq!(rig.told(), ["1 flagged"], "at the deadline of the read");
    // For 250 ms none is awaited again.
    let mut came = vec![];
    for _ in 0..249 {
        assert_eq!(rig.come(0), "flagged");
        rig.pass_ms(1);
    }
    came.push(rig.come(0));
    rig.pass_ms(1);
    assert_eq!(rig.come(0), "parked");
    assert_eq!(came, ["flagged"]);
    rig.pass_ms(50);
    assert_eq!(rig.told(), ["2 flagged"]);
    // Old as it is, from 3,000 ms on it says nothing any more.
    rig.skip_ms(3_000 - 1_351);
    assert_eq!(rig.come(0), "parked");
    rig.pass_ms(50);
    assert_eq!(rig.told(), ["3 unavailable"]);
    assert_eq!(rig.come(0), "unavailable");
    assert_eq!(rig.counts().flagged, 252);
    // And it comes back by itself.
    rig.pass_ms(250);
    assert_eq!(rig.come(0), "parked");
    rig.asked = rig.asked.split_off(rig.asked.len() - 1);
    rig.answer_all();
    assert_eq!(rig.told(), ["4 allow"]);
}

#[test]
fn a_read_that_failed_while_nobody_looked_failed_then() {
    for (later_ms, said) in [(50 + 249, "flagged"), (50 + 250, "parked")] {
        let mut rig = warm();
        rig.skip_ms(1_001);
        assert_eq!(rig.come(0), "parked");
        rig.skip_ms(later_ms);
        assert_eq!(rig.come(0), said, "{later_ms}");
    }
}

#[test]
fn the_switch_is_exactly_at_the_bound() {
    for (ms, said) in [(2_999, "flagged"), (3_000, "flagged"), (3_001, "unavailable")] {
        let max_staleness = MaxStaleness::new(3_000).unwrap();
        let mut rig = Rig::warm(Settings { max_staleness, ..SETTINGS }, &[Card::of(0)]);
        rig.skip_ms(ms - 50);
        assert_eq!(rig.come(0), "parked");
        rig.pass_ms(50);
        assert_eq!(rig.told(), [format!("1 {said}")], "{ms}");
    }
}

#[test]
fn a_read_that_failed_in_the_background_is_not_repeated_at_every_request() {
    let mut rig = warm();
    rig.skip_ms(600);
    assert_eq!(rig.come(0), "allow");
    rig.pass_ms(50);
    for _ in 0..24 {
        assert_eq!(rig.come(0), "allow");
        rig.pass_ms(10);
    }
    assert_eq!(rig.counts().head_errands, 2);
    rig.pass_ms(20);
    assert_eq!(rig.come(0), "allow");
    assert_eq!(rig.counts().head_errands, 3);
}

#[test]
fn a_head_that_is_refused_is_asked_for_again_within_the_deadline() {
    let mut rig = warm();
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    let began = rig.now.mono_ms;
    let mut sent = vec![];
    while rig.counts().parked > 0 {
        for errand in rig.take("head") {
            sent.push(rig.now.mono_ms - began);
            rig.reply(&errand, Err(StoreError::Refused));
        }
        rig.pass_ms(1);
    }
    assert_eq!(rig.told(), ["1 flagged"]);
    assert!((2..=usize::try_from(HEAD_TRIES_MAX).unwrap()).contains(&sent.len()), "{sent:?}");
    assert!(sent.windows(2).all(|pair| pair[1] > pair[0]), "{sent:?}");
    assert_eq!(rig.counts().head_failures, 1);
    // A damaged one is not asked for again.
    let mut rig = warm();
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    let head = rig.one("head");
    rig.reply(&head, Err(StoreError::Damaged(OpenError::Head(HeadError::Inconsistent))));
    assert_eq!(rig.told(), ["1 flagged"]);
    assert_eq!((rig.counts().damaged_heads, rig.asked.len()), (1, 0));
}

#[test]
fn an_answer_that_leaves_something_out_is_asked_for_again_as_a_whole() {
    let mut rig = warm();
    rig.book.head.record(None);
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    let head = rig.one("head");
    assert_eq!(head.since, Stamp { incarnation: 1, epoch: 11 });
    let ahead = Stamp { incarnation: 1, epoch: 12 };
    rig.book.head.record(None);
    let gap = rig.book.tidings(ahead);
    rig.reply(&head, Ok(Reply::Head(gap.clone())));
    assert_eq!(rig.told(), [""; 0]);
    let head = rig.one("head");
    assert_eq!(head.since, Stamp::default());
    rig.answer(&head);
    assert_eq!(rig.told(), ["1 allow"]);
    // The same beside a record: the head is asked for in the background.
    rig.book.issue(1, Card::of(1));
    assert_eq!(rig.come(1), "parked");
    let record = rig.one("record");
    let gap = tollgate_engine::Tidings { stamp: Stamp { epoch: 20, ..ahead }, since: 19, ..gap };
    let read = rig.book.read(crate::records::expected(1));
    rig.reply(&record, Ok(Reply::Record(Some(read), Some(gap))));
    assert_eq!(rig.told(), ["2 allow"]);
    assert_eq!(rig.one("head").since, Stamp::default());
    // Nobody is asked for ever by an authority that never answers whole.
    let mut rig = warm();
    rig.book.head.record(None);
    rig.book.head.record(None);
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    let gap = rig.book.tidings(ahead);
    for _ in 0..HEAD_TRIES_MAX {
        let head = rig.one("head");
        rig.reply(&head, Ok(Reply::Head(gap.clone())));
    }
    assert_eq!(rig.told(), ["1 flagged"]);
    assert!(rig.asked.is_empty());
}

#[test]
fn an_authority_that_has_fallen_back_renews_nothing() {
    let mut rig = warm();
    let mut old = rig.book.tidings(Stamp::default());
    old.stamp.epoch -= 1;
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    let began = rig.now.mono_ms;
    while rig.counts().parked > 0 {
        for errand in rig.take("head") {
            rig.reply(&errand, Ok(Reply::Head(old.clone())));
        }
        rig.pass_ms(1);
    }
    assert_eq!(rig.told(), ["1 flagged"]);
    assert!(rig.now.mono_ms - began <= 50);
    assert!(rig.counts().head_errands <= 1 + u64::from(HEAD_TRIES_MAX));
}

#[test]
fn a_new_incarnation_drops_every_cache_and_voids_every_lease() {
    let limited = Card::limited(0, &[Bound::key("burst", 100, 100, 1_000)]);
    let mut rig = Rig::warm(SETTINGS, &[limited, Card::of(1)]);
    assert_eq!(rig.come(7), "parked");
    rig.answer_all();
    rig.told();
    assert_eq!(rig.come(7), "key_invalid");
    rig.skip_ms(1_001);
    let restored = Stamp { incarnation: 2, epoch: 5 };
    rig.book.head =
        tollgate_core::head::Head::begin(restored, vec![tollgate_core::head::Entry::NONE; 1_024]);
    rig.book.buckets.clear();
    assert_eq!(rig.come(0), "parked");
    let head = rig.one("head");
    rig.answer(&head);
    let counts = rig.counts();
    assert_eq!((counts.restarts, counts.records, counts.absences), (1, 0, 0));
    assert_eq!(rig.told(), [""; 0]);
    let record = rig.one("record");
    rig.answer(&record);
    let lease = rig.one("lease");
    rig.answer(&lease);
    assert_eq!(rig.told(), ["2 allow"], "neither record nor tokens of before were used");
    assert!(!rig.engine.needs_holder());
}

#[test]
fn a_message_that_a_new_incarnation_overtook_is_sent_anew() {
    let limited = Card::limited(0, &[Bound::key("burst", 20, 10, 1_000)]);
    let mut rig = Rig::warm(SETTINGS, &[limited, Card::of(1)]);
    assert_eq!(rig.come(0), "parked");
    let lease = rig.one("lease");
    let restored = Stamp { incarnation: 2, epoch: 5 };
    rig.book.head =
        tollgate_core::head::Head::begin(restored, vec![tollgate_core::head::Entry::NONE; 1_024]);
    // The answer itself brings the news: its grant is of a ledger that is no more.
    rig.answer(&lease);
    assert_eq!(rig.told(), [""; 0]);
    rig.answer_all();
    assert_eq!(rig.told(), ["1 allow"]);
}

#[test]
fn leases_keep_the_head_young_without_a_question_for_it() {
    let limited = Card::limited(0, &[Bound::key("burst", 10, 1_000, 1_000)]);
    let mut rig = Rig::warm(SETTINGS, &[limited]);
    for _ in 0..20 {
        rig.pass_ms(400);
        rig.answer_all();
        assert_eq!(rig.come(0), "parked", "small limits lease nothing ahead");
        rig.answer_all();
    }
    assert_eq!(rig.counts().head_errands, 1);
    assert_eq!(rig.counts().allowed, 21);
}

#[test]
fn whoever_waits_for_a_head_goes_on_when_one_comes_by_the_way() {
    let mut rig = warm();
    rig.book.issue(1, Card::of(1));
    rig.skip_ms(1_001);
    assert_eq!(rig.come(1), "parked");
    assert_eq!(rig.come(0), "parked");
    let record = rig.take("record").remove(0);
    rig.answer(&record);
    assert_eq!(rig.told(), ["2 allow", "1 allow"], "1 needed its record as well");
    assert_eq!(rig.kinds(), ["head"]);
    rig.answer_all();
}

#[test]
fn a_head_that_comes_too_late_to_be_awaited_is_heard_all_the_same() {
    let mut rig = warm();
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    let head = rig.one("head");
    rig.book.revoke(0);
    rig.pass_ms(60);
    assert_eq!(rig.told(), ["1 flagged"]);
    rig.answer(&head);
    assert_eq!(rig.come(0), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["2 key_revoked"]);
    // One that is a second old says nothing, and is no failed read either.
    let mut rig = warm();
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    let head = rig.one("head");
    rig.pass_ms(1_001);
    rig.told();
    rig.answer(&head);
    assert_eq!(rig.come(0), "parked");
}

#[test]
fn a_head_that_is_too_old_on_arrival_is_a_failed_read() {
    let mut rig = warm();
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    rig.book.age_ms = 1_001;
    let head = rig.one("head");
    rig.answer(&head);
    assert_eq!(rig.told(), ["1 flagged"]);
    assert_eq!(rig.counts().head_failures, 1);
}

#[test]
fn a_cold_gate_asks_for_head_and_record_together() {
    let mut rig = Rig::new(Settings { store_deadline_ms: 1_000, ..SETTINGS });
    rig.book.issue(0, Card::of(0));
    assert_eq!(rig.come(0), "parked");
    assert_eq!(rig.kinds(), ["head", "record"]);
    assert!(rig.asked.iter().all(|errand| errand.deadline_ms == STORE_DEADLINE_MAX_MS));
    let record = rig.take("record").remove(0);
    rig.answer(&record);
    assert_eq!(rig.told(), ["0 allow"], "what came with the record was enough");
}

#[test]
fn without_a_head_nothing_is_decided() {
    let mut rig = Rig::new(SETTINGS);
    rig.book.issue(0, Card::of(0));
    rig.book.tells = false;
    assert_eq!(rig.come(0), "parked");
    let record = rig.take("record").remove(0);
    rig.answer(&record);
    assert_eq!(rig.told(), [""; 0]);
    rig.pass_ms(50);
    assert_eq!(rig.told(), ["0 unavailable"]);
    assert!(matches!(
        rig.engine.arrive(Rig::inquiry(0), || 9, rig.now),
        tollgate_engine::Arrival::Decided(Decision::Deny(_))
    ));
}
