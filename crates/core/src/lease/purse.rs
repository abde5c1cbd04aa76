//! The holder's purse: what it may spend of one bucket, and when it asks for more.

mod ahead;
mod grants;
mod message;

pub use grants::Grant;
pub use message::{Queue, Received, Tick};

use super::{DEADLINE_MAX_MS, Deadline};
use crate::{
    bucket::Wait,
    limit::{Numbers, Refill},
    stamp::Stamp,
    time::Reading,
};
use ahead::Ahead;
use grants::Grants;
use message::{Flight, Sent};

/// For how long the authority's word on what is left there is passed on.
const LEFT_MAX_MS: u64 = 1_000;

/// What a holder may spend of one bucket without asking, and its one open message.
///
/// Spending never waits and never calls anybody: it takes tokens that the authority has set aside
/// for this holder alone, and that nobody else can spend.
///
/// # Security
///
/// It cannot be copied: two purses with the same tokens would spend them twice.
///
/// ```compile_fail,E0277
/// fn copied<T: Clone>() {}
/// copied::<tollgate_core::lease::Purse>();
/// ```
#[derive(Debug)]
pub struct Purse {
    grants: Grants,
    numbers: Numbers,
    changed: Stamp,
    refusal: Option<Refusal>,
    host: Host,
    seq: u64,
    flight: Option<Flight>,
    late: Option<Sent>,
    /// Eight times the smoothed round trip.
    round_trip_x8: Option<u32>,
    /// Deadlines that have passed since the last answer in time.
    misses: u32,
    want: u32,
    /// What the purse held after the last answer, and when; 0 if that no longer counts.
    mark: u32,
    marked: Reading,
    life_ms: u32,
    ahead: Ahead,
    /// What the last answer said was left at the authority, and when it came.
    left: Option<(u32, Reading)>,
}

/// What a host can do after it has answered a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Run timers and send messages.
    Background,
    /// Nothing (a Lambda function): where tokens would be missed for long it takes none ahead, or only as many as it must
    /// to leave the authority in peace.
    Bare,
    /// Nothing soon, for it ends: it takes no tokens ahead, and what nobody waits for goes back at once.
    Leaving,
}

/// What became of an attempt to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// The tokens were taken.
    Taken,
    /// There is nothing to be had before this: refuse, without asking.
    Refused(Wait),
    /// The authority must be asked; the request waits.
    Ask,
}

/// What the authority said when it could not give, or wished to be left alone.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    received: Reading,
    ask_after_ms: u32,
    retry_after: Wait,
    left: u32,
    given: bool,
}

impl Purse {
    /// An empty purse.
    ///
    /// `seq` is no lower than any that this holder id has used for this bucket before.
    #[must_use]
    pub fn new(numbers: Numbers, changed: Stamp, host: Host, seq: u64) -> Self {
        Self {
            grants: Grants::default(),
            numbers,
            changed,
            refusal: None,
            host,
            seq,
            flight: None,
            late: None,
            round_trip_x8: None,
            misses: 0,
            want: 4,
            mark: 0,
            marked: Reading::default(),
            life_ms: 0,
            ahead: Ahead::default(),
            left: None,
        }
    }

    /// Takes `cost` tokens, or says why not and changes nothing.
    #[inline]
    pub fn spend(&mut self, cost: u32, now: Reading) -> Spend {
        if cost <= self.numbers.burst() && self.grants.take(cost, now) {
            return Spend::Taken;
        }
        self.standing(cost, now)
    }

    /// What [`Purse::spend`] would say, with nothing taken.
    #[must_use]
    pub fn standing(&self, cost: u32, now: Reading) -> Spend {
        if cost == 0 {
            return Spend::Taken;
        }
        if cost > self.numbers.burst() {
            return Spend::Refused(Wait::Never);
        }
        if self.grants.total(now) >= u64::from(cost) {
            return Spend::Taken;
        }
        match self.refusal {
            Some(refusal) => refusal.standing(cost, now),
            None => Spend::Ask,
        }
    }

    /// The tokens that could be spent at `now`.
    #[must_use]
    pub fn tokens(&self, now: Reading) -> u64 {
        self.grants.total(now)
    }

    /// What a client may be told is left at `now`: the tokens here, and what the authority said was left there
    /// if that was within the last second.
    #[must_use]
    pub fn remaining(&self, now: Reading) -> u64 {
        let there = self.left.filter(|&(_, received)| now.since(received) <= LEFT_MAX_MS);
        self.tokens(now).saturating_add(there.map_or(0, |(left, _)| left.into()))
    }

    /// The living grants at `now`, those that end first in front.
    pub fn grants(&self, now: Reading) -> impl Iterator<Item = &Grant> {
        self.grants.living(now)
    }

    /// The number of the last message.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// How many tokens it asks for the future.
    #[must_use]
    pub const fn want(&self) -> u32 {
        self.want
    }

    /// The newest numbers that it knows, and when they changed.
    #[must_use]
    pub const fn limit(&self) -> (Numbers, Stamp) {
        (self.numbers, self.changed)
    }

    /// Takes over a record's numbers if they are newer, and says whether they were.
    ///
    /// What was refused under the old ones may pass under the new.
    pub fn learn(&mut self, numbers: Numbers, changed: Stamp) -> bool {
        let newer = changed > self.changed;
        if newer {
            (self.numbers, self.changed) = (numbers, changed);
            self.refusal = None;
        }
        newer
    }

    /// Forgets everything that could be spent or answered: after a freeze, a restore, or a higher
    /// incarnation.
    pub fn void(&mut self) {
        if self.is_thrifty() {
            self.ahead.look(0, self.grants.sum(|_| true));
        }
        self.grants = Grants::default();
        self.flight = None;
        self.late = None;
        self.refusal = None;
        self.mark = 0;
        self.left = None;
    }

    /// The host ends: from now on everything that nobody waits for goes back.
    pub const fn leave(&mut self) {
        self.host = Host::Leaving;
    }

    /// Whether a grant goes back now, if nobody waits for it.
    fn is_spare(&self, grant: &Grant, now: Reading) -> bool {
        self.host == Host::Leaving || grant.is_due(now)
    }

    /// Whether there is no use in asking for more in the background.
    fn is_told_to_wait(&self, now: Reading) -> bool {
        self.refusal.is_some_and(|refusal| refusal.is_active(now))
    }

    /// How long the next message waits for its answer: four smoothed round trips, doubled for each
    /// deadline that has just passed.
    fn deadline(&self) -> Deadline {
        let usual = self.round_trip_x8.map_or(Deadline::MAX, |x8| Deadline::nearest(x8 / 2));
        let doubled = usual.millis().checked_shl(self.misses).unwrap_or(DEADLINE_MAX_MS);
        Deadline::nearest(doubled)
    }

    /// Every answer is a sample, also one that comes too late to be accepted.
    fn sample(&mut self, round_trip_ms: u64) {
        let capped = round_trip_ms.min(u64::from(DEADLINE_MAX_MS));
        let sample = u32::try_from(capped).unwrap_or(DEADLINE_MAX_MS);
        let smoothed = match self.round_trip_x8 {
            None => sample.saturating_mul(8),
            Some(x8) => x8.saturating_sub(x8 / 8).saturating_add(sample),
        };
        self.round_trip_x8 = Some(smoothed);
    }

    /// Asks for more where it went fast, for less where it went slowly.
    fn adapt(&mut self, now: Reading) {
        if !self.is_half_spent(now) {
            return;
        }
        let took = now.since(self.marked);
        if took <= 1_000 {
            let most = (self.numbers.burst() / 8).max(1);
            self.want = self.want.saturating_mul(2).min(most);
        } else if took.saturating_mul(4) > u64::from(self.life_ms) {
            self.want = (self.want / 2).max(1);
        }
    }

    fn is_half_spent(&self, now: Reading) -> bool {
        self.mark > 0 && self.grants.total(now).saturating_mul(2) <= u64::from(self.mark)
    }

    /// Whether more is needed soon. After the life of what the mark counted it has died, and was not spent: there is
    /// nothing to renew, and whoever comes next asks for itself.
    fn is_running_out(&self, now: Reading) -> bool {
        self.is_half_spent(now) && now.since(self.marked) < u64::from(self.life_ms)
    }

    /// Whether this host may leave tokens lying that come back slowly or never.
    fn is_thrifty(&self) -> bool {
        let slow = match self.numbers.refill() {
            Refill::Each(_) => true,
            Refill::Steady { rate, period_ms } => {
                u64::from(rate).saturating_mul(1_000) < u64::from(period_ms)
            }
        };
        self.host == Host::Bare && slow
    }

    /// What it asks for the future on this host.
    fn wanted(&self) -> u32 {
        match self.host {
            Host::Leaving => 0,
            Host::Bare if self.is_thrifty() => self.ahead.wanted(),
            Host::Bare | Host::Background => self.want,
        }
    }
}

impl Refusal {
    fn is_active(&self, now: Reading) -> bool {
        now.since(self.received) < u64::from(self.ask_after_ms)
    }

    /// What it says to a request for which the purse has too little.
    fn standing(&self, cost: u32, now: Reading) -> Spend {
        let passed = now.since(self.received);
        let ask_after = u64::from(self.ask_after_ms);
        // A request that what was left would have satisfied is worth asking for.
        if passed >= ask_after || !(self.given || cost > self.left) {
            return Spend::Ask;
        }
        Spend::Refused(match self.retry_after {
            Wait::Later(wait) => Wait::Later(wait.max(ask_after).saturating_sub(passed)),
            Wait::Never => Wait::Never,
        })
    }
}

/// What is left of a duration when it ends early, so that it has ended here before it ends there
/// although the clocks drift.
pub(super) fn usable(duration_ms: u32) -> u32 {
    let early = u64::from(duration_ms).saturating_mul(3).div_ceil(100).saturating_add(5);
    duration_ms.saturating_sub(u32::try_from(early).unwrap_or(u32::MAX))
}
