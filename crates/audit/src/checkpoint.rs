//! Where a chain stood, signed; and when that is to be written down again.

use tollgate_core::{
    id::{ID_MAX, Id},
    json::{JsonError, Reader, Writer},
    time::UnixMillis,
};
use tollgate_identity::{STATEMENT_MAX, SigningKey, Statement};

use crate::{
    Chain, Hash,
    entry::{id_or_null, or_null},
};

/// How long a chain with new entries may go without a checkpoint, in milliseconds: half of the minute that is
/// promised, so that a host that asks now and then is in time.
pub const CHECKPOINT_EVERY_MS: u64 = 30_000;

/// How many entries may be written after a checkpoint before the next is due, however soon.
pub const CHECKPOINT_ENTRIES_MAX: u64 = 1_000;

/// Whether a chain needs a checkpoint at `now`: `last` was written at that time, and `entries_since` entries after it.
///
/// Without new entries none is due: the last one says all there is to say. A clock that stepped back behind the last
/// one makes the next due at once.
#[must_use]
pub const fn due(last: Option<UnixMillis>, now: UnixMillis, entries_since: u64) -> bool {
    if entries_since == 0 {
        return false;
    }
    match last {
        None => true,
        Some(last) => {
            now.0 < last.0
                || now.since(last) >= CHECKPOINT_EVERY_MS
                || entries_since >= CHECKPOINT_ENTRIES_MAX
        }
    }
}

/// Where a chain stood at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint<'a> {
    /// Whose chain it is; none if it is the deployment's own.
    pub tenant: Option<Id<'a>>,
    /// Where the piece begins that is signed as a whole: the last number before it and its hash. None if it is a
    /// checkpoint of the chain and not of an export.
    pub since: Option<(u64, Hash)>,
    /// The number of the last entry.
    pub number: u64,
    /// Its hash.
    pub hash: Hash,
    /// When it was signed: never before the last entry.
    pub at: UnixMillis,
}

impl<'a> Checkpoint<'a> {
    /// The line, without its end, signed with `key`.
    pub(crate) fn line(&self, key: &SigningKey) -> Option<String> {
        let mut room = [0; STATEMENT_MAX];
        let mut writer = Writer::new(&mut room);
        self.spell(&mut writer).ok()?;
        let said = core::str::from_utf8(writer.written()).ok()?;
        let signature = key.state(self.statement(), said.as_bytes()).ok()?;
        let mut digits = [0; 2 * 64 + 2];
        let mut writer = Writer::new(&mut digits);
        writer.hex(&signature).ok()?;
        let signature = core::str::from_utf8(writer.written()).ok()?;
        let (word, kid) = (self.word(), key.kid());
        Some(format!(r#"{{"{word}":{said},"kid":"{kid}","signature":{signature}}}"#))
    }

    const fn statement(&self) -> Statement {
        if self.since.is_some() { Statement::AuditExport } else { Statement::AuditCheckpoint }
    }

    const fn word(&self) -> &'static str {
        if self.since.is_some() { "end" } else { "checkpoint" }
    }

    fn spell(&self, writer: &mut Writer<'_>) -> Result<(), JsonError> {
        writer.raw(r#"{"tenant":"#)?;
        or_null(writer, self.tenant.map(Id::as_str))?;
        if let Some((number, hash)) = &self.since {
            writer.raw(r#","since":"#)?;
            writer.uint(*number)?;
            writer.raw(r#","since_hash":"#)?;
            writer.hex(hash.as_bytes())?;
        }
        writer.raw(r#","n":"#)?;
        writer.uint(self.number)?;
        writer.raw(r#","hash":"#)?;
        writer.hex(self.hash.as_bytes())?;
        writer.raw(r#","at":"#)?;
        writer.uint(self.at.0)?;
        writer.raw("}")
    }

    /// What a line says that a chain was signed as; none if it is no checkpoint in the one spelling.
    ///
    /// # Security
    ///
    /// Whether it was signed is not asked here: only a [`Verifier`](crate::Verifier) does that.
    #[must_use]
    pub fn said(line: &'a str) -> Option<Self> {
        Signed::read(line).map(|signed| signed.checkpoint)
    }

    fn read(reader: &mut Reader<'a>, whole: bool) -> Option<Self> {
        reader.expect(r#"{"tenant":"#).ok()?;
        let tenant = id_or_null(reader)?;
        let since = if whole {
            reader.expect(r#","since":"#).ok()?;
            let number = reader.uint().ok()?;
            reader.expect(r#","since_hash":"#).ok()?;
            Some((number, Hash::from_bytes(reader.hex().ok()?)))
        } else {
            None
        };
        reader.expect(r#","n":"#).ok()?;
        let number = reader.uint().ok()?;
        reader.expect(r#","hash":"#).ok()?;
        let hash = Hash::from_bytes(reader.hex().ok()?);
        reader.expect(r#","at":"#).ok()?;
        let at = UnixMillis(reader.uint().ok()?);
        reader.expect("}").ok()?;
        Some(Self { tenant, since, number, hash, at })
    }
}

/// A signed checkpoint: a line, read. Whether the signature holds is another question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) checkpoint: Checkpoint<'a>,
    pub(crate) kid: Id<'a>,
    said: &'a [u8],
    signature: [u8; 64],
}

impl<'a> Signed<'a> {
    /// Reads a line; none if it is no checkpoint in the one spelling.
    pub(crate) fn read(line: &'a str) -> Option<Self> {
        let (said, whole) = match line.strip_prefix(r#"{"checkpoint":"#) {
            Some(said) => (said, false),
            None => (line.strip_prefix(r#"{"end":"#)?, true),
        };
        let mut reader = Reader::new(said.as_bytes());
        let checkpoint = Checkpoint::read(&mut reader, whole)?;
        let len = said.len().checked_sub(reader.rest().len())?;
        reader.expect(r#","kid":"#).ok()?;
        let kid = Id::new(reader.string(ID_MAX).ok()?).ok()?;
        reader.expect(r#","signature":"#).ok()?;
        let signature = reader.hex().ok()?;
        reader.expect("}").ok()?;
        reader.end().ok()?;
        Some(Self { checkpoint, kid, said: said.as_bytes().get(..len)?, signature })
    }

    /// Whether the key with the public half `x` signed it, as what it says it is.
    pub(crate) fn holds(&self, x: &[u8; 32]) -> bool {
        self.checkpoint.statement().holds(x, self.said, &self.signature)
    }
}

impl<'a> Chain<'a> {
    /// Signs where the chain stands, and gives the line without its end.
    ///
    /// None if `now` is beyond what the log can say.
    #[must_use]
    pub fn checkpoint(&self, key: &SigningKey, now: UnixMillis) -> Option<String> {
        self.stands(None, now).line(key)
    }

    /// Where the chain stands, as a checkpoint of the chain or of what was exported since.
    pub(crate) fn stands(&self, since: Option<(u64, Hash)>, now: UnixMillis) -> Checkpoint<'a> {
        let Self { tenant, number, hash, at } = *self;
        Checkpoint { tenant, since, number, hash, at: now.max(at) }
    }
}
