//! Instants and durations as people write them.

use tollgate_core::{limit::Period, time::UnixMillis};
use tollgate_gate::spelled;

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Reads a duration such as `250ms`, `1s`, `5m`, `12h`, `30d`, in milliseconds. A unit alone is one of it.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    let ms = spelled::duration(text);
    ms.ok_or_else(|| format!("{text:?} is not a duration: write 250ms, 10s, 5m, 12h or 30d"))
}

/// Writes a duration in the largest unit that it is a whole number of.
pub(crate) fn duration_text(ms: u64) -> String {
    let unit =
        spelled::UNITS.iter().rev().find(|(_, unit)| ms.checked_rem(*unit) == Some(0) && ms > 0);
    let (name, unit) = unit.copied().unwrap_or(("ms", 1));
    format!("{}{name}", ms.checked_div(unit).unwrap_or(ms))
}

/// An instant as it is written on a command line: absolute, or so long after now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instant {
    At(UnixMillis),
    After(u64),
    Before(u64),
}

impl Instant {
    /// Reads `2027-01-31`, `2027-01-31T12:00:00Z` or `+30d`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(after) = text.strip_prefix('+') {
            return duration(after).map(Self::After);
        }
        instant(text).map(Self::At).ok_or_else(|| {
            format!("{text:?} is not an instant: write 2027-01-31, 2027-01-31T12:00:00Z or +30d")
        })
    }

    /// Reads what lies behind: the same, but for `-30d` in the place of `+30d`.
    pub(crate) fn parse_past(text: &str) -> Result<Self, String> {
        if let Some(before) = text.strip_prefix('-') {
            return duration(before).map(Self::Before);
        }
        instant(text).map(Self::At).ok_or_else(|| {
            format!("{text:?} is not an instant: write 2027-01-31, 2027-01-31T12:00:00Z or -30d")
        })
    }

    /// The instant as it is read.
    pub(crate) fn text(self) -> String {
        match self {
            Self::At(at) => instant_text(at),
            Self::After(ms) => format!("+{}", duration_text(ms)),
            Self::Before(ms) => format!("-{}", duration_text(ms)),
        }
    }

    /// The instant, for a command that is run at `now`.
    pub(crate) const fn from(self, now: UnixMillis) -> UnixMillis {
        match self {
            Self::At(at) => at,
            Self::After(ms) => now.plus(ms),
            Self::Before(ms) => UnixMillis(now.0.saturating_sub(ms)),
        }
    }
}

fn instant(text: &str) -> Option<UnixMillis> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, time.strip_suffix('Z')?),
        None => (text, "00:00:00"),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 || !(1970..=9999).contains(&year) {
        return None;
    }
    let day_ms = day_of(year, month, day)?.checked_mul(DAY_MS)?;
    let in_day = hour.checked_mul(HOUR_MS)?.checked_add(minute.checked_mul(MINUTE_MS)?)?;
    let ms = day_ms.checked_add(in_day)?.checked_add(second.checked_mul(SECOND_MS)?)?;
    Some(UnixMillis(ms))
}

/// Three numbers of exactly so many digits.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[u64; 3]> {
    let mut parts = text.split(separator);
    let mut read = [0; 3];
    for (slot, len) in read.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != len || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(read)
}

/// The days from 1970-01-01 to a day of the calendar.
fn day_of(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap = |year: u64| {
        let by = |number| year.checked_rem(number) == Some(0);
        by(4) && (!by(100) || by(400))
    };
    let february = if leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let at = usize::try_from(month).ok()?.checked_sub(1)?;
    if !(1..=*lengths.get(at)?).contains(&day) {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let months: u64 = lengths.iter().take(at).sum();
    years.checked_add(months)?.checked_add(day.checked_sub(1)?)
}

/// Writes an instant as `2027-01-31T12:00:00Z`, without fractions of a second.
pub(crate) fn instant_text(at: UnixMillis) -> String {
    let month = Period::Month.index(at);
    let in_month = at.since(Period::Month.start(at));
    let part = |ms: u64, unit: u64| ms.checked_div(unit).unwrap_or(0);
    let rest = |ms: u64, unit: u64| ms.checked_rem(unit).unwrap_or(0);
    let in_day = rest(in_month, DAY_MS);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        part(month, 12),
        rest(month, 12).saturating_add(1),
        part(in_month, DAY_MS).saturating_add(1),
        part(in_day, HOUR_MS),
        part(rest(in_day, HOUR_MS), MINUTE_MS),
        part(rest(in_day, MINUTE_MS), SECOND_MS),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_as_it_is_written() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-02", Some(DAY_MS)),
            ("2024-02-29T23:59:59Z", Some(1_709_251_199_000)),
            ("2027-01-31T12:00:00Z", Some(1_801_396_800_000)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799_000)),
            ("2023-02-29", None),
            ("2100-02-29", None),
            ("2027-1-31", None),
            ("2027-13-01", None),
            ("2027-00-01", None),
            ("2027-01-00", None),
            ("2027-01-31T24:00:00Z", None),
            ("2027-01-31T12:00:00", None),
            ("2027-01-31T12:00:00+01:00", None),
            ("1969-12-31", None),
            ("now", None),
            ("", None),
        ] {
            assert_eq!(instant(text).map(|at| at.0), ms, "{text}");
            if let (Some(ms), true) = (ms, text.contains('T')) {
                assert_eq!(instant_text(UnixMillis(ms)), text);
            }
        }
    }

    #[test]
    fn a_duration_has_one_unit() {
        for (text, ms) in [
            ("250ms", Some(250)),
            ("s", Some(1_000)),
            ("10s", Some(10_000)),
            ("90m", Some(5_400_000)),
            ("30d", Some(2_592_000_000)),
            ("", None),
            ("10", None),
            ("1.5s", None),
            ("-1s", None),
            ("1h30m", None),
            ("99999999999999999999d", None),
            ("18446744073709551615d", None),
        ] {
            assert_eq!(duration(text).ok(), ms, "{text}");
        }
        assert_eq!(duration_text(5_400_000), "90m");
        assert_eq!(duration_text(1_500), "1500ms");
        assert_eq!(duration_text(0), "0ms");
    }

    #[test]
    fn an_instant_may_be_counted_from_now() {
        let now = UnixMillis(1_000);
        assert_eq!(Instant::parse("+1d").map(|at| at.from(now).0), Ok(DAY_MS + 1_000));
        assert!(Instant::parse("30d").is_err());
        let at = Instant::parse_past("-1s").map(|at| at.from(now).0);
        assert_eq!(at, Ok(0));
        assert_eq!(Instant::parse_past("-1d").map(|at| at.from(now).0), Ok(0));
        assert!(Instant::parse_past("+1d").is_err() && Instant::parse("-1d").is_err());
        for text in ["+1d", "2027-01-31T12:00:00Z"] {
            assert_eq!(Instant::parse(text).map(Instant::text).as_deref(), Ok(text));
        }
    }
}
