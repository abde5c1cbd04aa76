//! What a token says.

use core::fmt;

use tollgate_core::{id::Id, json::Reader, key::Env, scope::SCOPE_MAX, scope::Scope};

use crate::{Jti, Kid, Method, Name, Path};

/// Who is calling, for whom it is signed, and for which request if for one only.
///
/// Every value is well-formed by its type, so signing cannot produce a token that a verifier would
/// read in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims<'a, S> {
    /// The gate.
    pub issuer: Name<'a>,
    /// The origin that the token is for.
    pub audience: Name<'a>,
    /// Who owns the key.
    pub owner: Id<'a>,
    /// The public id of the key.
    pub key: Id<'a>,
    /// The tenant.
    pub tenant: Id<'a>,
    /// The environment.
    pub env: Env,
    /// What the key may do: an iterator, at most 64.
    pub scopes: S,
    /// The plan, if there is one.
    pub plan: Option<Id<'a>>,
    /// The one request that the token is for; none if it may be sent with many.
    pub binding: Option<Binding<'a>>,
}

/// The one request that a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding<'a> {
    /// What makes the token one of its kind.
    pub jti: Jti,
    /// The method as forwarded.
    pub method: Method<'a>,
    /// The path as forwarded, before the query.
    pub path: Path<'a>,
}

/// A token's claims after everything about them has been verified.
///
/// [`Verifier::verify`](crate::Verifier::verify) is the only way to obtain one, and nothing in it can be changed:
///
/// ```compile_fail,E0616
/// use tollgate_identity::Identity;
/// fn prolong(mut identity: Identity<'_>) -> Identity<'_> {
///     identity.exp = u64::MAX;
///     identity
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    pub(crate) claims: Claims<'a, Scopes<'a>>,
    pub(crate) iat: u64,
    pub(crate) exp: u64,
    pub(crate) kid: Kid,
}

impl<'a> Identity<'a> {
    /// What the token says.
    #[must_use]
    pub const fn claims(&self) -> &Claims<'a, Scopes<'a>> {
        &self.claims
    }

    /// When it was signed, in seconds since the Unix epoch.
    #[must_use]
    pub const fn iat(&self) -> u64 {
        self.iat
    }

    /// When it ends, in seconds since the Unix epoch.
    #[must_use]
    pub const fn exp(&self) -> u64 {
        self.exp
    }

    /// The key it was signed with.
    #[must_use]
    pub const fn kid(&self) -> Kid {
        self.kid
    }
}

/// The scopes of a verified token, in the order of the record.
#[derive(Clone, Copy)]
pub struct Scopes<'a> {
    /// What follows the opening bracket of a list that has been read once already.
    rest: &'a [u8],
}

impl<'a> Scopes<'a> {
    /// The scopes of a list that has been read to its end without an error.
    ///
    /// `list` starts after the opening bracket and ends before the closing one.
    pub(crate) const fn of_list(list: &'a [u8]) -> Self {
        Self { rest: list }
    }
}

impl<'a> Iterator for Scopes<'a> {
    type Item = Scope<'a>;

    fn next(&mut self) -> Option<Scope<'a>> {
        let mut reader = Reader::new(self.rest);
        let text = reader.string(SCOPE_MAX).ok()?;
        reader.accept(",");
        self.rest = reader.rest();
        Scope::new(text).ok()
    }
}

impl fmt::Debug for Scopes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}
