//! What a request is to the engine, and what becomes of it.

use std::{fmt, sync::Arc};

use tollgate_core::{
    decision::Denial,
    network::{Address, Country},
    pepper::Genuine,
    record::{LIMITS_MAX, QUOTAS_MAX, Record},
    scope::{REQUIRED_SCOPES_MAX, Scope},
};

use crate::Signed;

/// What a route demands of a key; made once, when the routes are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    scopes: Box<[Box<str>]>,
    cost: u32,
}

/// A route demands what no key can be judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemandError {
    /// One of the scopes is none.
    WrongScope,
    /// There are more than [`REQUIRED_SCOPES_MAX`].
    TooManyScopes,
}

impl fmt::Display for DemandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongScope => tollgate_core::scope::ScopeError.fmt(f),
            Self::TooManyScopes => {
                write!(f, "a route requires at most {REQUIRED_SCOPES_MAX} scopes")
            }
        }
    }
}

impl std::error::Error for DemandError {}

impl Demand {
    /// Every one of `scopes`, and `cost` tokens.
    ///
    /// # Errors
    ///
    /// See [`DemandError`].
    pub fn new(scopes: &[&str], cost: u32) -> Result<Self, DemandError> {
        if scopes.len() > REQUIRED_SCOPES_MAX {
            return Err(DemandError::TooManyScopes);
        }
        if scopes.iter().any(|scope| Scope::new(scope).is_err()) {
            return Err(DemandError::WrongScope);
        }
        Ok(Self { scopes: scopes.iter().map(|&scope| scope.into()).collect(), cost })
    }

    /// The scopes, as texts.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(AsRef::as_ref)
    }

    /// The tokens.
    #[must_use]
    pub const fn cost(&self) -> u32 {
        self.cost
    }
}

/// A request with a genuine key.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// The key.
    pub genuine: Genuine,
    /// The client's address, as far as it can be believed.
    pub address: Option<Address>,
    /// The client's country, as far as it is known.
    pub country: Option<Country>,
    /// What the route demands.
    pub demand: Arc<Demand>,
}

/// What became of an inquiry at once.
#[derive(Debug)]
pub enum Arrival {
    /// It is decided: nothing was asked of anybody.
    Decided(Decision),
    /// It waits; the decision will be among [`Engine::decisions`](crate::Engine::decisions), with its waiter.
    Parked,
}

/// Final.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It passes.
    Allow(Pass),
    /// It does not.
    Deny(Refused),
}

/// A request that passes, and what the host needs to know about it. Only the engine makes one, and only from
/// what [`tollgate_core::decision::decide`] allowed.
#[derive(Clone, Debug)]
pub struct Pass {
    pub(crate) packed: Arc<[u8]>,
    pub(crate) flagged: bool,
    pub(crate) standing: Standing,
    pub(crate) held: Option<Arc<Signed>>,
}

/// A request that does not pass.
#[derive(Clone, Debug)]
pub struct Refused {
    pub(crate) denial: Denial,
    pub(crate) packed: Option<Arc<[u8]>>,
    pub(crate) standing: Standing,
}

/// What may still be spent, for each limit of the record and then each quota: never more than is true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing(pub(crate) [u32; LIMITS_MAX + QUOTAS_MAX]);

impl Standing {
    /// The tokens left for the limit or quota at `place`.
    #[must_use]
    pub fn left(&self, place: usize) -> u32 {
        self.0.get(place).copied().unwrap_or(0)
    }
}

impl Pass {
    /// The record that allowed it.
    #[must_use]
    pub fn record(&self) -> Option<Record<'_>> {
        Record::unpack(&self.packed)
    }

    /// Whether the authority could not be reached, so that this was decided from what was known before.
    #[must_use]
    pub const fn flagged(&self) -> bool {
        self.flagged
    }

    /// What is left of each limit and quota.
    #[must_use]
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }
}

impl Refused {
    /// Why.
    #[must_use]
    pub const fn denial(&self) -> Denial {
        self.denial
    }

    /// The key's record, where one was found: for logs, and for saying when a key expired.
    #[must_use]
    pub fn record(&self) -> Option<Record<'_>> {
        self.packed.as_deref().and_then(Record::unpack)
    }

    /// What is left of each limit and quota.
    #[must_use]
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }
}
