//! Who changed, and when.

use core::fmt;

use crate::{
    id::{ID_MAX, Id},
    lookup::LookupId,
};

/// An identifier held in place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; ID_MAX],
    len: u8,
}

impl Name {
    const EMPTY: Self = Self { bytes: [0; ID_MAX], len: 0 };

    /// A copy of `id`.
    #[must_use]
    pub fn new(id: Id<'_>) -> Self {
        let mut name = Self::EMPTY;
        if let (Some(to), Ok(len)) =
            (name.bytes.get_mut(..id.as_str().len()), u8::try_from(id.as_str().len()))
        {
            to.copy_from_slice(id.as_str().as_bytes());
            name.len = len;
        }
        name
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or(&[]);
        core::str::from_utf8(bytes).unwrap_or("")
    }

    /// A number that equal names share (FNV-1a).
    pub(super) fn hash(&self) -> usize {
        let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        let hash = self.as_str().bytes().fold(0x811c_9dc5, mix);
        // Folded so that every byte reaches the low bits, on 32-bit hosts too.
        usize::try_from(hash ^ hash >> 15).unwrap_or(0)
    }

    fn is(&self, id: Id<'_>) -> bool {
        self.as_str() == id.as_str()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a change was about: one secret, a key, an owner or a tenant, always within a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One secret.
    Lookup {
        /// Whose it is.
        tenant: Name,
        /// The secret's index in the stores.
        lookup: LookupId,
    },
    /// Every secret of a key.
    Key {
        /// Whose it is.
        tenant: Name,
        /// The key's public id.
        key: Name,
    },
    /// Every key of an owner.
    Owner {
        /// Whose owner it is.
        tenant: Name,
        /// The owner.
        owner: Name,
    },
    /// Every key of the tenant.
    Tenant {
        /// The tenant.
        tenant: Name,
    },
}

impl Subject {
    /// The tenant that the subject is of.
    #[must_use]
    pub const fn tenant(&self) -> &Name {
        match self {
            Self::Lookup { tenant, .. }
            | Self::Key { tenant, .. }
            | Self::Owner { tenant, .. }
            | Self::Tenant { tenant } => tenant,
        }
    }

    /// A number that equal subjects share.
    pub(super) fn hash(&self) -> usize {
        match self {
            Self::Lookup { lookup, .. } => {
                lookup.as_bytes().iter().fold(0, |hash, &byte| mixed(hash, byte.into()))
            }
            Self::Key { tenant, key: id } | Self::Owner { tenant, owner: id } => {
                mixed(tenant.hash(), id.hash())
            }
            Self::Tenant { tenant } => tenant.hash(),
        }
    }

    /// Whether a record of these four has this subject.
    #[must_use]
    pub fn concerns(&self, lookup: LookupId, key: Id<'_>, owner: Id<'_>, tenant: Id<'_>) -> bool {
        self.tenant().is(tenant)
            && match self {
                Self::Lookup { lookup: other, .. } => *other == lookup,
                Self::Key { key: other, .. } => other.is(key),
                Self::Owner { owner: other, .. } => other.is(owner),
                Self::Tenant { .. } => true,
            }
    }

    /// Whether an absence under `lookup`, which is nobody's, may have this subject.
    #[must_use]
    pub fn may_concern_absent(&self, lookup: LookupId) -> bool {
        match self {
            Self::Lookup { lookup: other, .. } => *other == lookup,
            Self::Tenant { .. } => true,
            Self::Key { .. } | Self::Owner { .. } => false,
        }
    }
}

const fn mixed(one: usize, other: usize) -> usize {
    one.wrapping_mul(31).wrapping_add(other)
}

/// The newest change of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The epoch of the change: what is older of the subject is not used.
    pub epoch: u64,
    /// What changed.
    pub subject: Subject,
}

impl Entry {
    /// What stands in places that are not used yet.
    pub const NONE: Self = Self { epoch: 0, subject: Subject::Tenant { tenant: Name::EMPTY } };
}
