//! Where a chain stands, and how it grows.

use core::fmt;

use tollgate_core::{
    id::Id,
    json::{INTEGER_MAX, JsonError},
    time::UnixMillis,
};

use crate::{Entry, Hash, Written, entry};

/// The end of a chain: all that is needed to go on with it.
///
/// A store keeps it beside the entries, reads it and writes it in the transaction of what the entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain<'a> {
    /// Whose chain it is; none if it is the deployment's own.
    pub tenant: Option<Id<'a>>,
    /// The number of the last entry; 0 before the first.
    pub number: u64,
    /// The hash of the last entry.
    pub hash: Hash,
    /// When the last entry was written.
    pub at: UnixMillis,
}

/// An entry that has become part of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its number.
    pub number: u64,
    /// Its hash, which the next entry repeats.
    pub hash: Hash,
    /// When it was done, as the line says it: never before the entry before it.
    pub at: UnixMillis,
    /// The line, without its end. A store keeps it as it is: its bytes are what was hashed.
    pub line: String,
}

/// Why an entry is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainError {
    /// The chain has as many entries as it can count, or the time is beyond what it can say.
    Beyond,
    /// The entry cannot be spelled.
    Unspeakable(JsonError),
}

impl ChainError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Beyond => "audit_beyond",
            Self::Unspeakable(_) => "audit_unspeakable",
        }
    }
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Beyond => "a number or a time is beyond what the audit log can say",
            Self::Unspeakable(_) => "an entry of the audit log cannot be spelled",
        })
    }
}

impl core::error::Error for ChainError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Beyond => None,
            Self::Unspeakable(error) => Some(error),
        }
    }
}

impl<'a> Chain<'a> {
    /// The chain of a tenant, or of the deployment's own acts, before its first entry.
    #[must_use]
    pub fn new(tenant: Option<Id<'a>>) -> Self {
        Self { tenant, number: 0, hash: Hash::before_all(tenant), at: UnixMillis(0) }
    }

    /// Writes the next entry.
    ///
    /// A clock that steps back does not take the chain with it: the time that is written is then that of the entry
    /// before.
    ///
    /// # Errors
    ///
    /// See [`ChainError`]. The chain is then as it was, and what the entry tells of must not be done.
    pub fn append(&mut self, entry: &Entry<'_>) -> Result<Appended, ChainError> {
        let at = entry.at.max(self.at);
        let number = self.number.checked_add(1).filter(|&number| number <= INTEGER_MAX);
        let number = number.filter(|_| at.0 <= INTEGER_MAX).ok_or(ChainError::Beyond)?;
        let entry = Entry { at, ..entry.clone() };
        let written = entry::line(&entry, (number, self.hash), self.tenant);
        let (line, hash) = written.map_err(ChainError::Unspeakable)?;
        (self.number, self.hash, self.at) = (number, hash, at);
        Ok(Appended { number, hash, at, line })
    }
}

impl<'a> Chain<'a> {
    /// Where the chain stands after `entry`; none if that does not follow.
    #[must_use]
    pub fn followed(&self, entry: &Written<'_>) -> Option<Self> {
        let follows = entry.holds()
            && entry.tenant.map(Id::as_str) == self.tenant.map(Id::as_str)
            && Some(entry.number) == self.number.checked_add(1)
            && entry.previous == self.hash
            && entry.at >= self.at;
        let Self { tenant, .. } = *self;
        follows.then_some(Self { tenant, number: entry.number, hash: entry.hash, at: entry.at })
    }
}
