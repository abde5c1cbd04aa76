//! The periods of quotas: UTC days and months of the proleptic Gregorian calendar.

use crate::{limit::Period, time::UnixMillis};

const DAY_MS: u64 = 86_400_000;

impl Period {
    /// Which period holds `at`: a number that grows with time.
    #[must_use]
    pub const fn index(self, at: UnixMillis) -> u64 {
        match self {
            Self::Day => at.0 / DAY_MS,
            Self::Month => month_of(at.0 / DAY_MS),
            Self::Total => 0,
        }
    }

    /// The first instant of the period that holds `at`.
    #[must_use]
    pub const fn start(self, at: UnixMillis) -> UnixMillis {
        let days = match self {
            Self::Day => at.0 / DAY_MS,
            Self::Month => first_day_of(month_of(at.0 / DAY_MS)),
            Self::Total => 0,
        };
        UnixMillis(days.saturating_mul(DAY_MS))
    }

    /// The first instant after the period that holds `at`; none if it never ends.
    #[must_use]
    pub const fn next(self, at: UnixMillis) -> Option<UnixMillis> {
        let days = match self {
            Self::Day => (at.0 / DAY_MS).saturating_add(1),
            Self::Month => first_day_of(month_of(at.0 / DAY_MS).saturating_add(1)),
            Self::Total => return None,
        };
        Some(UnixMillis(days.saturating_mul(DAY_MS)))
    }
}

/// Days from 0000-03-01, where the calendar's 400-year cycle is counted from, to 1970-01-01.
const EPOCH_DAY: u64 = 719_468;
const CYCLE_DAYS: u64 = 146_097;

/// The month, counted from January of year 0, that holds a day counted from 1970-01-01.
#[expect(clippy::arithmetic_side_effects, reason = "days are below 2^38, so nothing can overflow")]
const fn month_of(days: u64) -> u64 {
    let day = days + EPOCH_DAY;
    let in_cycle = day % CYCLE_DAYS;
    let year = (in_cycle - in_cycle / 1_460 + in_cycle / 36_524 - in_cycle / 146_096) / 365;
    let in_year = in_cycle - (365 * year + year / 4 - year / 100);
    let from_march = (5 * in_year + 2) / 153;
    (day / CYCLE_DAYS * 400 + year) * 12 + from_march + 2
}

/// The first day of a month, counted from 1970-01-01; months are counted from January of year 0.
#[expect(clippy::arithmetic_side_effects, reason = "months are below 2^34 and from 1970 on")]
const fn first_day_of(month: u64) -> u64 {
    let from_march = month - 2;
    let year = from_march / 12;
    let in_cycle = year % 400;
    let in_year = (153 * (from_march % 12) + 2) / 5;
    let day = 365 * in_cycle + in_cycle / 4 - in_cycle / 100 + in_year;
    year / 400 * CYCLE_DAYS + day - EPOCH_DAY
}
