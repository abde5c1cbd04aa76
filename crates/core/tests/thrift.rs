//! What a host that runs nothing after its answer takes ahead of a quota.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::arithmetic_side_effects, reason = "small numbers")]

use tollgate_core::{
    bucket::Wait,
    lease::{Answer, Ask, HolderId, Host, Lease, Purse, Queue, Received, Spend},
    limit::{Numbers, Period},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

const HOLDER: HolderId = HolderId([7; 16]);

/// A function with a quota, and the authority that gives it whatever it wants.
struct Function {
    purse: Purse,
    now_ms: u64,
    /// What the authority says that it has left.
    left: u32,
    /// For how long it would be left alone.
    pause_ms: u32,
}

impl Function {
    fn new(left: u32) -> Self {
        let quota = Numbers::quota(1_000_000, Period::Month).unwrap();
        let purse = Purse::new(quota, Stamp::default(), Host::Bare, 0);
        Self { purse, now_ms: 0, left, pause_ms: 300 }
    }

    fn now(&self) -> Reading {
        Reading { wall: UnixMillis(1_800_000_000_000 + self.now_ms), mono_ms: 50 + self.now_ms }
    }

    fn asks(&mut self, tokens: u32) -> Ask {
        self.now_ms += 1;
        let queue = Queue { tokens, largest: tokens };
        self.purse.ask(HOLDER, queue, self.now()).unwrap()
    }

    /// Spends what is there, asks for so many more, spends them, and says how many it wanted besides.
    fn spends(&mut self, tokens: u32) -> u32 {
        let had = u32::try_from(self.purse.tokens(self.now())).unwrap();
        assert_eq!(self.purse.spend(had, self.now()), Spend::Taken);
        let ask = self.asks(tokens);
        self.now_ms += 10;
        let lease = Lease {
            seq: ask.seq,
            granted_waiting: ask.waiting,
            granted: ask.want,
            ttl_ms: 5_000,
            retry_after: Wait::Later(0),
            ask_after_ms: self.pause_ms,
            numbers: ask.numbers,
            changed: ask.changed,
            left: self.left,
        };
        let received = self.purse.receive(&Answer::Lease(lease), self.now());
        assert_eq!(received, Received::Accepted);
        assert_eq!(self.purse.spend(tokens, self.now()), Spend::Taken);
        ask.want
    }
}

#[test]
fn it_takes_nothing_ahead_while_the_authority_is_asked_seldom() {
    let mut function = Function::new(900_000);
    function.pause_ms = 0;
    assert!((0..100).all(|_| function.spends(10) == 0));
}

#[test]
fn it_never_takes_more_ahead_than_a_small_part_of_what_is_left_and_of_what_it_has_spent() {
    for left in [100, 1_023, 1_024, 5_000, 100_000, 900_000] {
        let mut function = Function::new(left);
        let (mut spent, mut most) = (0, 0);
        for _ in 0..100 {
            let had = u32::try_from(function.purse.tokens(function.now())).unwrap();
            let want = function.spends(1);
            spent += had;
            assert!(want <= left / 1_024 && want <= spent / 4, "{want} of {left}, {spent} spent");
            spent += 1;
            most = most.max(want);
        }
        let grows = if left < 1_024 { most == 0 } else { most > 0 };
        assert!(grows, "{most} of {left}");
    }
}

#[test]
fn what_died_in_the_purse_or_was_void_is_spent_four_times_before_it_takes_any_ahead_again() {
    for void in [false, true] {
        let mut function = Function::new(900_000);
        function.spends(1_000);
        for want in [0, 1, 3] {
            assert_eq!(function.spends(1), want);
        }
        // Three tokens are left in the purse.
        if void {
            function.purse.void();
        } else {
            function.now_ms += 4_900;
        }
        let wants: Vec<u32> = (0..20).map(|_| function.spends(1)).collect();
        let first = wants.iter().position(|&want| want > 0);
        assert!(first.is_some_and(|first| first >= 12), "{wants:?}");
    }
}

#[test]
fn what_has_lain_for_too_long_goes_back_and_no_more_is_taken_than_was_used() {
    let mut function = Function::new(900_000);
    function.spends(1_000);
    for want in [0, 1, 3, 7] {
        assert_eq!(function.spends(1), want);
    }
    assert_eq!(function.purse.spend(2, function.now()), Spend::Taken);
    assert_eq!(function.purse.ask(HOLDER, Queue::default(), function.now()), None, "still good");
    function.now_ms += 3_000;
    let back = function.asks(0);
    assert_eq!((back.waiting, back.back, back.keep, back.want), (0, 5, 0, 3));
}

#[test]
fn it_waits_for_no_more_of_a_pause_than_what_is_beyond_a_second() {
    for (pause_ms, after_ms, stands) in [
        (1_000, 0, Spend::Ask),
        (1_001, 0, Spend::Refused(Wait::Later(1))),
        (3_000, 1_999, Spend::Refused(Wait::Later(1))),
        (3_000, 2_000, Spend::Ask),
    ] {
        let mut function = Function::new(900_000);
        function.pause_ms = pause_ms;
        function.spends(1);
        function.now_ms += after_ms;
        assert_eq!(function.purse.standing(1, function.now()), stands, "{pause_ms}, {after_ms}");
    }
}
