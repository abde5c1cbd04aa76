//! Spending from every purse of a record, or from none.

use core::borrow::BorrowMut;

use super::{Denial, ROUTE_LIMITS_MAX, Request};
use crate::{
    lease::{Purse, Spend, SpendAll, longest_refusal, spend_all},
    record::Record,
    time::Reading,
};

/// Which purses must be asked for: places among the record's limits, its quotas, then the route's limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Short(u16);

impl Short {
    /// Whether the purse at `place` must be asked for.
    #[must_use]
    pub fn contains(self, place: usize) -> bool {
        Self::bit(place).is_some_and(|bit| self.0 & bit != 0)
    }

    /// The places, in order.
    pub fn places(self) -> impl Iterator<Item = usize> {
        (0..16).filter(move |&place| self.contains(place))
    }

    fn add(&mut self, place: usize) {
        // A record has at most twelve limits and quotas, a route four limits: every place has a bit.
        self.0 |= Self::bit(place).unwrap_or(0);
    }

    fn bit(place: usize) -> Option<u16> {
        u32::try_from(place).ok().and_then(|place| 1_u16.checked_shl(place))
    }
}

/// Why nothing was taken.
pub(super) enum Untaken {
    /// A purse refuses, or there is no purse.
    Refused(Denial),
    /// These must be asked for first.
    Short(Short),
}

/// Takes the cost from every purse, or nothing from any.
///
/// A quota is named before a limit; the wait is the longest of all that refuse, so that nobody is told to
/// come back too early.
pub(super) fn take<P: BorrowMut<Purse>>(
    record: &Record<'_>,
    request: &Request<'_>,
    purses: &mut [P],
    now: Reading,
) -> Result<(), Untaken> {
    let cost = request.cost;
    let (limits, quotas) = (record.limits.len(), record.quotas.len());
    let own = limits.saturating_add(quotas);
    if purses.len() != own.saturating_add(request.limits.len())
        || request.limits.len() > ROUTE_LIMITS_MAX
    {
        return Err(Untaken::Refused(Denial::Unavailable));
    }
    let mut spent = spend_all(purses, cost, now);
    if spent != SpendAll::Taken && learn(record, request, purses) {
        spent = spend_all(purses, cost, now);
    }
    match spent {
        SpendAll::Taken => Ok(()),
        SpendAll::Ask => {
            let mut short = Short::default();
            for (place, purse) in purses.iter().enumerate() {
                if purse.borrow().standing(cost, now) == Spend::Ask {
                    short.add(place);
                }
            }
            Err(Untaken::Short(short))
        }
        SpendAll::Refused { purse, wait } => {
            let of_quotas = purses.get(limits..own).unwrap_or(&[]);
            Err(Untaken::Refused(match longest_refusal(of_quotas, cost, now) {
                Some((quota, _)) => Denial::QuotaExhausted { quota, wait },
                None if purse < limits => Denial::RateLimited { limit: purse, wait },
                // No quota refuses, so it is one of the route's: they follow the record's limits.
                None => Denial::RateLimited { limit: purse.saturating_sub(quotas), wait },
            }))
        }
    }
}

/// Tells every purse the numbers of its limit; says whether any had others, under which it may have refused.
///
/// Tokens in hand are spent without this: they were leased, whatever the numbers have become.
fn learn<P: BorrowMut<Purse>>(
    record: &Record<'_>,
    request: &Request<'_>,
    purses: &mut [P],
) -> bool {
    let mut learned = false;
    let limits = record.limits.iter().chain(record.quotas).chain(request.limits.iter().copied());
    for (purse, limit) in purses.iter_mut().zip(limits) {
        learned |= purse.borrow_mut().learn(limit.numbers, limit.changed);
    }
    learned
}
