//! Clocks: when a holder was frozen, and when a writer may stand in for the authority's clock.

use crate::time::{Reading, UnixMillis};

/// Two clocks that disagree by more than this were not both running.
const FREEZE_MS: u64 = 1_000;
/// Clocks that are read one after the other differ by a little, which is not time missed.
const GAP_SLACK_MS: u64 = 5;
const SAMPLE_AGE_MAX_MS: u64 = 60_000;
const OFFSET_MAX_MS: u64 = 2_000;
/// `Date` has whole seconds, cut off: on average it is half a second behind.
const DATE_CENTRE_MS: u64 = 500;

/// Watches a host's two clocks for the traces of a freeze.
///
/// # Security
///
/// After a freeze every purse is void, the head stale, pooled connections are dropped and a new
/// [`super::HolderId`] is drawn: a host restored from a snapshot must not spend twice. Shorter ones
/// are made up for: see [`Watch::steady`].
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// The newest reading, its monotonic clock with `back_ms` added.
    newest: Reading,
    /// What the monotonic clock read last.
    mono_ms: u64,
    /// How far it has stepped back in all, which the only clock of a host can.
    back_ms: u64,
    /// How far the wall clock was ahead of the monotonic one when that was last taken note of.
    gap_ms: i128,
    missed_ms: u64,
}

impl Watch {
    /// Starts watching at the host's first reading.
    #[must_use]
    pub fn new(first: Reading) -> Self {
        Self { newest: first, mono_ms: first.mono_ms, back_ms: 0, gap_ms: gap(first), missed_ms: 0 }
    }

    /// Takes the next reading, as the clocks gave it, and says whether the host was frozen since the one before.
    ///
    /// A host with one clock gives it twice. Where that is set back by more than a second, time cannot be told
    /// until it has caught up, which counts as a freeze.
    #[must_use = "after a freeze purses are void and the head is stale"]
    pub fn frozen(&mut self, taken: Reading) -> bool {
        let back_ms = self.mono_ms.saturating_sub(taken.mono_ms);
        self.back_ms = self.back_ms.saturating_add(back_ms);
        self.mono_ms = taken.mono_ms;
        let now = Reading { mono_ms: taken.mono_ms.saturating_add(self.back_ms), ..taken };
        let frozen = now.disagreement_since(self.newest) > FREEZE_MS;
        self.newest = now;
        let grown = gap(now).saturating_sub(self.gap_ms);
        if grown.unsigned_abs() > u128::from(GAP_SLACK_MS) {
            self.gap_ms = gap(now);
            let missed = u64::try_from(grown).unwrap_or(0);
            self.missed_ms = self.missed_ms.saturating_add(missed);
        }
        frozen
    }

    /// The reading just taken, with the time that the monotonic clock has missed put back into it.
    ///
    /// Every duration is measured between such readings. Without it, a freeze too short to be
    /// called one and a wall clock that steps back as far would hide each other.
    #[must_use]
    pub const fn steady(&self) -> Reading {
        Reading {
            wall: self.newest.wall,
            mono_ms: self.newest.mono_ms.saturating_add(self.missed_ms),
        }
    }
}

fn gap(reading: Reading) -> i128 {
    i128::from(reading.wall.0).saturating_sub(i128::from(reading.mono_ms))
}

/// A store's clock as one of its answers showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateSample {
    /// The answer's `Date`.
    pub date: UnixMillis,
    /// The own wall clock when the answer was received.
    pub received: UnixMillis,
}

/// Whether a writer that brings the authority's clock may write now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriterClock {
    /// It may, with its own wall clock, uncorrected.
    Write,
    /// It does not know: a read comes first.
    ReadFirst,
    /// Its clock is off by more than two seconds: no write.
    ClockOff,
}

/// Whether a writer may write at `now` (its own wall clock).
///
/// `sample` is the newest answer's, and none if there was none since the last freeze.
#[must_use]
pub fn may_write(sample: Option<DateSample>, now: UnixMillis) -> WriterClock {
    match sample {
        Some(DateSample { date, received }) if now.since(received) <= SAMPLE_AGE_MAX_MS => {
            let offset = date.0.saturating_add(DATE_CENTRE_MS).abs_diff(received.0);
            if offset > OFFSET_MAX_MS { WriterClock::ClockOff } else { WriterClock::Write }
        }
        Some(_) | None => WriterClock::ReadFirst,
    }
}
