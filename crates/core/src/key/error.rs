//! Why a text is not a key.

use core::fmt;

/// Why a text is not a well-formed key of this gate's brand. It holds no byte of the text.
///
/// The order of the variants is the order of the checks: the first that applies is the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseKeyError {
    /// No key of an accepted env has this length.
    WrongLength,
    /// One of the last 50 bytes is no base62 symbol.
    WrongAlphabet,
    /// The prefix is another's, or the env is not accepted.
    WrongBrand,
    /// A group is 2⁶⁴ or more, or the check 2³² or more: a second spelling of another number.
    OutOfRange,
    /// The check does not fit the text: somebody mistyped.
    WrongCheck,
    /// The format version is one that this code does not know.
    UnsupportedVersion,
}

impl ParseKeyError {
    /// Every error, in the order of the checks.
    pub const ALL: [Self; 6] = [
        Self::WrongLength,
        Self::WrongAlphabet,
        Self::WrongBrand,
        Self::OutOfRange,
        Self::WrongCheck,
        Self::UnsupportedVersion,
    ];

    /// The error's stable name, for logs: clients are told the same for all of them.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::WrongLength => "wrong_length",
            Self::WrongAlphabet => "wrong_alphabet",
            Self::WrongBrand => "wrong_brand",
            Self::OutOfRange => "out_of_range",
            Self::WrongCheck => "wrong_check",
            Self::UnsupportedVersion => "unsupported_version",
        }
    }
}

impl fmt::Display for ParseKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongLength => "no key has this length",
            Self::WrongAlphabet => "a symbol is not in the alphabet",
            Self::WrongBrand => "the prefix or env is not accepted here",
            Self::OutOfRange => "a number is spelled out of its range",
            Self::WrongCheck => "the check does not fit",
            Self::UnsupportedVersion => "the format version is not known",
        })
    }
}

impl core::error::Error for ParseKeyError {}
