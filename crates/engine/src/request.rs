//! What a request is to the engine, and what becomes of it.

use std::{fmt, sync::Arc};

use tollgate_core::{
    decision::{Denial, ROUTE_LIMITS_MAX, Request},
    id::Id,
    limit::{Limit, LimitScope, Numbers},
    lookup::LookupId,
    network::{Address, Country},
    pepper::Genuine,
    record::{Bounds, Record},
    scope::{REQUIRED_SCOPES_MAX, Scope},
    stamp::Stamp,
    usage::ROUTE_MAX,
};

use crate::{Counts, Signed, purses::PLACES_MAX};

/// What a route demands of a key; made once, when the routes are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    scopes: Box<[Box<str>]>,
    cost: u32,
    limits: Box<[RouteLimit]>,
    /// The route's name.
    route: Arc<str>,
}

/// A limit of a route's own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RouteLimit {
    /// As the bucket is named: with the `@` that no limit of a record begins with.
    name: Box<str>,
    scope: LimitScope,
    numbers: Numbers,
    changed: Stamp,
}

impl RouteLimit {
    fn limit<'a>(&self, name: &'a str) -> Option<Limit<'a>> {
        let Self { scope, numbers, changed, .. } = *self;
        Some(Limit { name: Id::new(name).ok()?, scope, numbers, changed })
    }
}

/// A route demands what no key can be judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemandError {
    /// One of the scopes is none.
    WrongScope,
    /// There are more than [`REQUIRED_SCOPES_MAX`].
    TooManyScopes,
    /// The name of one of the limits has an `@`, is too long for one before it, or stands there twice.
    WrongLimit,
    /// There are more than [`ROUTE_LIMITS_MAX`].
    TooManyLimits,
}

impl fmt::Display for DemandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongScope => tollgate_core::scope::ScopeError.fmt(f),
            Self::TooManyScopes => {
                write!(f, "a route requires at most {REQUIRED_SCOPES_MAX} scopes")
            }
            Self::WrongLimit => f.write_str("a route's limits have different names, without @"),
            Self::TooManyLimits => write!(f, "a route has at most {ROUTE_LIMITS_MAX} limits"),
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
        let scopes = scopes.iter().map(|&scope| scope.into()).collect();
        Ok(Self { scopes, cost, limits: Box::default(), route: Arc::from("") })
    }

    /// The same with limits of the route's own, counted besides those of a key's record.
    ///
    /// Each is named as an operator reads it. Whoever changes its numbers raises its `changed`.
    ///
    /// # Errors
    ///
    /// See [`DemandError`].
    pub fn with_limits(mut self, limits: &[Limit<'_>]) -> Result<Self, DemandError> {
        if limits.len() > ROUTE_LIMITS_MAX {
            return Err(DemandError::TooManyLimits);
        }
        let mut own = Vec::with_capacity(limits.len());
        for limit in limits {
            let name: Box<str> = ["@", limit.name.as_str()].concat().into();
            if Id::new(&name).is_err() || own.iter().any(|other: &RouteLimit| other.name == name) {
                return Err(DemandError::WrongLimit);
            }
            let Limit { scope, numbers, changed, .. } = *limit;
            own.push(RouteLimit { name, scope, numbers, changed });
        }
        self.limits = own.into();
        Ok(self)
    }

    /// The same for requests that are counted under this name. Of a name that is longer than
    /// [`ROUTE_MAX`] only the beginning is used, and what would need an escape is an underscore.
    #[must_use]
    pub fn named(mut self, route: &str) -> Self {
        let plain = |char| {
            if matches!(char, ' '..='~') && !matches!(char, '"' | '\\') { char } else { '_' }
        };
        self.route = route.chars().map(plain).take(ROUTE_MAX).collect::<String>().into();
        self
    }

    /// The name that requests are counted under; empty without one.
    pub(crate) const fn route(&self) -> &Arc<str> {
        &self.route
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

    /// The route's own limits, as they were given: a denial and a [`Standing`] count them after the record's.
    pub fn limits(&self) -> impl Iterator<Item = Limit<'_>> {
        self.limits.iter().filter_map(|own| own.limit(own.name.strip_prefix('@')?))
    }

    /// The request as the decision looks at it; none, and so no decision, if anything of it cannot be read.
    pub(crate) fn request<R>(
        &self,
        address: Option<Address>,
        country: Option<Country>,
        then: impl FnOnce(&Request<'_>) -> R,
    ) -> Option<R> {
        let mut request = Request { address, country, required: &[], cost: self.cost, limits: &[] };
        if self.scopes.is_empty() && self.limits.is_empty() {
            return Some(then(&request));
        }
        let mut scopes = [Scope::new("*:*").ok()?; REQUIRED_SCOPES_MAX];
        for (place, scope) in scopes.iter_mut().zip(&self.scopes) {
            *place = Scope::new(scope).ok()?;
        }
        request.required = scopes.get(..self.scopes.len())?;
        let Some(first) = self.limits.first() else { return Some(then(&request)) };
        let mut limits = [first.limit(&first.name)?; ROUTE_LIMITS_MAX];
        for (place, own) in limits.iter_mut().zip(&self.limits) {
            *place = own.limit(&own.name)?;
        }
        request.limits = limits.get(..self.limits.len())?;
        Some(then(&request))
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
pub enum Arrival<T = Box<str>> {
    /// It is decided: nothing was asked of anybody.
    Decided(Decision<T>),
    /// It waits; the decision will be among [`Engine::decisions`](crate::Engine::decisions), with its waiter.
    Parked,
}

/// Final.
#[derive(Clone, Debug)]
pub enum Decision<T = Box<str>> {
    /// It passes.
    Allow(Pass<T>),
    /// It does not.
    Deny(Refused),
}

impl<T> Decision<T> {
    pub(crate) const fn deny(denial: Denial) -> Self {
        Self::Deny(Refused { denial, packed: None, standing: Standing([0; PLACES_MAX]) })
    }

    /// Cannot be decided: counted, since it does not come of a look.
    pub(crate) fn unavailable(counts: &mut Counts) -> Self {
        counts.deny(Denial::Unavailable);
        Self::deny(Denial::Unavailable)
    }
}

/// A request that passes, and what the host needs to know about it. Only the engine makes one, and only from
/// what [`tollgate_core::decision::decide`] allowed. `T` is what the host keeps a token as.
#[derive(Clone, Debug)]
pub struct Pass<T = Box<str>> {
    pub(crate) packed: Arc<[u8]>,
    /// Of that record: it is not looked at again for what every request needs.
    pub(crate) lookup: LookupId,
    pub(crate) as_of: Stamp,
    pub(crate) flagged: bool,
    pub(crate) standing: Standing,
    pub(crate) held: Option<Arc<Signed<T>>>,
}

/// A request that does not pass.
#[derive(Clone, Debug)]
pub struct Refused {
    pub(crate) denial: Denial,
    pub(crate) packed: Option<Arc<[u8]>>,
    pub(crate) standing: Standing,
}

/// What may still be spent, for each limit of the record, each quota, and then each limit of the route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing([u32; PLACES_MAX]);

impl Standing {
    pub(crate) fn set(&mut self, place: usize, left: u64) {
        if let Some(held) = self.0.get_mut(place) {
            *held = u32::try_from(left).unwrap_or(u32::MAX);
        }
    }

    /// The tokens left for the limit or quota at `place`; 0 where there is none.
    #[must_use]
    pub fn left(&self, place: usize) -> u32 {
        self.0.get(place).copied().unwrap_or(0)
    }
}

impl<T> Pass<T> {
    /// The record that allowed it.
    #[must_use]
    pub fn record(&self) -> Option<Record<'_>> {
        Record::unpack(&self.packed)
    }

    /// What the key is counted by: a shorter look than the one at the whole record.
    #[must_use]
    pub fn bounds(&self) -> Option<Bounds<'_>> {
        Bounds::unpack(&self.packed)
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
