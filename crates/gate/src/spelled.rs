//! Limits of routes as people write them.

use tollgate_core::limit::{LimitScope, Numbers};
use tollgate_http::route::RouteLimit;

const SECOND_MS: u64 = 1_000;
const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", SECOND_MS),
    ("m", 60 * SECOND_MS),
    ("h", 3_600 * SECOND_MS),
    ("d", 86_400 * SECOND_MS),
];

/// Reads `burst:key=100,50/1s`, a bucket of 100 tokens that gains 50 every second; none if it is not written so.
#[must_use]
pub fn limit(text: &str) -> Option<RouteLimit> {
    let (name, rest) = text.split_once(':')?;
    let (scope, numbers) = rest.split_once('=')?;
    let scope = LimitScope::ALL.into_iter().find(|known| known.as_str() == scope)?;
    let (burst, steady) = numbers.split_once(',')?;
    let (rate, period) = steady.split_once('/')?;
    let numbers = Numbers::steady(number(burst)?, number(rate)?, duration(period)?).ok()?;
    (!name.is_empty()).then(|| RouteLimit { name: name.into(), scope, numbers })
}

/// Reads a duration such as `250ms`, `1s` or `12h`, in milliseconds. A unit alone is one of it.
#[must_use]
pub fn duration(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (amount, unit) = text.split_at_checked(digits)?;
    let (_, ms) = UNITS.iter().find(|(name, _)| *name == unit)?;
    if amount.is_empty() { Some(*ms) } else { number(amount)?.checked_mul(*ms) }
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
