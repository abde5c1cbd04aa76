//! What a gate reads about one secret of one key: flat, bounded and sealed.
//!
//! A record travels as canonical JSON ([`text`]) that a person can read in a store's console, and is
//! kept in a compact form ([`packed`]) of which [`Record`] is a view. See `docs/spec/record.md`.

mod packed;
mod text;

use crate::{
    id::Id,
    key::Env,
    limit::Limit,
    lookup::LookupId,
    network::{Block, Country},
    scope::Scope,
    stamp::Stamp,
    time::UnixMillis,
};

pub use packed::{Bounds, List, PACKED_MAX, vouch};
pub use text::{
    Absence, Expected, Found, RecordError, TEXT_MAX, open, restamp, seal, seal_absence,
};

/// The most limits in one record.
pub const LIMITS_MAX: usize = 8;

/// The most quotas in one record.
pub const QUOTAS_MAX: usize = 4;

/// What has been decided about the key, its owner and its tenant together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing stands against the key.
    Active,
    /// The key, or this secret of it, is revoked for good.
    Revoked,
    /// The tenant is stopped.
    TenantDisabled,
    /// The owner is stopped.
    OwnerDisabled,
    /// The key is switched off and may be switched on again.
    Disabled,
}

impl State {
    /// Every state, in the order of the specification.
    pub const ALL: [Self; 5] =
        [Self::Active, Self::Revoked, Self::TenantDisabled, Self::OwnerDisabled, Self::Disabled];

    /// How the state is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Revoked => "revoked",
            Self::TenantDisabled => "tenant_disabled",
            Self::OwnerDisabled => "owner_disabled",
            Self::Disabled => "disabled",
        }
    }
}

/// A view of a record whose seal held and whose every field is within its bounds.
///
/// A record is not yet *current*: whether it may be used is for the head to say
/// ([`Head::check`](crate::head::Head::check)).
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Up to when nothing that concerns the record has changed: `as_of` at first, raised by the head since.
    pub vouched: Stamp,
    /// When the ledger was read, as sealed: it changes when the record does, and never otherwise.
    pub as_of: Stamp,
    /// The secret's index in the stores.
    pub lookup: LookupId,
    /// The key's public id.
    pub key: Id<'a>,
    /// The tenant that everything about the key belongs to.
    pub tenant: Id<'a>,
    /// Who the key acts for.
    pub owner: Id<'a>,
    /// The environment that the key is for.
    pub env: Env,
    /// What stands against the key.
    pub state: State,
    /// The first instant at which the key is valid.
    pub not_before: Option<UnixMillis>,
    /// The first instant at which the key is valid no more.
    pub expires: Option<UnixMillis>,
    /// What the customer pays for: carried to the origin, never judged.
    pub plan: Option<Id<'a>>,
    /// What the key may do.
    pub scopes: List<'a, Scope<'a>>,
    /// How fast it may do it; empty means unlimited.
    pub limits: List<'a, Limit<'a>>,
    /// How often it may do it; empty means without a quota.
    pub quotas: List<'a, Limit<'a>>,
    /// Where it may be used from; empty means anywhere that is not denied.
    pub ips_allowed: List<'a, Block>,
    /// Where it may not be used from.
    pub ips_denied: List<'a, Block>,
    /// The countries it may be used from; empty means any that is not denied.
    pub countries_allowed: List<'a, Country>,
    /// The countries it may not be used from.
    pub countries_denied: List<'a, Country>,
}

/// What a record is compiled from, before it is sealed.
///
/// Nothing here has been checked: [`seal`] does that, by opening what it has written.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// When the ledger was read.
    pub as_of: Stamp,
    /// The secret's index in the stores.
    pub lookup: LookupId,
    /// The key's public id.
    pub key: &'a str,
    /// The tenant.
    pub tenant: &'a str,
    /// Who the key acts for.
    pub owner: &'a str,
    /// The environment.
    pub env: Env,
    /// The first that applies of what stands against the key.
    pub state: State,
    /// The first instant at which the key is valid.
    pub not_before: Option<UnixMillis>,
    /// The first instant at which the key is valid no more.
    pub expires: Option<UnixMillis>,
    /// What the customer pays for.
    pub plan: Option<&'a str>,
    /// What the key may do.
    pub scopes: &'a [&'a str],
    /// Its limits.
    pub limits: &'a [Limit<'a>],
    /// Its quotas.
    pub quotas: &'a [Limit<'a>],
    /// Blocks that it may be used from.
    pub ips_allowed: &'a [&'a str],
    /// Blocks that it may not be used from.
    pub ips_denied: &'a [&'a str],
    /// Countries that it may be used from.
    pub countries_allowed: &'a [&'a str],
    /// Countries that it may not be used from.
    pub countries_denied: &'a [&'a str],
}
