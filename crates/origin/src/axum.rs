//! What axum needs: the identity as an extractor, and a problem as a response.

use std::{fmt, marker::PhantomData};

use axum::{
    body::Body,
    extract::{FromRequestParts, OriginalUri},
    response::{IntoResponse, Response},
};
use http::{Extensions, Uri, request::Parts};

use crate::{Identity, Problem};

/// The URI as it came, if axum has kept it.
pub(crate) fn original(extensions: &Extensions) -> Option<&Uri> {
    extensions.get::<OriginalUri>().map(|original| &original.0)
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.extensions)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.into_response().map(Body::new)
    }
}

/// The scopes that a handler requires, as a type.
pub trait Required {
    /// All of these are needed.
    const SCOPES: &'static [&'static str];
}

/// The verified identity of a caller who holds the scopes that `R` requires: an extractor.
///
/// ```
/// use tollgate_origin::{Holding, Required};
///
/// struct Write;
///
/// impl Required for Write {
///     const SCOPES: &'static [&'static str] = &["orders:write"];
/// }
///
/// async fn create(who: Holding<Write>) -> String {
///     format!("a new order of {}", who.tenant())
/// }
/// # axum::Router::<()>::new().route("/orders", axum::routing::post(create));
/// ```
pub struct Holding<R> {
    identity: Identity,
    required: PhantomData<fn() -> R>,
}

impl<R> std::ops::Deref for Holding<R> {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        &self.identity
    }
}

impl<R> fmt::Debug for Holding<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.identity.fmt(f)
    }
}

impl<R: Required, S: Sync> FromRequestParts<S> for Holding<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let identity = Identity::of(&parts.extensions)?;
        identity.require_all(R::SCOPES)?;
        Ok(Self { identity, required: PhantomData })
    }
}
