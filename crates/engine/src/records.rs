//! The cached records: bounded by bytes, and of those not used again since the hand came by, the next one
//! leaves.

use std::sync::Arc;

use tollgate_core::{
    head::Vouched,
    lookup::LookupId,
    record::{Record, vouch},
};

use crate::{Signed, index::Index, purses::Handle};

/// What an `Arc` needs besides its content.
const SHARED_BYTES: usize = 2 * size_of::<usize>();

/// What an allocation costs besides what was asked for, about.
const ALLOCATION_BYTES: usize = 16;

/// A cell of the index, at the load that it has on average, and the mark.
const INDEX_BYTES: usize = 15;

/// How many records in use are passed by before one leaves all the same: nobody waits for a longer search.
const SEARCH_MAX: usize = 1_024;

/// The fewest entries that room is made for at a time.
const GROWTH_MIN: usize = 64;

/// What every record costs besides its packed bytes.
const ENTRY_BYTES: usize =
    size_of::<Option<Entry<()>>>() + INDEX_BYTES + SHARED_BYTES + ALLOCATION_BYTES;

/// Records by lookup id. Only genuine keys get here, and their lookup ids are uniformly random.
#[derive(Debug)]
pub(crate) struct Records<T> {
    entries: Vec<Option<Entry<T>>>,
    /// Whether an entry was used since the hand came by.
    used: Vec<bool>,
    vacant: Vec<u32>,
    index: Index,
    hand: u32,
    bytes: usize,
    bytes_max: usize,
    evicted: u64,
}

/// A record and what is kept with it.
#[derive(Debug)]
pub(crate) struct Entry<T> {
    lookup: LookupId,
    pub(crate) packed: Arc<[u8]>,
    pub(crate) held: Option<Arc<Signed<T>>>,
    purses: Handles,
}

/// Where the purses of a record's limits and quotas are; most records have one.
#[derive(Debug)]
enum Handles {
    One(Handle),
    Many(Box<[Handle]>),
}

impl<T> Entry<T> {
    /// Where the purse of the limit or quota at `place` was last.
    pub(crate) fn purse(&self, place: usize) -> Handle {
        match &self.purses {
            Handles::One(handle) if place == 0 => *handle,
            Handles::One(_) => Handle::NONE,
            Handles::Many(handles) => handles.get(place).copied().unwrap_or(Handle::NONE),
        }
    }

    fn bytes(&self) -> usize {
        let handles = match &self.purses {
            Handles::One(_) => 0,
            Handles::Many(handles) => size_of_val(&**handles).saturating_add(ALLOCATION_BYTES),
        };
        let held = self.held.as_ref().map_or(0, |held| {
            held.bytes().saturating_add(SHARED_BYTES).saturating_add(2 * ALLOCATION_BYTES)
        });
        [ENTRY_BYTES, self.packed.len(), handles, held].into_iter().fold(0, usize::saturating_add)
    }
}

impl<T> Records<T> {
    pub(crate) const fn new(bytes_max: usize) -> Self {
        Self {
            entries: Vec::new(),
            used: Vec::new(),
            vacant: Vec::new(),
            index: Index::EMPTY,
            hand: 0,
            bytes: 0,
            bytes_max,
            evicted: 0,
        }
    }

    /// A request has come for the record at `place`.
    pub(crate) fn mark(&mut self, place: u32) {
        if let Some(used) = self.used.get_mut(at(place)) {
            *used = true;
        }
    }

    pub(crate) fn get(&self, place: u32) -> Option<&Entry<T>> {
        self.entries.get(at(place))?.as_ref()
    }

    /// The record as it was found, if it is still held.
    pub(crate) fn peek(&self, lookup: LookupId) -> Option<Record<'_>> {
        Record::unpack(&self.get(self.find(lookup)?)?.packed)
    }

    /// The record at `place`.
    pub(crate) fn record(&self, place: u32) -> Option<Record<'_>> {
        Record::unpack(&self.get(place)?.packed)
    }

    /// Keeps a record, in the place of one that was there.
    pub(crate) fn insert(&mut self, lookup: LookupId, packed: Arc<[u8]>) {
        if let Some(place) = self.find(lookup) {
            self.remove(place);
        }
        let purses = Handles::One(Handle::NONE);
        let entry = Entry { lookup, packed, held: None, purses };
        if entry.bytes() > self.bytes_max {
            return;
        }
        self.bytes = self.bytes.saturating_add(entry.bytes());
        let place = match self.vacant.pop() {
            Some(place) => place,
            None => {
                let Ok(place) = u32::try_from(self.entries.len()) else { return };
                if self.entries.len() == self.entries.capacity() {
                    // Doubled, the room for those to come would cost as much as what is there.
                    self.entries.reserve_exact(GROWTH_MIN.max(self.entries.len() / 8));
                }
                self.entries.push(None);
                self.used.push(false);
                place
            }
        };
        if let (Some(vacant), Some(used)) =
            (self.entries.get_mut(at(place)), self.used.get_mut(at(place)))
        {
            *vacant = Some(entry);
            // Another request must come for it before it survives: a scan of many keys pushes out only itself.
            *used = false;
        }
        self.index.insert(hash(lookup), place);
        self.make_room(place);
    }

    /// Notes up to when the head has vouched, unless a request still looks at the record.
    pub(crate) fn vouch(&mut self, place: u32, vouched: Vouched) {
        if let Some(Some(entry)) = self.entries.get_mut(at(place))
            && let Some(packed) = Arc::get_mut(&mut entry.packed)
        {
            vouch(packed, vouched);
        }
    }

    /// Remembers where the purses of a record are.
    pub(crate) fn remember(&mut self, place: u32, handles: &[Handle]) {
        self.change(place, |entry| {
            entry.purses = match handles {
                [] => Handles::One(Handle::NONE),
                [one] => Handles::One(*one),
                many => Handles::Many(many.into()),
            };
        });
    }

    /// Keeps a token with the record `packed`, if that is the one that is held.
    pub(crate) fn keep(&mut self, lookup: LookupId, packed: &Arc<[u8]>, signed: Arc<Signed<T>>) {
        let Some(place) = self.find(lookup) else { return };
        if self.get(place).is_some_and(|entry| Arc::ptr_eq(&entry.packed, packed)) {
            self.change(place, |entry| entry.held = Some(signed));
            self.make_room(place);
            if self.bytes > self.bytes_max {
                self.change(place, |entry| entry.held = None);
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.used.clear();
        self.vacant.clear();
        self.index.clear();
        self.bytes = 0;
    }

    pub(crate) const fn len(&self) -> usize {
        self.entries.len().saturating_sub(self.vacant.len())
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Where the record of `lookup` is.
    pub(crate) fn find(&self, lookup: LookupId) -> Option<u32> {
        let is = |place| self.get(place).is_some_and(|entry| entry.lookup == lookup);
        self.index.find(hash(lookup), is)
    }

    /// Lets records leave until the rest fits; the one at `kept` has just come.
    fn make_room(&mut self, kept: u32) {
        let (mut looked, mut searched) = (0_usize, 0_usize);
        // Two rounds find every record that may leave.
        let looks = self.entries.len().saturating_mul(2).saturating_add(2);
        while self.bytes > self.bytes_max && looked < looks {
            looked = looked.saturating_add(1);
            let place = self.hand;
            self.hand = if at(place) >= self.entries.len() { 0 } else { place.saturating_add(1) };
            if place == kept || self.get(place).is_none() {
                continue;
            }
            searched = searched.saturating_add(1);
            match self.used.get_mut(at(place)) {
                Some(used @ true) if searched <= SEARCH_MAX => *used = false,
                Some(_) | None => {
                    self.remove(place);
                    self.evicted = self.evicted.saturating_add(1);
                    searched = 0;
                }
            }
        }
    }

    fn change(&mut self, place: u32, change: impl FnOnce(&mut Entry<T>)) {
        let Some(Some(entry)) = self.entries.get_mut(at(place)) else { return };
        let before = entry.bytes();
        change(entry);
        self.bytes = self.bytes.saturating_sub(before).saturating_add(entry.bytes());
    }

    fn remove(&mut self, place: u32) {
        let Some(entry) = self.entries.get_mut(at(place)).and_then(Option::take) else { return };
        self.bytes = self.bytes.saturating_sub(entry.bytes());
        self.index.remove(hash(entry.lookup), place);
        self.vacant.push(place);
    }

    /// Drops the record of `lookup`.
    pub(crate) fn forget(&mut self, lookup: LookupId) {
        if let Some(place) = self.find(lookup) {
            self.remove(place);
        }
    }
}

/// Where in a list.
pub(crate) fn at(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// Any four bytes of a lookup id are random.
pub(crate) const fn hash(lookup: LookupId) -> u32 {
    let [a, b, c, d, ..] = *lookup.as_bytes();
    u32::from_le_bytes([a, b, c, d])
}
