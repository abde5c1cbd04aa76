//! Reading a chain where it is kept: pages that a filter picks, and exports.

use core::fmt;

use tollgate_core::{id::Id, json::JsonError, time::UnixMillis};
use tollgate_identity::SigningKey;

use crate::{Actor, Chain, Written, export, veil};

/// The most entries of a page.
pub const PAGE_MAX: usize = 200;

/// The most entries that are looked at for one page, however few of them a filter picks.
pub const LOOKED_AT_MAX: usize = 2_000;

/// How many entries are read at once.
pub(crate) const READ_MAX: usize = 200;

/// The entries of one chain, where they are kept.
///
/// # If an implementation is wrong
///
/// * It gives an entry that was changed, or leaves one out: whoever exports is told so, and nothing is signed.
/// * It gives less than there is: a page ends early, and an export is not signed, since it does not reach its end.
pub trait Rows {
    /// Why it could not be read.
    type Error;

    /// The entries after `number`, in their order, at most `most`; none if there are none.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn after(&mut self, number: u64, most: usize) -> Result<Vec<Kept>, Self::Error>;
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The number under which it is kept.
    pub number: u64,
    /// The line, as [`Chain::append`] gave it.
    pub line: String,
    /// The line of its checkpoint, if it has one.
    pub checkpoint: Option<String>,
}

/// Why a chain could not be read.
#[derive(Debug, PartialEq, Eq)]
pub enum RowsError<E> {
    /// The store failed.
    Store(E),
    /// What is kept after the entry of this number is not what was appended after it.
    Damaged(u64),
    /// A number or a time is beyond what the log can say.
    Beyond(JsonError),
}

impl<E> fmt::Display for RowsError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(_) => f.write_str("the audit log could not be read"),
            Self::Damaged(number) => write!(f, "the audit log is damaged after entry {number}"),
            Self::Beyond(_) => f.write_str("a number or a time is beyond what the log can say"),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for RowsError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Beyond(error) => Some(error),
            Self::Damaged(_) => None,
        }
    }
}

/// Which entries are wanted: all for which everything that is said here holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter<'a> {
    /// Done by this one.
    pub actor: Option<Actor<'a>>,
    /// Of this kind.
    pub operation: Option<Id<'a>>,
    /// Done to this.
    pub subject: Option<Id<'a>>,
    /// Of this request.
    pub request: Option<Id<'a>>,
    /// Not before this instant.
    pub since: Option<UnixMillis>,
    /// Before this instant.
    pub until: Option<UnixMillis>,
}

impl Filter<'_> {
    /// Whether an entry is wanted.
    #[must_use]
    pub fn picks(&self, entry: &Written<'_>) -> bool {
        let shown = |wanted: Id<'_>, id: Id<'_>| veil::words(wanted.as_str()) == id.as_str();
        self.actor.is_none_or(|actor| actor == entry.actor)
            && self.operation.is_none_or(|operation| operation == entry.operation)
            && self.subject.is_none_or(|subject| shown(subject, entry.subject))
            && self.request.is_none_or(|wanted| entry.request.is_some_and(|id| shown(wanted, id)))
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
    }
}

/// Some of the entries that are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Their lines, in their order; among them every line that is not as it was written, whatever the filter: nobody
    /// knows what it said.
    pub lines: Vec<String>,
    /// Where to go on; none if there is no more. A page may be empty and have a next one.
    pub next: Option<u64>,
}

/// The entries after `number` that `filter` picks, at most `limit` and [`PAGE_MAX`] of them.
///
/// # Errors
///
/// When the store fails.
pub fn page<R: Rows>(
    rows: &mut R,
    filter: &Filter<'_>,
    number: u64,
    limit: usize,
) -> Result<Page, R::Error> {
    let limit = limit.clamp(1, PAGE_MAX);
    let (mut page, mut at, mut seen) = (Page::default(), number, 0_usize);
    while seen < LOOKED_AT_MAX {
        let kept = rows.after(at, READ_MAX)?;
        if kept.is_empty() {
            return Ok(page);
        }
        for Kept { number, line, .. } in kept {
            let entry = Written::read(&line);
            let entry = entry.filter(|entry| entry.number == number && entry.holds());
            let over = |until| entry.is_some_and(|entry| entry.at >= until);
            // Times never step back: what comes later is later.
            if filter.until.is_some_and(over) {
                return Ok(page);
            }
            let picked = entry.is_none_or(|entry| filter.picks(&entry));
            at = at.saturating_add(1).max(number);
            seen = seen.saturating_add(1);
            if picked {
                page.lines.push(line);
            }
            if page.lines.len() >= limit {
                return Ok(Page { next: Some(at), ..page });
            }
        }
    }
    Ok(Page { next: Some(at), ..page })
}

/// After which entry those begin that are not before `since`, of a chain with `last` entries: it looks at few of them,
/// because times never step back.
///
/// # Errors
///
/// When the store fails.
pub fn before<R: Rows>(rows: &mut R, since: UnixMillis, last: u64) -> Result<u64, R::Error> {
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low.midpoint(high);
        let kept = rows.after(middle, 1)?;
        // What cannot be read is looked at by whoever goes on from there.
        let earlier = kept.first().and_then(|kept| Written::read(&kept.line));
        if earlier.is_some_and(|entry| entry.at < since) {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// Makes an export, piece by piece, and follows the chain while it does: what does not hold together is not signed.
#[derive(Clone, Copy, Debug)]
pub struct Exporter<'a> {
    before: Chain<'a>,
    chain: Chain<'a>,
    until: u64,
}

impl<'a> Exporter<'a> {
    /// An export of the entries after `number` up to `until`.
    ///
    /// # Errors
    ///
    /// When the store fails, or the entry `number` is not there as it was written.
    pub fn of<R: Rows>(
        rows: &mut R,
        tenant: Option<Id<'a>>,
        (number, until): (u64, u64),
    ) -> Result<Self, RowsError<R::Error>> {
        let mut before = Chain::new(tenant);
        if let Some(earlier) = number.checked_sub(1) {
            let kept = rows.after(earlier, 1).map_err(RowsError::Store)?;
            let entry = kept.first().and_then(|kept| Written::read(&kept.line));
            let entry = entry
                .filter(|entry| entry.number == number && entry.tenant == tenant && entry.holds());
            let entry = entry.ok_or(RowsError::Damaged(earlier))?;
            before = Chain { tenant, number, hash: entry.hash, at: entry.at };
        }
        Ok(Self { before, chain: before, until })
    }

    /// The first line, with its end.
    ///
    /// # Errors
    ///
    /// When its number is beyond what the log can say.
    pub fn head<E>(&self) -> Result<String, RowsError<E>> {
        export::head(&self.before).map(|line| line + "\n").map_err(RowsError::Beyond)
    }

    /// The next lines, with their ends; none if the export has reached its end.
    ///
    /// # Errors
    ///
    /// When the store fails, or what is kept does not follow. What came before that can be signed after a
    /// [`stop`](Self::stop).
    pub fn next<R: Rows>(&mut self, rows: &mut R) -> Result<Option<String>, RowsError<R::Error>> {
        let left = self.until.saturating_sub(self.chain.number);
        if left == 0 {
            return Ok(None);
        }
        let most = usize::try_from(left).unwrap_or(READ_MAX).min(READ_MAX);
        let kept = rows.after(self.chain.number, most).map_err(RowsError::Store)?;
        if kept.is_empty() || kept.len() > most {
            return Err(RowsError::Damaged(self.chain.number));
        }
        let mut text = String::new();
        for Kept { line, checkpoint, .. } in kept {
            let next = Written::read(&line).and_then(|entry| self.chain.followed(&entry));
            match next {
                Some(next) => self.chain = next,
                None if text.is_empty() => return Err(RowsError::Damaged(self.chain.number)),
                None => break,
            }
            for line in [Some(line), checkpoint].into_iter().flatten() {
                text.push_str(&line);
                text.push('\n');
            }
        }
        Ok(Some(text))
    }

    /// Where the export has come to.
    #[must_use]
    pub const fn chain(&self) -> &Chain<'a> {
        &self.chain
    }

    /// Ends the export where it has come to: what follows is another piece.
    pub const fn stop(&mut self) {
        self.until = self.chain.number;
    }

    /// The last line, with its end, signed; none before the export has reached its end.
    #[must_use]
    pub fn end(&self, key: &SigningKey, now: UnixMillis) -> Option<String> {
        // SECURITY: what has not been followed to its end is not signed.
        if self.chain.number < self.until {
            return None;
        }
        export::end(&self.before, &self.chain, key, now).map(|line| line + "\n")
    }
}
