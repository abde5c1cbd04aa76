//! The envelope that records and heads travel in: a version, a pepper id, and a seal.
//!
//! A sealed text starts with `{"v":1,"k":` and the id of the pepper whose derived key sealed it, and ends
//! with `,"mac":"…"}`. Nothing between is read before the seal holds.

use core::fmt;

use crate::{
    json::{JsonError, Reader, Writer, from_hex},
    mac::{MAC_LEN, MacKey},
};

/// How a sealed text starts, before its version.
const OPENING: &str = "{\"v\":";
/// What stands before the seal.
const MAC_FIELD: &str = ",\"mac\":\"";
/// Bytes from the seal's comma to the end of the text: the field's name, the digits, `"}`.
const TAIL_LEN: usize = 8 + 2 * MAC_LEN + 2;

/// What kind of text a seal is for: a seal of one kind does not hold for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What the sealed message starts with.
    pub label: &'static [u8; 4],
    /// The longest text, in bytes.
    pub text_max: usize,
}

/// Why a text is not one that somebody with a pepper sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealError {
    /// It is longer than its kind allows.
    TooLong,
    /// It does not have the outer form of a sealed text.
    Malformed,
    /// It is of a version that this implementation does not know.
    Version,
    /// The ring holds no pepper under its pepper id.
    UnknownPepper,
    /// It was sealed under another key, or changed since.
    Broken,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the text is too long",
            Self::Malformed => "the text is not sealed",
            Self::Version => "the text is of an unknown version",
            Self::UnknownPepper => "the text is sealed under a pepper that is not in the ring",
            Self::Broken => "the seal does not hold",
        })
    }
}

impl core::error::Error for SealError {}

/// Checks the seal of `text`, and gives its pepper id.
///
/// `key` finds the derived key of a pepper id.
///
/// # Errors
///
/// The first of [`SealError`] that applies, in the order of the variants.
pub fn check<'k>(
    kind: Kind,
    text: &[u8],
    key: impl FnOnce(u64) -> Option<&'k MacKey>,
) -> Result<u64, SealError> {
    if text.len() > kind.text_max {
        return Err(SealError::TooLong);
    }
    let mut reader = Reader::new(text);
    reader.expect(OPENING).map_err(|_| SealError::Malformed)?;
    if reader.uint().map_err(|_| SealError::Malformed)? != 1 {
        return Err(SealError::Version);
    }
    reader.expect(",\"k\":").map_err(|_| SealError::Malformed)?;
    let pepper = reader.uint().map_err(|_| SealError::Malformed)?;
    let rest = reader.rest().len().checked_sub(TAIL_LEN).ok_or(SealError::Malformed)?;
    let (_, tail) = reader.rest().split_at_checked(rest).ok_or(SealError::Malformed)?;
    let stated = seal_of(tail).ok_or(SealError::Malformed)?;
    let body = text.strip_suffix(tail).ok_or(SealError::Malformed)?;
    let key = key(pepper).ok_or(SealError::UnknownPepper)?;
    if key.verify(&[kind.label, body], &stated) { Ok(pepper) } else { Err(SealError::Broken) }
}

fn seal_of(tail: &[u8]) -> Option<[u8; MAC_LEN]> {
    from_hex(tail.strip_prefix(MAC_FIELD.as_bytes())?.strip_suffix(b"\"}")?)
}

/// Starts a sealed text: `{"v":1,"k":` and the pepper id.
///
/// # Errors
///
/// When the buffer is full.
pub fn open(writer: &mut Writer<'_>, pepper: u64) -> Result<(), JsonError> {
    writer.raw(OPENING)?;
    writer.raw("1,\"k\":")?;
    writer.uint(pepper)
}

/// Ends a sealed text with the seal over everything written so far.
///
/// # Errors
///
/// When the buffer is full, or the text would be longer than its kind allows.
pub fn close(kind: Kind, writer: &mut Writer<'_>, key: &MacKey) -> Result<(), JsonError> {
    let seal = key.mac_parts(&[kind.label, writer.written()]);
    writer.raw(",\"mac\":")?;
    writer.hex(&seal)?;
    writer.raw("}")?;
    if writer.len() > kind.text_max { Err(JsonError::Full) } else { Ok(()) }
}

/// Reads the start of a text whose seal has been checked, up to and including the pepper id.
///
/// # Errors
///
/// When it does not start so.
pub fn read_opening(reader: &mut Reader<'_>) -> Result<u64, JsonError> {
    reader.expect("{\"v\":1,\"k\":")?;
    reader.uint()
}

/// The end of a text whose seal has been checked, without the seal; none if there is none.
#[must_use]
pub fn unsealed(rest: &[u8]) -> Option<&[u8]> {
    rest.get(..rest.len().checked_sub(TAIL_LEN)?)
}

/// Reads the end of a text whose seal has been checked.
///
/// # Errors
///
/// When anything else stands there.
pub fn read_closing(mut reader: Reader<'_>) -> Result<(), JsonError> {
    reader.expect(",\"mac\":")?;
    reader.hex::<MAC_LEN>()?;
    reader.expect("}")?;
    reader.end()
}
