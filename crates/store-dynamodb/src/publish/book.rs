//! The head as the publisher keeps it: whole, with its pages, and what of it a change rewrites.

use std::collections::BTreeMap;

use tollgate_core::{
    head::{self, Entry, HEAD_ENTRIES_MAX, Merge, Reader, Subject},
    stamp::Stamp,
    time::{Reading as Clocks, UnixMillis},
};

use super::fault::Fault;
use crate::{
    documents::{
        item::{Damaged, Draft, Item, Place, number, text},
        read::Reading,
    },
    head::{Dated, HeadItem, read_entries, write_entries},
    layout::{
        CHANGE, ENTRIES, EPOCH, FLOOR, HEAD, HEAD_ITEM_ENTRIES_KEPT, HEAD_ITEM_ENTRIES_MAX,
        INCARNATION, PAGE_ENTRIES_MAX, PAGES, PENDING, SINCE,
    },
};

/// Entries leave when they were committed so long ago.
pub(crate) const ENTRY_AGE_MAX_MS: u64 = 24 * 3_600_000;

/// The last changes whose tokens the head remembers.
const CHANGES_KEPT: usize = 16;

/// So often the head is read again because its pages had moved.
const ROUNDS_MAX: usize = 8;

/// The head, and when each of its entries was committed.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    head: head::Head<Box<[Entry]>>,
    times: BTreeMap<u64, UnixMillis>,
    pages: Vec<Page>,
    /// The lowest epoch whose records are not all written, or 0.
    pub(crate) pending: u64,
    /// The last changes and the tokens that they were made with.
    changes: Vec<(u64, String)>,
}

/// Entries up to an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Page {
    last: u64,
    entries: Vec<Dated>,
}

/// How far the ledger had come when a head's item was written.
pub(crate) fn stamp_of(item: &Item) -> Result<Stamp, Damaged> {
    Ok(Stamp { incarnation: number(item, INCARNATION)?, epoch: number(item, EPOCH)? })
}

impl Book {
    /// The head of a ledger that begins an incarnation at an epoch.
    pub(crate) fn begin(stamp: Stamp) -> Self {
        let places = vec![Entry::NONE; HEAD_ENTRIES_MAX].into_boxed_slice();
        let head = head::Head::begin(stamp, places);
        Self { head, times: BTreeMap::new(), pages: vec![], pending: 0, changes: vec![] }
    }

    /// The head of a new incarnation in the place of this one, whose pages leave.
    pub(crate) fn replaced_by(self, stamp: Stamp) -> Self {
        Self { pages: self.pages, ..Self::begin(stamp) }
    }

    /// Reads the head; none if the table has none. What is `known` is read again only if it has moved.
    pub(crate) async fn read(
        reading: &Reading,
        known: Option<Self>,
    ) -> Result<Option<Self>, Fault> {
        let Some(mut item) = reading.one(&Place::head()).await? else { return Ok(None) };
        for _ in 0..ROUNDS_MAX {
            let told = HeadItem::read(&item).ok_or(Damaged(HEAD))?;
            if let Some(known) = known.as_ref().filter(|known| known.is(&told)) {
                return Ok(Some(known.clone()));
            }
            if told.pages.is_empty() {
                return Self::of(&item, told, vec![]).map(Some);
            }
            let mut places: Vec<Place> = told.pages.iter().map(|&last| Place::page(last)).collect();
            places.push(Place::head());
            let mut found = reading.together(&places).await?;
            item = found.remove(&Place::head()).ok_or(Damaged(HEAD))?;
            let again = HeadItem::read(&item).ok_or(Damaged(HEAD))?;
            if again.pages != told.pages {
                continue;
            }
            let page = |&last: &u64| {
                let item = found.get(&Place::page(last)).ok_or(Damaged(HEAD))?;
                let entries = read_entries(text(item, ENTRIES)?).ok_or(Damaged(HEAD))?;
                Ok::<_, Fault>(Page { last, entries })
            };
            let pages = again.pages.iter().map(page).collect::<Result<Vec<_>, _>>()?;
            return Self::of(&item, again, pages).map(Some);
        }
        Err(Fault::busy("the head changes faster than it is read"))
    }

    fn is(&self, told: &HeadItem) -> bool {
        self.stamp() == told.stamp
            && self.head.floor() == told.floor
            && self.pending == told.pending
    }

    fn of(item: &Item, told: HeadItem, pages: Vec<Page>) -> Result<Self, Fault> {
        let changes = serde_json::from_str(text(item, CHANGE)?).map_err(|_| Damaged(CHANGE))?;
        let paged = pages.iter().flat_map(|page| &page.entries);
        let all: Vec<Dated> = paged.chain(&told.entries).copied().collect();
        let entries: Vec<Entry> = all.iter().map(|dated| dated.entry).collect();
        let HeadItem { stamp, floor, pending, .. } = told;
        // Taken over as a gate takes over a whole answer, so that both know the same afterwards.
        let mut reader = Reader::new(vec![Entry::NONE; HEAD_ENTRIES_MAX].into_boxed_slice());
        let whole = head::Answer { stamp, floor, since: floor, age_ms: 0, entries: &entries };
        let merge = reader.merge(&whole, Clocks::default(), Clocks::default());
        let head = reader.head().filter(|_| merge == Merge::Adopted).cloned();
        let head = head.ok_or(Damaged(HEAD))?;
        let times = all.iter().map(|dated| (dated.entry.epoch, dated.at)).collect();
        Ok(Self { head, times, pages, pending, changes })
    }

    /// How far the ledger has come.
    pub(crate) const fn stamp(&self) -> Stamp {
        self.head.stamp()
    }

    /// Which token the change of an epoch was made with; none if that is forgotten.
    pub(crate) fn made_with(&self, epoch: u64) -> Option<&str> {
        let made = self.changes.iter().find(|(made, _)| *made == epoch);
        made.map(|(_, token)| token.as_str())
    }

    /// Lets the entries leave that are a day old, and none before an older one: a clock may have stepped back.
    pub(crate) fn age(&mut self, now: UnixMillis) {
        let old = |&(_, &at): &(&u64, &UnixMillis)| now.since(at) >= ENTRY_AGE_MAX_MS;
        if let Some((&epoch, _)) = self.times.iter().take_while(old).last() {
            self.head.raise_floor(epoch);
            self.times.retain(|&other, _| other > epoch);
        }
    }

    /// Takes the next epoch.
    pub(crate) fn record(&mut self, subject: Option<Subject>, now: UnixMillis) -> Stamp {
        let stamp = self.head.record(subject);
        self.times.insert(stamp.epoch, now);
        let entries = self.head.entries();
        let stands = |epoch| entries.binary_search_by_key(&epoch, |entry| entry.epoch).is_ok();
        self.times.retain(|&epoch, _| stands(epoch));
        stamp
    }

    /// Remembers with which token the change of this epoch is made.
    pub(crate) fn remember(&mut self, token: &str) {
        let forgotten = self.changes.len().saturating_add(1).saturating_sub(CHANGES_KEPT);
        self.changes.drain(..forgotten);
        self.changes.push((self.stamp().epoch, token.to_owned()));
    }

    /// Lays the entries out anew. Gives the head's item, the pages that are to be written, and those that leave.
    pub(crate) fn lay_out(&mut self) -> (Item, Vec<Item>, Vec<Place>) {
        let dated = |entry: &Entry| Dated {
            entry: *entry,
            at: self.times.get(&entry.epoch).copied().unwrap_or_default(),
        };
        let all: Vec<Dated> = self.head.entries().iter().map(dated).collect();
        let (pages, inline) = repaged(&self.pages, all);
        let gone = self.pages.iter().filter(|old| !pages.iter().any(|page| page.last == old.last));
        let gone = gone.map(|old| Place::page(old.last)).collect();
        let fresh = pages.iter().filter(|page| !self.pages.contains(page));
        let fresh = fresh.map(|page| {
            let draft = Draft::at(&Place::page(page.last));
            draft.text(ENTRIES, write_entries(&page.entries)).item()
        });
        let fresh = fresh.collect();
        let since = pages.last().map_or(0, |page| page.last).max(self.head.floor());
        let Stamp { incarnation, epoch } = self.stamp();
        let lasts: Vec<u64> = pages.iter().map(|page| page.last).collect();
        let head = Draft::at(&Place::head())
            .number(INCARNATION, incarnation)
            .number(EPOCH, epoch)
            .number(FLOOR, self.head.floor())
            .number(SINCE, since)
            .text(ENTRIES, write_entries(&inline))
            .text(PAGES, serde_json::json!(lasts).to_string())
            .number(PENDING, self.pending)
            .text(CHANGE, serde_json::json!(self.changes).to_string());
        self.pages = pages;
        (head.item(), fresh, gone)
    }
}

/// The pages for `all` entries, as few of the old ones changed as may be, and those that stand in the head's own item.
///
/// Two neighbours have more entries together than one page may, so there are at most twice as many pages as a full
/// list fills.
fn repaged(old: &[Page], all: Vec<Dated>) -> (Vec<Page>, Vec<Dated>) {
    let mut rest = all.as_slice();
    let mut pages: Vec<Page> = vec![];
    for page in old {
        let count = rest.partition_point(|dated| dated.entry.epoch <= page.last);
        let (mine, others) = rest.split_at(count);
        put(&mut pages, page.last, mine);
        rest = others;
    }
    while rest.len() > HEAD_ITEM_ENTRIES_MAX {
        let many = rest.len().saturating_sub(HEAD_ITEM_ENTRIES_KEPT).min(PAGE_ENTRIES_MAX);
        let (oldest, others) = rest.split_at(many);
        if let Some(last) = oldest.last() {
            put(&mut pages, last.entry.epoch, oldest);
        }
        rest = others;
    }
    (pages, rest.to_vec())
}

/// Puts a page behind the others, or into the last of them if both fit into one.
fn put(pages: &mut Vec<Page>, last: u64, entries: &[Dated]) {
    if entries.is_empty() {
        return;
    }
    match pages.last_mut() {
        Some(before) if before.entries.len().saturating_add(entries.len()) <= PAGE_ENTRIES_MAX => {
            before.entries.extend_from_slice(entries);
            before.last = last;
        }
        Some(_) | None => pages.push(Page { last, entries: entries.to_vec() }),
    }
}

#[cfg(test)]
mod tests;
