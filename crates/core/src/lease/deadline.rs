//! How long a message waits for its answer.

/// The longest time that a request waits for tokens, and a message for its answer.
pub const DEADLINE_MAX_MS: u32 = 1_000;

/// The shortest deadline of a message.
pub const DEADLINE_MIN_MS: u32 = 100;

/// A deadline of [`DEADLINE_MIN_MS`] to [`DEADLINE_MAX_MS`] milliseconds.
///
/// # Security
///
/// Tokens for waiting requests live as long as the authority is told here, so it takes no number for
/// it that has not been checked.
///
/// ```
/// # use tollgate_core::lease::Deadline;
/// assert!(Deadline::new(100).is_some() && Deadline::new(1_000).is_some());
/// assert!(Deadline::new(0).is_none() && Deadline::new(100_000).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(u32);

impl Deadline {
    /// The longest.
    pub const MAX: Self = Self(DEADLINE_MAX_MS);

    /// The deadline of so many milliseconds; none if that is out of bounds: then the ask is malformed.
    #[must_use]
    pub const fn new(millis: u32) -> Option<Self> {
        if millis < DEADLINE_MIN_MS || millis > DEADLINE_MAX_MS {
            return None;
        }
        Some(Self(millis))
    }

    /// The deadline nearest to so many milliseconds.
    #[must_use]
    pub const fn nearest(millis: u32) -> Self {
        match Self::new(millis) {
            Some(deadline) => deadline,
            None if millis < DEADLINE_MIN_MS => Self(DEADLINE_MIN_MS),
            None => Self::MAX,
        }
    }

    /// In milliseconds.
    #[must_use]
    pub const fn millis(self) -> u32 {
        self.0
    }
}
