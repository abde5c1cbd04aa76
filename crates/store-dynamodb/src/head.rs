//! The head's item: what it says, and what of it an asker is told.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use tollgate_core::{
    head::{Entry, HEAD_ENTRIES_MAX, Name, Subject},
    id::Id,
    lookup::LookupId,
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_engine::{OpenError, StoreError, Tidings};

use crate::layout::{
    ENTRIES, EPOCH, FLOOR, INCARNATION, PAGE_ENTRIES_MAX, PAGES, PAGES_MAX, PENDING, SINCE,
};

/// Attributes of one item.
pub type Item = HashMap<String, AttributeValue>;

/// The head's item is not one that was written here.
pub(crate) const DAMAGED: StoreError = StoreError::Damaged(OpenError::Other("head_damaged"));

/// What the head's item says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadItem {
    /// How far the ledger has come.
    pub stamp: Stamp,
    /// Below what nothing is vouched for.
    pub floor: u64,
    /// Above which epoch `entries` is complete.
    pub since: u64,
    /// The entries above that, in ascending order of epochs.
    pub entries: Vec<Dated>,
    /// The last epochs of the pages, in ascending order.
    pub pages: Vec<u64>,
    /// The lowest epoch whose records are not all written, or 0.
    pub pending: u64,
}

/// An entry, and when it was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dated {
    /// The entry.
    pub entry: Entry,
    /// When it was committed, as the publisher's clock told.
    pub at: UnixMillis,
}

impl HeadItem {
    /// Reads the item; none if it is not one that was written here.
    #[must_use]
    pub fn read(item: &Item) -> Option<Self> {
        let number = |name: &str| number(item, name);
        let stamp = Stamp { incarnation: number(INCARNATION)?, epoch: number(EPOCH)? };
        let (floor, since) = (number(FLOOR)?, number(SINCE)?);
        let entries = read_entries(text(item, ENTRIES)?)?;
        let pages: Vec<u64> = serde_json::from_str(text(item, PAGES)?).ok()?;
        let pending = number(PENDING)?;
        let ordered = floor <= since && since <= stamp.epoch && pending <= stamp.epoch;
        let within = |dated: &Dated| since < dated.entry.epoch && dated.entry.epoch <= stamp.epoch;
        let paged = pages.len() <= PAGES_MAX && pages.is_sorted();
        let whole = stamp.incarnation > 0 && ordered && paged && entries.iter().all(within);
        whole.then_some(Self { stamp, floor, since, entries, pages, pending })
    }

    /// As of when every record in the table is at least, for whoever reads it after this item.
    #[must_use]
    pub const fn written(&self) -> Stamp {
        let epoch = match self.pending {
            0 => self.stamp.epoch,
            pending => pending.saturating_sub(1),
        };
        Stamp { incarnation: self.stamp.incarnation, epoch }
    }

    /// Whether any entry above `as_of` is about one of these.
    #[must_use]
    pub fn concerns(
        &self,
        as_of: Stamp,
        lookup: LookupId,
        key: Id<'_>,
        owner: Id<'_>,
        tenant: Id<'_>,
    ) -> bool {
        let later = self.entries.iter().filter(|dated| dated.entry.epoch > as_of.epoch);
        later
            .map(|dated| dated.entry)
            .any(|entry| entry.subject.concerns(lookup, key, owner, tenant))
    }

    /// The pages that an asker needs before it can be told what it has missed; none if the item says it all.
    ///
    /// Whoever knows nothing needs none: it is told a higher floor, and everything that it will ever hold is newer.
    #[must_use]
    pub fn pages_for(&self, asker: Stamp) -> &[u64] {
        let behind = asker.incarnation == self.stamp.incarnation
            && (self.floor..self.since).contains(&asker.epoch);
        if !behind {
            return &[];
        }
        let known = self.pages.partition_point(|&last| last <= asker.epoch);
        self.pages.get(known..).unwrap_or_default()
    }

    /// What an asker is told, given the entries of [`HeadItem::pages_for`], in ascending order.
    #[must_use]
    pub fn tidings(&self, asker: Stamp, paged: &[Dated]) -> Tidings {
        let Self { stamp, floor, since, .. } = *self;
        let of_this = asker.incarnation == stamp.incarnation;
        let told = |from: u64, floor: u64| {
            let all = paged.iter().chain(&self.entries).map(|dated| dated.entry);
            let entries = all.filter(|entry| entry.epoch > from).collect();
            Tidings { stamp, floor, since: from, age_ms: 0, entries }
        };
        let near = (since..=stamp.epoch).contains(&asker.epoch);
        let paged = (floor..since).contains(&asker.epoch) && !paged.is_empty();
        if of_this && (near || paged) {
            told(asker.epoch, floor)
        } else {
            // Complete above `since`, and a floor that is higher than need be is true as well.
            told(since, since)
        }
    }
}

/// A number of an item.
#[must_use]
pub fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A string of an item.
#[must_use]
pub fn text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// Writes entries: `[[epoch,"tenant","kind","id",at_ms],…]`.
#[must_use]
pub fn write_entries(entries: &[Dated]) -> String {
    let row = |dated: &Dated| {
        let (kind, id) = spelled(&dated.entry.subject);
        let tenant = dated.entry.subject.tenant().as_str();
        serde_json::json!([dated.entry.epoch, tenant, kind, id, dated.at.0])
    };
    Value::from(entries.iter().map(row).collect::<Vec<Value>>()).to_string()
}

/// Reads what [`write_entries`] wrote; none if it is anything else, or not in ascending order of epochs.
#[must_use]
pub fn read_entries(text: &str) -> Option<Vec<Dated>> {
    let rows: Vec<(u64, String, String, String, u64)> = serde_json::from_str(text).ok()?;
    if rows.len() > HEAD_ENTRIES_MAX.max(PAGE_ENTRIES_MAX) {
        return None;
    }
    let mut entries: Vec<Dated> = Vec::with_capacity(rows.len());
    for (epoch, tenant, kind, id, at_ms) in rows {
        if entries.last().is_some_and(|last| last.entry.epoch >= epoch) {
            return None;
        }
        let subject = subject(&tenant, &kind, &id)?;
        entries.push(Dated { entry: Entry { epoch, subject }, at: UnixMillis(at_ms) });
    }
    Some(entries)
}

fn subject(tenant: &str, kind: &str, id: &str) -> Option<Subject> {
    let name = |text| Id::new(text).ok().map(Name::new);
    let tenant = name(tenant)?;
    match kind {
        "tenant" => Some(Subject::Tenant { tenant }),
        "owner" => Some(Subject::Owner { tenant, owner: name(id)? }),
        "key" => Some(Subject::Key { tenant, key: name(id)? }),
        "lookup" => Some(Subject::Lookup { tenant, lookup: LookupId::from_hex(id)? }),
        _ => None,
    }
}

/// How a subject's kind and id are written.
fn spelled(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Lookup { lookup, .. } => ("lookup", lookup.to_string()),
        Subject::Key { key, .. } => ("key", key.as_str().to_owned()),
        Subject::Owner { owner, .. } => ("owner", owner.as_str().to_owned()),
        Subject::Tenant { .. } => ("tenant", String::new()),
    }
}
