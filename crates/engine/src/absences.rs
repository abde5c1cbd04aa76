//! What the ledger was asked for and did not have: bounded by number, apart from the records.

use std::collections::VecDeque;

use tollgate_core::{lookup::LookupId, record::Absence, time::Reading};

use crate::{
    index::Index,
    records::{at, hash},
};

/// Absences by lookup id; when there are too many, the oldest leave.
#[derive(Debug)]
pub(crate) struct Absences {
    /// In the places of a ring, so that the oldest is the next to be written over.
    ring: Vec<Option<Held>>,
    order: VecDeque<u32>,
    index: Index,
    len: usize,
    max: usize,
}

/// An absence, and when its question was sent: its age counts from there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) absence: Absence,
    pub(crate) sent: Reading,
}

impl Absences {
    pub(crate) const fn new(max: usize) -> Self {
        Self { ring: Vec::new(), order: VecDeque::new(), index: Index::EMPTY, len: 0, max }
    }

    pub(crate) fn get(&self, lookup: LookupId) -> Option<Held> {
        *self.ring.get(at(self.place(lookup)?))?
    }

    pub(crate) fn insert(&mut self, absence: Absence, sent: Reading) {
        self.forget(absence.lookup);
        if self.max == 0 {
            return;
        }
        let place = if self.ring.len() < self.max {
            let Ok(place) = u32::try_from(self.ring.len()) else { return };
            self.ring.push(None);
            place
        } else {
            let Some(place) = self.order.pop_front() else { return };
            self.vacate(place);
            place
        };
        if let Some(vacant) = self.ring.get_mut(at(place)) {
            *vacant = Some(Held { absence, sent });
        }
        self.index.insert(hash(absence.lookup), place);
        self.order.push_back(place);
        self.len = self.len.saturating_add(1);
    }

    /// Drops the absence of `lookup`: it is there now, or may be.
    pub(crate) fn forget(&mut self, lookup: LookupId) {
        if let Some(place) = self.place(lookup) {
            self.vacate(place);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ring.clear();
        self.order.clear();
        self.index.clear();
        self.len = 0;
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    fn place(&self, lookup: LookupId) -> Option<u32> {
        let is = |place| {
            self.ring
                .get(at(place))
                .is_some_and(|held| held.is_some_and(|held| held.absence.lookup == lookup))
        };
        self.index.find(hash(lookup), is)
    }

    /// The place stays in the order, so that it is written over when its turn comes.
    fn vacate(&mut self, place: u32) {
        if let Some(held) = self.ring.get_mut(at(place)).and_then(Option::take) {
            self.index.remove(hash(held.absence.lookup), place);
            self.len = self.len.saturating_sub(1);
        }
    }
}
