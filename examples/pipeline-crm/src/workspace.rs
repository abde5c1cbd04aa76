//! Whose data a request is about: what the gate has vouched for, and nothing that the client has sent.

use std::marker::PhantomData;

use axum::{extract::FromRequestParts, http::request::Parts};
use tollgate_origin::Identity;

/// The workspace of a verified caller, which is its tenant.
///
/// INVARIANT: [`May`] makes it, of an identity that has the scope which the operation asks for. There is no other way,
/// so a query that wants a workspace cannot be put for somebody who was not let in.
#[derive(Clone, Debug)]
pub struct Workspace(Box<str>);

impl Workspace {
    /// What the column `workspace` has.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
impl Workspace {
    /// One for the tests of this crate's own modules, which have no requests. It is in no program.
    pub(crate) fn of_tests(name: &str) -> Self {
        Self(name.into())
    }
}

/// A scope that an operation asks for.
pub trait Scope: Send + Sync {
    /// What it is called, such as `opportunities:read`.
    const NAME: &'static str;
}

/// The caller may do what the scope `S` is for, in its own workspace.
///
/// It is the first argument of every handler: who may not is told so before anything else of the request is read.
#[derive(Debug)]
pub struct May<S> {
    /// Where.
    pub workspace: Workspace,
    /// Who the key acts for.
    pub owner: Box<str>,
    scope: PhantomData<S>,
}

impl<S: Scope, T: Send + Sync> FromRequestParts<T> for May<S> {
    /// What the verifier says, which is what the gate would.
    type Rejection = tollgate_origin::Problem;

    async fn from_request_parts(parts: &mut Parts, state: &T) -> Result<Self, Self::Rejection> {
        let who = Identity::from_request_parts(parts, state).await?;
        who.require(S::NAME)?;
        let workspace = Workspace(who.tenant().into());
        Ok(Self { workspace, owner: who.owner().into(), scope: PhantomData })
    }
}

/// Names scopes: one type for each, so that a handler's signature says what it asks for.
macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Scope for $name {
            const NAME: &'static str = $text;
        }
    )*};
}

scopes! {
    /// To list and show opportunities.
    ReadOpportunities = "opportunities:read";
    /// To create, change and archive them.
    WriteOpportunities = "opportunities:write";
    /// To list stages.
    ReadStages = "stages:read";
    /// To add, order and remove them.
    WriteStages = "stages:write";
    /// To see figures.
    ReadMetrics = "metrics:read";
}
