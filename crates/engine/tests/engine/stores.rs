//! Stores that fail, hang, lie or are replicas.

use tollgate_core::{record::RecordError, stamp::Stamp};
use tollgate_engine::{OpenError, RECORD_RETRIES_MAX, Reply, Settings, StoreError};

use crate::{
    book::Card,
    records::{expected, headed},
    rig::{Rig, SETTINGS},
};

const REPLICATED: Settings = Settings { replica: true, ..SETTINGS };

const DAMAGED: StoreError = StoreError::Damaged(OpenError::Record(RecordError::OtherEnv));

/// What a replica does when it is asked.
#[derive(Clone, Copy, Debug)]
enum Replica {
    Has,
    Lacks,
    HasAbsence,
    HasOutdated,
    Fails,
    IsDamaged,
    Hangs,
}

#[test]
fn a_replica_is_asked_first_and_the_authority_whenever_that_does_not_help() {
    for (replica, authority) in [
        (Replica::Has, false),
        (Replica::Lacks, true),
        (Replica::HasAbsence, true),
        (Replica::HasOutdated, true),
        (Replica::Fails, true),
        (Replica::IsDamaged, true),
        (Replica::Hangs, true),
    ] {
        let mut rig = headed(REPLICATED, &[Card::of(0)]);
        if matches!(replica, Replica::HasOutdated) {
            rig.book.change(0, |_| ());
            rig.skip_ms(1_001);
            assert_eq!(rig.come(99), "parked");
            let head = rig.one("head");
            rig.answer(&head);
            rig.told();
        }
        let asked = rig.counts();
        assert_eq!(rig.come(0), "parked");
        let errand = rig.one("replica");
        assert_eq!(errand.deadline_ms, 25);
        let record = match replica {
            Replica::Has => Ok(Some(rig.book.read(expected(0)))),
            Replica::Lacks => Ok(None),
            Replica::HasAbsence => Ok(Some(rig.book.read(expected(7)))).map(|_| {
                let mut empty = crate::book::Book::new();
                empty.head = rig.book.head.clone();
                Some(empty.read(expected(0)))
            }),
            Replica::HasOutdated => {
                Ok(Some(rig.book.read_as_of(expected(0), Stamp { incarnation: 1, epoch: 11 })))
            }
            Replica::Fails | Replica::Hangs => Err(StoreError::Refused),
            Replica::IsDamaged => Err(DAMAGED),
        };
        if matches!(replica, Replica::Hangs) {
            rig.pass_ms(24);
            assert!(rig.asked.is_empty());
            rig.pass_ms(1);
        } else {
            rig.reply(&errand, record.map(|record| Reply::Record(record, None)));
        }
        if authority {
            let errand = rig.one("record");
            rig.answer(&errand);
        }
        assert_eq!(rig.told().len(), 1, "{replica:?}");
        assert_eq!(rig.come(0), "allow", "{replica:?}");
        let counts = rig.counts();
        assert_eq!(counts.replica_errands - asked.replica_errands, 1);
        assert_eq!(counts.record_errands - asked.record_errands, u64::from(authority));
    }
}

#[test]
fn what_a_replica_says_of_the_head_is_not_heard() {
    let mut rig = headed(REPLICATED, &[Card::of(0)]);
    let before = rig.engine.head();
    assert_eq!(rig.come(0), "parked");
    let errand = rig.one("replica");
    let record = rig.book.read(expected(0));
    rig.book.revoke(0);
    let tidings = rig.book.tidings(errand.since);
    rig.reply(&errand, Ok(Reply::Record(Some(record), Some(tidings))));
    assert_eq!(rig.told(), ["1 allow"]);
    assert_eq!(rig.engine.head(), before);
}

#[test]
fn a_replica_that_serves_the_old_record_for_ever_hides_no_revocation() {
    let mut rig = headed(REPLICATED, &[Card::of(0)]);
    let old = rig.book.read(expected(0));
    rig.book.revoke(0);
    // The entry has left the list as well.
    let floor = rig.book.head.record(None);
    rig.book.head.raise_floor(floor.epoch);
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    for _ in 0..4 {
        for errand in core::mem::take(&mut rig.asked) {
            if crate::rig::kind(&errand) == "replica" {
                rig.reply(&errand, Ok(Reply::Record(Some(old.clone()), None)));
            } else {
                rig.answer(&errand);
            }
        }
    }
    assert_eq!(rig.told(), ["1 key_revoked"]);
}

#[test]
fn a_store_that_cannot_be_reached_is_asked_again_within_the_deadline() {
    let mut rig = headed(SETTINGS, &[Card::of(0)]);
    assert_eq!(rig.come(0), "parked");
    let mut sent = vec![];
    let began = rig.now.mono_ms;
    for _ in 0..200 {
        for errand in rig.take("record") {
            sent.push(rig.now.mono_ms - began);
            assert_eq!(u64::from(errand.deadline_ms), 50 - sent.last().unwrap());
            rig.fail(&errand);
        }
        if rig.counts().parked == 0 {
            break;
        }
        rig.pass_ms(1);
    }
    assert_eq!(rig.told(), ["1 unavailable"]);
    assert!(
        (2..=usize::try_from(RECORD_RETRIES_MAX + 1).unwrap()).contains(&sent.len()),
        "{sent:?}"
    );
    assert!(sent.windows(2).all(|pair| pair[1] > pair[0]), "with pauses: {sent:?}");
    assert!(rig.now.mono_ms - began <= 50);
    // One answer among failures is enough.
    assert_eq!(rig.come(0), "parked");
    let errand = rig.one("record");
    rig.fail(&errand);
    assert!(rig.asked.is_empty());
    rig.pass_ms(12);
    let errand = rig.one("record");
    rig.answer(&errand);
    assert_eq!(rig.told(), ["2 allow"]);
}

#[test]
fn those_who_failed_together_do_not_come_back_together() {
    let mut pauses = std::collections::BTreeSet::new();
    for holder in 1..40 {
        let settings = Settings { store_deadline_ms: 1_000, ..SETTINGS };
        let mut rig = Rig::new(settings);
        rig.engine =
            tollgate_engine::Engine::new(settings, tollgate_core::lease::HolderId([holder; 16]));
        assert_eq!(rig.come(0), "parked");
        let head = rig.take("head").remove(0);
        rig.take("record");
        rig.fail(&head);
        let began = rig.now.mono_ms;
        while rig.take("head").is_empty() {
            rig.pass_ms(1);
        }
        pauses.insert(rig.now.mono_ms - began);
    }
    assert!(pauses.len() > 20, "{pauses:?}");
}

#[test]
fn a_damaged_record_is_one_keys_trouble_and_is_not_asked_for_again() {
    let mut rig = headed(SETTINGS, &[Card::of(0), Card::of(1)]);
    assert_eq!(rig.come(0), "parked");
    assert_eq!(rig.come(1), "parked");
    let mut errands = rig.take("record");
    rig.reply(&errands.remove(0), Err(DAMAGED));
    assert_eq!(rig.told(), ["1 unavailable"]);
    assert!(rig.asked.is_empty());
    assert_eq!((rig.counts().damaged_records, rig.counts().records), (1, 1));
    rig.answer(&errands.remove(0));
    assert_eq!(rig.told(), ["2 allow"]);
    assert_eq!(rig.come(99), "allow");
}

#[test]
fn a_good_record_is_kept_while_what_replaces_it_is_damaged() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(0)]);
    rig.book.change(0, |_| ());
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    let head = rig.one("head");
    rig.answer(&head);
    let errand = rig.one("record");
    rig.reply(&errand, Err(DAMAGED));
    assert_eq!(rig.told(), ["1 unavailable"], "the old one is not current");
    assert_eq!(rig.counts().records, 1);
    rig.skip_ms(1);
    assert_eq!(rig.come(0), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["2 allow"]);
}

#[test]
fn no_more_is_asked_and_nobody_more_waits_than_was_allowed_for() {
    let settings = Settings { fetches_max: 2, parked_max: 4, ..SETTINGS };
    let mut rig = headed(settings, &[]);
    assert_eq!(rig.come(0), "parked");
    assert_eq!(rig.come(1), "parked");
    assert_eq!(rig.come(2), "unavailable", "a third record");
    assert_eq!(rig.come(0), "parked");
    assert_eq!(rig.come(1), "parked");
    assert_eq!(rig.come(0), "unavailable", "a fifth request");
    assert_eq!((rig.asked.len(), rig.counts().parked), (2, 4));
    rig.answer_all();
    assert_eq!(rig.told().len(), 4);
    assert_eq!(rig.come(2), "parked");
}

#[test]
fn a_store_that_never_answers_is_waited_for_until_the_deadline_and_no_longer() {
    for (set, waits) in [(50, 50), (1_000, 1_000), (0, 1), (60_000, 1_000)] {
        let mut rig = headed(SETTINGS, &[Card::of(0)]);
        let settings = Settings { store_deadline_ms: set, ..SETTINGS };
        rig.engine =
            tollgate_engine::Engine::new(settings, tollgate_core::lease::HolderId([1; 16]));
        assert_eq!(rig.come(0), "parked");
        let head = rig.take("head").remove(0);
        rig.book.tells = false;
        rig.answer(&head);
        assert_eq!(rig.told(), [""; 0]);
        rig.pass_ms(waits - 1);
        assert_eq!(rig.told(), [""; 0], "{set}");
        rig.pass_ms(1);
        assert_eq!(rig.told(), ["1 unavailable"], "{set}");
        assert_eq!(rig.counts().parked, 0);
    }
}
