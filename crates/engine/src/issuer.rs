//! Signing identities: off the hot path, since a token is used again while more than half its life is left.

use std::{fmt, sync::Arc};

use tollgate_core::{lookup::LookupId, record::Record, stamp::Stamp, time::UnixMillis};
use tollgate_identity::{
    BOUND_LIFE_MAX_S, Binding, Claims, Held, Jti, Kid, LIFE_MAX_S, Method, Name, Path, Purpose,
    SignError, SigningKey, SyntaxError, TOKEN_MAX, Token,
};

use crate::Pass;

/// Signs what an origin is told.
#[derive(Debug)]
pub struct Issuer {
    key: SigningKey,
    issuer: Arc<str>,
    audience: Arc<str>,
}

/// A token without binding, kept with the record for which it was signed, as what the host puts into its header.
pub struct Signed<T = Box<str>> {
    text: T,
    text_bytes: usize,
    lookup: LookupId,
    as_of: Stamp,
    issuer: Arc<str>,
    audience: Arc<str>,
    kid: Kid,
    iat: u64,
    exp: u64,
}

impl Issuer {
    /// Signs with `key`, in the name of `issuer`, for the origin `audience`.
    ///
    /// # Errors
    ///
    /// When one of the two is no [`Name`].
    pub fn new(key: SigningKey, issuer: &str, audience: &str) -> Result<Self, SyntaxError> {
        Name::new(issuer)?;
        Name::new(audience)?;
        Ok(Self { key, issuer: issuer.into(), audience: audience.into() })
    }

    /// The key that it signs with.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The token that says who passed: the one that was kept while that is good enough, else one signed now,
    /// which the caller gives to [`Engine::keep`](crate::Engine::keep) (then the second part is true).
    ///
    /// # Errors
    ///
    /// See [`SignError`]: a record that does not fit a token is no reason to leave something out. The request
    /// is answered 503.
    pub fn token<T>(
        &self,
        pass: &Pass<T>,
        now: UnixMillis,
    ) -> Result<(Arc<Signed<T>>, bool), SignError>
    where
        T: for<'t> TryFrom<&'t str>,
    {
        let (audience, kid) = (name(&self.audience)?, self.key.kid());
        let purpose = Purpose { lookup: pass.lookup, as_of: pass.as_of, audience, kid };
        if let Some(held) = &pass.held
            && held.issuer == self.issuer
            && held.audience == self.audience
            && held.held(audience).reusable(&purpose, now)
        {
            return Ok((Arc::clone(held), false));
        }
        let record = pass.record().ok_or(SignError::TooLong)?;
        let mut room = [0; TOKEN_MAX];
        let Token { text, iat, exp } = self.sign(&record, None, LIFE_MAX_S, now, &mut room)?;
        let signed = Signed {
            text: T::try_from(text).map_err(|_| SignError::TooLong)?,
            text_bytes: text.len(),
            lookup: record.lookup,
            as_of: record.as_of,
            issuer: Arc::clone(&self.issuer),
            audience: Arc::clone(&self.audience),
            kid: self.key.kid(),
            iat,
            exp,
        };
        Ok((Arc::new(signed), true))
    }

    /// A token that is good for one request only. `jti` is 16 random bytes.
    ///
    /// # Errors
    ///
    /// See [`Issuer::token`].
    pub fn bound<T>(
        &self,
        pass: &Pass<T>,
        method: Method<'_>,
        path: Path<'_>,
        jti: Jti,
        now: UnixMillis,
    ) -> Result<String, SignError> {
        let record = pass.record().ok_or(SignError::TooLong)?;
        let binding = Some(Binding { jti, method, path });
        let mut room = [0; TOKEN_MAX];
        let token = self.sign(&record, binding, BOUND_LIFE_MAX_S, now, &mut room)?;
        Ok(token.text.to_owned())
    }

    fn sign<'o>(
        &self,
        record: &Record<'_>,
        binding: Option<Binding<'_>>,
        life_s: u64,
        now: UnixMillis,
        out: &'o mut [u8; TOKEN_MAX],
    ) -> Result<Token<'o>, SignError> {
        let claims = Claims {
            issuer: name(&self.issuer)?,
            audience: name(&self.audience)?,
            owner: record.owner,
            key: record.key,
            tenant: record.tenant,
            env: record.env,
            scopes: record.scopes.iter(),
            plan: record.plan,
            binding,
        };
        self.key.sign(&claims, life_s, now, out)
    }
}

/// What was checked when the issuer was made.
fn name(text: &str) -> Result<Name<'_>, SignError> {
    Name::new(text).map_err(|_| SignError::TooLong)
}

impl<T: AsRef<str>> Signed<T> {
    /// The token, for the header's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_ref()
    }
}

impl<T> Signed<T> {
    /// The token as the host keeps it.
    #[must_use]
    pub const fn text(&self) -> &T {
        &self.text
    }

    /// What it costs in memory, without the count of its owners.
    pub(crate) fn bytes(&self) -> usize {
        self.text_bytes.saturating_add(size_of::<Self>())
    }

    /// What it was signed for, if `audience` is its own: names are compared where no name has to be read.
    const fn held<'a>(&self, audience: Name<'a>) -> Held<'a> {
        let Self { lookup, as_of, kid, iat, exp, .. } = *self;
        Held { purpose: Purpose { lookup, as_of, audience, kid }, iat, exp }
    }
}

impl<T> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed").field("iat", &self.iat).field("exp", &self.exp).finish()
    }
}
