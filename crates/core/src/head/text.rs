//! The sealed text in which a head travels.

use core::fmt;

use super::{
    HEAD_ENTRIES_MAX,
    entry::{Entry, Name, Subject},
    list::distinct,
};
use crate::{
    id::{ID_MAX, Id},
    json::{JsonError, Reader, Writer, from_hex},
    lookup::LookupId,
    pepper::{PepperId, Peppers},
    sealed::{self, Kind, SealError},
    stamp::Stamp,
};

/// The longest text of a head, in bytes.
pub const TEXT_MAX: usize = 256 * 1024;

const KIND: Kind = Kind { label: b"tgh1", text_max: TEXT_MAX };

/// What a sender says of its head: how far it has come, and every entry after `since`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// How far the ledger had come.
    pub stamp: Stamp,
    /// Below what nothing is vouched for.
    pub floor: u64,
    /// After which epoch the entries are told: the floor itself if all are.
    pub since: u64,
    /// How old the sender's knowledge was when it sent this.
    pub age_ms: u64,
    /// The entries after `since`, in ascending order of epochs.
    pub entries: &'a [Entry],
}

/// Why a text is not a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// Its seal cannot be checked or does not hold.
    Sealed(SealError),
    /// It is not spelled as a head is.
    Spelling(JsonError),
    /// Its numbers or entries contradict each other.
    Inconsistent,
}

impl HeadError {
    /// The stable name of what is wrong, for logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sealed(SealError::TooLong) => "head_too_long",
            Self::Sealed(SealError::Malformed) => "head_malformed",
            Self::Sealed(SealError::Version) => "head_version",
            Self::Sealed(SealError::UnknownPepper) => "head_key_unknown",
            Self::Sealed(SealError::Broken) => "head_seal",
            Self::Spelling(_) | Self::Inconsistent => "head_invalid",
        }
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed(error) => write!(f, "not a sealed head: {error}"),
            Self::Spelling(error) => write!(f, "not a head: {error}"),
            Self::Inconsistent => f.write_str("a head that contradicts itself"),
        }
    }
}

impl core::error::Error for HeadError {}

impl From<JsonError> for HeadError {
    fn from(error: JsonError) -> Self {
        Self::Spelling(error)
    }
}

/// Opens the text of a head; its entries are put into `places`.
///
/// # Errors
///
/// The first that applies, in the order of the specification. Nothing of the text may be used then.
pub fn open<'e>(
    text: &[u8],
    peppers: &Peppers,
    places: &'e mut [Entry; HEAD_ENTRIES_MAX],
) -> Result<Answer<'e>, HeadError> {
    sealed::check(KIND, text, |id| peppers.head_key(PepperId::from_number(id)?))
        .map_err(HeadError::Sealed)?;
    let mut reader = Reader::new(text);
    let from = &mut reader;
    sealed::read_opening(from)?;
    from.expect(",\"head\":")?;
    let stamp = Stamp::read(from)?;
    from.expect(",\"floor\":")?;
    let floor = from.uint()?;
    from.expect(",\"since\":")?;
    let since = from.uint()?;
    from.expect(",\"age_ms\":")?;
    let age_ms = from.uint()?;
    from.expect(",\"entries\":")?;
    let mut len = 0_usize;
    from.list(HEAD_ENTRIES_MAX, |from| {
        let entry = entry(from)?;
        *places.get_mut(len).ok_or(JsonError::Full)? = entry;
        len = len.saturating_add(1);
        Ok::<(), HeadError>(())
    })?;
    sealed::read_closing(reader)?;
    let answer = Answer { stamp, floor, since, age_ms, entries: places.get(..len).unwrap_or(&[]) };
    if answer.consistent() { Ok(answer) } else { Err(HeadError::Inconsistent) }
}

impl Answer<'_> {
    fn consistent(&self) -> bool {
        let epochs = self.entries.iter().map(|entry| entry.epoch);
        self.stamp.incarnation > 0
            && self.stamp.epoch > 0
            && self.floor <= self.since
            && self.since <= self.stamp.epoch
            && self.entries.len() <= HEAD_ENTRIES_MAX
            && epochs.clone().is_sorted_by(|earlier, later| earlier < later)
            && epochs.clone().all(|epoch| epoch > self.since && epoch <= self.stamp.epoch)
            && distinct(self.entries)
    }
}

fn entry(from: &mut Reader<'_>) -> Result<Entry, HeadError> {
    from.expect("[")?;
    let epoch = from.uint()?;
    from.expect(",")?;
    let tenant = name(from.string(ID_MAX)?)?;
    from.expect(",")?;
    let kind = from.string(ID_MAX)?;
    from.expect(",")?;
    let id = from.string(ID_MAX)?;
    from.expect("]")?;
    let subject = match kind {
        "tenant" if id.is_empty() => Subject::Tenant { tenant },
        "owner" => Subject::Owner { tenant, owner: name(id)? },
        "key" => Subject::Key { tenant, key: name(id)? },
        "lookup" => {
            let lookup = from_hex(id.as_bytes()).ok_or(HeadError::Inconsistent)?;
            Subject::Lookup { tenant, lookup: LookupId::new(lookup) }
        }
        _ => return Err(HeadError::Inconsistent),
    };
    Ok(Entry { epoch, subject })
}

fn name(text: &str) -> Result<Name, HeadError> {
    Id::new(text).map(Name::new).map_err(|_| HeadError::Inconsistent)
}

/// Writes an answer into `out`, sealed under the pepper `pepper`; gives the length of the text.
///
/// # Errors
///
/// When the ring lacks the pepper, the text does not fit, or the answer contradicts itself.
pub fn seal<'o>(
    answer: &Answer<'_>,
    peppers: &Peppers,
    pepper: PepperId,
    out: &'o mut [u8],
) -> Result<&'o [u8], HeadError> {
    let key = peppers.head_key(pepper).ok_or(HeadError::Sealed(SealError::UnknownPepper))?;
    if !answer.consistent() {
        return Err(HeadError::Inconsistent);
    }
    let mut to = Writer::new(out);
    sealed::open(&mut to, pepper.get().into())?;
    to.raw(",\"head\":")?;
    answer.stamp.write(&mut to)?;
    for (field, number) in [
        (",\"floor\":", answer.floor),
        (",\"since\":", answer.since),
        (",\"age_ms\":", answer.age_ms),
    ] {
        to.raw(field)?;
        to.uint(number)?;
    }
    to.raw(",\"entries\":")?;
    to.list(answer.entries, write_entry)?;
    sealed::close(KIND, &mut to, key)?;
    let len = to.len();
    Ok(out.get(..len).unwrap_or(&[]))
}

fn write_entry(to: &mut Writer<'_>, entry: &Entry) -> Result<(), JsonError> {
    to.raw("[")?;
    to.uint(entry.epoch)?;
    to.raw(",")?;
    to.string(entry.subject.tenant().as_str())?;
    to.raw(match entry.subject {
        Subject::Lookup { .. } => ",\"lookup\",",
        Subject::Key { .. } => ",\"key\",",
        Subject::Owner { .. } => ",\"owner\",",
        Subject::Tenant { .. } => ",\"tenant\",",
    })?;
    match &entry.subject {
        Subject::Lookup { lookup, .. } => to.hex(lookup.as_bytes())?,
        Subject::Key { key: id, .. } | Subject::Owner { owner: id, .. } => {
            to.string(id.as_str())?
        }
        Subject::Tenant { .. } => to.string("")?,
    }
    to.raw("]")
}
