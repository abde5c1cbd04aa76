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

/// What both clocks say now: they disagree after a freeze.
pub(crate) fn read() -> Reading {
    // A clock before 1970 reads as 1970: everything is then expired or not yet valid, nothing allowed.
    let wall = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    let wall = UnixMillis(u64::try_from(wall).unwrap_or(u64::MAX));
    let mono_ms = u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX);
    Reading { wall, mono_ms }
}
