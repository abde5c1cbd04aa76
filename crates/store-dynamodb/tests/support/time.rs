//! The clocks of tests.

use std::sync::LazyLock;

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use tollgate_core::time::{Reading, UnixMillis};
pub(crate) use tollgate_native::clock::read as now;

/// The same of a host on which time passes at a twentieth of its pace: for what must not depend on how fast this machine is.
pub(crate) fn slowed() -> Reading {
    static FIRST: LazyLock<Reading> = LazyLock::new(now);
    let slowly = now().mono_ms.saturating_sub(FIRST.mono_ms) / 20;
    FIRST.plus(slowly)
}

/// The same of a host whose wall clock is a second ahead.
pub(crate) fn ahead() -> Reading {
    let now = now();
    Reading { wall: now.wall.plus(1_000), ..now }
}

/// The same of one whose wall clock is 0.9 s behind.
pub(crate) fn behind() -> Reading {
    let now = now();
    Reading { wall: UnixMillis(now.wall.0 - 900), ..now }
}

/// The same of one whose wall clock is an hour ahead.
pub(crate) fn an_hour_ahead() -> Reading {
    let now = now();
    Reading { wall: now.wall.plus(3_600_000), ..now }
}

/// The date of a clock that is so far ahead, as HTTP writes it.
pub(crate) fn http_date(ahead_ms: i64) -> String {
    let millis = i64::try_from(now().wall.0).unwrap() + ahead_ms;
    DateTime::from_secs(millis.div_euclid(1_000)).fmt(DateTimeFormat::HttpDate).unwrap()
}
