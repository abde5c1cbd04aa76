//! The bounded list of what changed lately.

mod busiest;
mod distinct;

use super::entry::{Entry, Subject};
use busiest::busiest;
pub(super) use distinct::distinct;

/// The most entries of a head.
pub const HEAD_ENTRIES_MAX: usize = 1024;

/// Twice as many slots as entries, so that few of them meet.
const SLOTS: usize = 2 * HEAD_ENTRIES_MAX;

/// Where entries are kept: an array, a box, or a borrowed slice of as many as there may be.
///
/// A full list is some 150 kB, too much for a stack, so whoever keeps one says where.
pub trait Places: AsRef<[Entry]> + AsMut<[Entry]> {}

impl<S: AsRef<[Entry]> + AsMut<[Entry]>> Places for S {}

/// Entries, one for each subject, in ascending order of epochs; at most as many as there are places.
#[derive(Clone, Debug)]
pub(super) struct Entries<S> {
    places: S,
    len: usize,
}

impl<S: Places> Entries<S> {
    /// No entry, and room for as many as `places` holds.
    pub(super) const fn new(places: S) -> Self {
        Self { places, len: 0 }
    }

    /// The entries.
    pub(super) fn as_slice(&self) -> &[Entry] {
        self.places.as_ref().get(..self.len).unwrap_or(&[])
    }

    /// Drops every entry.
    pub(super) const fn clear(&mut self) {
        self.len = 0;
    }

    /// The entries above `epoch`.
    pub(super) fn above(&self, epoch: u64) -> &[Entry] {
        let all = self.as_slice();
        let first = all.partition_point(|entry| entry.epoch <= epoch);
        all.get(first..).unwrap_or(&[])
    }

    /// Drops the entries at or below `epoch`.
    pub(super) fn drop_through(&mut self, epoch: u64) {
        self.retain(|entry| entry.epoch > epoch);
    }

    /// Puts in an entry newer than all others, in the place of an older one of its subject.
    ///
    /// A full list makes room by folding: the entries of the tenant that has most become one entry on
    /// that tenant. If no tenant has two, the oldest entry leaves, and its epoch, which the floor must
    /// rise to, is given back.
    pub(super) fn insert(&mut self, entry: Entry) -> Option<u64> {
        self.retain(|other| other.subject != entry.subject);
        if self.len < self.places.as_ref().len() {
            self.put(entry);
            return None;
        }
        self.make_room(entry)
    }

    /// Folds, as if `entry` stood in the list already.
    fn make_room(&mut self, entry: Entry) -> Option<u64> {
        let all = || self.as_slice().iter().chain(core::iter::once(&entry));
        let busiest = busiest(all());
        if busiest.entries < 2 {
            let oldest = all().map(|other| other.epoch).min().unwrap_or(0);
            self.drop_through(oldest);
            if entry.epoch > oldest {
                self.put(entry);
            }
            return Some(oldest);
        }
        let tenant = busiest.tenant;
        let folded = Entry { epoch: busiest.newest, subject: Subject::Tenant { tenant } };
        self.retain(|other| *other.subject.tenant() != tenant);
        if *entry.subject.tenant() != tenant {
            self.put(entry);
        }
        self.put(folded);
        None
    }

    /// Puts `entry`, which the caller knows to be of a new subject and the highest epoch, at the end.
    /// Says whether there was room.
    pub(super) fn append(&mut self, entry: Entry) -> bool {
        let Some(place) = self.places.as_mut().get_mut(self.len) else { return false };
        *place = entry;
        self.len = self.len.saturating_add(1);
        true
    }

    /// Puts `entry` where its epoch belongs. The caller has made room.
    fn put(&mut self, entry: Entry) {
        let at = self.as_slice().partition_point(|other| other.epoch < entry.epoch);
        if let Some(tail) = self.places.as_mut().get_mut(at..=self.len) {
            tail.rotate_right(1);
            if let Some(first) = tail.first_mut() {
                *first = entry;
            }
            self.len = self.len.saturating_add(1);
        }
    }

    fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        let mut kept = 0_usize;
        for at in 0..self.len {
            let Some(entry) = self.places.as_ref().get(at) else { break };
            if keep(entry) {
                // Most often nothing leaves before it, and nothing is moved.
                if kept != at {
                    self.places.as_mut().copy_within(at..=at, kept);
                }
                kept = kept.saturating_add(1);
            }
        }
        self.len = kept;
    }
}
