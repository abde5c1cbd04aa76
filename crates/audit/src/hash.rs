//! The hashes of a chain.

use core::fmt;

use sha2::{Digest, Sha256};
use tollgate_core::{id::Id, json::from_hex};

/// Bytes of a hash.
pub const HASH_LEN: usize = 32;

/// What an entry comes to: SHA-256 over a word of its own, the hash before it, and what it says.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; HASH_LEN]);

impl Hash {
    /// The hash before the first entry of a chain: that of a tenant, or of the deployment's own acts.
    ///
    /// It comes from the name, so that no chain can be taken for another.
    #[must_use]
    pub fn before_all(tenant: Option<Id<'_>>) -> Self {
        Self::of(CHAIN, tenant.map_or("", Id::as_str).as_bytes())
    }

    /// The hash of an entry's spelling.
    pub(crate) fn of_entry(spelling: &[u8]) -> Self {
        Self::of(ENTRY, spelling)
    }

    /// The hash of what was too long to be written.
    pub(crate) fn of_text(text: &[u8]) -> Self {
        Self::of("", text)
    }

    fn of(word: &str, bytes: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(word.as_bytes());
        hash.update(bytes);
        Self(hash.finalize().into())
    }

    /// The hash that a store kept as bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; HASH_LEN]) -> Self {
        Self(bytes)
    }

    /// The hash of exactly 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(digits: &str) -> Option<Self> {
        from_hex(digits.as_bytes()).map(Self)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; HASH_LEN] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Before a chain's name.
const CHAIN: &str = "tollgate-audit-chain-v1:";

/// Before an entry's spelling.
const ENTRY: &str = "tollgate-audit-entry-v1:";
