//! Limits and quotas as they are written on a command line.

use tollgate_core::{
    limit::{LimitScope, Period},
    stamp::Stamp,
};
use tollgate_ledger::{LimitSpec, QuotaSpec};

use super::{duration, duration_text};

const LIMIT: &str = "write NAME:SCOPE=BURST,RATE/PERIOD, such as burst:key=100,50/1s";
const QUOTA: &str = "write NAME:SCOPE=COUNT/day|month|total, such as monthly:key=10000/month";

/// Reads a limit: `burst:key=100,50/1s` is a bucket of 100 tokens that gains 50 every second.
pub(crate) fn limit(text: &str) -> Result<LimitSpec, String> {
    let wrong = || format!("{text:?} is not a limit: {LIMIT}");
    let (name, scope, numbers) = named(text).ok_or_else(wrong)?;
    let (burst, steady) = numbers.split_once(',').ok_or_else(wrong)?;
    let (rate, period) = steady.split_once('/').ok_or_else(wrong)?;
    let (burst, rate) = number(burst).zip(number(rate)).ok_or_else(wrong)?;
    let period_ms = duration(period).map_err(|_| wrong())?;
    Ok(LimitSpec { name, scope, burst, rate, period_ms, changed: Stamp::default() })
}

/// Reads a quota: `monthly:key=10000/month` is 10,000 tokens in each UTC month.
pub(crate) fn quota(text: &str) -> Result<QuotaSpec, String> {
    let wrong = || format!("{text:?} is not a quota: {QUOTA}");
    let (name, scope, numbers) = named(text).ok_or_else(wrong)?;
    let (count, period) = numbers.split_once('/').ok_or_else(wrong)?;
    let period = Period::ALL.into_iter().find(|known| known.as_str() == period);
    let (count, period) = number(count).zip(period).ok_or_else(wrong)?;
    Ok(QuotaSpec { name, scope, count, period, changed: Stamp::default() })
}

/// Writes a limit as [`limit`] reads it.
pub(crate) fn limit_text(spec: &LimitSpec) -> String {
    let LimitSpec { name, scope, burst, rate, period_ms, .. } = spec;
    format!("{name}:{}={burst},{rate}/{}", scope.as_str(), duration_text(*period_ms))
}

/// Writes a quota as [`quota`] reads it.
pub(crate) fn quota_text(spec: &QuotaSpec) -> String {
    let QuotaSpec { name, scope, count, period, .. } = spec;
    format!("{name}:{}={count}/{}", scope.as_str(), period.as_str())
}

/// Name, scope, and what stands after the sign.
fn named(text: &str) -> Option<(String, LimitScope, &str)> {
    let (name, rest) = text.split_once(':')?;
    let (scope, numbers) = rest.split_once('=')?;
    let scope = LimitScope::ALL.into_iter().find(|known| known.as_str() == scope)?;
    (!name.is_empty()).then(|| (name.to_owned(), scope, numbers))
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_written_as_it_is_read() {
        for text in ["burst:key=100,50/1s", "a:ip=1,1/250ms", "all:global=7,3/1d"] {
            assert_eq!(limit(text).map(|spec| limit_text(&spec)).as_deref(), Ok(text));
        }
        assert_eq!(limit("b:key=5,5/s").map(|spec| spec.period_ms), Ok(1_000));
        for text in [
            "",
            "b",
            "b:key",
            "b:key=5",
            "b:key=5,5",
            "b:keys=5,5/s",
            ":key=5,5/s",
            "b:key=+5,5/s",
            "b:key=5,5/0",
        ] {
            assert!(limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_quota_is_written_as_it_is_read() {
        for text in ["monthly:key=10000/month", "d:owner=1/day", "once:tenant=5/total"] {
            assert_eq!(quota(text).map(|spec| quota_text(&spec)).as_deref(), Ok(text));
        }
        for text in ["", "m:key=5", "m:key=5/year", "m:key=/day", "m:key=-1/day"] {
            assert!(quota(text).is_err(), "{text}");
        }
    }
}
