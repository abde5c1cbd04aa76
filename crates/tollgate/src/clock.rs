//! The one place that reads the clocks.

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

/// What both clocks say now.
pub(crate) fn read() -> Reading {
    read_with_micros().0
}

/// The same, with what [`micros`] says at that instant: each clock is asked once.
pub(crate) fn read_with_micros() -> (Reading, u64) {
    // A clock before 1970 reads as 1970: everything is then expired or not yet valid, nothing allowed.
    let wall = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    let wall = UnixMillis(u64::try_from(wall).unwrap_or(u64::MAX));
    let micros = micros();
    (Reading { wall, mono_ms: micros / 1_000 }, micros)
}

/// The microseconds since the program first looked at the clock: only differences mean something.
pub(crate) fn micros() -> u64 {
    u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
}
