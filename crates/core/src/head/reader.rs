//! A gate's head: how old it is, and when it must be renewed.

use super::{Answer, Head, Merge, Places};
use crate::{stamp::Stamp, time::Reading};

/// Up to this age a head is simply used.
const FRESH_MS: u64 = 500;
/// Up to this age it is used and renewed in the background; above it, it is awaited.
const WARM_MS: u64 = 1_000;
/// For so long after a failed read none is awaited again.
const RETRY_MS: u64 = 250;

/// For how long a gate that cannot reach the authority decides from what it knew: 1 s to 1 h.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxStaleness(u64);

impl MaxStaleness {
    /// Ten seconds, unless configured otherwise.
    pub const DEFAULT: Self = Self(10_000);

    /// So many milliseconds; none if they are out of bounds, with which no host may start.
    #[must_use]
    pub const fn new(ms: u64) -> Option<Self> {
        if 1_000 <= ms && ms <= 3_600_000 { Some(Self(ms)) } else { None }
    }
}

/// What the age of a head allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Decide.
    Fresh,
    /// Decide, and ask in the background.
    Renew,
    /// Ask first, then look again.
    Await,
    /// The authority cannot be reached: decide from what is leased, and count it.
    Flagged,
    /// It could not be reached for too long: answer *unavailable*.
    Lost,
}

impl Freshness {
    /// Every freshness, in the order of the specification.
    pub const ALL: [Self; 5] = [Self::Fresh, Self::Renew, Self::Await, Self::Flagged, Self::Lost];

    /// How the freshness is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Renew => "renew",
            Self::Await => "await",
            Self::Flagged => "flagged",
            Self::Lost => "lost",
        }
    }

    /// What an age allows, `failed_ms_ago` after the last failed read. Without a head the age is none.
    #[must_use]
    pub const fn of(
        age_ms: Option<u64>,
        failed_ms_ago: Option<u64>,
        max_staleness: MaxStaleness,
    ) -> Self {
        match (age_ms, failed_ms_ago) {
            (Some(..=FRESH_MS), _) => Self::Fresh,
            (Some(..=WARM_MS), _) => Self::Renew,
            (Some(age_ms), Some(..RETRY_MS)) if age_ms <= max_staleness.0 => Self::Flagged,
            (_, Some(..RETRY_MS)) => Self::Lost,
            (_, _) => Self::Await,
        }
    }
}

/// The head as one gate knows it.
#[derive(Clone, Debug)]
pub struct Reader<S> {
    /// Of incarnation 0, which no ledger has, until there is one.
    head: Head<S>,
    age: Option<Age>,
    failed: Option<Reading>,
}

/// An age that was `age_ms` when the clocks read `at`.
#[derive(Clone, Copy, Debug)]
struct Age {
    age_ms: u64,
    at: Reading,
}

impl Age {
    fn now(self, now: Reading) -> u64 {
        self.age_ms.saturating_add(now.since(self.at))
    }
}

impl<S: Places> Reader<S> {
    /// A reader that knows nothing yet.
    #[must_use]
    pub const fn new(places: S) -> Self {
        let nothing = Stamp { incarnation: 0, epoch: 0 };
        Self { head: Head::begin(nothing, places), age: None, failed: None }
    }

    /// The head, however old; none before the first answer.
    #[must_use]
    pub const fn head(&self) -> Option<&Head<S>> {
        if self.head.stamp.incarnation == 0 { None } else { Some(&self.head) }
    }

    /// What the next question names: how far this reader has come, or nothing.
    #[must_use]
    pub const fn stamp(&self) -> Stamp {
        self.head.stamp
    }

    /// How old the head is in milliseconds; none without one, or after [`Reader::distrust`].
    #[must_use]
    pub fn age_ms(&self, now: Reading) -> Option<u64> {
        self.age.map(|age| age.now(now))
    }

    /// What the head's age allows now.
    #[must_use]
    pub fn freshness(&self, max_staleness: MaxStaleness, now: Reading) -> Freshness {
        let failed_ms_ago = self.failed.map(|failed| now.since(failed));
        Freshness::of(self.age_ms(now), failed_ms_ago, max_staleness)
    }

    /// Notes that a read failed at `at`: for 250 ms from then, none is awaited again.
    ///
    /// `at` is when the question's deadline passed, which is at most 1 s after its sending, and not when
    /// that was noticed: a host that was frozen since has not found the authority unreachable now.
    pub const fn failed(&mut self, at: Reading) {
        self.failed = Some(at);
    }

    /// Treats the head's age as unbounded until the next answer: the host was frozen.
    pub const fn distrust(&mut self) {
        self.age = None;
    }

    /// Takes in the answer to the head question that is in flight, which was sent at `sent`.
    ///
    /// Time is counted from the sending, so a slow answer is an old one; one that is too old counts as a
    /// failed read.
    pub fn merge(&mut self, answer: &Answer<'_>, sent: Reading, now: Reading) -> Merge {
        let merge = self.overhear(answer, sent, now);
        if merge == Merge::Failed {
            let late = now.since(sent) > WARM_MS;
            self.failed(if late { sent.plus(WARM_MS) } else { now });
        }
        merge
    }

    /// Takes in a head that came by the way: with a lease or a record that was asked for at `sent`, or in
    /// an answer that is not awaited any more.
    ///
    /// As [`Reader::merge`], but one that is too old is no failed read: what was not a head question says
    /// nothing about whether one would be answered, and must not keep this reader from asking.
    pub fn overhear(&mut self, answer: &Answer<'_>, sent: Reading, now: Reading) -> Merge {
        let arrived = Age { age_ms: answer.age_ms, at: sent };
        if arrived.now(now) > WARM_MS {
            return Merge::Failed;
        }
        let merge = self.adopt(answer);
        let younger = self.age_ms(now).is_none_or(|own| arrived.now(now) < own);
        match merge {
            Merge::Discarded if self.head.stamp == answer.stamp && younger => {
                self.age = Some(arrived);
                Merge::Younger
            }
            Merge::Adopted | Merge::Restarted => {
                self.age = Some(arrived);
                merge
            }
            Merge::Discarded | Merge::Younger | Merge::Failed | Merge::Gap => merge,
        }
    }

    fn adopt(&mut self, answer: &Answer<'_>) -> Merge {
        let first = self.head().is_none();
        if answer.stamp < self.head.stamp {
            Merge::Discarded
        } else if answer.stamp.incarnation > self.head.stamp.incarnation {
            match (self.head.replace(answer), first) {
                (false, _) => Merge::Gap,
                (true, true) => Merge::Adopted,
                (true, false) => Merge::Restarted,
            }
        } else if answer.stamp == self.head.stamp {
            self.head.raise_floor(answer.floor);
            Merge::Discarded
        } else if self.head.advance(answer) {
            Merge::Adopted
        } else {
            Merge::Gap
        }
    }
}
