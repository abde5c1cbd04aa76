//! Token buckets: integers only, so that every host computes the same.
//!
//! Credit is counted in 1/`period_ms` of a token: a token costs `period_ms` credits and a millisecond
//! brings `rate` of them, so no refill is ever rounded and splitting time into steps mints nothing.

mod name;
mod period;

pub use name::{BucketName, NAME_MAX, Subject};

use crate::{
    limit::{Numbers, Refill},
    time::UnixMillis,
};

/// What a bucket holds at an instant; its numbers are kept beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Tokens, in 1/unit of a token (see [`Numbers::unit`]).
    pub credit: u64,
    /// When it held them. Never runs back.
    pub instant: UnixMillis,
}

/// How long until the same request could pass, if nobody else spends.
///
/// Ordered by length: never is longer than any wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    /// Refused one millisecond before this many milliseconds have passed, accepted when they have.
    Later(u64),
    /// However long one waits.
    Never,
}

/// What became of an attempt to take tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Debit {
    /// They were taken; this is the bucket's new state.
    Taken(Bucket),
    /// They were not, and the bucket is as it was.
    Refused(Wait),
}

impl Bucket {
    /// A new bucket: full.
    #[must_use]
    pub fn full(numbers: Numbers, now: UnixMillis) -> Self {
        Self { credit: numbers.cap(), instant: now }
    }

    /// This bucket at `now`.
    ///
    /// A clock that steps back grants nothing and loses nothing.
    #[inline]
    #[must_use]
    pub fn advanced(self, numbers: Numbers, now: UnixMillis) -> Self {
        let instant = self.instant.max(now);
        let credit = match numbers.refill() {
            Refill::Steady { rate, .. } => {
                // Saturation is exact here: the cap is below 2⁶³.
                let gained = instant.since(self.instant).saturating_mul(u64::from(rate));
                self.credit.saturating_add(gained).min(numbers.cap())
            }
            Refill::Each(period) if period.index(instant) > period.index(self.instant) => {
                numbers.cap()
            }
            Refill::Each(_) => self.credit,
        };
        Self { credit, instant }
    }

    /// Tries to take `cost` tokens at `now`.
    ///
    /// A refusal changes nothing, so the caller has nothing to store.
    #[inline]
    #[must_use]
    pub fn debit(self, numbers: Numbers, cost: u32, now: UnixMillis) -> Debit {
        if cost > numbers.burst() {
            return Debit::Refused(Wait::Never);
        }
        let at = self.advanced(numbers, now);
        let price = u64::from(cost).saturating_mul(u64::from(numbers.unit()));
        match at.credit.checked_sub(price) {
            Some(credit) => Debit::Taken(Self { credit, ..at }),
            None => Debit::Refused(at.wait_for(numbers, price, now)),
        }
    }

    /// How long after `now` an advanced bucket that has less than `price` will have it.
    fn wait_for(self, numbers: Numbers, price: u64, now: UnixMillis) -> Wait {
        match numbers.refill() {
            Refill::Steady { rate, .. } => {
                let missing = price.saturating_sub(self.credit);
                let wait = missing.div_ceil(u64::from(rate));
                Wait::Later(self.instant.since(now).saturating_add(wait))
            }
            Refill::Each(period) => match period.next(self.instant) {
                Some(next) => Wait::Later(next.since(now)),
                None => Wait::Never,
            },
        }
    }
}

#[cfg(test)]
mod tests;
