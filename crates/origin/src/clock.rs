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
    // A clock before 1970 reads as 1970: every identity is then not yet valid.
    let wall = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    let mono = START.elapsed().as_millis();
    let millis = |millis: u128| u64::try_from(millis).unwrap_or(u64::MAX);
    Reading { wall: UnixMillis(millis(wall)), mono_ms: millis(mono) }
}
