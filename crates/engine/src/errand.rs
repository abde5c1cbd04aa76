//! What is asked of the stores, and what they answer: data, so that it can cross to wherever they live.

use std::{fmt, sync::Arc};

use tollgate_core::{
    head::{self, Entry, HEAD_ENTRIES_MAX, HeadError},
    lease::{Answer, Ask},
    pepper::Peppers,
    record::{self, Absence, Expected, Found, PACKED_MAX, RecordError},
    stamp::Stamp,
};

use crate::Usage;

/// Which errand a reply is for. Numbers are not used again while an engine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrandId(pub u64);

/// Something to be asked of the stores now.
#[derive(Clone, Debug)]
pub struct Errand {
    /// Which one it is: its reply names it.
    pub id: ErrandId,
    /// What is asked.
    pub question: Question,
    /// How far the engine's head has come: every answer of the authority tells what came after.
    pub since: Stamp,
    /// After how many milliseconds nobody waits for the reply any more.
    pub deadline_ms: u32,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// What changed lately: of the authority, and never of a replica.
    Head,
    /// The record of one secret.
    Record {
        /// Whose.
        expected: Expected,
        /// Of whom.
        of: Lookup,
    },
    /// Tokens of one bucket: of the authority, once. No transport repeats it on its own account.
    Lease {
        /// The bucket's name.
        bucket: Arc<str>,
        /// What the purse says.
        ask: Ask,
    },
    /// To keep what was counted: of the authority, which keeps a batch once however often it comes.
    Usage(Usage),
}

/// Who is asked for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A replica that may be old: only asked where [`Settings::replica`](crate::Settings::replica) says there is one.
    Replica,
    /// The authority, which reads the effective record and the head together.
    Authority,
}

/// What a store answers.
#[derive(Clone, Debug)]
pub enum Reply {
    /// To [`Question::Head`].
    Head(Tidings),
    /// To [`Question::Record`]: none if a replica has nothing; the authority always has a record or an absence.
    Record(Option<Fetched>, Option<Tidings>),
    /// To [`Question::Lease`].
    Lease(Answer, Option<Tidings>),
    /// To [`Question::Usage`]: the batch is kept, now or since it came before.
    Usage,
}

/// A record or an absence whose seal held: [`Fetched::open`] is the only way to obtain one.
#[derive(Clone, Debug)]
pub struct Fetched(pub(crate) Contents);

#[derive(Clone, Debug)]
pub(crate) enum Contents {
    /// Packed, as [`tollgate_core::record::Record::unpack`] reads it.
    Record(Arc<[u8]>),
    Absence(Absence),
}

impl Fetched {
    /// Opens what a store gave for `expected`.
    ///
    /// # Errors
    ///
    /// See [`RecordError`]: nothing of the text may be used then.
    pub fn open(text: &[u8], expected: Expected, peppers: &Peppers) -> Result<Self, RecordError> {
        let mut packed = [0; PACKED_MAX];
        let contents = match record::open(text, peppers, expected, &mut packed)? {
            Found::Absent(absence) => Contents::Absence(absence),
            Found::Present(_) => {
                let len = record::Record::packed_len(&packed).unwrap_or(PACKED_MAX);
                Contents::Record(Arc::from(packed.get(..len).unwrap_or(&packed)))
            }
        };
        Ok(Self(contents))
    }

    /// What was opened, for whoever looks into a store: whether it may be used is for the head to say.
    #[must_use]
    pub fn found(&self) -> Option<Found<'_>> {
        match &self.0 {
            Contents::Record(packed) => record::Record::unpack(packed).map(Found::Present),
            Contents::Absence(absence) => Some(Found::Absent(*absence)),
        }
    }
}

/// What an authority says of its head: owned, so that it can travel with any reply.
#[derive(Clone, Debug)]
pub struct Tidings {
    /// How far the ledger had come.
    pub stamp: Stamp,
    /// Below what nothing is vouched for.
    pub floor: u64,
    /// After which epoch the entries are told.
    pub since: u64,
    /// How old the sender's knowledge was when it sent this.
    pub age_ms: u64,
    /// The entries after `since`, in ascending order of epochs.
    pub entries: Vec<Entry>,
}

impl Tidings {
    /// Opens the sealed text of a head that came over a network.
    ///
    /// # Errors
    ///
    /// See [`HeadError`]: nothing of the text may be used then.
    pub fn open(text: &[u8], peppers: &Peppers) -> Result<Self, HeadError> {
        let places = vec![Entry::NONE; HEAD_ENTRIES_MAX];
        let mut places: Box<[Entry; HEAD_ENTRIES_MAX]> =
            places.into_boxed_slice().try_into().map_err(|_| HeadError::Inconsistent)?;
        Ok(Self::from(head::open(text, peppers, &mut places)?))
    }

    /// The same, borrowed.
    #[must_use]
    pub fn answer(&self) -> head::Answer<'_> {
        let Self { stamp, floor, since, age_ms, ref entries } = *self;
        head::Answer { stamp, floor, since, age_ms, entries }
    }
}

impl From<head::Answer<'_>> for Tidings {
    fn from(answer: head::Answer<'_>) -> Self {
        let head::Answer { stamp, floor, since, age_ms, entries } = answer;
        Self { stamp, floor, since, age_ms, entries: entries.to_vec() }
    }
}

/// Why a store gave no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// It cannot be reached, or did not answer in time: asking again may help.
    Unreachable,
    /// It is reached, but cannot do this now (full, read-only, throttled, locked): asking again may help.
    Refused,
    /// What it gave is not what it should hold: asking again will not help. Logged by its code.
    Damaged(OpenError),
}

/// What was damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// A record.
    Record(RecordError),
    /// A head.
    Head(HeadError),
    /// The state of a bucket.
    Bucket,
    /// Something else, by the name of what it is.
    Other(&'static str),
}

impl StoreError {
    /// The stable name, for logs and metrics.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreachable => "store_unreachable",
            Self::Refused => "store_refused",
            Self::Damaged(OpenError::Record(error)) => error.code(),
            Self::Damaged(OpenError::Head(error)) => error.code(),
            Self::Damaged(OpenError::Bucket) => "bucket_damaged",
            Self::Damaged(OpenError::Other(code)) => code,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for StoreError {}
