//! What a verifier found.

use core::fmt;

use tollgate_core::time::UnixMillis;

use crate::Hash;

/// What an export is worth: how far it holds, and what is wrong with it if anything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many lines were read, the broken ones among them.
    pub lines: u64,
    /// What piece of which chain it is, up to where it is wrong; none if it does not begin as an export.
    pub piece: Option<Piece>,
    /// The last good checkpoint: everything up to it is as it was written.
    pub vouched: Option<Vouched>,
    /// The first line that is wrong; none if the export is whole.
    pub wrong: Option<Wrong>,
}

/// A piece of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Whose chain it is; none if it is the deployment's own.
    pub tenant: Option<String>,
    /// The number of the last entry before it.
    pub since: u64,
    /// The number of its last entry.
    pub until: u64,
    /// How many checkpoints it has that hold, its end among them.
    pub checkpoints: u64,
}

/// What a signature vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The last entry's number.
    pub number: u64,
    /// Its hash: another export of the same chain must have the same there.
    pub hash: Hash,
    /// When that was signed.
    pub at: UnixMillis,
    /// The name of the key it was signed with.
    pub kid: String,
}

/// Where an export is wrong first, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The line, from 1.
    pub line: u64,
    /// Why.
    pub fault: Fault,
}

/// Why a line is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The first line is no head of an export.
    NoExport,
    /// The export is of a version that is not known here.
    OtherVersion,
    /// The line has more bytes than any line can have.
    TooLong,
    /// The line is none that is ever written.
    Malformed,
    /// What the line says is not what its hash is of.
    Changed,
    /// The line's hash is its own, but it does not follow from the line before: one of the two was changed.
    Unlinked,
    /// Entries are missing before this line.
    Removed {
        /// The number of the first that is missing.
        number: u64,
    },
    /// The line before which it belongs comes first: the entry of this number stands further down.
    OutOfOrder {
        /// Its number.
        number: u64,
    },
    /// An entry, or a checkpoint of it, stands there once more.
    Doubled {
        /// Its number.
        number: u64,
    },
    /// The line is of another chain.
    OtherChain,
    /// The time is before that of the line before.
    Backwards,
    /// A checkpoint is signed with a key that is not known.
    UnknownKey {
        /// The name that it gives.
        kid: String,
    },
    /// A checkpoint's signature is not one of what it says.
    BadSignature,
    /// A good checkpoint has another hash than the entries before it come to: at least one of those after the last
    /// good checkpoint was changed, and the hashes made anew.
    Disagrees,
    /// The export was made of another piece: its beginning was cut off, or changed.
    OtherBeginning,
    /// Something follows the end.
    AfterEnd,
    /// The end is missing, or a piece of the last line.
    CutOff,
}

impl Fault {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoExport => "no_export",
            Self::OtherVersion => "other_version",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Changed => "changed",
            Self::Unlinked => "unlinked",
            Self::Removed { .. } => "removed",
            Self::OutOfOrder { .. } => "out_of_order",
            Self::Doubled { .. } => "doubled",
            Self::OtherChain => "other_chain",
            Self::Backwards => "backwards",
            Self::UnknownKey { .. } => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::Disagrees => "disagrees",
            Self::OtherBeginning => "other_beginning",
            Self::AfterEnd => "after_end",
            Self::CutOff => "cut_off",
        }
    }
}

impl Fault {
    /// The number of the entry that is missing or stands there twice.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        match *self {
            Self::Removed { number } | Self::OutOfOrder { number } | Self::Doubled { number } => {
                Some(number)
            }
            Self::NoExport
            | Self::OtherVersion
            | Self::TooLong
            | Self::Malformed
            | Self::Changed
            | Self::Unlinked
            | Self::OtherChain
            | Self::Backwards
            | Self::UnknownKey { .. }
            | Self::BadSignature
            | Self::Disagrees
            | Self::OtherBeginning
            | Self::AfterEnd
            | Self::CutOff => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoExport => f.write_str("this is no head of an export of an audit log"),
            Self::OtherVersion => f.write_str("the export is of a version that is not known here"),
            Self::TooLong => f.write_str("the line is longer than any that is ever written"),
            Self::Malformed => f.write_str("the line was changed: it is none that is ever written"),
            Self::Changed => f.write_str("the entry was changed: its hash is of something else"),
            Self::Unlinked => {
                f.write_str("this entry or the one before it was changed: they do not follow")
            }
            Self::Removed { number } => {
                write!(f, "entry {number} is missing before this line: it was removed")
            }
            Self::OutOfOrder { number } => {
                write!(f, "out of order: entry {number} belongs before this line, and comes later")
            }
            Self::Doubled { number } => write!(f, "entry {number} stands here once more"),
            Self::OtherChain => f.write_str("the line is of another tenant's chain"),
            Self::Backwards => f.write_str("the time is before that of the entry before"),
            Self::UnknownKey { kid } => {
                write!(f, "the checkpoint is signed with {kid}, which is no known key")
            }
            Self::BadSignature => f.write_str("the checkpoint's signature does not hold"),
            Self::Disagrees => f.write_str(
                "the checkpoint disagrees with the entries since the one before it: some were changed",
            ),
            Self::OtherBeginning => {
                f.write_str("the export was made with another beginning: that was cut off or changed")
            }
            Self::AfterEnd => f.write_str("something was added after the end"),
            Self::CutOff => f.write_str("the export is cut off here: its end is missing"),
        }
    }
}
