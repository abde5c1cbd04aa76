//! Quotas whose numbers change: what is spent stays spent, and the count is what it says.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::arithmetic_side_effects, reason = "small numbers")]

use tollgate_core::{
    lease::{
        Account, Answer, Ask, Deadline, Exchange, HolderId, Lease, STATE_HEADER_MAX,
        STATE_HOLDER_MAX, Slot, Standard, StateError,
    },
    limit::{Numbers, Period},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_testkit::Random;

/// 2027-01-15T08:00:00Z.
const START: u64 = 1_800_000_000_000;
const TO_MIDNIGHT: u64 = 57_600_000;

fn total(count: u64) -> Numbers {
    Numbers::quota(count, Period::Total).unwrap()
}

fn daily(count: u64) -> Numbers {
    Numbers::quota(count, Period::Day).unwrap()
}

#[derive(Clone)]
struct Authority {
    account: Account,
    slots: Vec<Slot>,
    seq: u64,
    epoch: u64,
}

impl Authority {
    fn new(numbers: Numbers) -> Self {
        let ask = ask(0, 0, numbers, 0);
        let account = Account::new(&ask, UnixMillis(START));
        Self { account, slots: vec![Slot::VACANT; 4], seq: 0, epoch: 0 }
    }

    /// Sends `ask` under the present numbers, and checks what must hold after it.
    fn lease(&mut self, ask: Ask, after_ms: u64) -> Lease {
        self.seq += 1;
        let stamp = Stamp { incarnation: 1, epoch: self.epoch };
        let ask = Ask { seq: self.seq, changed: stamp, ..ask };
        let now = UnixMillis(START + after_ms);
        let answer = self.account.exchange(&mut self.slots, &ask, now, &Standard::default());
        let (numbers, debt) = (self.account.limit().0, self.account.debt());
        let count = u64::from(numbers.burst());
        let room = count.saturating_sub(self.out()) * u64::from(numbers.unit());
        assert!(self.account.credit() <= room, "more than the count");
        if numbers.unit() == 1 {
            assert!(self.account.credit() == 0 || debt == 0);
            assert!(self.out() <= count + debt, "less than nothing was spent");
        }
        let mut buffer = [0; STATE_HEADER_MAX + 4 * STATE_HOLDER_MAX];
        let len = self.account.encode(&self.slots, &mut buffer).unwrap();
        let mut read = [Slot::VACANT; 4];
        let stored = Account::decode(buffer.get(..len).unwrap(), &mut read).unwrap();
        assert_eq!((stored.credit(), stored.debt()), self.has());
        match answer {
            Exchange::Write(Answer::Lease(lease)) => lease,
            Exchange::Write(Answer::Stale { .. }) | Exchange::Unchanged(_) => panic!("{answer:?}"),
        }
    }

    /// Lets holder `id` spend `tokens`, and says how many it got; the deadline passes after it.
    fn spend(&mut self, id: u8, tokens: u32, after_ms: u64) -> u32 {
        let numbers = self.account.limit().0;
        self.lease(ask(id, 0, numbers, tokens), after_ms).granted_waiting
    }

    fn change(&mut self, numbers: Numbers, after_ms: u64) {
        self.epoch += 1;
        self.lease(ask(9, 0, numbers, 0), after_ms);
    }

    fn out(&self) -> u64 {
        self.slots.iter().flat_map(Slot::outstanding).map(|(tokens, _)| u64::from(tokens)).sum()
    }

    fn has(&self) -> (u64, u64) {
        (self.account.credit(), self.account.debt())
    }
}

fn ask(id: u8, seq: u64, numbers: Numbers, waiting: u32) -> Ask {
    Ask {
        holder: HolderId([id; 16]),
        seq,
        numbers,
        changed: Stamp { incarnation: 1, epoch: 0 },
        deadline: Deadline::MAX,
        waiting,
        cost: waiting.min(1),
        want: 0,
        keep: 0,
        back: 0,
    }
}

#[test]
fn what_a_quota_is_raised_by_is_there_at_once() {
    for quota in [total, daily] {
        let mut authority = Authority::new(quota(1_000));
        assert_eq!(authority.spend(1, 1_000, 0), 1_000);
        assert_eq!(authority.spend(2, 10, 5_000), 0);
        authority.change(quota(2_000), 6_000);
        assert_eq!(authority.has(), (1_000, 0));
        assert_eq!(authority.spend(2, 2_000, 6_001), 1_000);
        // The same change once more gives nothing once more.
        authority.lease(ask(3, 0, quota(3_000), 0), 6_002);
        assert_eq!(authority.has(), (0, 0));
    }
}

#[test]
fn lowering_and_raising_again_comes_out_where_it_began() {
    for lowered in [1, 399, 400, 401, 700, 999] {
        for with_out in [0, 300] {
            let mut authority = Authority::new(total(1_000));
            assert_eq!(authority.spend(1, 400 - with_out, 0), 400 - with_out);
            // The deadline of the first has passed: it is spent; the second's has not.
            assert_eq!(authority.spend(2, with_out, 2_000), with_out);
            authority.change(total(lowered), 2_001);
            let owed = 400_u64.saturating_sub(lowered);
            assert_eq!(authority.has(), (lowered.saturating_sub(400), owed), "{lowered}");
            authority.change(total(1_000), 2_002);
            assert_eq!(authority.has(), (600, 0), "{lowered}");
        }
    }
}

#[test]
fn a_debt_is_paid_before_anything_is_given() {
    let mut authority = Authority::new(total(1_000));
    assert_eq!(authority.spend(1, 400, 0), 400);
    assert_eq!(authority.spend(2, 500, 2_000), 500);
    authority.change(total(100), 2_001);
    assert_eq!(authority.has(), (0, 800));
    // A raise pays first.
    authority.change(total(600), 2_002);
    assert_eq!(authority.has(), (0, 300));
    // So does what is handed back.
    authority.lease(Ask { keep: 250, back: 250, ..ask(2, 0, total(600), 0) }, 2_003);
    assert_eq!(authority.has(), (0, 50));
    authority.lease(Ask { back: 250, ..ask(2, 0, total(600), 0) }, 2_004);
    assert_eq!(authority.has(), (200, 0));
    assert_eq!(authority.spend(3, 600, 2_005), 200, "400 + 200 is the count");
}

#[test]
fn the_next_period_begins_without_a_debt() {
    let mut authority = Authority::new(daily(1_000));
    assert_eq!(authority.spend(1, 900, 0), 900);
    authority.change(daily(200), 5_000);
    assert_eq!(authority.has(), (0, 700));
    assert_eq!(authority.spend(2, 1, TO_MIDNIGHT - 1), 0);
    assert_eq!(authority.spend(2, 500, TO_MIDNIGHT), 200);
    authority.change(daily(300), TO_MIDNIGHT + 1);
    assert_eq!(authority.has(), (100, 0));
}

#[test]
fn what_is_out_when_a_period_begins_is_spent_in_it() {
    let fast = Numbers::steady(1_000, 1_000, 1_000).unwrap();
    let mut authority = Authority::new(fast);
    assert_eq!(authority.spend(1, 700, TO_MIDNIGHT - 500), 700);
    authority.change(daily(500), TO_MIDNIGHT - 400);
    assert_eq!(authority.has(), (0, 200));
    authority.lease(ask(2, 0, daily(500), 0), TO_MIDNIGHT);
    assert_eq!(authority.has(), (0, 200));
    authority.lease(ask(2, 0, daily(500), 0), TO_MIDNIGHT + 600);
    assert_eq!((authority.has(), authority.out()), ((0, 200), 0));
    authority.change(daily(800), TO_MIDNIGHT + 700);
    assert_eq!(authority.has(), (100, 0), "700 of 800 were spent");
}

#[test]
fn a_change_between_a_limit_and_a_quota_gives_nothing() {
    let limit = |burst| Numbers::steady(burst, 1, 86_400_000).unwrap();
    let mut authority = Authority::new(total(1_000));
    assert_eq!(authority.spend(1, 900, 0), 900);
    authority.change(limit(50), 1_500);
    assert_eq!(authority.has(), (50 * 86_400_000, 0));
    authority.change(total(2_000), 1_501);
    assert_eq!(authority.has(), (50, 0), "what is left of the count counts as spent");
    authority.change(total(10), 1_502);
    assert_eq!(authority.has(), (0, 1_940));
    authority.change(limit(1_000), 1_503);
    assert_eq!(authority.has(), (0, 0));
}

#[test]
fn a_state_with_more_debt_than_can_be_is_refused() {
    let mut authority = Authority::new(total(100));
    assert_eq!(authority.spend(1, 60, 0), 60);
    authority.change(total(50), 5_000);
    assert_eq!(authority.has(), (0, 10));
    let mut buffer = [0; 128];
    let len = authority.account.encode(&[], &mut buffer).unwrap();
    // Version, kind, count, debt, changed (2), credit.
    assert_eq!(buffer.get(..7).unwrap(), [2, 3, 50, 10, 1, 1, 0]);
    let largest = |last: u8| {
        let head: &[u8] = &[2, 3, 50, 0xcd, 0xff, 0xff, 0xff, last];
        [head, buffer.get(4..len).unwrap()].concat()
    };
    let read = |bytes: &[u8]| Account::decode(bytes, &mut []).map(|account| account.debt());
    assert_eq!(read(&largest(0x0f)), Ok(u64::from(u32::MAX) - 50));
    assert_eq!(read(&largest(0x1f)), Err(StateError::Impossible));
    let both = |debt: u8| [&[2, 3, 50, debt, 1, 1, 1], buffer.get(7..len).unwrap()].concat();
    assert_eq!(read(&both(1)), Err(StateError::Impossible), "credit beside a debt");
    assert_eq!(read(&both(0)), Ok(0));
}

/// Whatever holders claim and however the count changes, what is admitted in one period is never
/// more than the largest count until then; and all of the last count can be had if it is that.
#[test]
fn however_a_count_changes_no_more_is_admitted_than_its_largest() {
    let mut random = Random::new(1);
    let random = &mut random;
    for round in 0..2_000 {
        let period = if below(random, 2) == 0 { Period::Total } else { Period::Month };
        let quota = |count: u32| Numbers::quota(u64::from(count), period).unwrap();
        let mut count = below(random, 200) + 1;
        let mut largest = count;
        let mut authority = Authority::new(quota(count));
        let (mut now, mut taken) = (0, 0_u64);
        for _ in 0..40 {
            now += random.one_of(&[0, 1, 40, 700, 6_000]);
            if below(random, 4) == 0 {
                count = below(random, 400) + 1;
                authority.epoch += 1;
            }
            largest = largest.max(count);
            let lie = Ask {
                waiting: below(random, 100),
                cost: below(random, 50),
                want: below(random, 50),
                keep: below(random, 300),
                back: below(random, 300),
                deadline: Deadline::nearest(below(random, 1_200)),
                ..ask(u8::try_from(below(random, 3)).unwrap(), 0, quota(count), 0)
            };
            let holds = |slot: &&Slot| slot.holder() == Some(lie.holder);
            let alive = |&(_, until): &(u32, UnixMillis)| until.0 > START + now;
            let slot = authority.slots.iter().find(holds).copied().unwrap_or(Slot::VACANT);
            let out = slot.outstanding().filter(alive);
            let recorded: u64 = out.map(|(tokens, _)| u64::from(tokens)).sum();
            let keep = recorded.min(u64::from(lie.keep));
            let back = (recorded - keep).min(u64::from(lie.back));
            let lease = authority.lease(lie, now);
            taken = taken - back + u64::from(lease.granted_waiting) + u64::from(lease.granted);
            assert!(taken <= u64::from(largest), "round {round}: {taken} of {largest}");
            // What counts is what was spent: the rest of the present count is there.
            let (credit, debt) = authority.has();
            assert_eq!(credit + taken, u64::from(count) + debt, "round {round}");
        }
    }
}

fn below(random: &mut Random, bound: u64) -> u32 {
    u32::try_from(random.below(bound)).unwrap()
}
