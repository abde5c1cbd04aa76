//! The authority of a bucket: nothing is minted, whatever holders say and whenever they say it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "small numbers"
)]

use tollgate_core::{
    bucket::Wait,
    lease::{Account, Answer, Ask, Deadline, Exchange, Forget, HolderId, Lease, Slot, Standard},
    limit::{Numbers, Period},
    stamp::Stamp,
    time::UnixMillis,
};

/// 2027-01-15T08:00:00Z.
const START: u64 = 1_800_000_000_000;
const TO_MIDNIGHT: u64 = 57_600_000;

fn steady(burst: u64, rate: u64, period_ms: u64) -> Numbers {
    Numbers::steady(burst, rate, period_ms).unwrap()
}

/// A limit that refills a token in a day: nothing, as far as a test is concerned.
fn slow(burst: u64) -> Numbers {
    steady(burst, 1, 86_400_000)
}

#[derive(Clone)]
struct Authority {
    account: Option<Account>,
    slots: Vec<Slot>,
}

impl Authority {
    fn new(slots: usize) -> Self {
        Self { account: None, slots: vec![Slot::VACANT; slots] }
    }

    fn exchange(&mut self, ask: &Ask, after_ms: u64) -> Exchange {
        let now = UnixMillis(START + after_ms);
        let account = self.account.get_or_insert_with(|| Account::new(ask, now));
        let exchange = account.exchange(&mut self.slots, ask, now, &Standard::default());
        let (numbers, _) = account.limit();
        let room = u64::from(numbers.burst()).saturating_sub(self.out());
        let account = self.account.unwrap();
        assert!(account.credit() <= room * u64::from(numbers.unit()), "more than the burst");
        exchange
    }

    fn grant(&mut self, ask: &Ask, after_ms: u64) -> Lease {
        match self.exchange(ask, after_ms).answer() {
            Answer::Lease(lease) => lease,
            Answer::Stale { seq } => panic!("{seq} is stale"),
        }
    }

    fn out(&self) -> u64 {
        self.slots.iter().flat_map(Slot::outstanding).map(|(tokens, _)| u64::from(tokens)).sum()
    }

    fn left(&self) -> u64 {
        let account = self.account.unwrap();
        account.credit() / u64::from(account.limit().0.unit())
    }
}

/// An ask of holder `id` for `waiting` tokens at once.
fn ask(id: u8, seq: u64, numbers: Numbers, waiting: u32) -> Ask {
    Ask {
        holder: HolderId([id; 16]),
        seq,
        numbers,
        changed: Stamp { incarnation: 1, epoch: 1 },
        deadline: Deadline::MAX,
        waiting,
        cost: waiting.min(1),
        want: 0,
        keep: 0,
        back: 0,
    }
}

#[test]
fn what_is_out_leaves_no_room_to_refill() {
    let numbers = steady(100, 1_000, 1_000);
    let mut authority = Authority::new(4);
    assert_eq!(authority.grant(&ask(1, 1, numbers, 60), 0).granted_waiting, 60);
    // Long enough to refill everything, too short for the 60 to expire.
    assert_eq!(authority.grant(&ask(2, 1, numbers, 100), 900).granted_waiting, 40);
    assert_eq!(authority.out(), 100);
}

#[test]
fn the_room_that_a_lease_leaves_is_filled_from_its_end_on() {
    let numbers = steady(100, 100, 1_000);
    let mut authority = Authority::new(4);
    assert_eq!(authority.grant(&ask(1, 1, numbers, 100), 0).granted_waiting, 100);
    assert_eq!(authority.grant(&ask(2, 1, numbers, 100), 1_050).granted_waiting, 5);
}

#[test]
fn what_expires_is_not_credited() {
    for numbers in [slow(100), Numbers::quota(100, Period::Total).unwrap()] {
        let mut authority = Authority::new(4);
        assert_eq!(authority.grant(&ask(1, 1, numbers, 70), 0).granted_waiting, 70);
        assert_eq!(authority.grant(&ask(2, 1, numbers, 100), 60_000).granted_waiting, 30);
    }
}

#[test]
fn a_repeated_message_gets_its_answer_again_and_takes_nothing() {
    let numbers = slow(100);
    let mut authority = Authority::new(4);
    let first = Ask { want: 4, ..ask(1, 1, numbers, 10) };
    let answer = authority.exchange(&first, 0);
    assert!(matches!(answer, Exchange::Write(_)));
    for after_ms in [1, 400, 999] {
        let again = authority.exchange(&first, after_ms);
        assert_eq!(again, Exchange::Unchanged(answer.answer()));
        assert_eq!((authority.left(), authority.out()), (86, 14));
    }
}

#[test]
fn an_older_message_than_the_newest_has_no_effect() {
    let numbers = slow(100);
    let mut authority = Authority::new(4);
    authority.grant(&ask(1, 1, numbers, 10), 0);
    authority.grant(&Ask { back: 10, ..ask(1, 3, numbers, 0) }, 10);
    let held_up = Ask { keep: 10, want: 50, ..ask(1, 2, numbers, 40) };
    assert_eq!(authority.exchange(&held_up, 20), Exchange::Unchanged(Answer::Stale { seq: 2 }));
    assert_eq!((authority.left(), authority.out()), (100, 0));
}

#[test]
fn what_is_handed_back_is_clipped_to_what_is_recorded() {
    let numbers = slow(100);
    let mut authority = Authority::new(4);
    authority.grant(&ask(1, 1, numbers, 60), 0);
    // All 60 have expired: they count as spent.
    authority.grant(&Ask { back: 60, ..ask(1, 2, numbers, 0) }, 5_000);
    assert_eq!((authority.left(), authority.out()), (40, 0));
    // Nobody can hand back what somebody else has.
    authority.grant(&ask(1, 3, numbers, 30), 5_001);
    authority.grant(&Ask { back: 30, ..ask(2, 1, numbers, 0) }, 5_002);
    assert_eq!((authority.left(), authority.out()), (10, 30));
    // Nor what it says in the same breath that it keeps.
    authority.grant(&Ask { keep: 20, back: 30, ..ask(1, 4, numbers, 0) }, 5_003);
    assert_eq!((authority.left(), authority.out()), (20, 20));
}

#[test]
fn what_is_kept_is_clipped_to_what_is_recorded() {
    let numbers = slow(100);
    let mut authority = Authority::new(4);
    authority.grant(&Ask { keep: 50, ..ask(1, 1, numbers, 10) }, 0);
    assert_eq!((authority.left(), authority.out()), (90, 10));
    authority.grant(&Ask { keep: u32::MAX, ..ask(1, 2, numbers, 0) }, 1);
    assert_eq!((authority.left(), authority.out()), (90, 10));
    // Nothing lives longer for being kept.
    authority.grant(&Ask { keep: 10, ..ask(1, 3, numbers, 0) }, 1_000);
    assert_eq!((authority.left(), authority.out()), (90, 0));
}

#[test]
fn what_is_kept_is_booked_on_what_ends_last_and_the_rest_is_spent() {
    let numbers = steady(1_000, 1, 86_400_000);
    let mut authority = Authority::new(4);
    authority.grant(&Ask { want: 20, ..ask(1, 1, numbers, 10) }, 0);
    authority.grant(&Ask { want: 20, keep: 30, ..ask(1, 2, numbers, 0) }, 100);
    let ends = |authority: &Authority| {
        let out = authority.slots.iter().flat_map(Slot::outstanding);
        out.map(|(tokens, until)| (tokens, until.0 - START)).collect::<Vec<_>>()
    };
    assert_eq!(ends(&authority), [(10, 1_000), (20, 5_000), (20, 5_100)]);
    authority.grant(&Ask { keep: 25, ..ask(1, 3, numbers, 0) }, 200);
    assert_eq!(ends(&authority), [(5, 5_000), (20, 5_100)]);
    assert_eq!(authority.left(), 950, "what is named neither way is spent");
}

#[test]
fn more_grants_than_are_told_apart_end_together_at_the_later_end() {
    let numbers = steady(1_000, 1, 86_400_000);
    let mut authority = Authority::new(1);
    for seq in 1..=7_u64 {
        let kept = Ask { want: 4, keep: 1_000, ..ask(1, seq, numbers, 0) };
        authority.grant(&kept, seq * 10);
    }
    let out: Vec<_> =
        authority.slots[0].outstanding().map(|(tokens, until)| (tokens, until.0 - START)).collect();
    assert_eq!(out, [(16, 5_040), (4, 5_050), (4, 5_060), (4, 5_070)]);
}

#[test]
fn nothing_outlives_the_period_of_a_quota_and_the_next_one_is_full() {
    let numbers = Numbers::quota(100, Period::Day).unwrap();
    let mut authority = Authority::new(4);
    let before = Ask { want: 10, ..ask(1, 1, numbers, 80) };
    let lease = authority.grant(&before, TO_MIDNIGHT - 300);
    assert_eq!((lease.granted_waiting, lease.ttl_ms), (80, 300));
    let full = authority.grant(&ask(2, 1, numbers, 100), TO_MIDNIGHT - 1);
    assert_eq!(
        (full.granted_waiting, full.retry_after),
        (100 - 80 - lease.granted, Wait::Later(1))
    );
    assert_eq!(authority.grant(&ask(2, 2, numbers, 100), TO_MIDNIGHT).granted_waiting, 100);
    assert_eq!(authority.out(), 100);
    // A clock that steps back does not begin the period once more.
    let again = authority.grant(&ask(3, 1, numbers, 1), TO_MIDNIGHT - 10);
    assert_eq!(again.granted_waiting, 0);
    assert_eq!(authority.grant(&ask(3, 2, numbers, 1), TO_MIDNIGHT + 5_000).granted_waiting, 0);
}

#[test]
fn a_change_of_numbers_converts_units_and_clips_and_gives_nothing() {
    let epoch = |epoch| Stamp { incarnation: 1, epoch };
    let mut authority = Authority::new(4);
    authority.grant(&ask(1, 1, steady(100, 1, 60_000), 40), 0);
    // Wider: nothing is given.
    let wider = Ask { changed: epoch(2), ..ask(2, 1, steady(500, 1, 1_000), 0) };
    authority.grant(&wider, 1);
    assert_eq!((authority.left(), authority.out()), (60, 40));
    // Narrower: what is out comes first.
    let narrower = Ask { changed: epoch(3), ..ask(2, 2, steady(50, 1, 1_000), 0) };
    authority.grant(&narrower, 2);
    assert_eq!((authority.left(), authority.out()), (10, 40));
    let narrowest = Ask { changed: epoch(4), ..ask(2, 3, steady(30, 1, 1_000), 0) };
    authority.grant(&narrowest, 3);
    assert_eq!((authority.left(), authority.out()), (0, 40));
    // An older pair is answered under the newer numbers, and told so.
    let old = Ask { changed: epoch(3), ..ask(3, 1, steady(50, 1, 1_000), 0) };
    let lease = authority.grant(&old, 4);
    assert_eq!((lease.numbers, lease.changed), (steady(30, 1, 1_000), epoch(4)));
    // A restore begins a higher incarnation; its epochs start anew.
    let restored =
        Ask { changed: Stamp { incarnation: 2, epoch: 0 }, ..ask(3, 2, steady(60, 1, 1_000), 0) };
    assert_eq!(authority.grant(&restored, 5).numbers.burst(), 60);
}

#[test]
fn a_request_is_refused_before_its_retry_after_and_granted_at_it() {
    // The cost needs what is out to expire first, piece by piece.
    for (burst, rate, costs) in [(100, 10, [1, 60, 100]), (40, 7, [1, 20, 40]), (5, 1, [1, 3, 5])] {
        let numbers = steady(burst, rate, 1_000);
        let mut authority = Authority::new(4);
        let half = u32::try_from(burst / 2).unwrap();
        authority
            .grant(&Ask { deadline: Deadline::new(300).unwrap(), ..ask(1, 1, numbers, half) }, 0);
        authority.grant(&ask(2, 1, numbers, numbers.burst() - half), 50);
        for cost in costs {
            let one = |seq| Ask { cost, ..ask(3, seq, numbers, cost) };
            let mut asked = authority.clone();
            let lease = asked.grant(&one(1), 100);
            assert_eq!(lease.granted_waiting, 0);
            let Wait::Later(wait) = lease.retry_after else { panic!("never") };
            assert_eq!(asked.clone().grant(&one(2), 100 + wait - 1).granted_waiting, 0, "{cost}");
            assert_eq!(asked.clone().grant(&one(2), 100 + wait).granted_waiting, cost, "{cost}");
        }
        let more = Ask { cost: numbers.burst() + 1, ..ask(3, 1, numbers, numbers.burst() + 1) };
        assert_eq!(authority.grant(&more, 100).retry_after, Wait::Never);
    }
}

#[test]
fn while_a_request_for_more_than_half_waits_no_tokens_go_out_for_the_future() {
    let numbers = steady(100, 10, 1_000);
    let mut authority = Authority::new(4);
    let wants = |id, seq| Ask { want: 4, ..ask(id, seq, numbers, 1) };
    assert_eq!(authority.grant(&wants(1, 1), 0).granted, 4);
    let large = |seq| Ask { cost: 98, ..ask(2, seq, numbers, 98) };
    let refused = authority.grant(&large(1), 10);
    assert_eq!(refused.granted_waiting, 0);
    let Wait::Later(wait) = refused.retry_after else { panic!("never") };
    assert_eq!(authority.grant(&wants(3, 1), 20).granted, 0);
    assert_eq!(authority.grant(&Ask { keep: 4, ..wants(1, 2) }, 30).granted, 0);
    // When it passes, or is not tried again, leasing goes on.
    let mut given_up = authority.clone();
    assert_eq!(given_up.grant(&wants(3, 2), 10 + wait + 1_001).granted, 4);
    let passed = authority.grant(&large(2), 10 + wait + 500);
    assert_eq!(passed.granted_waiting, 98);
    assert!(authority.account.unwrap().large_until() <= UnixMillis(START + 10 + wait));
}

#[test]
fn a_full_table_refuses_the_newcomer_and_nobody_is_over() {
    let numbers = slow(100);
    let mut authority = Authority::new(2);
    authority.grant(&ask(1, 1, numbers, 10), 0);
    authority.grant(&ask(2, 1, numbers, 10), 0);
    let newcomer = authority.grant(&Ask { want: 4, ..ask(3, 1, numbers, 10) }, 1);
    assert_eq!((newcomer.granted_waiting, newcomer.granted), (0, 0));
    assert!(newcomer.ask_after_ms >= 80 && newcomer.retry_after >= Wait::Later(1));
    assert_eq!((authority.left(), authority.out()), (80, 20));
    // Whoever has nothing out makes room.
    authority.grant(&Ask { back: 10, ..ask(1, 2, numbers, 0) }, 2);
    assert_eq!(authority.grant(&ask(3, 2, numbers, 10), 3).granted_waiting, 10);
    assert!(authority.slots.iter().all(|slot| slot.holder() != Some(HolderId([1; 16]))));
}

#[test]
fn an_instant_in_the_future_is_repaired_without_giving_anything() {
    let numbers = steady(100, 100, 1_000);
    let mut authority = Authority::new(4);
    authority.grant(&ask(1, 1, numbers, 30), 60_000);
    let Authority { account, slots } = &mut authority;
    let account = account.as_mut().unwrap();
    assert!(!account.repair(slots, UnixMillis(START + 50_000)), "ten seconds are drift");
    assert!(account.repair(slots, UnixMillis(START + 49_999)));
    assert_eq!((account.credit(), account.instant()), (0, UnixMillis(START + 49_999)));
    let out: Vec<_> = slots[0].outstanding().collect();
    assert_eq!(out, [(30, UnixMillis(START + 50_999))], "what is out stays out as long as it was");
}

#[test]
fn a_bucket_is_forgotten_only_when_full_with_nothing_out() {
    let numbers = steady(100, 100, 1_000);
    let mut authority = Authority::new(4);
    authority.grant(&ask(1, 1, numbers, 50), 0);
    let Authority { account, slots } = &mut authority;
    let account = account.as_mut().unwrap();
    // The 50 are out for a second; then the room they leave takes half a second to fill.
    let full = UnixMillis(START + 1_500);
    assert_eq!(account.forget(slots, UnixMillis(START)), Forget::At(full));
    assert_eq!(account.forget(slots, UnixMillis(START + 1_499)), Forget::At(full));
    assert_eq!(account.forget(slots, full), Forget::Now);
    let total = Numbers::quota(10, Period::Total).unwrap();
    let mut spent = Authority::new(1);
    spent.grant(&ask(1, 1, total, 1), 0);
    let never = spent.account.unwrap().forget(&mut spent.slots, UnixMillis(START + 10_000));
    assert_eq!(never, Forget::Never);
}

/// Whatever holders claim, and in whatever order: `Authority::exchange` checks that credit and what
/// is out never exceed the burst, and here one exact bucket is fed with everything that went out.
#[test]
fn no_sequence_of_lies_mints_a_token() {
    let mut state = 1_u64;
    let mut random = move |bound: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    for round in 0..3_000 {
        let burst = [5, 40, 100, 1_000][random(4) as usize];
        let rate = random(burst) + 1;
        let numbers = steady(burst, rate, 1_000);
        let mut authority = Authority::new(1 + random(5) as usize);
        let (mut now, mut taken, mut returned) = (0, 0, 0);
        for seq in 0..60 {
            now += [0, 1, 40, 700, 6_000][random(5) as usize];
            let mut amount = |most: u64| u32::try_from(random(most + 1)).unwrap();
            let lie = Ask {
                seq: 60 - 8 + u64::from(amount(16)) + seq,
                waiting: amount(burst),
                cost: amount(burst),
                want: amount(burst),
                keep: amount(burst * 2),
                back: amount(burst * 2),
                deadline: Deadline::nearest(amount(1_000)),
                ..ask(amount(6).try_into().unwrap(), 0, numbers, 0)
            };
            let before = authority.clone();
            if let Exchange::Write(Answer::Lease(lease)) = authority.exchange(&lie, now) {
                taken += u64::from(lease.granted_waiting) + u64::from(lease.granted);
                let held = before.slots.iter().find(|slot| slot.holder() == Some(lie.holder));
                let alive = |&(_, until): &(u32, UnixMillis)| until.0 > START + now;
                let recorded: u64 = held.map_or(0, |slot| {
                    slot.outstanding().filter(alive).map(|(tokens, _)| u64::from(tokens)).sum()
                });
                let keep = u64::from(lie.keep).min(recorded);
                returned += u64::from(lie.back).min(recorded - keep);
            }
            let most = burst + now * rate / 1_000;
            assert!(taken <= most + returned, "round {round}: {taken} of {most} and {returned}");
        }
    }
}

#[test]
fn no_deadline_out_of_bounds_can_be_asked_for() {
    for (millis, good) in
        [(0, false), (99, false), (100, true), (1_000, true), (1_001, false), (u32::MAX, false)]
    {
        assert_eq!(Deadline::new(millis).map(Deadline::millis), good.then_some(millis));
        let nearest = Deadline::nearest(millis).millis();
        assert_eq!(nearest, millis.clamp(100, 1_000));
    }
}
