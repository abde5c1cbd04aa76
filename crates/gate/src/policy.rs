//! What a gate judges by: keys, routes, and what answers look like.

use std::{fmt, sync::Arc};

use tollgate_core::{key::Brand, stamp::Stamp};
use tollgate_engine::{Demand, DemandError, Issuer, Prover};
use tollgate_http::{
    credential::{Sources, SourcesError},
    hygiene::cache,
    rate::Style,
    route::{Rule, Rules},
};

/// What a policy is made from.
#[derive(Debug)]
pub struct Parts {
    /// Reads and proves keys.
    pub prover: Prover,
    /// Signs what the origin is told.
    pub issuer: Issuer,
    /// The document that publishes the public keys.
    pub jwks: String,
    /// The rules.
    pub rules: Rules,
    /// When the numbers of the limits of each rule last changed, in the order of the rules and their limits.
    pub changed: Vec<Stamp>,
    /// Where keys come from.
    pub sources: Sources,
    /// Which fields about limits are written.
    pub style: Style,
    /// What is protected, for challenges.
    pub realm: Box<str>,
}

/// One configuration, ready for requests. A request is judged by one from its beginning to its end.
#[derive(Debug)]
pub struct Policy {
    pub(crate) prover: Prover,
    pub(crate) issuer: Issuer,
    pub(crate) rules: Rules,
    pub(crate) demands: Box<[Arc<Demand>]>,
    pub(crate) sources: Sources,
    pub(crate) style: Style,
    pub(crate) realm: Box<str>,
    jwks: Box<str>,
    vary: Box<str>,
}

/// Parts that make no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// A rule demands what no key can be judged by.
    Demand(DemandError),
    /// The places of keys.
    Sources(SourcesError),
    /// It is not known when a limit of a route last changed.
    Changed,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Demand(error) => error.fmt(f),
            Self::Sources(error) => error.fmt(f),
            Self::Changed => f.write_str("it is not known when a limit of a route last changed"),
        }
    }
}

impl std::error::Error for PolicyError {}

impl Policy {
    /// What `parts` come to.
    ///
    /// # Errors
    ///
    /// See [`PolicyError`].
    pub fn new(parts: Parts) -> Result<Self, PolicyError> {
        let Parts { prover, issuer, jwks, rules, changed, sources, style, realm } = parts;
        sources.check().map_err(PolicyError::Sources)?;
        let mut changed = changed.into_iter();
        let demands = rules.iter().map(|rule| demand(rule, &mut changed));
        let demands = demands.collect::<Result<_, _>>()?;
        let (jwks, vary) = (jwks.into(), cache::vary(&sources).into());
        Ok(Self { prover, issuer, rules, demands, sources, style, realm, jwks, vary })
    }

    /// Reads and proves keys.
    #[must_use]
    pub const fn prover(&self) -> &Prover {
        &self.prover
    }

    /// Signs identities, and what else the deployment vouches for.
    #[must_use]
    pub const fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// How keys are spelled.
    #[must_use]
    pub const fn brand(&self) -> &Brand {
        self.prover.brand()
    }

    /// The document that publishes the public keys.
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// Where keys come from.
    #[must_use]
    pub const fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What answers to requests with a key vary with.
    #[must_use]
    pub fn vary(&self) -> &str {
        &self.vary
    }

    /// The rules, the default one last.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Which fields about limits are written.
    #[must_use]
    pub const fn style(&self) -> Style {
        self.style
    }

    /// What `rule` demands of a key; none if it is no rule of this policy.
    pub(crate) fn demand(&self, rule: &Rule) -> Option<&Arc<Demand>> {
        self.demands.get(rule.place())
    }
}

fn demand(
    rule: &Rule,
    changed: &mut impl Iterator<Item = Stamp>,
) -> Result<Arc<Demand>, PolicyError> {
    let scopes: Vec<&str> = rule.scopes.iter().map(AsRef::as_ref).collect();
    let mut limits = Vec::with_capacity(rule.limits.len());
    for own in &rule.limits {
        let stamp = changed.next().ok_or(PolicyError::Changed)?;
        limits.push(own.limit(stamp).ok_or(PolicyError::Changed)?);
    }
    let demand = Demand::new(&scopes, rule.cost).and_then(|demand| demand.with_limits(&limits));
    demand.map(|demand| Arc::new(demand.named(&rule.name))).map_err(PolicyError::Demand)
}
