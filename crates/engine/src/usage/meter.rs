//! Counting: one addition for a key that was counted before, and a bounded list behind it.

use std::{collections::VecDeque, mem, sync::Arc};

use tollgate_core::{
    lease::HolderId,
    lookup::LookupId,
    record::Record,
    time::UnixMillis,
    usage::{ANSWERS_MAX, HOUR_MS, LINES_MAX, hour_of},
};

use super::{Answered, Outcome, Party, Tally, Usage};
use crate::{index::Index, records};

/// The most keys, each under its routes and in its hours, that are counted by their names at one time. As many again may
/// wait to be sent.
pub const TALLIES_MAX: usize = 4_096;

/// So many are sent without waiting any longer.
const CROWD: usize = TALLIES_MAX / 2;

/// For how many hours at most it is told apart when requests came that are not counted by a key.
pub const RESTS_MAX: usize = 64;

/// Everything that is counted and not yet kept elsewhere.
#[derive(Debug)]
pub(crate) struct Meter {
    /// After how many milliseconds what is counted is sent; 0: nothing is counted.
    every_ms: u64,
    tallies: Vec<Tally>,
    index: Index,
    /// The hour in which is counted, and when it began.
    hour: u64,
    hour_began: u64,
    /// Where what has no key is counted: in this hour, and last.
    rest: Option<usize>,
    rest_before: Option<usize>,
    none: Arc<str>,
    /// What is next to be sent.
    sealed: VecDeque<Tally>,
    /// What is sent, until it is answered.
    open: Option<Usage>,
    seq: u64,
    /// How often that was sent.
    pub(crate) tries: u32,
    /// When there is something to be done.
    pub(crate) due: Option<u64>,
}

impl Meter {
    pub(crate) fn new(every_ms: u32) -> Self {
        Self {
            every_ms: every_ms.into(),
            tallies: Vec::new(),
            index: Index::EMPTY,
            hour: 0,
            hour_began: 0,
            rest: None,
            rest_before: None,
            none: Arc::from(""),
            sealed: VecDeque::new(),
            open: None,
            seq: 0,
            tries: 0,
            due: None,
        }
    }

    #[inline]
    pub(crate) const fn is_on(&self) -> bool {
        self.every_ms > 0
    }

    pub(crate) const fn every_ms(&self) -> u64 {
        self.every_ms
    }

    /// Counts one more of a key that was counted since the last batch, and says whether it was.
    #[inline]
    pub(crate) fn again(
        &mut self,
        lookup: LookupId,
        route: &Arc<str>,
        outcome: Outcome,
        now: UnixMillis,
    ) -> bool {
        if now.0.wrapping_sub(self.hour_began) >= HOUR_MS {
            return false;
        }
        let found = self.find(lookup, route);
        let tally = found.and_then(|place| self.tallies.get_mut(records::at(place)));
        tally.map(|tally| tally.add(outcome, now)).is_some()
    }

    /// Counts one more of a key for the first time.
    #[cold]
    pub(crate) fn first(
        &mut self,
        lookup: LookupId,
        record: &Record<'_>,
        route: &Arc<str>,
        outcome: Outcome,
        now: UnixMillis,
    ) {
        match self.place(lookup, || Some(Party::of(record)), route, now) {
            Some(place) => self.add(place, outcome, now),
            None => self.rest(outcome, now),
        }
    }

    /// Counts what an origin answered to a request of a key. Its record is looked at if nothing else of the
    /// key is counted; without one, it is counted with what has no key.
    pub(crate) fn answered<'r>(
        &mut self,
        lookup: LookupId,
        record: impl FnOnce() -> Option<Record<'r>>,
        route: &Arc<str>,
        answered: Answered,
        now: UnixMillis,
    ) {
        let party = || record().map(|record| Party::of(&record));
        let place = self.place(lookup, party, route, now).unwrap_or_else(|| self.rest_place(now));
        if let Some(tally) = self.tallies.get_mut(place) {
            tally.answers.get_or_insert_default().add(answered);
        }
    }

    fn add(&mut self, place: usize, outcome: Outcome, now: UnixMillis) {
        if let Some(tally) = self.tallies.get_mut(place) {
            tally.add(outcome, now);
        }
    }

    /// Where a key is counted in the hour of `now`: from here on, if it is known whose it is and there is room.
    fn place(
        &mut self,
        lookup: LookupId,
        party: impl FnOnce() -> Option<Party>,
        route: &Arc<str>,
        now: UnixMillis,
    ) -> Option<usize> {
        self.turn_to(now);
        match self.find(lookup, route) {
            Some(place) => Some(records::at(place)),
            None => self.open_tally(lookup, party()?, route),
        }
    }

    /// Where a key is counted in this hour.
    fn find(&self, lookup: LookupId, route: &Arc<str>) -> Option<u32> {
        self.index.find(records::hash(lookup), |place| {
            self.tallies.get(records::at(place)).is_some_and(|tally| {
                tally.lookup == lookup
                    && tally.hour == self.hour
                    && Arc::ptr_eq(&tally.route, route)
            })
        })
    }

    /// A record has come: what is counted of its key from here on is counted for whom the record says.
    pub(crate) fn hear(&mut self, lookup: LookupId, record: &Record<'_>) {
        let party = Some(Party::of(record));
        let hash = records::hash(lookup);
        let others = |place| {
            self.tallies
                .get(records::at(place))
                .is_some_and(|tally| tally.lookup == lookup && tally.party != party)
        };
        while let Some(place) = self.index.find(hash, others) {
            self.index.remove(hash, place);
        }
    }

    /// Counts one more that has no key, or one for which there is no room.
    pub(crate) fn rest(&mut self, outcome: Outcome, now: UnixMillis) {
        let place = self.rest_place(now);
        self.add(place, outcome, now);
    }

    /// Where is counted what has no key.
    fn rest_place(&mut self, now: UnixMillis) -> usize {
        self.turn_to(now);
        let place = match self.rest {
            Some(place) => place,
            None if self.tallies.len() >= TALLIES_MAX.saturating_add(RESTS_MAX) => {
                self.rest_before.unwrap_or(0)
            }
            None => {
                let (lookup, route) = (LookupId::new([0; 16]), Arc::clone(&self.none));
                self.tallies.push(Tally::new(lookup, None, route, self.hour));
                self.tallies.len().saturating_sub(1)
            }
        };
        self.rest = Some(place);
        self.rest_before = self.rest;
        place
    }

    fn open_tally(&mut self, lookup: LookupId, party: Party, route: &Arc<str>) -> Option<usize> {
        if self.tallies.len() >= TALLIES_MAX {
            return None;
        }
        let place = u32::try_from(self.tallies.len()).ok()?;
        self.tallies.push(Tally::new(lookup, Some(party), Arc::clone(route), self.hour));
        self.index.insert(records::hash(lookup), place);
        Some(records::at(place))
    }

    /// Counts in the hour of `now` from here on.
    fn turn_to(&mut self, now: UnixMillis) {
        let hour = hour_of(now);
        if hour != self.hour {
            self.hour = hour;
            self.hour_began = hour.saturating_mul(HOUR_MS);
            self.rest = None;
        }
    }

    /// What is to be sent now: what was sent and not answered, or else the next batch.
    pub(crate) fn next(&mut self, holder: HolderId) -> Option<Usage> {
        if self.open.is_none() {
            if self.sealed.is_empty() {
                self.seal();
            }
            let (mut lines, mut answers) = (0_usize, 0_usize);
            let fits = self.sealed.iter().take_while(|tally| {
                lines = lines.saturating_add(tally.lines().count());
                answers = answers.saturating_add(tally.answers().count());
                lines <= LINES_MAX && answers <= ANSWERS_MAX
            });
            let fits = fits.count();
            if fits == 0 {
                return None;
            }
            self.seq = self.seq.saturating_add(1);
            self.tries = 0;
            let tallies = self.sealed.drain(..fits).collect();
            self.open = Some(Usage { holder, seq: self.seq, tallies });
        }
        self.open.clone()
    }

    /// What is counted from here on belongs to another batch.
    fn seal(&mut self) {
        self.sealed = mem::take(&mut self.tallies).into();
        self.index.clear();
        self.rest = None;
        self.rest_before = None;
    }

    /// The batch of that number is kept; says whether it was awaited.
    pub(crate) fn kept(&mut self, seq: u64) -> bool {
        let awaited = self.open.as_ref().is_some_and(|open| open.seq == seq);
        if awaited {
            self.open = None;
        }
        awaited
    }

    /// Whether room is about to run out although nobody has to be waited for.
    pub(crate) fn is_crowded(&self) -> bool {
        self.open.is_none() && self.sealed.is_empty() && self.tallies.len() >= CROWD
    }

    /// Whether a batch is sent and not answered.
    pub(crate) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether more is to be sent, as soon as what is sent is answered.
    pub(crate) fn is_behind(&self) -> bool {
        !self.sealed.is_empty()
    }

    /// Whether everything that was counted is kept elsewhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_none() && self.sealed.is_empty() && self.tallies.is_empty()
    }
}
