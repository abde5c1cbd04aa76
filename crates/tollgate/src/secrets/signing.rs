//! One key that signs identities.

use std::fmt;

use tollgate_core::time::UnixMillis;
use tollgate_identity::SigningKey;

use super::{Hidden, SecretsError, draw};

/// A signing key with the time in which it signs.
pub(crate) struct Signing {
    /// Its public name.
    pub(crate) kid: String,
    /// How its tokens spell the algorithm.
    pub(crate) alg: String,
    pub(super) seed: Hidden,
    /// From when it signs, unless a later one does. It is published at once.
    pub(crate) from: UnixMillis,
    /// When it stops being published; none: not yet known.
    pub(crate) until: Option<UnixMillis>,
}

impl Signing {
    /// A random key that signs from `from` on.
    pub(super) fn draw(kid: &str, alg: &str, from: UnixMillis) -> Result<Self, SecretsError> {
        Ok(Self { kid: kid.to_owned(), alg: alg.to_owned(), seed: draw()?, from, until: None })
    }

    /// The key itself.
    ///
    /// # Errors
    ///
    /// When its name, its algorithm or its seed is none.
    pub(crate) fn key(&self) -> Result<SigningKey, SecretsError> {
        let seed =
            self.seed.as_slice().try_into().map_err(|_| SecretsError::wrong_secret("seed"))?;
        SigningKey::new(&self.kid, &self.alg, seed).map_err(SecretsError::signing)
    }
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, from {})", self.kid, self.alg, self.from.0)
    }
}
