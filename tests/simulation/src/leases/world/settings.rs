//! What a world is made of, and what is counted in it.

use tollgate_core::{
    lease::{Host, Standard},
    limit::Numbers,
};

/// Where a world begins, in milliseconds since 1970.
pub(super) const START_MS: u64 = 1_800_000_000_000;

/// What can go wrong, in times per thousand unless said otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A message (either way) is lost.
    pub lost: u64,
    /// A message arrives twice.
    pub repeated: u64,
    /// A message takes this many microseconds longer, at most, which reorders messages.
    pub late_us: u64,
    /// A message is held up for seconds.
    pub held: u64,
    /// The authority fails between its write and its answer.
    pub silent: u64,
    /// Faults of holders a second (crash, freeze, clock step), in all.
    pub holders_per_second: u64,
    /// How far the holders' wall clocks are off, and how far they step, in milliseconds.
    pub skew_ms: u64,
    /// How much the holders' clocks drift, in parts per million.
    pub drift_ppm: u64,
    /// Where writers bring the clock: how far ahead they are at most, in milliseconds.
    pub writers_ahead_ms: u64,
}

/// The requests that come.
#[derive(Clone, Debug)]
pub struct Load {
    /// The mean time between two requests at one holder, in microseconds; 0: none by themselves.
    pub gap_us: u64,
    /// What they cost.
    pub costs: Vec<u32>,
    /// Whether they come in bursts with pauses of seconds.
    pub bursts: bool,
    /// Whether they come evenly instead of independently.
    pub even: bool,
    /// What part of them all the first holder gets, in per cent; 0: the same as every other.
    pub first_per_cent: u64,
}

/// A world to be run.
#[derive(Clone, Debug)]
pub struct WorldSettings {
    /// The seed of everything random in it.
    pub seed: u64,
    /// When it begins, in milliseconds after [`WorldSettings::START_MS`].
    pub start_ms: u64,
    /// The limits of every request, one bucket each.
    pub limits: Vec<Numbers>,
    /// How many holders there are.
    pub holders: usize,
    /// Places in each authority's table.
    pub slots: usize,
    /// The authorities' policy.
    pub sizing: Standard,
    /// What holders can do after an answer.
    pub host: Host,
    /// A message's way from holder to authority and back, in microseconds.
    pub round_trip_us: u64,
    /// Where holders run the exchange themselves on an item of a database: how long one of its calls
    /// takes, in microseconds. 0: an authority runs it, a round trip away.
    pub database_us: u64,
    /// The requests at each holder.
    pub load: Load,
    /// What goes wrong.
    pub faults: Faults,
    /// Numbers that the first limit changes to, at random moments.
    pub changes: Vec<Numbers>,
}

impl WorldSettings {
    /// The instant after which worlds begin: 2027-01-15T08:00:00Z.
    pub const START_MS: u64 = START_MS;
}

/// What happened in a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that came.
    pub requests: u64,
    /// Tokens admitted.
    pub admitted: u64,
    /// Requests refused.
    pub refused: u64,
    /// Requests without an answer in time.
    pub unavailable: u64,
    /// Exchanges at the authorities that wrote.
    pub calls: u64,
    /// What one exact bucket would have admitted of the same requests.
    pub exact: u64,
}

impl Tally {
    /// What has happened since it was `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests - before.requests,
            admitted: self.admitted - before.admitted,
            refused: self.refused - before.refused,
            unavailable: self.unavailable - before.unavailable,
            calls: self.calls - before.calls,
            exact: self.exact - before.exact,
        }
    }
}
