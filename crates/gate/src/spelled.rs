//! Limits, quotas and durations as people write them.

use tollgate_core::limit::{LimitScope, Numbers, Period};
use tollgate_http::route::RouteLimit;

const SECOND_MS: u64 = 1_000;

/// The units of durations, from the smallest on, in milliseconds.
pub const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", SECOND_MS),
    ("m", 60 * SECOND_MS),
    ("h", 3_600 * SECOND_MS),
    ("d", 86_400 * SECOND_MS),
];

/// A limit as it is written: nothing is known of its numbers but that they are some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit<'t> {
    /// The name, which is not empty.
    pub name: &'t str,
    /// Who shares a bucket.
    pub scope: LimitScope,
    /// How many tokens it holds.
    pub burst: u64,
    /// How many it gains each period.
    pub rate: u64,
    /// The period, in milliseconds.
    pub period_ms: u64,
}

/// A quota as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota<'t> {
    /// The name, which is not empty.
    pub name: &'t str,
    /// Who shares it.
    pub scope: LimitScope,
    /// How many tokens there are in each period.
    pub count: u64,
    /// The period.
    pub period: Period,
}

impl<'t> Limit<'t> {
    /// Reads `burst:key=100,50/1s`, a bucket of 100 tokens that gains 50 every second; none if it is not written so.
    #[must_use]
    pub fn read(text: &'t str) -> Option<Self> {
        let (name, scope, numbers) = named(text)?;
        let (burst, steady) = numbers.split_once(',')?;
        let (rate, period) = steady.split_once('/')?;
        let (burst, rate, period_ms) = (number(burst)?, number(rate)?, duration(period)?);
        Some(Self { name, scope, burst, rate, period_ms })
    }
}

impl<'t> Quota<'t> {
    /// Reads `monthly:key=10000/month`, 10,000 tokens in each UTC month; none if it is not written so.
    #[must_use]
    pub fn read(text: &'t str) -> Option<Self> {
        let (name, scope, numbers) = named(text)?;
        let (count, period) = numbers.split_once('/')?;
        let period = Period::ALL.into_iter().find(|known| known.as_str() == period)?;
        Some(Self { name, scope, count: number(count)?, period })
    }
}

/// Reads the limit of a route: as [`Limit::read`], with numbers that a bucket can have.
#[must_use]
pub fn limit(text: &str) -> Option<RouteLimit> {
    let Limit { name, scope, burst, rate, period_ms } = Limit::read(text)?;
    let numbers = Numbers::steady(burst, rate, period_ms).ok()?;
    Some(RouteLimit { name: name.into(), scope, numbers })
}

/// Reads a duration such as `250ms`, `1s` or `12h`, in milliseconds. A unit alone is one of it.
#[must_use]
pub fn duration(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (amount, unit) = text.split_at_checked(digits)?;
    let (_, ms) = UNITS.iter().find(|(name, _)| *name == unit)?;
    if amount.is_empty() { Some(*ms) } else { number(amount)?.checked_mul(*ms) }
}

/// Name, scope, and what stands after the sign.
fn named(text: &str) -> Option<(&str, LimitScope, &str)> {
    let (name, rest) = text.split_once(':')?;
    let (scope, numbers) = rest.split_once('=')?;
    let scope = LimitScope::ALL.into_iter().find(|known| known.as_str() == scope)?;
    (!name.is_empty()).then_some((name, scope, numbers))
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_in_its_one_spelling_and_nothing_else_is_one() {
        let numbers = Numbers::steady(100, 50, 1_000).ok();
        let read = limit("burst:tenant=100,50/1s");
        assert_eq!(read.as_ref().map(|read| Some(read.numbers)), Some(numbers));
        assert_eq!(read.map(|read| read.scope), Some(LimitScope::Tenant));
        for wrong in [
            "",
            "burst",
            ":key=1,1/1s",
            "b:planet=1,1/1s",
            "b:key=0,1/1s",
            "b:key=1,1/1",
            "b:key=1,1/x",
            "b:key=+1,1/1s",
            "b:key=1/day",
            "b:key=1,1",
            "b:key=1,1/18446744073709551615d",
        ] {
            assert!(limit(wrong).is_none(), "{wrong}");
        }
    }
}
