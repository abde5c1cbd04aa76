//! Limits and quotas as they are written on a command line.

use tollgate_core::stamp::Stamp;
use tollgate_gate::spelled;
use tollgate_ledger::{LimitSpec, QuotaSpec};

use super::duration_text;

const LIMIT: &str = "write NAME:SCOPE=BURST,RATE/PERIOD, such as burst:key=100,50/1s";
const QUOTA: &str = "write NAME:SCOPE=COUNT/day|month|total, such as monthly:key=10000/month";

/// Reads a limit: `burst:key=100,50/1s` is a bucket of 100 tokens that gains 50 every second.
pub(crate) fn limit(text: &str) -> Result<LimitSpec, String> {
    let read = spelled::Limit::read(text);
    let spelled::Limit { name, scope, burst, rate, period_ms } =
        read.ok_or_else(|| format!("{text:?} is not a limit: {LIMIT}"))?;
    let name = name.to_owned();
    Ok(LimitSpec { name, scope, burst, rate, period_ms, changed: Stamp::default() })
}

/// Reads a quota: `monthly:key=10000/month` is 10,000 tokens in each UTC month.
pub(crate) fn quota(text: &str) -> Result<QuotaSpec, String> {
    let read = spelled::Quota::read(text);
    let spelled::Quota { name, scope, count, period } =
        read.ok_or_else(|| format!("{text:?} is not a quota: {QUOTA}"))?;
    Ok(QuotaSpec { name: name.to_owned(), scope, count, period, changed: Stamp::default() })
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
