//! Why a ring of peppers is refused.

use core::fmt;

/// Why no host may start with these peppers. It holds no byte of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PepperError {
    /// The ring is empty.
    NoPepper,
    /// An id is above 15.
    WrongPepperId,
    /// An id is given twice.
    DuplicatePepperId,
    /// A secret has fewer than 32 bytes.
    ShortPepper,
    /// A secret is one byte repeated.
    WeakPepper,
    /// A secret is an arithmetic progression, as all those in the specification are.
    PublishedPepper,
    /// No pepper has the issuing id.
    NoIssuingPepper,
}

impl PepperError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoPepper => "no_pepper",
            Self::WrongPepperId => "wrong_pepper_id",
            Self::DuplicatePepperId => "duplicate_pepper_id",
            Self::ShortPepper => "short_pepper",
            Self::WeakPepper => "weak_pepper",
            Self::PublishedPepper => "published_pepper",
            Self::NoIssuingPepper => "no_issuing_pepper",
        }
    }
}

impl fmt::Display for PepperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPepper => "at least one pepper is needed",
            Self::WrongPepperId => "a pepper's id is 0 to 15",
            Self::DuplicatePepperId => "two peppers have the same id",
            Self::ShortPepper => "a pepper is 32 bytes or more",
            Self::WeakPepper => "a pepper is one byte repeated",
            Self::PublishedPepper => "a pepper is of the kind published in the specification",
            Self::NoIssuingPepper => "no pepper has the issuing id",
        })
    }
}

impl core::error::Error for PepperError {}
