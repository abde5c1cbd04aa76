//! Who calls, as the gate has signed it.

use std::{fmt, sync::Arc};

use http::Extensions;
use tollgate_core::scope::{Scope, first_missing};
use tollgate_identity as signed;

use crate::problem::{Asked, Problem, Reason};

/// A verified identity. Only a verifier makes one, and it is cheap to clone.
///
/// ```compile_fail,E0624
/// let made = tollgate_origin::Identity::new(todo!(), todo!());
/// ```
#[derive(Clone)]
pub struct Identity {
    told: Arc<Told>,
    asked: Asked,
}

/// What a token says, kept beyond its bytes.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) key: Box<str>,
    pub(crate) owner: Box<str>,
    pub(crate) tenant: Box<str>,
    pub(crate) env: Box<str>,
    pub(crate) scopes: Box<[Box<str>]>,
    pub(crate) plan: Option<Box<str>>,
    pub(crate) issuer: Box<str>,
    pub(crate) audience: Box<str>,
    pub(crate) issued_at: u64,
    pub(crate) expires_at: u64,
    pub(crate) kid: Box<str>,
    pub(crate) binding: Option<Binding>,
}

/// The one request that an identity is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub(crate) jti: [u8; 16],
    pub(crate) method: Box<str>,
    pub(crate) path: Box<[u8]>,
}

/// What the verifier has found out about a request; it stands among the request's extensions.
#[derive(Clone)]
pub(crate) enum Admitted {
    /// Who calls is known.
    Known(Identity),
    /// The path is public, and nobody was asked for.
    Anybody(Asked),
}

impl Identity {
    pub(crate) fn new(told: Arc<Told>, asked: Asked) -> Self {
        Self { told, asked }
    }

    /// The identity of a request that has come through the layer, by its extensions.
    ///
    /// # Errors
    ///
    /// A [`Problem`] of 401 where the path is public, so that nobody was asked for; one of 500 where there is no
    /// layer, so that nothing was verified.
    pub fn of(extensions: &Extensions) -> Result<Self, Problem> {
        match extensions.get() {
            Some(Admitted::Known(identity)) => Ok(identity.clone()),
            Some(Admitted::Anybody(asked)) => Err(asked.refuse(Reason::Missing)),
            None => Err(Problem::internal()),
        }
    }

    /// The public id of the key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.told.key
    }

    /// Who owns the key: the `sub` of the token.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.told.owner
    }

    /// The tenant: the workspace that a request may touch.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.told.tenant
    }

    /// The environment.
    #[must_use]
    pub fn env(&self) -> &str {
        &self.told.env
    }

    /// The plan, if the key has one.
    #[must_use]
    pub fn plan(&self) -> Option<&str> {
        self.told.plan.as_deref()
    }

    /// What the key may do, in the order of its record.
    pub fn scopes(&self) -> impl Iterator<Item = &str> + Clone {
        self.told.scopes.iter().map(|scope| &**scope)
    }

    /// The gate that has signed it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.told.issuer
    }

    /// The origin that it was signed for: this one.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.told.audience
    }

    /// When it was signed, in seconds since the epoch.
    #[must_use]
    pub fn issued_at(&self) -> u64 {
        self.told.issued_at
    }

    /// When it ends, in seconds since the epoch.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.told.expires_at
    }

    /// The name of the key that the gate has signed it with.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.told.kid
    }

    /// The one request that it is for, where the gate's route binds.
    #[must_use]
    pub fn binding(&self) -> Option<&Binding> {
        self.told.binding.as_ref()
    }

    /// Whether a scope that the key holds covers `required`. What is no scope is covered by nothing.
    #[must_use]
    pub fn allows(&self, required: &str) -> bool {
        Scope::new(required).is_ok_and(|required| self.cover(&[required]))
    }

    /// Goes on only if a scope that the key holds covers `required`.
    ///
    /// # Errors
    ///
    /// What the gate answers in the same case: 403 `scope_missing`. A text that is no scope is a mistake in the program
    /// and 500, never a grant.
    pub fn require(&self, required: &str) -> Result<(), Problem> {
        self.require_all(&[required])
    }

    /// Goes on only if scopes that the key holds cover all of `required`.
    ///
    /// # Errors
    ///
    /// As those of [`require`](Self::require).
    pub fn require_all(&self, required: &[&str]) -> Result<(), Problem> {
        let scopes: Result<Vec<_>, _> = required.iter().map(|text| Scope::new(text)).collect();
        let scopes = scopes.map_err(|_| self.asked.mistaken())?;
        if self.cover(&scopes) { Ok(()) } else { Err(self.asked.lacks(required)) }
    }

    fn cover(&self, required: &[Scope<'_>]) -> bool {
        let held = self.told.scopes.iter().filter_map(|text| Scope::new(text).ok());
        first_missing(held, required).is_none()
    }
}

impl Told {
    /// Keeps what was verified.
    pub(crate) fn of(identity: &signed::Identity<'_>) -> Self {
        let claims = identity.claims();
        let binding = claims.binding.map(|binding| Binding {
            jti: *binding.jti.as_bytes(),
            method: binding.method.as_str().into(),
            path: binding.path.as_bytes().into(),
        });
        Self {
            key: claims.key.as_str().into(),
            owner: claims.owner.as_str().into(),
            tenant: claims.tenant.as_str().into(),
            env: claims.env.as_str().into(),
            scopes: claims.scopes.map(|scope| scope.as_str().into()).collect(),
            plan: claims.plan.map(|plan| plan.as_str().into()),
            issuer: claims.issuer.as_str().into(),
            audience: claims.audience.as_str().into(),
            issued_at: identity.iat(),
            expires_at: identity.exp(),
            kid: identity.kid().as_str().into(),
            binding,
        }
    }
}

impl Binding {
    /// What makes the token one of its kind.
    #[must_use]
    pub const fn jti(&self) -> &[u8; 16] {
        &self.jti
    }

    /// The method that the gate has forwarded.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path that the gate has forwarded, before the query, as it was sent.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        &self.path
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told.fmt(f)
    }
}
