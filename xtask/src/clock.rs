//! The one place where xtask reads a clock.

use std::time::{Duration, Instant};

/// A stopwatch that runs from its making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "chores are timed, and this is where")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since it started.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// The time since it started, as people read it.
    pub(crate) fn shown(self) -> String {
        shown(self.elapsed())
    }
}

/// A duration as people read it.
pub(crate) fn shown(duration: Duration) -> String {
    match duration.as_secs() {
        0..100 => format!("{:.1} s", duration.as_secs_f64()),
        seconds => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}
