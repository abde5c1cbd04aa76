//! Freezes and twins: what was held then is held no more.

use tollgate_core::{
    bucket::Wait,
    lease::{Answer, HolderId, Lease},
    time::Reading,
};
use tollgate_engine::{Question, Reply, WAIT_MAX_MS};

use crate::{
    book::{Bound, Card},
    rig::{Rig, SETTINGS},
};

fn limited() -> Card {
    Card::limited(0, &[Bound::key("burst", 1_000, 1_000, 1_000)])
}

fn freeze(rig: &mut Rig, ms: u64) {
    rig.now = Reading { wall: rig.now.wall.plus(ms), ..rig.now };
}

fn holder(question: &Question) -> HolderId {
    match question {
        Question::Lease { ask, .. } => ask.holder,
        Question::Head | Question::Record { .. } | Question::Usage(_) => panic!("{question:?}"),
    }
}

#[test]
fn after_a_freeze_nothing_held_before_it_is_used() {
    let mut rig = Rig::warm(SETTINGS, &[limited()]);
    assert_eq!(rig.come(0), "allow", "from what is leased");
    freeze(&mut rig, 1_001);
    assert_eq!(rig.come(0), "unavailable", "no holder id");
    assert!(rig.engine.needs_holder());
    assert_eq!(rig.counts().freezes, 1);
    rig.renew_holder();
    assert!(!rig.engine.needs_holder());
    // The head is as old as may be: it is awaited. Then the purse is empty.
    assert_eq!(rig.come(0), "parked");
    let head = rig.one("head");
    rig.answer(&head);
    assert_eq!(rig.told(), [""; 0]);
    let lease = rig.one("lease");
    assert_eq!(holder(&lease.question), HolderId([2; 16]));
    rig.answer(&lease);
    assert_eq!(rig.told(), ["1 allow"]);
}

#[test]
fn what_was_in_flight_when_a_host_froze_is_dropped() {
    let mut rig = Rig::warm(SETTINGS, &[limited(), Card::of(1)]);
    for _ in 0..5 {
        while rig.come(0) == "allow" {}
    }
    assert_eq!(rig.come(1), "parked");
    let kinds = rig.kinds();
    assert!(kinds.contains(&"lease") && kinds.contains(&"record"), "{kinds:?}");
    let waited = rig.counts().parked;
    freeze(&mut rig, 5_000);
    rig.tick();
    assert_eq!(rig.told().iter().filter(|told| told.ends_with("unavailable")).count(), 6);
    assert_eq!((waited, rig.counts().parked), (6, 0));
    rig.renew_holder();
    let before = rig.counts().answers_ignored;
    for errand in core::mem::take(&mut rig.asked) {
        rig.answer(&errand);
    }
    assert_eq!(rig.counts().answers_ignored - before, kinds.len().try_into().unwrap());
    assert_eq!(rig.counts().records, 1, "the record that came then is not kept");
    assert_eq!(rig.come(0), "parked");
    let head = rig.one("head");
    rig.answer(&head);
    assert_eq!(rig.kinds(), ["lease"], "no token of before is there");
}

#[test]
fn what_was_asked_but_not_sent_before_a_freeze_is_never_sent() {
    let mut rig = Rig::new(SETTINGS);
    rig.book.issue(0, limited());
    let parked = rig.engine.arrive(Rig::inquiry(0), || 0, rig.now);
    assert!(matches!(parked, tollgate_engine::Arrival::Parked));
    freeze(&mut rig, 2_000);
    rig.engine.tick(rig.now);
    assert_eq!(rig.engine.errands().count(), 0);
}

#[test]
fn a_pause_of_both_clocks_together_is_no_freeze_and_ends_what_is_old() {
    let mut rig = Rig::warm(SETTINGS, &[limited()]);
    rig.skip_ms(6_000);
    assert_eq!(rig.come(0), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["1 allow"]);
    assert_eq!((rig.counts().freezes, rig.engine.needs_holder()), (0, false));
}

#[test]
fn a_wall_clock_that_jumps_back_is_seen_as_well() {
    let mut rig = Rig::warm(SETTINGS, &[limited()]);
    rig.now.wall.0 -= 1_001;
    rig.tick();
    assert_eq!(rig.counts().freezes, 1);
    // And a single clock that does.
    let mut rig = Rig::warm(SETTINGS, &[limited()]);
    rig.skip_ms(10_000);
    rig.tick();
    rig.now.wall.0 -= 900;
    rig.now.mono_ms -= 900;
    rig.tick();
    assert_eq!(rig.counts().freezes, 0);
    rig.now.wall.0 -= 1_100;
    rig.now.mono_ms -= 1_100;
    rig.tick();
    assert_eq!(rig.counts().freezes, 1);
}

#[test]
fn a_twin_voids_every_purse_and_takes_the_holder_id_away() {
    let other = Bound { scope: tollgate_core::limit::LimitScope::Owner, ..limited().limits[0] };
    let two = Card { limits: vec![Bound { name: "owner", ..other }], ..Card::of(1) };
    let mut rig = Rig::warm(SETTINGS, &[limited(), two]);
    assert_eq!(rig.come(1), "parked");
    rig.answer_all();
    rig.told();
    assert_eq!(rig.come(1), "allow");
    // Somebody else with this id has gone on with a higher number.
    while rig.come(0) == "allow" {}
    let lease = rig.take("lease").pop().unwrap();
    let Question::Lease { bucket, ask } = &lease.question else { panic!() };
    let ask = tollgate_core::lease::Ask { seq: ask.seq + 5, ..*ask };
    rig.book.exchange(bucket, &ask, rig.now.wall);
    rig.answer(&lease);
    assert!(rig.told().iter().all(|told| told.ends_with("unavailable")));
    assert_eq!(rig.counts().twins, 1);
    assert!(rig.engine.needs_holder());
    assert_eq!(rig.come(1), "unavailable");
    rig.renew_holder();
    assert_eq!(rig.come(1), "parked", "its tokens were leased to the old id");
    rig.answer_all();
    assert!(rig.told().last().unwrap().ends_with("allow"));
}

#[test]
fn nobody_waits_longer_than_the_bound_whatever_comes_next() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(1), limited()]);
    assert_eq!(rig.come(1), "parked");
    let record = rig.one("record");
    rig.answer(&record);
    let began = rig.now.mono_ms;
    let mut asked = 0;
    // An authority that gives nothing and says to ask again at once.
    while rig.counts().parked > 0 && asked < 50 {
        for errand in rig.take("lease") {
            asked += 1;
            let Question::Lease { ask, .. } = errand.question else { panic!() };
            rig.pass_ms(90);
            let nothing = Lease {
                seq: ask.seq,
                granted_waiting: 0,
                granted: 0,
                ttl_ms: 1_000,
                retry_after: Wait::Later(0),
                ask_after_ms: 0,
                numbers: ask.numbers,
                changed: ask.changed,
                left: 0,
            };
            rig.reply(&errand, Ok(Reply::Lease(Answer::Lease(nothing), None)));
        }
        rig.take("head").iter().for_each(|head| rig.answer(head));
        rig.pass_ms(1);
    }
    assert!((WAIT_MAX_MS..WAIT_MAX_MS + 91).contains(&(rig.now.mono_ms - began)));
    assert!((30..35).contains(&asked), "{asked}");
    assert_eq!(rig.told(), ["1 unavailable"]);
}

#[test]
fn a_panic_of_the_hosts_code_leaves_the_engine_usable() {
    let mut rig = Rig::warm(SETTINGS, &[limited(), Card::of(1)]);
    assert_eq!(rig.come(0), "allow");
    let (engine, now) = (&mut rig.engine, rig.now);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        engine.arrive(Rig::inquiry(1), || panic!("no waiter"), now)
    }));
    assert!(panicked.is_err());
    assert_eq!(rig.counts().parked, 0);
    assert_eq!(rig.come(0), "allow");
    assert_eq!(rig.come(1), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["1 allow"]);
}
