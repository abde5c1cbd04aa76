//! The purses: by the name of their bucket, without spelling it, and by where they were last.

mod key;
mod leaving;
#[cfg(test)]
mod tests;

use std::{collections::VecDeque, sync::Arc};

use tollgate_core::{
    bucket::BucketName,
    decision::{ROUTE_LIMITS_MAX, Request},
    lease::{Host, Purse},
    limit::{Limit, LimitScope},
    network::Address,
    record::{LIMITS_MAX, QUOTAS_MAX, Record},
    time::Reading,
};

use crate::{Standing, index::Index, parking::Ticket, records::at};
pub(crate) use key::{Key, Seed};

/// The most purses that one request spends from.
pub(crate) const PLACES_MAX: usize = LIMITS_MAX + QUOTAS_MAX + ROUTE_LIMITS_MAX;

/// A purse with nothing in it that nobody has used for so long is dropped.
pub const PURSE_IDLE_MS: u64 = 60_000;

/// How many places are looked at for a purse to drop when one more is needed.
const SEARCH_MAX: usize = 64;

/// How many places one sweep looks at.
const SWEEP_MAX: usize = 1_024;

/// Where a purse is, for as long as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    place: u32,
    born: u32,
}

impl Handle {
    /// Where no purse is.
    pub(crate) const NONE: Self = Self { place: u32::MAX, born: 0 };

    pub(crate) const fn place(self) -> u32 {
        self.place
    }
}

/// Whether the purses of a request are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gathered {
    /// They are where they were last.
    Whole,
    /// They are there, but some elsewhere.
    Moved,
    /// Some must be made.
    Missing,
}

/// A purse, and what a host keeps for it.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Boxed, so that it is spent from where it is. None while it is spent from, and after a panic there:
    /// then it is as good as void.
    pub(crate) purse: Option<Box<Purse>>,
    pub(crate) name: Arc<str>,
    /// Which address it counts, if it counts one.
    address: Option<Address>,
    hash: u32,
    born: u32,
    /// The requests that wait, in the order of their tickets.
    pub(crate) queue: VecDeque<Ticket>,
    /// Whether a message is open; those with tickets up to `asked` wait for it.
    pub(crate) open: bool,
    pub(crate) repeated: bool,
    pub(crate) asked: u64,
    /// Whether it stands in the list of those to look after.
    touched: bool,
    /// What its timer is set to; others are old ones.
    pub(crate) armed: u64,
    used: u64,
    /// The number of the last message, whatever becomes of the purse.
    pub(crate) seq: u64,
}

/// Every purse, at most as many as were allowed for.
#[derive(Debug)]
pub(crate) struct Purses {
    slots: Vec<Option<Slot>>,
    vacant: Vec<u32>,
    index: Index,
    seed: Seed,
    host: Host,
    hand: usize,
    max: usize,
    born: u32,
    /// The highest number of a message of any purse that was dropped.
    seq: u64,
    evicted: u64,
    /// Where the purses of the request at hand are, in the order of its limits.
    pub(crate) at_hand: Vec<Handle>,
    /// Those purses, while they are spent from.
    #[expect(clippy::vec_box, reason = "a purse of half a kilobyte moves by its address")]
    pub(crate) taken: Vec<Box<Purse>>,
    /// Those whose message may be due.
    touched: Vec<Handle>,
}

impl Purses {
    pub(crate) fn new(max: usize, host: Host, seed: Seed) -> Self {
        Self {
            slots: Vec::new(),
            vacant: Vec::new(),
            index: Index::EMPTY,
            seed,
            host,
            hand: 0,
            max,
            born: 0,
            seq: 0,
            evicted: 0,
            at_hand: Vec::with_capacity(PLACES_MAX),
            taken: Vec::with_capacity(PLACES_MAX),
            touched: Vec::with_capacity(2 * PLACES_MAX),
        }
    }

    pub(crate) fn slot(&mut self, handle: Handle) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(at(handle.place))?.as_mut()?;
        (slot.born == handle.born).then_some(slot)
    }

    /// The purse at a place, whichever it is.
    pub(crate) fn handle(&self, place: u32) -> Option<Handle> {
        let slot = self.slots.get(at(place))?.as_ref()?;
        Some(Handle { place, born: slot.born })
    }

    /// Where the purse of a bucket is.
    pub(crate) fn find(&self, key: &Key<'_>) -> Option<Handle> {
        let is = |place| {
            let slot = self.slots.get(at(place)).and_then(Option::as_ref);
            slot.is_some_and(|slot| key.names(&slot.name, slot.address))
        };
        self.handle(self.index.find(key.hash(&self.seed), is)?)
    }

    /// Makes the purse of a bucket that has none; none if there are too many in use.
    pub(crate) fn make(
        &mut self,
        key: &Key<'_>,
        limit: &Limit<'_>,
        clock: u64,
        now: Reading,
    ) -> Option<Handle> {
        let place = self.room(now)?;
        self.born = self.born.wrapping_add(1);
        let hash = key.hash(&self.seed);
        let name = BucketName::new(key.tenant, key.subject, key.limit);
        let purse = Purse::new(limit.numbers, limit.changed, self.host, self.seq);
        *self.slots.get_mut(at(place))? = Some(Slot {
            purse: Some(Box::new(purse)),
            name: name.as_str().into(),
            address: key.address(),
            hash,
            born: self.born,
            queue: VecDeque::new(),
            open: false,
            repeated: false,
            asked: 0,
            touched: false,
            armed: 0,
            used: clock,
            seq: self.seq,
        });
        self.index.insert(hash, place);
        Some(Handle { place, born: self.born })
    }

    /// Looks where the purses of a request are: where they were last, else by their buckets.
    pub(crate) fn gather(
        &mut self,
        record: &Record<'_>,
        request: &Request<'_>,
        last: impl Fn(usize) -> Handle,
    ) -> Gathered {
        self.at_hand.clear();
        let mut gathered = Gathered::Whole;
        for (place, limit) in limits(record, request).enumerate() {
            // Another address has another purse, and another route other limits.
            let kept = limit.scope != LimitScope::Ip && place < own(record);
            let mut handle = if kept { last(place) } else { Handle::NONE };
            if self.slot(handle).is_none() {
                let key = Key::of(record, &limit, request.address);
                handle = key.and_then(|key| self.find(&key)).unwrap_or(Handle::NONE);
                if handle == Handle::NONE {
                    gathered = Gathered::Missing;
                } else if kept && gathered == Gathered::Whole {
                    gathered = Gathered::Moved;
                }
            }
            self.at_hand.push(handle);
        }
        gathered
    }

    /// Makes the purses at hand that are missing; says whether all are there now.
    pub(crate) fn complete(
        &mut self,
        record: &Record<'_>,
        request: &Request<'_>,
        clock: u64,
        now: Reading,
    ) -> bool {
        for (place, limit) in limits(record, request).enumerate() {
            if self.at_hand.get(place) == Some(&Handle::NONE) {
                let key = Key::of(record, &limit, request.address);
                let made = key.and_then(|key| self.make(&key, &limit, clock, now));
                let (Some(missing), Some(made)) = (self.at_hand.get_mut(place), made) else {
                    return false;
                };
                *missing = made;
            }
        }
        true
    }

    /// Takes the purses at hand out, to be spent from; says whether all were there.
    ///
    /// [`Purses::put_back`] follows, whatever it says.
    pub(crate) fn take(&mut self, record: &Record<'_>, request: &Request<'_>, clock: u64) -> bool {
        self.taken.clear();
        let host = self.host;
        for (place, handle) in self.at_hand.iter().enumerate() {
            let slot = self.slots.get_mut(at(handle.place)).and_then(Option::as_mut);
            let Some(slot) = slot.filter(|slot| slot.born == handle.born) else { return false };
            slot.used = clock;
            let purse = slot.purse.take().or_else(|| {
                slot.open = false;
                let limit = limits(record, request).nth(place)?;
                Some(Box::new(Purse::new(limit.numbers, limit.changed, host, slot.seq)))
            });
            let Some(purse) = purse else { return false };
            self.taken.push(purse);
        }
        self.taken.len() == self.at_hand.len()
    }

    /// Puts back what was taken out, and says what is left in each.
    pub(crate) fn put_back(&mut self, now: Reading) -> Standing {
        let mut standing = Standing::default();
        for (place, (handle, purse)) in self.at_hand.iter().zip(self.taken.drain(..)).enumerate() {
            standing.set(place, purse.remaining(now));
            if let Some(Some(slot)) = self.slots.get_mut(at(handle.place))
                && slot.born == handle.born
            {
                slot.purse = Some(purse);
            }
        }
        standing
    }

    /// Notes that the message of each purse at hand may be due.
    pub(crate) fn touch(&mut self) {
        for place in 0..self.at_hand.len() {
            if let Some(&handle) = self.at_hand.get(place) {
                self.touch_one(handle);
            }
        }
    }

    pub(crate) fn touch_one(&mut self, handle: Handle) {
        if let Some(slot) = self.slot(handle)
            && !slot.touched
        {
            slot.touched = true;
            self.touched.push(handle);
        }
    }

    /// The next purse whose message may be due.
    pub(crate) fn touched(&mut self) -> Option<Handle> {
        let handle = self.touched.pop()?;
        if let Some(slot) = self.slot(handle) {
            slot.touched = false;
        }
        Some(handle)
    }

    /// Voids every purse, and gives everybody who waited for one of them.
    pub(crate) fn void(&mut self) -> Vec<Ticket> {
        let mut waiting = Vec::new();
        for slot in self.slots.iter_mut().flatten() {
            if let Some(purse) = &mut slot.purse {
                purse.void();
            }
            (slot.open, slot.asked, slot.armed) = (false, 0, 0);
            waiting.extend(slot.queue.iter().copied());
        }
        waiting.sort_unstable_by_key(|ticket| ticket.number);
        waiting.dedup();
        waiting
    }

    /// Nobody waits for tokens any more.
    pub(crate) fn forget_queues(&mut self) {
        for slot in self.slots.iter_mut().flatten() {
            slot.queue.clear();
        }
    }

    /// Looks after every purse for which somebody waits.
    pub(crate) fn touch_waiting(&mut self) {
        for place in 0..self.slots.len() {
            let handle = u32::try_from(place).ok().and_then(|place| self.handle(place));
            if let Some(handle) = handle
                && self.slot(handle).is_some_and(|slot| !slot.queue.is_empty())
            {
                self.touch_one(handle);
            }
        }
    }

    /// Drops what nobody uses, among the next places.
    pub(crate) fn sweep(&mut self, clock: u64, now: Reading) {
        for _ in 0..SWEEP_MAX.min(self.slots.len()) {
            let place = self.step();
            let idle = |slot: &Slot| clock.saturating_sub(slot.used) >= PURSE_IDLE_MS;
            if self.is_spare(place, now, idle) {
                self.drop_at(place);
            }
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.slots.len().saturating_sub(self.vacant.len())
    }

    pub(crate) const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// A vacant place, if need be that of a purse in which nothing is.
    fn room(&mut self, now: Reading) -> Option<u32> {
        if let Some(place) = self.vacant.pop() {
            return Some(place);
        }
        if self.slots.len() < self.max {
            self.slots.push(None);
            return u32::try_from(self.slots.len().saturating_sub(1)).ok();
        }
        for _ in 0..SEARCH_MAX.min(self.slots.len()) {
            let place = self.step();
            // Those of the request at hand are in use, though nothing may be in them yet.
            let at_hand = self.at_hand.iter().any(|handle| handle.place == place);
            if !at_hand && self.is_spare(place, now, |_| true) {
                self.drop_at(place);
                self.evicted = self.evicted.saturating_add(1);
                return self.vacant.pop();
            }
        }
        None
    }

    /// The next place of the hand.
    fn step(&mut self) -> u32 {
        let place = if self.hand < self.slots.len() { self.hand } else { 0 };
        self.hand = place.saturating_add(1);
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    fn is_spare(&self, place: u32, now: Reading, also: impl Fn(&Slot) -> bool) -> bool {
        let Some(Some(slot)) = self.slots.get(at(place)) else { return false };
        let empty = slot.purse.as_ref().is_none_or(|purse| purse.tokens(now) == 0);
        empty && !slot.open && slot.queue.is_empty() && also(slot)
    }

    fn drop_at(&mut self, place: u32) {
        let Some(slot) = self.slots.get_mut(at(place)).and_then(Option::take) else { return };
        self.seq = self.seq.max(slot.seq);
        self.index.remove(slot.hash, place);
        self.vacant.push(place);
    }
}

/// Everything that a request is counted by, in the order of its purses.
fn limits<'l>(
    record: &Record<'l>,
    request: &Request<'l>,
) -> impl Iterator<Item = Limit<'l>> + use<'l> {
    let of_route: &'l [Limit<'l>] = request.limits;
    record.limits.iter().chain(record.quotas).chain(of_route.iter().copied())
}

/// How many of them are the record's own.
pub(crate) const fn own(record: &Record<'_>) -> usize {
    record.limits.len().saturating_add(record.quotas.len())
}
