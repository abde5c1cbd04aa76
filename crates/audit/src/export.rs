//! A piece of a chain, as lines that can be verified without anything else but public keys.
//!
//! ```text
//! head         whose chain, and the number and hash before the first entry
//! entries      as they were appended, each followed by its checkpoint if it has one
//! end          signed: where the piece begins and ends
//! ```

use tollgate_core::{
    id::Id,
    json::{JsonError, Reader, Writer},
    time::UnixMillis,
};
use tollgate_identity::SigningKey;

use crate::{
    Chain, Hash,
    entry::{id_or_null, or_null},
};

/// The version of the format.
pub const VERSION: u64 = 1;

/// The first line of an export, without its end: `before` is the chain as it was before the first entry.
///
/// # Errors
///
/// When its number is beyond what the log can say.
pub fn head(before: &Chain<'_>) -> Result<String, JsonError> {
    let mut room = [0; HEAD_MAX];
    let mut writer = Writer::new(&mut room);
    writer.raw(OPEN)?;
    writer.uint(VERSION)?;
    writer.raw(r#","tenant":"#)?;
    or_null(&mut writer, before.tenant.map(Id::as_str))?;
    writer.raw(r#","n":"#)?;
    writer.uint(before.number)?;
    writer.raw(r#","hash":"#)?;
    writer.hex(before.hash.as_bytes())?;
    writer.raw("}")?;
    let text = core::str::from_utf8(writer.written());
    text.map(str::to_owned).map_err(|_| JsonError::Expected("plain ASCII"))
}

/// The last line of an export, without its end: that of what follows `before` up to where the chain is in `after`.
///
/// None if `now` is beyond what the log can say.
#[must_use]
pub fn end(
    before: &Chain<'_>,
    after: &Chain<'_>,
    key: &SigningKey,
    now: UnixMillis,
) -> Option<String> {
    after.stands(Some((before.number, before.hash)), now).line(key)
}

/// A head, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head<'a> {
    /// Of this version.
    Ours(Chain<'a>),
    /// Of another version.
    Other,
}

impl<'a> Head<'a> {
    /// Reads a line; none if it is no head in the one spelling.
    pub(crate) fn read(line: &'a str) -> Option<Self> {
        let mut reader = Reader::new(line.as_bytes());
        reader.expect(OPEN).ok()?;
        if reader.uint().ok()? != VERSION {
            return Some(Self::Other);
        }
        reader.expect(r#","tenant":"#).ok()?;
        let tenant = id_or_null(&mut reader)?;
        reader.expect(r#","n":"#).ok()?;
        let number = reader.uint().ok()?;
        reader.expect(r#","hash":"#).ok()?;
        let hash = Hash::from_bytes(reader.hex().ok()?);
        reader.expect("}").ok()?;
        reader.end().ok()?;
        Some(Self::Ours(Chain { tenant, number, hash, at: UnixMillis(0) }))
    }
}

const OPEN: &str = r#"{"tollgate_audit":"#;

/// More than the longest head has.
const HEAD_MAX: usize = 256;
