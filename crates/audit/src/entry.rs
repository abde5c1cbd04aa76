//! One act: what is said of it, and how that is spelled.

use core::fmt;

use tollgate_core::{
    id::{ID_MAX, Id},
    json::{JsonError, Reader, Writer},
    network::Address,
    time::UnixMillis,
};

use crate::{
    hash::Hash,
    image::{self, IMAGE_MAX, Image},
    veil,
};

/// The longest line of an export, in bytes, without its end.
pub const LINE_MAX: usize = 2 * IMAGE_MAX + FRAME_MAX;

/// More than everything of a line but its two images can have.
const FRAME_MAX: usize = 1024;

/// What somebody did: who, what, to what, what it was before and is after, from where.
///
/// The chain adds the number, the hash before it, and the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// When it was done.
    pub at: UnixMillis,
    /// Who did it.
    pub actor: Actor<'a>,
    /// What was done: `keys.create`.
    pub operation: Id<'a>,
    /// What it was done to: the id of a key, an owner, a role.
    pub subject: Id<'a>,
    /// What that was before.
    pub before: Image,
    /// What it is now.
    pub after: Image,
    /// The address that the request came from, if it came over a network.
    pub from: Option<Address>,
    /// The id of the request, if there was one.
    pub request: Option<Id<'a>>,
}

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor<'a> {
    /// Whoever holds the key of this id.
    Key(Id<'a>),
    /// Whoever may run the command where the store is.
    Command,
    /// The deployment itself.
    System,
}

impl<'a> Actor<'a> {
    /// The actor that is spelled like this.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        match text.strip_prefix(KEY) {
            Some(id) => Id::new(id).ok().map(Self::Key),
            None if text == COMMAND => Some(Self::Command),
            None if text == SYSTEM => Some(Self::System),
            None => None,
        }
    }
}

impl fmt::Display for Actor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "{KEY}{id}"),
            Self::Command => f.write_str(COMMAND),
            Self::System => f.write_str(SYSTEM),
        }
    }
}

const KEY: &str = "key:";
const COMMAND: &str = "command";
const SYSTEM: &str = "system";

/// The longest spelling of an actor.
const ACTOR_MAX: usize = KEY.len() + ID_MAX;

/// The longest text of an address.
const ADDRESS_MAX: usize = 45;

/// An entry as it stands in a chain: a line, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written<'a> {
    /// Its number: those of a chain are 1, 2, 3 and so on.
    pub number: u64,
    /// The hash of the entry before it.
    pub previous: Hash,
    /// When it was done.
    pub at: UnixMillis,
    /// Whose chain it is; none if it is the deployment's own.
    pub tenant: Option<Id<'a>>,
    /// Who did it.
    pub actor: Actor<'a>,
    /// What was done.
    pub operation: Id<'a>,
    /// What it was done to.
    pub subject: Id<'a>,
    /// What that was before, as JSON.
    pub before: &'a str,
    /// What it is after, as JSON.
    pub after: &'a str,
    /// The address that the request came from.
    pub from: Option<Address>,
    /// The id of the request.
    pub request: Option<Id<'a>>,
    /// The hash that the line says it has.
    pub hash: Hash,
    spelling: &'a str,
}

impl<'a> Written<'a> {
    /// Reads a line that [`Chain::append`](crate::Chain::append) wrote; none if it is anything else.
    ///
    /// Whether the hash is that of what the line says is another question: [`Written::holds`].
    #[must_use]
    pub fn read(line: &'a str) -> Option<Self> {
        let body = line.strip_prefix(OPEN)?;
        let (mut written, rest) = fields(body.as_bytes())?;
        written.spelling = body.get(..body.len().checked_sub(rest.len())?)?;
        let mut reader = Reader::new(rest);
        reader.expect(HASH).ok()?;
        written.hash = Hash::from_bytes(reader.hex().ok()?);
        reader.expect("}").ok()?;
        reader.end().ok()?;
        Some(written)
    }

    /// Whether the line's hash is that of what it says.
    #[must_use]
    pub fn holds(&self) -> bool {
        Hash::of_entry(self.spelling.as_bytes()) == self.hash
    }
}

const OPEN: &str = r#"{"entry":"#;
const HASH: &str = r#","hash":"#;

/// Writes a line, and gives it with the hash of what it says.
pub(crate) fn line(
    entry: &Entry<'_>,
    (number, previous): (u64, Hash),
    tenant: Option<Id<'_>>,
) -> Result<(String, Hash), JsonError> {
    let images = entry.before.as_str().len().saturating_add(entry.after.as_str().len());
    let mut room = vec![0; images.saturating_add(FRAME_MAX)];
    let mut writer = Writer::new(&mut room);
    writer.raw(OPEN)?;
    spell(&mut writer, entry, (number, previous), tenant)?;
    let hash = Hash::of_entry(writer.written().get(OPEN.len()..).unwrap_or_default());
    writer.raw(HASH)?;
    writer.hex(hash.as_bytes())?;
    writer.raw("}")?;
    let len = writer.len();
    room.truncate(len);
    let line = String::from_utf8(room).map_err(|_| JsonError::Expected("plain ASCII"))?;
    Ok((line, hash))
}

fn spell(
    writer: &mut Writer<'_>,
    entry: &Entry<'_>,
    (number, previous): (u64, Hash),
    tenant: Option<Id<'_>>,
) -> Result<(), JsonError> {
    writer.raw(r#"{"n":"#)?;
    writer.uint(number)?;
    writer.raw(r#","prev":"#)?;
    writer.hex(previous.as_bytes())?;
    writer.raw(r#","at":"#)?;
    writer.uint(entry.at.0)?;
    writer.raw(r#","tenant":"#)?;
    or_null(writer, tenant.map(Id::as_str))?;
    writer.raw(r#","actor":"#)?;
    writer.string(&entry.actor.to_string())?;
    writer.raw(r#","operation":"#)?;
    writer.string(entry.operation.as_str())?;
    writer.raw(r#","subject":"#)?;
    writer.string(&veil::words(entry.subject.as_str()))?;
    writer.raw(r#","before":"#)?;
    writer.raw(entry.before.as_str())?;
    writer.raw(r#","after":"#)?;
    writer.raw(entry.after.as_str())?;
    writer.raw(r#","from":"#)?;
    or_null(writer, entry.from.map(|from| from.to_string()).as_deref())?;
    writer.raw(r#","request":"#)?;
    or_null(writer, entry.request.map(|request| veil::words(request.as_str())).as_deref())?;
    writer.raw("}")
}

/// Writes a string, or `null`.
pub(crate) fn or_null(writer: &mut Writer<'_>, text: Option<&str>) -> Result<(), JsonError> {
    match text {
        Some(text) => writer.string(text),
        None => writer.raw("null"),
    }
}

/// Takes an identifier, or `null`.
pub(crate) fn id_or_null<'a>(reader: &mut Reader<'a>) -> Option<Option<Id<'a>>> {
    if reader.accept("null") {
        return Some(None);
    }
    Id::new(reader.string(ID_MAX).ok()?).ok().map(Some)
}

/// Takes the fields, and gives what follows them. The spelling and the line's hash are not known here.
fn fields(text: &[u8]) -> Option<(Written<'_>, &[u8])> {
    let mut reader = Reader::new(text);
    reader.expect(r#"{"n":"#).ok()?;
    let number = reader.uint().ok()?;
    reader.expect(r#","prev":"#).ok()?;
    let previous = Hash::from_bytes(reader.hex().ok()?);
    reader.expect(r#","at":"#).ok()?;
    let at = UnixMillis(reader.uint().ok()?);
    reader.expect(r#","tenant":"#).ok()?;
    let tenant = id_or_null(&mut reader)?;
    reader.expect(r#","actor":"#).ok()?;
    let actor = Actor::parse(reader.string(ACTOR_MAX).ok()?)?;
    reader.expect(r#","operation":"#).ok()?;
    let operation = Id::new(reader.string(ID_MAX).ok()?).ok()?;
    reader.expect(r#","subject":"#).ok()?;
    let subject = Id::new(reader.string(ID_MAX).ok()?).ok()?;
    reader.expect(r#","before":"#).ok()?;
    let (before, rest) = image::read(reader.rest())?;
    reader = Reader::new(rest);
    reader.expect(r#","after":"#).ok()?;
    let (after, rest) = image::read(reader.rest())?;
    reader = Reader::new(rest);
    reader.expect(r#","from":"#).ok()?;
    let from = address_or_null(&mut reader)?;
    reader.expect(r#","request":"#).ok()?;
    let request = id_or_null(&mut reader)?;
    reader.expect("}").ok()?;
    let (hash, spelling) = (previous, "");
    let written = Written {
        number,
        previous,
        at,
        tenant,
        actor,
        operation,
        subject,
        before,
        after,
        from,
        request,
        hash,
        spelling,
    };
    Some((written, reader.rest()))
}

fn address_or_null(reader: &mut Reader<'_>) -> Option<Option<Address>> {
    if reader.accept("null") {
        return Some(None);
    }
    let text = reader.string(ADDRESS_MAX).ok()?;
    // One spelling: that of whoever writes.
    let address = Address::parse(text).ok().filter(|address| address.to_string() == text)?;
    Some(Some(address))
}
