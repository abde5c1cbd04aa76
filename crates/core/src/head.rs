//! Freshness: how far the ledger has come, and which subjects changed lately.
//!
//! Stores that replicate may serve an old record for ever. A record is therefore used only if it is as new
//! as the head says it must be, wherever it came from ([`Head::check`]). See `docs/spec/head.md`.

mod check;
mod entry;
mod list;
mod merge;
mod reader;
mod text;

pub use check::{ABSENCE_MAX_MS, Checked, Current, CurrentAbsence, Vouched};
pub use entry::{Entry, Name, Subject};
pub use list::{HEAD_ENTRIES_MAX, Places};
pub use merge::Merge;
pub use reader::{Freshness, MaxStaleness, Reader};
pub use text::{Answer, HeadError, TEXT_MAX, open, seal};

use crate::stamp::Stamp;
use list::Entries;

/// What is known of the ledger's recent history: complete for every epoch above `floor` up to the stamp's.
///
/// The ledger keeps one of these beside its tables; every gate keeps one in its [`Reader`]. Its places
/// bound the entries.
#[derive(Clone, Debug)]
pub struct Head<S> {
    stamp: Stamp,
    floor: u64,
    entries: Entries<S>,
}

impl<S: Places> Head<S> {
    /// The head of a ledger that begins the incarnation of `stamp` at its epoch.
    ///
    /// Nothing older is vouched for: the floor is the first epoch.
    #[must_use]
    pub const fn begin(stamp: Stamp, places: S) -> Self {
        Self { stamp, floor: stamp.epoch, entries: Entries::new(places) }
    }

    /// How far the ledger has come.
    #[must_use]
    pub const fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Up to which epoch nothing is said about single subjects: what is older is not used.
    #[must_use]
    pub const fn floor(&self) -> u64 {
        self.floor
    }

    /// The newest change of each subject that changed above the floor, in ascending order of epochs.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        self.entries.as_slice()
    }

    /// Takes the next epoch, with an entry for `subject` if anything older of it can exist.
    ///
    /// The ledger does this in the transaction of the change itself. Creating a key is a change without
    /// an entry.
    pub fn record(&mut self, subject: Option<Subject>) -> Stamp {
        self.stamp.epoch = self.stamp.epoch.saturating_add(1);
        if let Some(subject) = subject {
            self.insert(Entry { epoch: self.stamp.epoch, subject });
        }
        self.stamp
    }

    /// Drops the entries at or below `epoch`, which are old enough that nobody is that far behind.
    pub fn raise_floor(&mut self, epoch: u64) {
        self.floor = self.floor.max(epoch.min(self.stamp.epoch));
        self.entries.drop_through(self.floor);
    }

    /// The epoch after which an asker is told the entries: its own, or the floor if it must be told all.
    #[must_use]
    pub fn since(&self, asker: Stamp) -> u64 {
        let behind = asker.incarnation == self.stamp.incarnation
            && (self.floor..=self.stamp.epoch).contains(&asker.epoch);
        if behind { asker.epoch } else { self.floor }
    }

    /// The answer to a question asked with `asker`, when this head is `age_ms` old.
    #[must_use]
    pub fn answer(&self, asker: Stamp, age_ms: u64) -> Answer<'_> {
        let since = self.since(asker);
        let entries = self.entries.above(since);
        Answer { stamp: self.stamp, floor: self.floor, since, age_ms, entries }
    }

    fn insert(&mut self, entry: Entry) {
        if let Some(floor) = self.entries.insert(entry) {
            self.floor = self.floor.max(floor);
        }
    }
}
