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
    // A clock before 1970 reads as 1970: everything is then expired or not yet valid, nothing allowed.
    let wall = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis();
    let mono = START.elapsed().as_millis();
    let millis = |millis| u64::try_from(millis).unwrap_or(u64::MAX);
    Reading { wall: UnixMillis(millis(wall)), mono_ms: millis(mono) }
}

/// How long one call of `work` takes, in nanoseconds: the fastest of several rounds.
pub(crate) fn nanoseconds_of<T>(mut work: impl FnMut() -> T) -> f64 {
    const ROUNDS: u32 = 20;
    const CALLS: u32 = 5_000;
    let mut fastest = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..CALLS {
            std::hint::black_box(work());
        }
        fastest = fastest.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS));
    }
    fastest
}
