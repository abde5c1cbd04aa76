//! What can be put in force while the gate serves: keys, routes, and what answers look like.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use hyper::header::HeaderValue;
use tollgate_core::time::UnixMillis;
use tollgate_engine::{Issuer, Prover};
use tollgate_gate::{Parts, Policy, PolicyError};
use tollgate_http::{address::Trusted, credential::Sources, rate::Style, route::Rule};
use tollgate_identity::KeySet;

use super::{forward::Upstream, stamps::Stamps};
use crate::{
    config::{Config, Logged, RateLimitFields},
    secrets::Secrets,
};

/// One configuration, ready for requests. A request uses one from its beginning to its end.
pub(crate) struct Live {
    /// What it judges by.
    pub(crate) policy: Policy,
    /// The public keys, for an origin in this process.
    pub(crate) keys: KeySet,
    /// When the limits of the rules last changed.
    pub(crate) stamps: Stamps,
    /// What the routes are called in the log, by their places: their paths.
    routes: Vec<Box<str>>,
    /// Which requests have a line in it.
    pub(crate) logged: Logged,
    /// What answers to requests with a key vary with.
    pub(crate) vary: HeaderValue,
    pub(crate) hops: Trusted,
    pub(crate) country_header: Option<Box<str>>,
    pub(crate) checking: bool,
    pub(crate) upstream: Option<Arc<Upstream>>,
    /// When another key signs, or the published ones change.
    pub(crate) next_change: Option<UnixMillis>,
}

impl Live {
    /// What `config` and `secrets` come to at `now`; `stamps` are those of its rules. Connections to the origin of `before` are kept if it is
    /// still the same.
    ///
    /// # Errors
    ///
    /// When something is wrong with them; nothing is in force then but what was.
    pub(crate) fn new(
        config: &Config,
        secrets: &Secrets,
        stamps: Stamps,
        before: Option<&Self>,
        now: UnixMillis,
    ) -> anyhow::Result<Self> {
        let schedule = secrets.schedule().context("the signing keys")?;
        let policy = policy(config, secrets, &stamps, schedule.jwks(now)?, now)?;
        let upstream = config.origin.as_ref().map(|origin| {
            let kept = before.and_then(|before| before.upstream.as_ref());
            match kept.filter(|kept| kept.serves(origin)) {
                Some(kept) => Ok(Arc::clone(kept)),
                None => Upstream::new(origin).map(Arc::new),
            }
        });
        Ok(Self {
            keys: schedule.keys(now).context("the public keys")?,
            stamps,
            routes: config.routes.iter().map(|route| route.path.as_str().into()).collect(),
            logged: config.log,
            vary: HeaderValue::try_from(policy.vary()).context("[keys]")?,
            policy,
            hops: trusted(&config.gate.trusted_hops)?,
            country_header: config.gate.country_header.clone(),
            checking: config.gate.checking,
            upstream: upstream.transpose()?,
            next_change: schedule.next_change(now),
        })
    }

    /// What `rule` is called in the log; none if it is the one for what matches no route.
    pub(crate) fn route(&self, rule: &Rule) -> Option<&str> {
        self.routes.get(rule.place()).map(AsRef::as_ref)
    }
}

/// The hops in `blocks`.
///
/// # Errors
///
/// When there are too many.
pub(crate) fn trusted(blocks: &[tollgate_core::network::Block]) -> anyhow::Result<Trusted> {
    let blocks: Vec<_> = blocks.iter().map(ToString::to_string).collect();
    Trusted::new(&blocks).context("the trusted hops")
}

fn policy(
    config: &Config,
    secrets: &Secrets,
    stamps: &Stamps,
    jwks: String,
    now: UnixMillis,
) -> anyhow::Result<Policy> {
    let Config { keys, identity, gate, rules, .. } = config;
    let signer = secrets.signer(now).context("the signing key")?;
    let issuer = Issuer::new(signer, &identity.issuer, &identity.audience)
        .map_err(|_| anyhow!("[identity] names no issuer or audience"))?;
    let (header, query) = (keys.header.clone(), keys.query.clone());
    let parts = Parts {
        prover: Prover::new(keys.brand.clone(), secrets.peppers().context("the peppers")?),
        issuer,
        jwks,
        changed: stamps.of(rules)?,
        rules: rules.clone(),
        sources: Sources { header, query, forward: keys.forward },
        style: style(gate.rate_limit_fields),
        realm: gate.realm.clone(),
    };
    Policy::new(parts).map_err(|error| match error {
        PolicyError::Sources(error) => anyhow!(error).context("[keys]"),
        PolicyError::Demand(_) | PolicyError::Changed => error.into(),
    })
}

const fn style(fields: RateLimitFields) -> Style {
    match fields {
        RateLimitFields::Standard => Style::Standard,
        RateLimitFields::Legacy => Style::Legacy,
        RateLimitFields::Both => Style::Both,
        RateLimitFields::Off => Style::Off,
    }
}
