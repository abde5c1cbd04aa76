//! The head and records, read together.

use std::collections::BTreeMap;

use tollgate_core::{
    lookup::LookupId,
    pepper::Peppers,
    record::{self, Expected, Found, PACKED_MAX, RecordError, TEXT_MAX},
    stamp::Stamp,
};
use tollgate_engine::{Errand, ErrandId, Fetched, OpenError, Question, Reply, StoreError};
use tollgate_ledger::{CompileError, compile_absence};

use crate::{
    Store,
    call::Deadline,
    documents::{Unread, effective, item::Place, read::Reading},
    head::{DAMAGED, Dated, HeadItem, Item, read_entries, text},
    layout::{ENTRIES, HEAD, PAGES_MAX, TEXT},
    publish::fault::Fault,
};

/// The most records that are read with the head in one batch.
const RECORDS_AT_ONCE: usize = 99;

/// So often pages are read again because the head had others by then.
const PAGES_ROUNDS_MAX: u32 = 3;

/// An answer without the head, which every table has that was begun: none that anything can be concluded from.
const NO_HEAD: Unread = Unread::Read(Fault::Damaged(HEAD));

/// What an errand of a record wants.
struct Wanted<'e> {
    id: ErrandId,
    since: Stamp,
    expected: Option<&'e Expected>,
}

impl Store {
    /// Answers the errands that ask for the head or for records, each with the head of the same read.
    pub(crate) async fn reads(
        &self,
        errands: &[Errand],
        peppers: &Peppers,
    ) -> Vec<(ErrandId, Result<Reply, StoreError>)> {
        let wanted: Vec<(Wanted<'_>, u32)> = errands.iter().filter_map(Wanted::of).collect();
        let mut replies = Vec::with_capacity(wanted.len());
        for part in wanted.chunks(RECORDS_AT_ONCE) {
            let most = part.iter().map(|&(_, deadline_ms)| deadline_ms).max().unwrap_or(0);
            let deadline = Deadline::new(&self.clock, most);
            let part: Vec<&Wanted<'_>> = part.iter().map(|(wanted, _)| wanted).collect();
            match self.read(&part, peppers, &deadline).await {
                Ok(told) => replies.extend(told),
                Err(error) => {
                    replies.extend(part.iter().map(|wanted| (wanted.id, Err(error.clone()))));
                }
            }
        }
        replies
    }

    /// Reads the head's item, strongly consistent.
    pub(crate) async fn head_item(&self, deadline: &Deadline<'_>) -> Result<HeadItem, StoreError> {
        let (reading, place) = (self.reading(), Place::head());
        let item = self.patiently(deadline, || async { reading.one(&place).await?.ok_or(NO_HEAD) });
        self.learnt(&item.await?)
    }

    async fn read(
        &self,
        wanted: &[&Wanted<'_>],
        peppers: &Peppers,
        deadline: &Deadline<'_>,
    ) -> Result<Vec<(ErrandId, Result<Reply, StoreError>)>, StoreError> {
        let lookups = wanted.iter().filter_map(|wanted| Some(wanted.expected?.lookup));
        let places: Vec<Place> = lookups.map(Place::record).collect();
        if self.known().is_none() && !places.is_empty() {
            // What is read after a head is as new as that head; what is read with it may be older.
            self.head_item(deadline).await?;
        }
        let known = self.known();
        let reading = self.reading();
        let (head, items) = if places.is_empty() {
            (self.head_item(deadline).await?, BTreeMap::new())
        } else {
            let mut all = places;
            all.push(Place::head());
            let told = self.patiently(deadline, || async {
                let mut items = reading.several(&all).await?;
                items.remove(&Place::head()).map(|head| (head, items)).ok_or(NO_HEAD)
            });
            let (head, items) = told.await?;
            (self.learnt(&head)?, items.into_iter().collect())
        };
        let mut replies = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            let reply = match wanted.expected {
                None => self.tidings(head.clone(), wanted.since, deadline).await,
                Some(expected) => {
                    let item = items.get(&Place::record(expected.lookup));
                    let seen = Seen { head: &head, known, item };
                    self.record(&seen, expected, wanted.since, peppers, deadline).await
                }
            };
            replies.push((wanted.id, reply));
        }
        Ok(replies)
    }

    /// What an asker is told of the head; with pages, if it is so far behind, and then as of a later read.
    async fn tidings(
        &self,
        mut head: HeadItem,
        since: Stamp,
        deadline: &Deadline<'_>,
    ) -> Result<Reply, StoreError> {
        for _ in 0..PAGES_ROUNDS_MAX {
            let pages = head.pages_for(since).to_vec();
            if pages.is_empty() || pages.len() > PAGES_MAX {
                break;
            }
            let mut places: Vec<Place> = pages.iter().map(|&last| Place::page(last)).collect();
            places.push(Place::head());
            let reading = self.reading();
            let told = self.patiently(deadline, || async {
                let mut items = reading.together(&places).await?;
                items.remove(&Place::head()).map(|head| (head, items)).ok_or(NO_HEAD)
            });
            let (item, found) = told.await?;
            head = self.learnt(&item)?;
            if head.pages_for(since) == pages {
                let entries = pages.iter().map(|&last| paged(found.get(&Place::page(last))));
                let entries: Vec<Vec<Dated>> = entries.collect::<Option<_>>().ok_or(DAMAGED)?;
                return Ok(Reply::Head(head.tidings(since, &entries.concat())));
            }
        }
        Ok(Reply::Head(head.tidings(since, &[])))
    }

    /// What a secret's item says as of what was known before it was read, or else what its documents say.
    async fn record(
        &self,
        seen: &Seen<'_>,
        expected: &Expected,
        since: Stamp,
        peppers: &Peppers,
        deadline: &Deadline<'_>,
    ) -> Result<Reply, StoreError> {
        let damaged = |error| StoreError::Damaged(OpenError::Record(error));
        let told = seen.text(expected, peppers).map_err(damaged)?;
        let (text, head) = match told {
            Some(text) => (text, None),
            None => {
                let (text, head) = self.documents(seen, expected.lookup, peppers, deadline).await?;
                (text, Some(head))
            }
        };
        let fetched = Fetched::open(&text, *expected, peppers).map_err(damaged)?;
        let tidings = head.as_ref().unwrap_or(seen.head).tidings(since, &[]);
        Ok(Reply::Record(Some(fetched), Some(tidings)))
    }

    /// The effective record, compiled from the documents of its key, its owner and its tenant.
    async fn documents(
        &self,
        seen: &Seen<'_>,
        lookup: LookupId,
        peppers: &Peppers,
        deadline: &Deadline<'_>,
    ) -> Result<(Vec<u8>, HeadItem), StoreError> {
        let reading = self.reading();
        let read = || effective(&reading, seen.item, lookup, peppers);
        let found = self.patiently(deadline, read).await?;
        let head = self.learnt(&found.head)?;
        Ok((found.text, head))
    }

    fn reading(&self) -> Reading {
        Reading { client: self.client(), table: self.tables.ledger.clone() }
    }

    /// The head of an item, which is remembered.
    fn learnt(&self, item: &Item) -> Result<HeadItem, StoreError> {
        let head = HeadItem::read(item).ok_or(DAMAGED)?;
        self.learn(head.written());
        Ok(head)
    }

    /// Reads again and again until there is an answer or no time.
    async fn patiently<T, F: Future<Output = Result<T, Unread>>>(
        &self,
        deadline: &Deadline<'_>,
        read: impl Fn() -> F,
    ) -> Result<T, StoreError> {
        let mut failed = 0;
        loop {
            let (error, hopeless) = match deadline.within(read()).await {
                Some(Ok(found)) => return Ok(found),
                Some(Err(error)) => concluded(&error),
                None => (StoreError::Unreachable, false),
            };
            if hopeless || !deadline.pause(failed).await {
                return Err(error);
            }
            failed = failed.saturating_add(1);
        }
    }
}

impl<'e> Wanted<'e> {
    fn of(errand: &'e Errand) -> Option<(Self, u32)> {
        let Errand { id, since, deadline_ms, .. } = *errand;
        let expected = match &errand.question {
            Question::Head => None,
            Question::Record { expected, .. } => Some(expected),
            Question::Lease { .. } | Question::Usage(_) => return None,
        };
        Some((Self { id, since, expected }, deadline_ms))
    }
}

/// What was read of one secret.
struct Seen<'r> {
    /// The head of the same batch.
    head: &'r HeadItem,
    /// As of when all records were, as a head said that was read before.
    known: Option<Stamp>,
    item: Option<&'r Item>,
}

impl Seen<'_> {
    /// The sealed text that this allows, as of what was known before; none if the documents must be asked.
    fn text(&self, expected: &Expected, peppers: &Peppers) -> Result<Option<Vec<u8>>, RecordError> {
        let Self { head, known, item } = *self;
        let of_this = |known: &Stamp| known.incarnation == head.stamp.incarnation;
        let Some(known) = known.filter(of_this).filter(|known| known.epoch >= head.since) else {
            return Ok(None);
        };
        let Some(sealed) = item.map(|item| text(item, TEXT).unwrap_or_default().as_bytes()) else {
            let text = compile_absence(known, expected.lookup, peppers, peppers.issuing());
            return match text {
                Ok(text) => Ok(Some(text)),
                Err(CompileError::Record(error)) => Err(error),
                Err(CompileError::UnknownSecret | CompileError::Document) => Ok(None),
            };
        };
        let mut packed = [0; PACKED_MAX];
        let Found::Present(record) = record::open(sealed, peppers, *expected, &mut packed)? else {
            return Ok(None);
        };
        let as_of = record.as_of.max(known);
        let of_another = record.as_of.incarnation != head.stamp.incarnation;
        if of_another
            || head.concerns(as_of, record.lookup, record.key, record.owner, record.tenant)
        {
            return Ok(None);
        }
        if as_of == record.as_of {
            return Ok(Some(sealed.to_vec()));
        }
        record::restamp(sealed, as_of, peppers, &mut [0; TEXT_MAX]).map(|text| Some(text.to_vec()))
    }
}

/// The entries of a page's item.
fn paged(item: Option<&Item>) -> Option<Vec<Dated>> {
    read_entries(text(item?, ENTRIES)?)
}

/// What who waited is told, and whether there is no use in reading again.
fn concluded(unread: &Unread) -> (StoreError, bool) {
    let other = |code| (StoreError::Damaged(OpenError::Other(code)), true);
    match unread {
        Unread::Read(Fault::Damaged(HEAD)) => (other("head_missing").0, false),
        Unread::Read(Fault::Busy(_)) => (StoreError::Refused, false),
        Unread::Read(Fault::Unreachable(_)) => (StoreError::Unreachable, false),
        Unread::Read(Fault::Denied(_)) => other("table_denied"),
        Unread::Read(Fault::NoTable(_)) => other("table_missing"),
        Unread::Read(Fault::Damaged(_))
        | Unread::Document
        | Unread::Compile(CompileError::UnknownSecret | CompileError::Document) => {
            other("document_damaged")
        }
        Unread::Compile(CompileError::Record(error)) => {
            (StoreError::Damaged(OpenError::Record(*error)), true)
        }
    }
}
