//! Why a change was refused, or failed.

use std::{error::Error, fmt};

use tollgate_core::stamp::Stamp;

use crate::{CARRIERS_MAX, SettingsError, TENANTS_MAX};

/// Why a change is refused: nothing of it has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeError {
    /// A field is out of its bounds.
    Settings(SettingsError),
    /// There is no such key.
    UnknownKey,
    /// There is a key of this id.
    KeyExists,
    /// The lookup id is a secret's already.
    LookupTaken,
    /// There is no such secret.
    UnknownSecret,
    /// The key is revoked, for good.
    Revoked,
    /// The tenant or the env of a key cannot change.
    Fixed {
        /// Which of the two.
        field: &'static str,
    },
    /// What is a limit would become a quota under its name, or the other way round.
    KindChanged {
        /// The name.
        name: String,
    },
    /// Other keys carry this limit with other numbers.
    OtherNumbers {
        /// The name.
        name: String,
        /// What the limit belongs to.
        object: String,
    },
    /// What is told about the key would not fit the identity that origins are shown.
    IdentityTooLong {
        /// The bytes that it may take.
        bytes: usize,
    },
    /// The key is not at the version that the change was made from.
    OtherVersion {
        /// The version that it is at.
        found: Stamp,
    },
    /// No key carries this limit.
    UnknownLimit {
        /// The name.
        name: String,
        /// What the limit would belong to.
        object: String,
    },
    /// More keys or tenants share the limit than can be changed at once.
    TooManyCarriers,
    /// The key has as many secrets as it may.
    TooManySecrets,
    /// The grace is longer than may be given.
    GraceTooLong,
    /// No key of this tenant has this owner.
    UnknownOwner,
    /// There is no key of this tenant.
    UnknownTenant,
    /// The clock says what no instant of a record can be.
    Clock,
    /// The ledger has used up its epochs.
    Exhausted,
}

impl ChangeError {
    /// The stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Settings(_) => "settings_invalid",
            Self::UnknownKey => "key_unknown",
            Self::KeyExists => "key_exists",
            Self::LookupTaken => "lookup_taken",
            Self::UnknownSecret => "secret_unknown",
            Self::Revoked => "key_revoked",
            Self::Fixed { .. } => "field_fixed",
            Self::KindChanged { .. } => "limit_kind_changed",
            Self::OtherNumbers { .. } => "limit_numbers_differ",
            Self::IdentityTooLong { .. } => "identity_too_long",
            Self::OtherVersion { .. } => "version_differs",
            Self::UnknownLimit { .. } => "limit_unknown",
            Self::TooManyCarriers => "limit_shared_too_widely",
            Self::TooManySecrets => "too_many_secrets",
            Self::GraceTooLong => "grace_too_long",
            Self::UnknownOwner => "owner_unknown",
            Self::UnknownTenant => "tenant_unknown",
            Self::Clock => "clock_wrong",
            Self::Exhausted => "epochs_exhausted",
        }
    }
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::UnknownKey => f.write_str("no key has this id: list the keys to find it"),
            Self::KeyExists => f.write_str("a key has this id already: choose another"),
            Self::LookupTaken => f.write_str("this secret exists already: mint another"),
            Self::UnknownSecret => {
                f.write_str("no key has this secret: show the key to see its secrets")
            }
            Self::Revoked => f.write_str("the key is revoked for good: create another"),
            Self::Fixed { field } => {
                write!(f, "the {field} of a key cannot change: create another key")
            }
            Self::KindChanged { name } => {
                write!(f, "{name} is in use for the other of limit and quota: choose another name")
            }
            Self::OtherNumbers { name, object } => write!(
                f,
                "other keys of {object} carry {name} with other numbers: use theirs, or another name"
            ),
            Self::IdentityTooLong { bytes } => write!(
                f,
                "the identity would take {bytes} of at most 2048 bytes: give fewer or shorter scopes"
            ),
            Self::OtherVersion { found: Stamp { incarnation, epoch } } => write!(
                f,
                "somebody else has changed the key, which is at version {incarnation}.{epoch} now: show it, and make \
                 the change again"
            ),
            Self::UnknownLimit { name, object } => {
                write!(f, "no key of {object} carries {name}: look at its spelling and its scope")
            }
            Self::TooManyCarriers => write!(
                f,
                "more than {CARRIERS_MAX} keys or {TENANTS_MAX} tenants share this limit: give it another name, key by key"
            ),
            Self::TooManySecrets => {
                f.write_str("the key has four living secrets: revoke one, or wait until one ends")
            }
            Self::GraceTooLong => f.write_str("a grace is at most 366 days"),
            Self::UnknownOwner => {
                f.write_str("no key of this tenant has this owner: look at its spelling")
            }
            Self::UnknownTenant => f.write_str("no key has this tenant: look at its spelling"),
            Self::Clock => f.write_str("the clock is out of bounds: set it, and try again"),
            Self::Exhausted => f.write_str("the ledger has used up its epochs: restore it"),
        }
    }
}

impl Error for ChangeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Settings(error) => Some(error),
            Self::UnknownKey
            | Self::KeyExists
            | Self::LookupTaken
            | Self::UnknownSecret
            | Self::Revoked
            | Self::Fixed { .. }
            | Self::KindChanged { .. }
            | Self::OtherNumbers { .. }
            | Self::IdentityTooLong { .. }
            | Self::OtherVersion { .. }
            | Self::UnknownLimit { .. }
            | Self::TooManyCarriers
            | Self::TooManySecrets
            | Self::GraceTooLong
            | Self::UnknownOwner
            | Self::UnknownTenant
            | Self::Clock
            | Self::Exhausted => None,
        }
    }
}

impl From<SettingsError> for ChangeError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

/// What an operator should conclude when a ledger's store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Somebody else holds the store's lock: try again; if it lasts, find who.
    Locked,
    /// There is no room: make some. What is in the store still serves.
    Full,
    /// It cannot be written: look at its mode, its owner and its mount. What is in it still serves.
    ReadOnly,
    /// What it holds is not what was written: stop, and restore a backup.
    Damaged,
    /// It cannot be reached or read.
    Unreachable,
}

impl Conclusion {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Locked, Self::Full, Self::ReadOnly, Self::Damaged, Self::Unreachable];

    /// The stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Locked => "store_locked",
            Self::Full => "store_full",
            Self::ReadOnly => "store_read_only",
            Self::Damaged => "store_damaged",
            Self::Unreachable => "store_unreachable",
        }
    }
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Locked => "the store is locked by another process: try again, or find who holds it",
            Self::Full => "the store is full: make room; what is in it still serves",
            Self::ReadOnly => {
                "the store cannot be written: look at its mode, owner and mount; what is in it still serves"
            }
            Self::Damaged => "the store is damaged: stop, and restore a backup",
            Self::Unreachable => "the store cannot be reached",
        })
    }
}

/// Why a ledger gave nothing.
#[derive(Debug)]
pub enum LedgerError {
    /// The change is refused: nothing of it has happened, and asking again will not help.
    Refused(ChangeError),
    /// The store failed: nothing of a change has happened.
    Failed {
        /// What to conclude.
        conclusion: Conclusion,
        /// What the store said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Whoever keeps the ledger does not let this one do that: nothing has happened.
    Denied {
        /// What was said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The ledger is elsewhere, and no answer came back: the change may have been made, or not.
    Unknown {
        /// What came in the place of an answer.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl LedgerError {
    /// The stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::Failed { conclusion, .. } => conclusion.code(),
            Self::Denied { .. } => "admin_denied",
            Self::Unknown { .. } => "change_unknown",
        }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Failed { conclusion, .. } => conclusion.fmt(f),
            Self::Denied { .. } => f.write_str("the admin key may not do this"),
            Self::Unknown { .. } => f.write_str(
                "it is not known whether the change was made: look at what is there before making it again",
            ),
        }
    }
}

impl Error for LedgerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(error) => Some(error),
            Self::Failed { source, .. } | Self::Denied { source } | Self::Unknown { source } => {
                Some(source.as_ref())
            }
        }
    }
}

impl From<ChangeError> for LedgerError {
    fn from(error: ChangeError) -> Self {
        Self::Refused(error)
    }
}
