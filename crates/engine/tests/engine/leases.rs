//! Purses: spent from without a call, asked for once, given back in time.

use tollgate_core::{
    bucket::Wait,
    decision::Denial,
    lease::{Ask, Host},
    limit::LimitScope,
    network::Address,
};
use tollgate_engine::{Errand, Inquiry, PURSE_IDLE_MS, Question, Settings, StoreError};

use crate::{
    book::{Bound, Card},
    rig::{Rig, SETTINGS},
};

/// A limit that is leased ahead.
pub(crate) fn wide() -> Bound {
    Bound::key("wide", 1_000, 1_000, 1_000)
}

/// A limit of which only what waits is given.
pub(crate) fn narrow(name: &'static str) -> Bound {
    Bound::key(name, 20, 1, 60_000)
}

pub(crate) fn of(errand: &Errand) -> (&str, Ask) {
    match &errand.question {
        Question::Lease { bucket, ask } => (bucket, *ask),
        Question::Head | Question::Record { .. } | Question::Usage(_) => panic!("{errand:?}"),
    }
}

pub(crate) fn from(address: &str) -> Inquiry {
    Inquiry { address: Some(Address::parse(address).unwrap()), ..Rig::inquiry(0) }
}

#[test]
fn a_limit_of_n_admits_exactly_n() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[narrow("burst")])]);
    let mut allowed = 1;
    for _ in 0..40 {
        let said = rig.come(0);
        rig.answer_all();
        let said = if said == "parked" { rig.told().remove(0) } else { said };
        allowed += u32::from(said.ends_with("allow"));
        assert!(said.ends_with("allow") || said.ends_with("rate_limited"), "{said}");
    }
    assert_eq!(allowed, 20);
}

#[test]
fn requests_that_come_together_share_one_message_and_each_has_its_own_verdict() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[narrow("burst")])]);
    for _ in 0..25 {
        assert_eq!(rig.come(0), "parked");
    }
    let first = rig.one("lease");
    assert_eq!(of(&first).1.waiting, 1, "it left before the others came");
    rig.answer(&first);
    assert_eq!(rig.told(), ["1 allow"]);
    let second = rig.one("lease");
    assert_eq!((of(&second).1.waiting, of(&second).1.seq), (24, of(&first).1.seq + 1));
    rig.answer(&second);
    let told = rig.told();
    assert_eq!(told.iter().filter(|told| told.ends_with("allow")).count(), 18);
    assert_eq!(told.iter().filter(|told| told.ends_with("rate_limited")).count(), 6);
    assert!(told[..18].iter().all(|told| told.ends_with("allow")), "in their order: {told:?}");
}

#[test]
fn a_refused_client_is_refused_locally_until_the_instant_that_was_named() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[narrow("burst")])]);
    for _ in 0..30 {
        rig.come(0);
        rig.answer_all();
    }
    let asked = rig.counts().lease_errands;
    for _ in 0..1_000 {
        assert_eq!(rig.come(0), "rate_limited");
    }
    let refused = rig.refused(Rig::inquiry(0));
    let Denial::RateLimited { limit: 0, wait: Wait::Later(wait) } = refused.denial() else {
        panic!("{:?}", refused.denial());
    };
    assert!((59_000..61_000).contains(&wait), "{wait}");
    assert_eq!(rig.counts().lease_errands, asked);
}

#[test]
fn a_request_takes_from_every_purse_or_from_none() {
    let limits = [narrow("a"), Bound::key("b", 2, 1, 60_000)];
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &limits)]);
    for expected in ["allow", "rate_limited", "rate_limited"] {
        assert_eq!(rig.come(0), "parked");
        rig.answer_all();
        assert!(rig.told()[0].ends_with(expected));
        rig.pass_ms(6_000);
        rig.answer_all();
    }
    // What `a` gave for the two that `b` refused went back: of its 20 tokens only two are gone.
    let (account, slots) = &rig.book.buckets["acme/key/key_0/a"];
    assert!(slots.iter().all(|slot| slot.outstanding().count() == 0));
    assert_eq!(account.credit() / 60_000, 18);
}

#[test]
fn who_waits_for_two_purses_keeps_what_the_first_gave() {
    let limits = [narrow("a"), narrow("b")];
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &limits)]);
    rig.pass_ms(400);
    assert_eq!(rig.come(0), "parked");
    let mut asked = rig.take("lease");
    asked.sort_by(|one, other| of(one).0.cmp(of(other).0));
    let [a, b] = &asked[..] else { panic!("{asked:?}") };
    rig.answer(a);
    assert_eq!(rig.told(), [""; 0]);
    rig.pass_ms(30);
    assert_eq!(rig.kinds(), [""; 0], "nothing is handed back while it waits for the other");
    rig.answer(b);
    assert_eq!(rig.told(), ["1 allow"]);
    assert_eq!((rig.kinds().len(), rig.counts().lease_errands), (0, 4));
}

#[test]
fn what_one_limit_gave_goes_back_at_once_when_another_refuses() {
    let limits = [narrow("a"), Bound::key("b", 1, 1, 60_000)];
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &limits)]);
    assert_eq!(rig.come(0), "parked");
    let mut asked = rig.take("lease");
    asked.sort_by(|one, other| of(one).0.cmp(of(other).0));
    for errand in &asked {
        rig.answer(errand);
    }
    assert_eq!(rig.told(), ["1 rate_limited"]);
    let back = rig.one("lease");
    let (bucket, ask) = of(&back);
    assert_eq!((bucket, ask.back, ask.want, ask.waiting), ("acme/key/key_0/a", 1, 0, 0));
}

#[test]
fn a_message_is_repeated_once_byte_for_byte_and_then_given_up() {
    let mut rig = Rig::warm(SETTINGS, &[Card::of(1), Card::limited(1, &[narrow("burst")])]);
    assert_eq!(rig.come(1), "parked");
    let record = rig.one("record");
    rig.answer(&record);
    let first = rig.one("lease");
    assert_eq!(of(&first).1.deadline.millis(), 1_000, "until there is a sample");
    rig.pass_ms(499);
    assert_eq!(rig.kinds(), [""; 0]);
    rig.pass_ms(1);
    let second = rig.one("lease");
    assert_eq!(of(&second), of(&first));
    assert_ne!(second.id, first.id);
    assert_eq!(rig.come(1), "parked", "the background renewal of the head is answered late");
    rig.take("head");
    rig.pass_ms(464);
    assert_eq!(rig.told(), [""; 0]);
    rig.pass_ms(1);
    assert_eq!(rig.told(), ["1 unavailable"], "who came later goes on waiting");
    let third = rig.take("lease").pop().unwrap();
    assert_eq!((of(&third).1.seq, of(&third).1.waiting), (2, 1));
    rig.answer(&third);
    assert_eq!(rig.told(), ["2 allow"]);
    rig.answer(&first);
    assert_eq!(rig.counts().answers_late, 1);
    rig.answer(&second);
    assert_eq!((rig.counts().lease_errands, rig.counts().lease_repeats), (2, 1));
}

#[test]
fn an_authority_that_fails_twice_is_not_waited_for_until_the_deadline() {
    for (error, failures) in [
        (StoreError::Refused, 2),
        (StoreError::Unreachable, 2),
        (StoreError::Damaged(tollgate_engine::OpenError::Bucket), 1),
    ] {
        let mut rig = Rig::warm(SETTINGS, &[Card::of(1), Card::limited(1, &[narrow("burst")])]);
        assert_eq!(rig.come(1), "parked");
        let record = rig.one("record");
        rig.answer(&record);
        for failure in 1..=failures {
            let lease = rig.one("lease");
            rig.reply(&lease, Err(error.clone()));
            assert_eq!(rig.told().len(), usize::from(failure == failures), "{error}");
            rig.pass_ms(if failure == failures { 0 } else { 500 });
        }
        // The message may have arrived: its deadline passes before the next.
        assert_eq!(rig.counts().parked, 0);
        rig.pass_ms(1_000);
        rig.take("lease");
        assert_eq!(rig.come(1), "parked");
        rig.answer_all();
        assert!(rig.told().last().unwrap().ends_with("allow"));
    }
}

#[test]
fn without_a_timer_what_is_due_is_done_under_the_next_request() {
    let settings = Settings { host: Host::Bare, ..SETTINGS };
    let cards = [Card::limited(0, &[wide()]), Card::limited(1, &[narrow("burst")])];
    let mut rig = Rig::warm(settings, &cards);
    assert_eq!(rig.come(1), "parked");
    let record = rig.one("record");
    rig.answer(&record);
    // Nobody ticks, and the message is lost.
    rig.one("lease");
    rig.skip_ms(990);
    assert_eq!(rig.come(0), "allow");
    assert_eq!(rig.told(), ["1 unavailable"], "its message was overdue");
    rig.answer_all();
    rig.skip_ms(2_500);
    assert_eq!(rig.come(0), "parked");
    let back = rig.take("lease");
    assert_eq!(back.len(), 1, "what was not spent goes back");
    assert!(of(&back[0]).1.back > 0 && of(&back[0]).1.want == 0);
}

#[test]
fn half_spent_a_lease_is_renewed_in_the_background() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[wide()])]);
    let mut parked = 0;
    for _ in 0..2_000 {
        rig.pass_ms(2);
        parked += u32::from(rig.come(0) == "parked");
        rig.answer_all();
    }
    assert!(parked <= 6, "{parked}: only until it knows how much is wanted");
    assert!(rig.counts().lease_errands < 100, "{}", rig.counts().lease_errands);
}

#[test]
fn what_is_not_spent_goes_back_by_itself_and_then_all_is_quiet() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[wide()])]);
    assert_eq!(rig.kinds(), [""; 0]);
    rig.pass_ms(2_999);
    assert_eq!(rig.kinds(), [""; 0]);
    rig.pass_ms(1);
    let back = rig.one("lease");
    let (_, ask) = of(&back);
    assert_eq!((ask.keep, ask.back, ask.want), (0, 4, 0));
    rig.answer(&back);
    let (account, slots) = &rig.book.buckets["acme/key/key_0/wide"];
    assert!(slots.iter().all(|slot| slot.outstanding().count() == 0));
    assert_eq!(account.credit(), account.limit().0.cap());
    rig.pass_ms(10_000);
    assert_eq!(rig.kinds(), [""; 0]);
}

#[test]
fn a_holder_that_ends_leaves_nothing_out_and_decides_until_then() {
    let cards = [0, 1, 2].map(|number| Card::limited(number, &[wide()]));
    let mut rig = Rig::warm(SETTINGS, &cards);
    for number in [1, 2] {
        assert_eq!(rig.come(number), "parked");
        rig.answer_all();
    }
    rig.told();
    // One message at a time, and none again for what is on its way.
    assert_eq!(rig.hand_back(1), (3, 0));
    let first = rig.one("lease");
    assert_eq!((of(&first).1.keep, of(&first).1.want), (0, 0));
    assert_eq!(rig.hand_back(1), (3, 0));
    assert_eq!(rig.kinds(), [""; 0]);
    rig.answer(&first);
    assert_eq!(rig.hand_back(9), (2, 0));
    rig.answer_all();
    for (_, slots) in rig.book.buckets.values() {
        assert!(slots.iter().all(|slot| slot.outstanding().count() == 0));
    }
    // Who comes now has what it needs, and leaves nothing behind.
    assert_eq!(rig.come(0), "parked");
    rig.answer_all();
    assert_eq!(rig.told(), ["3 allow"]);
    assert_eq!(rig.hand_back(9), (0, 0));
}

#[test]
fn what_is_handed_back_and_never_confirmed_is_said_to_be_lost() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[wide()])]);
    assert_eq!(rig.hand_back(9), (1, 0));
    rig.take("lease");
    assert_eq!(rig.hand_back(9), (1, 0));
    rig.pass_ms(1_000);
    assert_eq!(rig.hand_back(9), (0, 1));
}

#[test]
fn a_purse_that_is_made_at_the_end_takes_nothing_ahead() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[wide()]), Card::limited(1, &[wide()])]);
    rig.hand_back(9);
    rig.answer_all();
    assert_eq!(rig.come(1), "parked");
    let record = rig.one("record");
    rig.answer(&record);
    let (_, ask) = of(&rig.one("lease"));
    assert_eq!((ask.want, ask.waiting), (0, 1));
}

#[test]
fn a_purse_that_nobody_uses_is_dropped_and_its_numbers_never_fall() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[wide()])]);
    for _ in 0..5 {
        rig.pass_ms(4_000);
        rig.answer_all();
        rig.come(0);
        rig.answer_all();
    }
    let asked = rig.counts().lease_errands;
    rig.pass_ms(PURSE_IDLE_MS - 1_000);
    rig.answer_all();
    assert_eq!(rig.counts().purses, 1);
    rig.pass_ms(2_000);
    assert_eq!(rig.counts().purses, 0);
    assert_eq!(rig.engine.wake_in(rig.now), None, "nothing to do any more");
    assert_eq!(rig.come(0), "parked");
    rig.take("head").iter().for_each(|head| rig.answer(head));
    let lease = rig.one("lease");
    assert!(of(&lease).1.seq > asked, "a lower one would be stale");
    rig.answer(&lease);
    assert!(rig.told().last().unwrap().ends_with("allow"));
    assert_eq!(rig.counts().twins, 0);
}

#[test]
fn a_full_table_makes_room_of_what_is_empty_and_of_nothing_else() {
    let settings = Settings { purses_max: 2, ..SETTINGS };
    let by_address = Bound { scope: LimitScope::Ip, ..narrow("address") };
    let mut rig = Rig::warm(settings, &[Card::limited(0, &[by_address])]);
    assert_eq!(rig.counts().purses, 1);
    // Two that wait, and no room for a third.
    assert_eq!(rig.arrive(from("192.0.2.1")), "parked");
    assert_eq!(
        rig.arrive(from("192.0.2.2")),
        "parked",
        "in the place of the first, which is empty"
    );
    assert_eq!(rig.arrive(from("192.0.2.3")), "unavailable");
    assert_eq!(rig.arrive(from("192.0.2.1")), "parked", "those that are there go on");
    rig.answer_all();
    assert_eq!(rig.told().len(), 3);
    assert_eq!(rig.arrive(from("192.0.2.3")), "parked");
    rig.answer_all();
    assert_eq!((rig.counts().purses, rig.counts().purses_evicted), (2, 2));
    // Tokens in hand are not thrown away for somebody else.
    let ahead = Bound { scope: LimitScope::Ip, ..wide() };
    let mut rig = Rig::warm(settings, &[Card::limited(0, &[ahead])]);
    assert_eq!(rig.arrive(from("192.0.2.1")), "parked");
    rig.answer_all();
    assert_eq!(rig.arrive(from("192.0.2.2")), "unavailable");
    assert_eq!(rig.arrive(from("192.0.2.1")), "allow");
}

#[test]
fn while_the_authority_is_down_what_is_leased_is_spent_and_no_more() {
    let mut rig = Rig::warm(SETTINGS, &[Card::limited(0, &[wide()])]);
    rig.skip_ms(1_001);
    assert_eq!(rig.come(0), "parked");
    rig.pass_ms(50);
    assert_eq!(rig.told(), ["1 flagged"]);
    for said in ["flagged", "flagged", "flagged", "unavailable", "unavailable"] {
        assert_eq!(rig.come(0), said);
    }
    assert_eq!(rig.counts().flagged, 4);
    // A key that is not known is looked for, and cannot be found.
    assert_eq!(rig.come(1), "parked");
    rig.pass_ms(50);
    assert_eq!(rig.told(), ["2 unavailable"]);
}
