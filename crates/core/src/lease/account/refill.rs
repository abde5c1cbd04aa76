//! How an account fills up while leases expire.

use super::{Account, Slot, outstanding};
use crate::{
    bucket::Wait,
    limit::{Numbers, Refill},
    time::UnixMillis,
};

impl Account {
    /// Brings the account up to `now`: refills it piece by piece, each under the cap of its moment,
    /// and drops what has expired.
    ///
    /// What expires is not credited; its room opens, and is filled from then on. Dropping first and
    /// filling the whole gap afterwards would mint a second burst.
    pub(super) fn advance(&mut self, slots: &mut [Slot], now: UnixMillis) {
        let now = self.instant.max(now);
        match self.numbers.refill() {
            Refill::Steady { rate, .. } => {
                let mut out = outstanding(slots);
                while let Some(until) = earliest(slots, UnixMillis(0)).filter(|&until| until <= now)
                {
                    self.fill(rate, out, until.max(self.instant));
                    out = out.saturating_sub(expire(slots, until));
                }
                self.fill(rate, out, now);
            }
            Refill::Each(period) => {
                let start = period.start(now);
                if start > self.instant {
                    expire(slots, start);
                    self.begin_period(slots);
                }
                expire(slots, now);
                self.instant = now;
            }
        }
        self.check(slots);
    }

    fn fill(&mut self, rate: u32, out: u64, until: UnixMillis) {
        // Saturation is exact here: the cap is below 2⁶³.
        let gained = until.since(self.instant).saturating_mul(u64::from(rate));
        self.credit = self.credit.saturating_add(gained).min(room(self.numbers, out));
        self.instant = until;
    }

    /// How long after its instant the account has `tokens`, if nobody does anything.
    pub(super) fn wait_for(&self, slots: &[Slot], tokens: u64) -> Wait {
        if tokens > u64::from(self.numbers.burst()) {
            return Wait::Never;
        }
        let price = tokens.saturating_mul(u64::from(self.numbers.unit()));
        match self.numbers.refill() {
            Refill::Steady { rate, .. } => self.wait_for_refill(slots, price, rate),
            Refill::Each(_) if self.credit >= price => Wait::Later(0),
            Refill::Each(period) => match period.next(self.instant) {
                Some(next) => Wait::Later(next.since(self.instant)),
                None => Wait::Never,
            },
        }
    }

    fn wait_for_refill(&self, slots: &[Slot], price: u64, rate: u32) -> Wait {
        let mut at = *self;
        let mut out = outstanding(slots);
        loop {
            let cap = room(self.numbers, out);
            let next = earliest(slots, at.instant);
            if cap >= price {
                let missing = price.saturating_sub(at.credit).div_ceil(u64::from(rate));
                let ready = at.instant.plus(missing);
                if next.is_none_or(|next| ready <= next) {
                    return Wait::Later(ready.since(self.instant));
                }
            }
            let Some(next) = next else { return Wait::Never };
            at.fill(rate, out, next);
            let opening = slots.iter().filter_map(|slot| slot.0.as_ref());
            out = opening
                .fold(out, |out, entry| out.saturating_sub(u64::from(entry.out.ending_at(next))));
        }
    }

    /// Adds tokens that were handed back: to a quota's debt first, then to the credit, within the cap.
    pub(super) fn put_back(&mut self, slots: &[Slot], tokens: u64) {
        let paid = self.debt.min(tokens);
        self.debt = self.debt.saturating_sub(paid);
        let credit = tokens.saturating_sub(paid).saturating_mul(u64::from(self.numbers.unit()));
        self.credit =
            self.credit.saturating_add(credit).min(room(self.numbers, outstanding(slots)));
    }

    // INVARIANT: credit + what is out ≤ burst. Only when a limit was lowered below what is out does
    // the latter alone exceed it, and then there is no credit.
    // INVARIANT: of a quota credit − debt + what is out ≤ count, and the difference is what was
    // spent in the period. Credit or debt is 0, and what is spent and out was a count once: below 2³².
    pub(in crate::lease) fn is_within_burst(&self, slots: &[Slot]) -> bool {
        let out = outstanding(slots);
        let accounted = match self.numbers.refill() {
            Refill::Steady { .. } => self.debt == 0,
            Refill::Each(_) => {
                let most = u64::from(self.numbers.burst()).saturating_add(self.debt);
                (self.credit == 0 || self.debt == 0) && out <= most && most <= u64::from(u32::MAX)
            }
        };
        accounted && self.credit <= room(self.numbers, out)
    }

    pub(super) fn check(&self, slots: &[Slot]) {
        debug_assert!(self.is_within_burst(slots), "credit and what is out exceed the burst");
    }
}

/// The most credit beside `out` tokens.
pub(super) fn room(numbers: Numbers, out: u64) -> u64 {
    let tokens = u64::from(numbers.burst()).saturating_sub(out);
    tokens.saturating_mul(u64::from(numbers.unit()))
}

/// The first end of anything after `after`.
fn earliest(slots: &[Slot], after: UnixMillis) -> Option<UnixMillis> {
    slots.iter().filter_map(|slot| slot.0.as_ref()?.out.next_until(after)).min()
}

fn expire(slots: &mut [Slot], at: UnixMillis) -> u64 {
    let entries = slots.iter_mut().filter_map(|slot| slot.0.as_mut());
    entries.fold(0, |sum, entry| sum.saturating_add(entry.out.expire(at)))
}
