//! The sealed text of a record: how it is opened, and how it is made.

mod read;
mod write;

use core::fmt;

use crate::{
    json::{JsonError, Reader},
    key::Env,
    lookup::LookupId,
    pepper::{Genuine, PepperId, Peppers},
    record::{
        Record,
        packed::{Full, PACKED_MAX, Packer},
    },
    sealed::{self, Kind, SealError},
    stamp::Stamp,
};

pub use write::{restamp, seal, seal_absence};

/// The longest text of a record, in bytes.
pub const TEXT_MAX: usize = 16 * 1024;

const KIND: Kind = Kind { label: b"tgr1", text_max: TEXT_MAX };

/// Why a text is not the record of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// Its seal cannot be checked or does not hold.
    Sealed(SealError),
    /// It is not spelled as a record is.
    Spelling(JsonError),
    /// What is said of this field is out of its bounds.
    Field(&'static str),
    /// It is the record of another secret.
    OtherLookup,
    /// It is the record of a key for another environment.
    OtherEnv,
}

impl RecordError {
    /// The stable name of what is wrong, for logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sealed(SealError::TooLong) => "record_too_long",
            Self::Sealed(SealError::Malformed) => "record_malformed",
            Self::Sealed(SealError::Version) => "record_version",
            Self::Sealed(SealError::UnknownPepper) => "record_key_unknown",
            Self::Sealed(SealError::Broken) => "record_seal",
            Self::Spelling(_) | Self::Field(_) => "record_invalid",
            Self::OtherLookup => "record_other_lookup",
            Self::OtherEnv => "record_other_env",
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed(error) => write!(f, "not a sealed record: {error}"),
            Self::Spelling(error) => write!(f, "not a record: {error}"),
            Self::Field(field) => write!(f, "a record's {field} is out of bounds"),
            Self::OtherLookup => f.write_str("the record of another secret"),
            Self::OtherEnv => f.write_str("the record of a key for another environment"),
        }
    }
}

impl core::error::Error for RecordError {}

impl From<JsonError> for RecordError {
    fn from(error: JsonError) -> Self {
        Self::Spelling(error)
    }
}

impl From<Full> for RecordError {
    fn from(_: Full) -> Self {
        Self::Spelling(JsonError::Full)
    }
}

/// Whose record a text is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The secret's index in the stores.
    pub lookup: LookupId,
    /// The environment that the key says it is for.
    pub env: Env,
}

impl From<&Genuine> for Expected {
    fn from(genuine: &Genuine) -> Self {
        Self { lookup: genuine.lookup(), env: genuine.env() }
    }
}

/// What the ledger says of a lookup id.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no allocator to box the record with")]
pub enum Found<'a> {
    /// It is a secret of this key.
    Present(Record<'a>),
    /// There is nothing under it.
    Absent(Absence),
}

/// Nothing stood under a lookup id when the ledger was read.
///
/// Like a record, an absence must pass the head before it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// When the ledger was read.
    pub as_of: Stamp,
    /// Under which lookup id there was nothing.
    pub lookup: LookupId,
}

/// Opens the text of a record and packs it into `packed`.
///
/// # Errors
///
/// The first that applies, in the order of the specification. Nothing of the text may be used then:
/// the key that was presented is answered *unavailable*, and `packed` unpacks as nothing.
///
/// # Security
///
/// Nothing but the outer form is read before the seal holds, so whoever can write to a store without
/// holding a pepper can neither widen a right nor reach the decoder.
pub fn open<'p>(
    text: &[u8],
    peppers: &Peppers,
    expected: Expected,
    packed: &'p mut [u8; PACKED_MAX],
) -> Result<Found<'p>, RecordError> {
    let absence = read(text, peppers, expected, packed);
    if !matches!(absence, Ok(None)) {
        // SECURITY: half of a record would unpack as one with fewer limits and rules.
        packed.fill(0);
    }
    match absence? {
        Some(absence) => Ok(Found::Absent(absence)),
        None => {
            let record = Record::unpack(packed).ok_or(RecordError::Field("lists"))?;
            Ok(Found::Present(record))
        }
    }
}

/// Packs what a text says, or gives the absence that it is, if it is sealed and of whom it is expected to be.
fn read(
    text: &[u8],
    peppers: &Peppers,
    expected: Expected,
    packed: &mut [u8; PACKED_MAX],
) -> Result<Option<Absence>, RecordError> {
    sealed::check(KIND, text, |id| peppers.record_key(PepperId::from_number(id)?))
        .map_err(RecordError::Sealed)?;
    let mut packer = Packer::new(packed);
    let absence = read::body(Reader::new(text), &mut packer)?;
    let (lookup, env) = match absence {
        Some(absence) => (absence.lookup, expected.env),
        None => {
            let record = read::validated(packer.finish())?;
            (record.lookup, record.env)
        }
    };
    if lookup != expected.lookup {
        Err(RecordError::OtherLookup)
    } else if env != expected.env {
        Err(RecordError::OtherEnv)
    } else {
        Ok(absence)
    }
}
