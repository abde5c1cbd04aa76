//! When something is due: lazily corrected, so whatever fires looks again whether it is.

use std::{cmp::Reverse, collections::BinaryHeap};

/// What may be due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// The head that is waited for.
    Head,
    /// The fetch at this place.
    Fetch(u32),
    /// The purse at this place.
    Purse(u32),
    /// Looking for purses that nobody uses any more.
    Sweep,
    /// Sending what was counted, or sending it again.
    Usage,
}

/// Timers on the engine's own clock.
#[derive(Debug, Default)]
pub(crate) struct Timers(BinaryHeap<Reverse<(u64, Due)>>);

impl Timers {
    pub(crate) fn set(&mut self, at_ms: u64, due: Due) {
        self.0.push(Reverse((at_ms, due)));
    }

    /// When the next one fires.
    #[inline]
    pub(crate) fn next(&self) -> Option<u64> {
        self.0.peek().map(|Reverse((at_ms, _))| *at_ms)
    }

    /// The next that is due at `now_ms`, with the time that it was set to.
    pub(crate) fn pop(&mut self, now_ms: u64) -> Option<(u64, Due)> {
        self.next().filter(|&at_ms| at_ms <= now_ms)?;
        self.0.pop().map(|Reverse(due)| due)
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
