//! The records that are asked for now: one question for each lookup id, whoever waits for it.

use tollgate_core::{lookup::LookupId, record::Expected, time::Reading};

use crate::{
    ErrandId, Lookup,
    index::Index,
    parking::Ticket,
    records::{at, hash},
};

/// A record that is being asked for.
#[derive(Debug)]
pub(crate) struct Fetch {
    pub(crate) expected: Expected,
    /// All of it ends one deadline after this.
    pub(crate) started: Reading,
    pub(crate) of: Lookup,
    /// The open question; none while it waits before it asks again.
    pub(crate) asked: Option<ErrandId>,
    /// When it asks again, on the engine's clock.
    pub(crate) again_at: u64,
    /// What its timer is set to; others are old ones.
    pub(crate) armed: u64,
    /// Failures so far.
    pub(crate) failures: u32,
    /// Answers so far that were not new enough.
    pub(crate) outdated: u32,
    pub(crate) waiting: Vec<Ticket>,
}

/// Fetches by lookup id.
#[derive(Debug)]
pub(crate) struct Fetches {
    fetches: Vec<Option<Fetch>>,
    vacant: Vec<u32>,
    index: Index,
    max: usize,
}

impl Fetches {
    pub(crate) const fn new(max: usize) -> Self {
        Self { fetches: Vec::new(), vacant: Vec::new(), index: Index::EMPTY, max }
    }

    pub(crate) fn find(&self, lookup: LookupId) -> Option<u32> {
        let is = |place| {
            let fetch = self.fetches.get(at(place)).and_then(Option::as_ref);
            fetch.is_some_and(|fetch| fetch.expected.lookup == lookup)
        };
        self.index.find(hash(lookup), is)
    }

    pub(crate) fn get(&mut self, place: u32) -> Option<&mut Fetch> {
        self.fetches.get_mut(at(place))?.as_mut()
    }

    /// Begins one that is not there yet; none if there are too many.
    pub(crate) fn begin(&mut self, expected: Expected, of: Lookup, now: Reading) -> Option<u32> {
        if self.fetches.len().saturating_sub(self.vacant.len()) >= self.max {
            return None;
        }
        let place = match self.vacant.pop() {
            Some(place) => place,
            None => {
                let place = u32::try_from(self.fetches.len()).ok()?;
                self.fetches.push(None);
                place
            }
        };
        *self.fetches.get_mut(at(place))? = Some(Fetch {
            expected,
            started: now,
            of,
            asked: None,
            again_at: 0,
            armed: 0,
            failures: 0,
            outdated: 0,
            waiting: Vec::new(),
        });
        self.index.insert(hash(expected.lookup), place);
        Some(place)
    }

    /// Ends one, and says who waited for it.
    pub(crate) fn end(&mut self, place: u32) -> Vec<Ticket> {
        let Some(fetch) = self.fetches.get_mut(at(place)).and_then(Option::take) else {
            return Vec::new();
        };
        self.index.remove(hash(fetch.expected.lookup), place);
        self.vacant.push(place);
        fetch.waiting
    }

    pub(crate) fn clear(&mut self) {
        self.fetches.clear();
        self.vacant.clear();
        self.index.clear();
    }
}
