//! Instants and durations: always arguments, never read here.

/// Milliseconds since the Unix epoch, as some host's wall clock tells them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// The milliseconds from `earlier` to this instant; none if the clock stepped back.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The instant `millis` later, or the end of time.
    #[must_use]
    pub const fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// What a host's two clocks say at one moment.
///
/// A host with a single clock gives it twice. Readings are taken once per request, and go through
/// [`Watch`](crate::lease::Watch), which sees freezes and lets no clock run backwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock, which may step.
    pub wall: UnixMillis,
    /// A monotonic clock with an arbitrary zero, which may stand still while the host is frozen.
    pub mono_ms: u64,
}

impl Reading {
    /// The duration since `earlier` in milliseconds: the larger of what the two clocks say.
    ///
    /// A frozen host's monotonic clock stands still and a corrected wall clock steps back; taking
    /// the larger difference means that neither can stretch a lease.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.wall.since(earlier.wall).max(self.mono_ms.saturating_sub(earlier.mono_ms))
    }

    /// What both clocks say `millis` later if they go on alike.
    #[must_use]
    pub const fn plus(self, millis: u64) -> Self {
        Self { wall: self.wall.plus(millis), mono_ms: self.mono_ms.saturating_add(millis) }
    }

    /// How far the two clocks disagree about the time since `earlier`.
    #[must_use]
    pub fn disagreement_since(self, earlier: Self) -> u64 {
        let wall = i128::from(self.wall.0).saturating_sub(i128::from(earlier.wall.0));
        let mono = i128::from(self.mono_ms).saturating_sub(i128::from(earlier.mono_ms));
        u64::try_from(wall.abs_diff(mono)).unwrap_or(u64::MAX)
    }
}
