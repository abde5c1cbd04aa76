//! The one place that reads the clocks: everywhere else the time is an argument.

#![expect(
    clippy::disallowed_methods,
    reason = "time is read here so that it is an argument elsewhere"
)]

use std::{
    sync::LazyLock,
    time::{Instant, SystemTime},
};

use tollgate_core::time::{Reading, UnixMillis};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// What both clocks say now: they disagree after a freeze.
///
/// # Security
///
/// A wall clock before 1970 reads as 1970: everything is then expired or not yet valid, nothing allowed.
#[must_use]
pub fn read() -> Reading {
    read_with_micros().0
}

/// The same, with what [`micros`] says at that instant: each clock is asked once.
#[must_use]
pub fn read_with_micros() -> (Reading, u64) {
    let wall = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    let wall = UnixMillis(u64::try_from(wall).unwrap_or(u64::MAX));
    let micros = micros();
    (Reading { wall, mono_ms: micros / 1_000 }, micros)
}

/// The microseconds since the program first looked at the clock: only differences mean something.
#[must_use]
pub fn micros() -> u64 {
    u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{micros, read, read_with_micros};

    /// When 2020 began. No machine that this runs on believes in less.
    const PAST_MS: u64 = 1_577_836_800_000;

    /// Nor in the year 5138.
    const FUTURE_MS: u64 = 100_000_000_000_000;

    #[test]
    fn the_wall_clock_tells_milliseconds_since_1970() {
        let wall = read().wall.0;
        assert!((PAST_MS..FUTURE_MS).contains(&wall), "{wall}");
    }

    #[test]
    fn both_units_of_the_other_clock_are_of_one_instant() {
        let before = micros();
        let (reading, at) = read_with_micros();
        assert_eq!(reading.mono_ms, at / 1_000);
        assert!(before <= at && at <= micros(), "{before}, {at}");
    }
}
