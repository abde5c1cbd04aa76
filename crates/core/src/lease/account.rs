//! The authority of one bucket: what it keeps, and its one step.

mod change;
mod exchange;
mod refill;

pub use exchange::Exchange;

use super::{Ask, HolderId, outstanding::Outstanding};
use crate::{bucket::Wait, limit::Numbers, stamp::Stamp, time::UnixMillis};

/// The most holders that one bucket's table may have room for.
///
/// The table is a slice of the caller's, so that a Durable Object can afford a long one and a
/// DynamoDB item a short one. When it is full of holders with tokens out, a newcomer is refused and
/// told when to ask again; a holder that has nothing out makes room for it.
pub const HOLDERS_MAX: usize = 1_024;

/// Beyond this a stored instant is no clock's drift but damage.
const DAMAGE_MS: u64 = 10_000;

/// What the authority keeps about a bucket, besides its [`Slot`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    pub(super) numbers: Numbers,
    pub(super) changed: Stamp,
    pub(super) credit: u64,
    /// Of a quota: the tokens spent and out beyond its count, after that was lowered.
    pub(super) debt: u64,
    pub(super) instant: UnixMillis,
    /// Until when a request for more than half of the burst is waited for.
    pub(super) large_until: UnixMillis,
    pub(super) meter: Meter,
}

/// What the authority keeps about one holder; vacant unless it has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot(pub(super) Option<Entry>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: HolderId,
    pub(super) seq: u64,
    pub(super) given: Given,
    pub(super) heard: UnixMillis,
    pub(super) forget_at: UnixMillis,
    pub(super) out: Outstanding,
}

/// The stored part of an answer; the numbers are the account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) granted_waiting: u32,
    pub(super) granted: u32,
    pub(super) ttl_ms: u32,
    pub(super) retry_after: Wait,
    pub(super) ask_after_ms: u32,
    pub(super) left: u32,
}

/// Counts calls by the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Meter {
    pub(super) second: u64,
    pub(super) this: u32,
    pub(super) before: u32,
}

impl Meter {
    /// Counts a call at `now` and says how many there were within the last second.
    fn count(&mut self, now: UnixMillis) -> u32 {
        let second = now.0 / 1_000;
        if second != self.second {
            let next = second == self.second.saturating_add(1);
            *self = Self { second, this: 0, before: if next { self.this } else { 0 } };
        }
        self.this = self.this.saturating_add(1);
        let unseen = 1_000_u64.saturating_sub(now.0 % 1_000);
        let before = u64::from(self.before).saturating_mul(unseen) / 1_000;
        self.this.saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
    }
}

/// Whether a bucket may be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forget {
    /// It is full and nothing is out: forgetting it changes nothing.
    Now,
    /// Not before this instant: set an alarm.
    At(UnixMillis),
    /// Never: what was spent of it does not come back.
    Never,
}

impl Account {
    /// The account of a bucket that nobody has asked before: full, with the numbers of its first ask.
    #[must_use]
    pub fn new(ask: &Ask, now: UnixMillis) -> Self {
        Self {
            numbers: ask.numbers,
            changed: ask.changed,
            credit: ask.numbers.cap(),
            debt: 0,
            instant: now,
            large_until: UnixMillis(0),
            meter: Meter::default(),
        }
    }

    /// The numbers that the bucket is kept under, and when they last changed.
    #[must_use]
    pub const fn limit(&self) -> (Numbers, Stamp) {
        (self.numbers, self.changed)
    }

    /// The credit, in 1/unit of a token, at [`Account::instant`].
    #[must_use]
    pub const fn credit(&self) -> u64 {
        self.credit
    }

    /// Of a quota that was lowered: the tokens spent and out beyond its count, which a raise or tokens
    /// handed back pay before they give anything. Then the credit is 0.
    #[must_use]
    pub const fn debt(&self) -> u64 {
        self.debt
    }

    /// The instant up to which the bucket has been filled.
    #[must_use]
    pub const fn instant(&self) -> UnixMillis {
        self.instant
    }

    /// Until when leases wait for a request for more than half of the burst; the past if none does.
    #[must_use]
    pub const fn large_until(&self) -> UnixMillis {
        self.large_until
    }

    /// Brings the account up to `now` and says whether the bucket may be forgotten.
    ///
    /// Set one alarm when none is set; when it fires, ask again.
    pub fn forget(&mut self, slots: &mut [Slot], now: UnixMillis) -> Forget {
        self.advance(slots, now);
        match self.wait_for(slots, u64::from(self.numbers.burst())) {
            Wait::Later(0) => Forget::Now,
            Wait::Later(wait) => Forget::At(self.instant.plus(wait)),
            Wait::Never => Forget::Never,
        }
    }

    /// Counts `calls` within this second that the store refused because another had written first: they cost as much as
    /// those that it took, and the budget is for all of them.
    pub fn count_refused(&mut self, calls: u32, now: UnixMillis) {
        if let Some(more) = calls.checked_sub(1) {
            self.meter.count(self.instant.max(now));
            self.meter.this = self.meter.this.saturating_add(more);
        }
    }

    /// Where the writers bring the clock: repairs an instant that no honest clock has written.
    ///
    /// The bucket starts empty at `now`, with everything that is out still out for as long as it
    /// was. Says whether there was damage, which belongs in the log.
    pub fn repair(&mut self, slots: &mut [Slot], now: UnixMillis) -> bool {
        let ahead = self.instant.since(now);
        if ahead <= DAMAGE_MS {
            return false;
        }
        let earlier = |at: UnixMillis| UnixMillis(at.0.saturating_sub(ahead));
        self.instant = now;
        self.credit = 0;
        self.large_until = earlier(self.large_until);
        self.meter = Meter::default();
        for entry in slots.iter_mut().filter_map(|slot| slot.0.as_mut()) {
            entry.heard = earlier(entry.heard);
            entry.forget_at = earlier(entry.forget_at);
            entry.out.shift_back(ahead);
        }
        true
    }
}

impl Slot {
    /// A slot that no holder has.
    pub const VACANT: Self = Self(None);

    /// Who has it.
    #[must_use]
    pub fn holder(&self) -> Option<HolderId> {
        self.0.as_ref().map(|entry| entry.id)
    }

    /// The newest message of its holder, or 0.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.0.as_ref().map_or(0, |entry| entry.seq)
    }

    /// When its holder was last heard, and when it may be vacated if nothing is out.
    #[must_use]
    pub fn times(&self) -> Option<(UnixMillis, UnixMillis)> {
        self.0.as_ref().map(|entry| (entry.heard, entry.forget_at))
    }

    /// What its holder may still spend, as (tokens, until), those that end first in front.
    pub fn outstanding(&self) -> impl Iterator<Item = (u32, UnixMillis)> {
        let portions = self.0.as_ref().map_or(&[][..], |entry| entry.out.portions());
        portions.iter().map(|portion| (portion.tokens, portion.until))
    }
}

/// The tokens that are out, of all holders.
pub(super) fn outstanding(slots: &[Slot]) -> u64 {
    let entries = slots.iter().filter_map(|slot| slot.0.as_ref());
    entries.fold(0, |sum, entry| sum.saturating_add(entry.out.tokens()))
}
