//! What became of requests, counted for each key: what is sent away now and then, and what is counted until then.
//!
//! Only keys that are proved are counted by their name. What is counted is bounded: keys for which there is no more room
//! are counted together, so that the sum is right whatever comes.

mod answers;
mod meter;

use std::sync::Arc;

use tollgate_core::{
    decision::Denial,
    head::Name,
    lease::HolderId,
    lookup::LookupId,
    record::Record,
    time::UnixMillis,
    usage::{ALLOWED, Kind, Line, Use},
};

pub use answers::Answered;
use answers::Answers;
pub(crate) use meter::Meter;
pub use meter::{RESTS_MAX, TALLIES_MAX};

use crate::counts::DENIALS;

/// What can become of a request: it passes, or it is denied in one of so many ways.
const OUTCOMES: usize = DENIALS + 1;

/// A batch of what was counted.
///
/// Whoever keeps it keeps it once: by its holder and its number, which is higher than that of every batch of this holder
/// that was answered. A batch is repeated as it was until it is answered, and only then comes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    holder: HolderId,
    seq: u64,
    tallies: Arc<[Tally]>,
}

impl Usage {
    /// Who has counted.
    #[must_use]
    pub const fn holder(&self) -> HolderId {
        self.holder
    }

    /// The batch's number.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// What was counted: at most [`LINES_MAX`](tollgate_core::usage::LINES_MAX) lines.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.tallies.iter().flat_map(Tally::lines)
    }

    /// What origins answered, and how long that took, where the host knows: at most
    /// [`ANSWERS_MAX`](tollgate_core::usage::ANSWERS_MAX) lines, in which `code` is the word for it.
    pub fn answers(&self) -> impl Iterator<Item = (Kind, Line<'_>)> {
        self.tallies.iter().flat_map(Tally::answers)
    }

    /// When secrets were last used: no more of them than there are lines. The same secret may be there more than once.
    pub fn uses(&self) -> impl Iterator<Item = Use> {
        self.tallies.iter().filter_map(Tally::used)
    }
}

/// What became of the requests of one key, under one route, in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tally {
    lookup: LookupId,
    /// None for what is not counted by a key.
    party: Option<Party>,
    route: Arc<str>,
    hour: u64,
    counts: [u64; OUTCOMES],
    /// When one was last allowed; 0 if none was.
    used: UnixMillis,
    /// What the origin answered; none while it has not.
    answers: Option<Box<Answers>>,
}

/// Whose requests they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Party {
    key: Name,
    owner: Name,
    tenant: Name,
}

impl Party {
    fn of(record: &Record<'_>) -> Self {
        let Record { key, owner, tenant, .. } = *record;
        Self { key: Name::new(key), owner: Name::new(owner), tenant: Name::new(tenant) }
    }
}

impl Tally {
    const fn new(lookup: LookupId, party: Option<Party>, route: Arc<str>, hour: u64) -> Self {
        let (counts, used, answers) = ([0; OUTCOMES], UnixMillis(0), None);
        Self { lookup, party, route, hour, counts, used, answers }
    }

    /// One more, at `now`.
    #[inline]
    fn add(&mut self, outcome: Outcome, now: UnixMillis) {
        if let Some(count) = self.counts.get_mut(outcome.0) {
            *count = count.saturating_add(1);
        }
        if outcome.0 == Outcome::ALLOWED.0 {
            self.used = now;
        }
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let codes = std::iter::once(ALLOWED).chain(Denial::CODES);
        codes.zip(self.counts).filter(|(_, count)| *count > 0).map(|word| self.line(word))
    }

    fn answers(&self) -> impl Iterator<Item = (Kind, Line<'_>)> {
        let counted = self.answers.iter().flat_map(|answers| answers.counted());
        counted.map(|(kind, word, count)| (kind, self.line((word, count))))
    }

    /// When the secret was last used; none of what is not counted by one.
    fn used(&self) -> Option<Use> {
        let used = self.party.is_some() && self.used.0 > 0;
        used.then_some(Use { lookup: self.lookup, at: self.used })
    }

    fn line<'t>(&'t self, (code, count): (&'t str, u64)) -> Line<'t> {
        let Self { party, route, hour, .. } = self;
        let [key, owner, tenant] = party.as_ref().map_or([""; 3], |party| {
            [party.key.as_str(), party.owner.as_str(), party.tenant.as_str()]
        });
        Line { hour: *hour, tenant, owner, key, route, code, count }
    }
}

/// The place of what became of a request among all [`OUTCOMES`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome(usize);

impl Outcome {
    pub(crate) const ALLOWED: Self = Self(0);

    pub(crate) const fn denied(denial: Denial) -> Self {
        Self(crate::counts::place(denial).saturating_add(1))
    }
}
