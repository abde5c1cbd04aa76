//! What can be put in force while the gate serves: keys, routes, and what answers look like.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use hyper::header::HeaderValue;
use tollgate_core::time::UnixMillis;
use tollgate_engine::{Demand, Issuer, Prover};
use tollgate_http::{
    address::Trusted,
    credential::Sources,
    hygiene::cache,
    rate::Style,
    route::{Rule, Rules},
};
use tollgate_identity::{Jwk, KeySet};

use super::{forward::Upstream, stamps::Stamps};
use crate::{
    config::{Config, Logged, RateLimitFields},
    secrets::Secrets,
};

/// One configuration, ready for requests. A request uses one from its beginning to its end.
pub(crate) struct Live {
    pub(crate) prover: Prover,
    pub(crate) issuer: Issuer,
    /// The document that publishes the public keys.
    pub(crate) jwks: Bytes,
    /// The same keys, for an origin in this process.
    pub(crate) keys: KeySet,
    pub(crate) rules: Rules,
    /// When the limits of the rules last changed.
    pub(crate) stamps: Stamps,
    /// What the routes are called in the log, by their places: their paths.
    routes: Vec<Box<str>>,
    /// Which requests have a line in it.
    pub(crate) logged: Logged,
    /// What each rule demands, by its place.
    demands: Vec<Arc<Demand>>,
    pub(crate) sources: Sources,
    /// What answers to requests with a key vary with.
    pub(crate) vary: HeaderValue,
    pub(crate) hops: Trusted,
    pub(crate) country_header: Option<Box<str>>,
    pub(crate) style: Style,
    pub(crate) realm: Box<str>,
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
        let signer = secrets.signer(now).context("the signing key")?;
        let identity = &config.identity;
        let issuer = Issuer::new(signer, &identity.issuer, &identity.audience)
            .map_err(|_| anyhow!("[identity] names no issuer or audience"))?;
        let rules = config.rules.clone();
        let demands =
            rules.iter().map(|rule| demand(rule, &stamps)).collect::<anyhow::Result<_>>()?;
        let keys = &config.keys;
        let (header, query) = (keys.header.clone(), keys.query.clone());
        let sources = Sources { header, query, forward: keys.forward };
        sources.check().context("[keys]")?;
        let upstream = config.origin.as_ref().map(|origin| {
            let kept = before.and_then(|before| before.upstream.as_ref());
            match kept.filter(|kept| kept.serves(origin)) {
                Some(kept) => Ok(Arc::clone(kept)),
                None => Upstream::new(origin).map(Arc::new),
            }
        });
        Ok(Self {
            prover: Prover::new(keys.brand.clone(), secrets.peppers().context("the peppers")?),
            issuer,
            jwks: secrets.jwks(now).context("the public keys")?.into(),
            keys: published(secrets, now)?,
            rules,
            stamps,
            routes: config.routes.iter().map(|route| route.path.as_str().into()).collect(),
            logged: config.log,
            demands,
            vary: HeaderValue::try_from(cache::vary(&sources)).context("[keys]")?,
            sources,
            hops: trusted(&config.gate.trusted_hops)?,
            country_header: config.gate.country_header.clone(),
            style: style(config.gate.rate_limit_fields),
            realm: config.gate.realm.clone(),
            checking: config.gate.checking,
            upstream: upstream.transpose()?,
            next_change: secrets.next_change(now),
        })
    }

    /// What `rule` is called in the log; none if it is the one for what matches no route.
    pub(crate) fn route(&self, rule: &Rule) -> Option<&str> {
        self.routes.get(rule.place()).map(AsRef::as_ref)
    }

    /// What `rule` demands of a key; none if it is no rule of this configuration.
    pub(crate) fn demand(&self, rule: &Rule) -> Option<&Arc<Demand>> {
        self.demands.get(rule.place())
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

fn published(secrets: &Secrets, now: UnixMillis) -> anyhow::Result<KeySet> {
    let mut keys = vec![];
    for signing in secrets.published(now) {
        let key = signing.key()?;
        keys.push((signing.kid.clone(), key.algorithm(), key.public()));
    }
    let keys: Vec<_> =
        keys.iter().map(|(kid, alg, x)| Jwk { kid, alg: alg.as_str(), x: *x }).collect();
    KeySet::new(&keys).context("the public keys")
}

fn demand(rule: &Rule, stamps: &Stamps) -> anyhow::Result<Arc<Demand>> {
    let scopes: Vec<&str> = rule.scopes.iter().map(AsRef::as_ref).collect();
    let limits = rule.limits.iter().map(|own| stamps.limit(own));
    let limits: Vec<_> = limits.collect::<anyhow::Result<_>>()?;
    Ok(Arc::new(Demand::new(&scopes, rule.cost)?.with_limits(&limits)?))
}

const fn style(fields: RateLimitFields) -> Style {
    match fields {
        RateLimitFields::Standard => Style::Standard,
        RateLimitFields::Legacy => Style::Legacy,
        RateLimitFields::Both => Style::Both,
        RateLimitFields::Off => Style::Off,
    }
}
