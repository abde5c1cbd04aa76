//! The holder's purse: what it may spend, for how long, and when it asks.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::arithmetic_side_effects, reason = "small numbers")]

use tollgate_core::{
    bucket::Wait,
    lease::{
        Answer, Ask, HolderId, Host, Lease, Purse, Queue, Received, Spend, SpendAll, Tick, Watch,
        spend_all,
    },
    limit::{Numbers, Period},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

const WALL: u64 = 1_800_000_000_000;
const EPOCH: Stamp = Stamp { incarnation: 1, epoch: 1 };
const HOLDER: HolderId = HolderId([7; 16]);

/// What both clocks say `after_ms` later.
fn at(after_ms: u64) -> Reading {
    Reading { wall: UnixMillis(WALL + after_ms), mono_ms: 50 + after_ms }
}

fn numbers() -> Numbers {
    Numbers::steady(1_000, 1_000, 1_000).unwrap()
}

fn purse() -> Purse {
    Purse::new(numbers(), EPOCH, Host::Background, 0)
}

fn queue(tokens: u32) -> Queue {
    Queue { tokens, largest: tokens.min(1) }
}

fn grants(seq: u64, granted_waiting: u32, granted: u32, ttl_ms: u32) -> Answer {
    Answer::Lease(lease(seq, granted_waiting, granted, ttl_ms))
}

fn lease(seq: u64, granted_waiting: u32, granted: u32, ttl_ms: u32) -> Lease {
    Lease {
        seq,
        granted_waiting,
        granted,
        ttl_ms,
        retry_after: Wait::Later(0),
        ask_after_ms: 0,
        numbers: numbers(),
        changed: EPOCH,
        left: 500,
    }
}

/// A purse with `granted` tokens of a life of `ttl_ms`, asked for at 0.
fn filled(granted: u32, ttl_ms: u32) -> Purse {
    let mut purse = purse();
    let ask = purse.ask(HOLDER, queue(1), at(0)).unwrap();
    assert_eq!(purse.receive(&grants(ask.seq, 1, granted, ttl_ms), at(20)), Received::Accepted);
    assert_eq!(purse.spend(1, at(20)), Spend::Taken);
    purse
}

#[test]
fn only_the_answer_to_the_newest_message_counts_and_only_once() {
    let mut purse = purse();
    let first = purse.ask(HOLDER, queue(1), at(0)).unwrap();
    assert_eq!(purse.tick(at(965)), Tick::Overdue);
    let second = purse.ask(HOLDER, queue(1), at(970)).unwrap();
    assert!(second.seq > first.seq);
    assert_eq!(purse.receive(&grants(first.seq, 1, 100, 5_000), at(980)), Received::Late);
    assert_eq!(purse.receive(&grants(first.seq, 1, 100, 5_000), at(985)), Received::Ignored);
    assert_eq!(purse.tokens(at(985)), 0);
    assert_eq!(purse.receive(&grants(second.seq, 1, 10, 5_000), at(990)), Received::Accepted);
    assert_eq!(purse.receive(&grants(second.seq, 1, 10, 5_000), at(991)), Received::Ignored);
    assert_eq!(purse.tokens(at(991)), 11);
}

#[test]
fn an_answer_after_the_deadline_brings_nothing() {
    // A deadline of 1,000 ms ends 3 % and 5 ms early.
    for (after_ms, received, tokens) in [(964, Received::Accepted, 11), (965, Received::Late, 0)] {
        let mut purse = purse();
        let ask = purse.ask(HOLDER, queue(1), at(0)).unwrap();
        assert_eq!(ask.deadline.millis(), 1_000);
        assert_eq!(purse.receive(&grants(ask.seq, 1, 10, 5_000), at(after_ms)), received);
        assert_eq!(purse.tokens(at(after_ms)), tokens);
    }
}

#[test]
fn a_lease_counts_from_when_its_message_was_first_sent() {
    let mut purse = purse();
    let ask = purse.ask(HOLDER, queue(1), at(0)).unwrap();
    assert_eq!(purse.tick(at(499)), Tick::Quiet);
    assert_eq!(purse.tick(at(500)), Tick::Repeat(ask), "the same bytes");
    assert_eq!(purse.tick(at(501)), Tick::Quiet, "once");
    assert_eq!(purse.receive(&grants(ask.seq, 0, 10, 2_000), at(900)), Received::Accepted);
    assert_eq!(purse.tokens(at(1_934)), 10);
    assert_eq!(purse.tokens(at(1_935)), 0, "2,000 ms less 3 % and 5 ms, from the first sending");
}

#[test]
fn neither_a_frozen_clock_nor_one_that_steps_back_stretches_a_lease() {
    let purse = filled(10, 2_000);
    let both = |wall, mono| Reading { wall: at(wall).wall, mono_ms: at(mono).mono_ms };
    assert_eq!(purse.tokens(both(1_935, 100)), 0, "the monotonic clock stood still");
    assert_eq!(purse.tokens(both(100, 1_935)), 0, "the wall clock stepped back");
    assert_eq!(purse.tokens(both(1_934, 1_934)), 10);
}

#[test]
fn a_deadline_counts_by_both_clocks() {
    let mut purse = purse();
    let ask = purse.ask(HOLDER, queue(1), at(0)).unwrap();
    let thawed = Reading { wall: at(3_000).wall, mono_ms: at(30).mono_ms };
    assert_eq!(purse.receive(&grants(ask.seq, 1, 10, 5_000), thawed), Received::Late);
    assert_eq!(purse.tokens(thawed), 0);
}

#[test]
fn what_is_handed_back_is_never_spent() {
    let mut purse = filled(10, 5_000);
    assert_eq!(purse.ask(HOLDER, Queue::default(), at(2_999)), None);
    let ask = purse.ask(HOLDER, Queue::default(), at(3_000)).unwrap();
    assert_eq!((ask.keep, ask.back, ask.want, ask.waiting), (0, 10, 0, 0));
    assert_eq!(purse.tokens(at(3_000)), 0);
    assert_eq!(purse.spend(1, at(3_001)), Spend::Ask);
    // The message is lost: they do not come back.
    assert_eq!(purse.tick(at(4_000)), Tick::Overdue);
    assert_eq!(purse.tokens(at(4_000)), 0);
}

#[test]
fn what_waiting_requests_cannot_use_goes_back_at_once() {
    let mut purse = purse();
    let ask = purse.ask(HOLDER, queue(5), at(0)).unwrap();
    purse.receive(&grants(ask.seq, 5, 20, 5_000), at(10));
    assert_eq!(purse.spend(2, at(10)), Spend::Taken);
    assert_eq!(purse.ask(HOLDER, queue(1), at(10)), None, "a request that still waits has them");
    let back = purse.ask(HOLDER, Queue::default(), at(11)).unwrap();
    assert_eq!((back.keep, back.back, back.want), (20, 3, 0));
}

#[test]
fn half_spent_it_renews_and_wants_more_or_less_by_how_fast_it_went() {
    for (half_at, want) in [(100, 8), (1_020, 8), (1_021, 4), (1_270, 4), (1_271, 2)] {
        let mut purse = filled(10, 5_000);
        assert_eq!(purse.spend(4, at(half_at)), Spend::Taken);
        assert_eq!(purse.ask(HOLDER, Queue::default(), at(half_at)), None, "not yet half");
        assert_eq!(purse.spend(1, at(half_at)), Spend::Taken);
        let ask = purse.ask(HOLDER, Queue::default(), at(half_at)).unwrap();
        assert_eq!((ask.want, ask.keep, ask.waiting), (want, 5, 0), "{half_at}");
        assert_eq!(purse.ask(HOLDER, queue(9), at(half_at + 1)), None, "one message at a time");
    }
    // After its life it has died and was not spent: whoever comes after a pause asks for itself, and once.
    let renews = |after| filled(10, 5_000).ask(HOLDER, Queue::default(), at(after)).is_some();
    assert_eq!([renews(5_019), renews(5_020)], [true, false]);
}

#[test]
fn a_host_that_runs_nothing_afterwards_takes_nothing_ahead_of_slow_limits() {
    let check = |numbers: Numbers, want: u32| {
        let mut purse = Purse::new(numbers, EPOCH, Host::Bare, 0);
        assert_eq!(purse.ask(HOLDER, queue(1), at(0)).unwrap().want, want);
    };
    check(Numbers::quota(1_000, Period::Day).unwrap(), 0);
    check(Numbers::steady(100, 59, 60_000).unwrap(), 0);
    check(Numbers::steady(100, 60, 60_000).unwrap(), 4);
}

#[test]
fn a_host_that_ends_hands_everything_back_and_takes_nothing_ahead() {
    let mut purse = filled(10, 5_000);
    assert_eq!(purse.ask(HOLDER, Queue::default(), at(25)), None);
    purse.leave();
    assert_eq!(purse.wake_in(at(25)), Some(0));
    // What a request waits for stays until it is gone.
    assert_eq!(purse.ask(HOLDER, queue(5), at(25)), None);
    let back = purse.ask(HOLDER, Queue::default(), at(25)).unwrap();
    assert_eq!((back.keep, back.back, back.want, back.waiting), (0, 10, 0, 0));
    assert_eq!(purse.tokens(at(25)), 0);
    assert_eq!(purse.receive(&grants(back.seq, 0, 0, 500), at(30)), Received::Accepted);
    assert_eq!((purse.ask(HOLDER, Queue::default(), at(30)), purse.wake_in(at(30))), (None, None));
    let late = purse.ask(HOLDER, queue(3), at(40)).unwrap();
    assert_eq!((late.want, late.waiting), (0, 3), "only what waits");
}

#[test]
fn until_the_named_instant_it_refuses_locally_and_then_asks() {
    let mut purse = purse();
    let ask = purse.ask(HOLDER, queue(1), at(0)).unwrap();
    let refusal = Lease {
        retry_after: Wait::Later(700),
        ask_after_ms: 400,
        left: 0,
        ..lease(ask.seq, 0, 0, 500)
    };
    purse.receive(&Answer::Lease(refusal), at(50));
    assert_eq!(purse.spend(1, at(50)), Spend::Refused(Wait::Later(700)));
    assert_eq!(purse.spend(1, at(449)), Spend::Refused(Wait::Later(301)));
    assert_eq!(purse.spend(1, at(450)), Spend::Ask);
    assert_eq!(purse.spend(0, at(50)), Spend::Taken, "nothing can always be had");
    // The longer of the two is told.
    let mut other = self::purse();
    let ask = other.ask(HOLDER, queue(1), at(0)).unwrap();
    let refusal = Lease {
        retry_after: Wait::Later(20),
        ask_after_ms: 400,
        left: 0,
        ..lease(ask.seq, 0, 0, 500)
    };
    other.receive(&Answer::Lease(refusal), at(50));
    assert_eq!(other.spend(1, at(60)), Spend::Refused(Wait::Later(390)));
}

#[test]
fn a_large_request_that_was_refused_does_not_stop_a_small_one() {
    let mut purse = purse();
    let ask = purse.ask(HOLDER, Queue { tokens: 600, largest: 600 }, at(0)).unwrap();
    let refusal = Lease {
        retry_after: Wait::Later(300),
        ask_after_ms: 300,
        left: 300,
        ..lease(ask.seq, 0, 0, 500)
    };
    purse.receive(&Answer::Lease(refusal), at(50));
    assert_eq!(purse.spend(301, at(60)), Spend::Refused(Wait::Later(290)));
    assert_eq!(purse.spend(300, at(60)), Spend::Ask);
    assert_eq!(purse.spend(1_001, at(60)), Spend::Refused(Wait::Never));
}

#[test]
fn newer_numbers_void_a_refusal_and_older_ones_do_not() {
    let newer = Stamp { incarnation: 1, epoch: 2 };
    let refused = || {
        let mut purse = purse();
        let ask = purse.ask(HOLDER, queue(1), at(0)).unwrap();
        let refusal = Lease { ask_after_ms: 4_000, left: 0, ..lease(ask.seq, 0, 0, 500) };
        purse.receive(&Answer::Lease(refusal), at(50));
        purse
    };
    let mut purse = refused();
    assert!(!purse.learn(numbers(), EPOCH));
    assert!(!purse.learn(numbers(), Stamp { incarnation: 0, epoch: 9 }));
    assert!(matches!(purse.spend(1, at(60)), Spend::Refused(_)));
    assert!(purse.learn(numbers(), newer));
    assert_eq!(purse.spend(1, at(60)), Spend::Ask);
    // An answer under older numbers than the purse knows: its tokens count, its refusal does not.
    let ask = purse.ask(HOLDER, queue(2), at(60)).unwrap();
    let old = Lease { ask_after_ms: 4_000, left: 0, ..lease(ask.seq, 1, 0, 500) };
    assert_eq!(purse.receive(&Answer::Lease(old), at(70)), Received::Accepted);
    assert_eq!((purse.spend(1, at(71)), purse.spend(1, at(71))), (Spend::Taken, Spend::Ask));
}

#[test]
fn the_deadline_follows_the_round_trip_and_doubles_after_silence() {
    let mut purse = purse();
    let mut now = 0;
    let mut exchange = |purse: &mut Purse, round_trip: u64| {
        now += 10_000;
        let ask = purse.ask(HOLDER, queue(1), at(now)).unwrap();
        let received = purse.receive(&grants(ask.seq, 1, 0, 500), at(now + round_trip));
        let _overdue = purse.tick(at(now + 1_000));
        (ask.deadline.millis(), received)
    };
    let (ok, late) = (Received::Accepted, Received::Late);
    assert_eq!(exchange(&mut purse, 15), (1_000, ok), "no sample yet");
    assert_eq!(exchange(&mut purse, 15), (100, ok));
    // A step to 150 ms: late once; late answers are samples, and silence doubles the deadline.
    assert_eq!(exchange(&mut purse, 150), (100, late));
    assert_eq!(exchange(&mut purse, 150), (254, ok));
    assert_eq!(exchange(&mut purse, 150), (187, ok));
    for _ in 0..40 {
        assert_eq!(exchange(&mut purse, 150).1, ok);
    }
    assert!(exchange(&mut purse, 150).0 >= 590);
    // No answer at all.
    let silent: Vec<_> = (0..4).map(|_| exchange(&mut purse, 60_000).0).collect();
    assert_eq!(silent.get(1..), Some(&[1_000, 1_000, 1_000][..]));
}

#[test]
fn grants_beyond_those_told_apart_end_at_the_earlier_end() {
    let mut purse = purse();
    let mut total = 0;
    for step in 0..6_u64 {
        let now = step * 100;
        let ask = purse.ask(HOLDER, queue(total + 1), at(now)).unwrap();
        purse.receive(&grants(ask.seq, 0, 10, 2_000), at(now + 10));
        total += 10;
    }
    let ends: Vec<_> = purse.grants(at(510)).map(|grant| (grant.tokens, grant.sent)).collect();
    assert_eq!(ends, [(30, at(0)), (10, at(300)), (10, at(400)), (10, at(500))]);
    assert_eq!(purse.spend(35, at(510)), Spend::Taken, "those that end first are spent first");
    assert_eq!(purse.tokens(at(510)), 25);
}

#[test]
fn several_limits_give_all_or_nothing_and_the_longest_wait_is_named() {
    let refusing = |retry_after| {
        let mut purse = purse();
        let ask = purse.ask(HOLDER, queue(1), at(0)).unwrap();
        let refusal =
            Lease { retry_after, ask_after_ms: 100, left: 0, ..lease(ask.seq, 0, 0, 500) };
        purse.receive(&Answer::Lease(refusal), at(20));
        purse
    };
    let short = || refusing(Wait::Later(200));
    let long = || refusing(Wait::Later(300));
    let never = || refusing(Wait::Never);
    let full = || filled(10, 5_000);
    let refused = |purse, wait| SpendAll::Refused { purse, wait };
    for (mut purses, expected) in [
        (vec![full(), full()], SpendAll::Taken),
        (vec![full(), purse()], SpendAll::Ask),
        (vec![full(), short(), purse(), long(), long()], refused(3, Wait::Later(300))),
        (vec![long(), never(), never()], refused(1, Wait::Never)),
        (vec![], SpendAll::Taken),
    ] {
        let tokens = |purses: &[Purse]| -> Vec<_> {
            purses.iter().map(|purse| purse.tokens(at(20))).collect()
        };
        let before = tokens(&purses);
        assert_eq!(spend_all(&mut purses, 3, at(20)), expected);
        let spent = if expected == SpendAll::Taken { 3 } else { 0 };
        for (before, after) in before.into_iter().zip(tokens(&purses)) {
            assert_eq!(before - after, spent);
        }
    }
}

#[test]
fn a_void_purse_has_nothing_and_accepts_nothing_that_was_under_way() {
    let mut purse = filled(10, 5_000);
    purse.spend(9, at(30));
    let ask = purse.ask(HOLDER, Queue::default(), at(30)).unwrap();
    purse.void();
    assert_eq!(purse.receive(&grants(ask.seq, 0, 50, 5_000), at(40)), Received::Ignored);
    assert_eq!(purse.tokens(at(40)), 0);
    let next = purse.ask(HolderId([8; 16]), queue(1), at(50)).unwrap();
    assert!(next.seq > ask.seq && next.keep == 0);
}

#[test]
fn a_stale_answer_to_the_newest_message_shows_a_twin() {
    let mut purse = purse();
    let ask = purse.ask(HOLDER, queue(1), at(0)).unwrap();
    assert_eq!(purse.receive(&Answer::Stale { seq: ask.seq }, at(10)), Received::Twin);
}

#[test]
fn a_short_freeze_and_a_wall_clock_that_steps_back_do_not_hide_each_other() {
    let mut watch = Watch::new(at(0));
    let mut read = |wall: u64, mono: u64| {
        assert!(!watch.frozen(Reading { wall: at(wall).wall, mono_ms: at(mono).mono_ms }));
        watch.steady()
    };
    let purse = filled(10, 2_000);
    // True time 1,000: both clocks run.
    assert_eq!(purse.tokens(read(1_000, 1_000)), 10);
    // 1,900: frozen for 900 ms, which the wall clock shows.
    assert_eq!(purse.tokens(read(1_900, 1_000)), 10);
    // 1,920: the wall clock has stepped back by 900 ms.
    assert_eq!(purse.tokens(read(1_020, 1_020)), 10);
    assert_eq!(purse.tokens(read(1_035, 1_035)), 0, "1,935 ms have passed");
    // A clock ticking a little before the other is no time missed.
    let mut watch = Watch::new(at(0));
    for step in 1..5_000 {
        let _frozen =
            watch.frozen(Reading { wall: at(step + step % 2 * 4).wall, mono_ms: at(step).mono_ms });
    }
    assert_eq!(watch.steady().mono_ms, at(4_999).mono_ms);
}

#[test]
fn it_says_when_there_is_something_to_do_next() {
    let mut purse = purse();
    assert_eq!(purse.wake_in(at(0)), None);
    let ask: Ask = purse.ask(HOLDER, queue(1), at(0)).unwrap();
    assert_eq!(purse.wake_in(at(100)), Some(400), "the repetition");
    purse.tick(at(500));
    assert_eq!(purse.wake_in(at(500)), Some(465), "the deadline");
    purse.receive(&grants(ask.seq, 0, 10, 5_000), at(600));
    assert_eq!(purse.wake_in(at(600)), Some(2_400), "the handing back");
}

#[test]
fn what_is_said_to_be_left_is_true_for_a_second_and_never_after_a_void() {
    let mut purse = filled(10, 5_000);
    for (after_ms, remaining) in [(20, 510), (1_020, 510), (1_021, 10), (4_845, 0)] {
        assert_eq!(purse.remaining(at(after_ms)), remaining, "{after_ms}");
    }
    assert_eq!(self::purse().remaining(at(0)), 0, "nothing was said yet");
    purse.void();
    assert_eq!(purse.remaining(at(20)), 0);
}
