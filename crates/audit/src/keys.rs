//! Whose checkpoints are believed.

use core::fmt;

use serde_json::Value;
use tollgate_core::id::Id;
use tollgate_identity::{Jwk, KeyError, KeySet, jwk_point};

/// The most keys that are known at once: those that sign now, and those that signed what is verified.
pub const KEYS_MAX: usize = 64;

/// The public keys of a deployment, those that are retired among them.
///
/// A verifier of identities must forget a retired key. Whoever verifies what was signed a year ago must know it
/// still, and knows by the chain that nothing was added since.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    known: Vec<(String, [u8; 32])>,
}

/// Why something is no list of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysError {
    /// It is no JWKS document: no JSON, or without a list of keys for Ed25519.
    NoJwks,
    /// A key is none.
    Key(KeyError),
    /// Two keys have the same name.
    Ambiguous,
    /// There are more than 64.
    TooMany,
}

impl KeysError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoJwks => "bad_jwks",
            Self::Key(error) => error.code(),
            Self::Ambiguous => "duplicate_kid",
            Self::TooMany => "too_many_keys",
        }
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJwks => f.write_str("not a JWKS document with public keys for Ed25519"),
            Self::Key(error) => error.fmt(f),
            Self::Ambiguous => f.write_str("two different keys have the same kid"),
            Self::TooMany => f.write_str("there are more than 64 keys"),
        }
    }
}

impl core::error::Error for KeysError {}

impl Keys {
    /// Nobody's.
    #[must_use]
    pub const fn none() -> Self {
        Self { known: Vec::new() }
    }

    /// Believes one more key. The same once more changes nothing.
    ///
    /// # Errors
    ///
    /// When it is no good public key, another has its name, or there are too many.
    pub fn add(&mut self, jwk: &Jwk<'_>) -> Result<(), KeysError> {
        KeySet::new(&[*jwk]).map_err(KeysError::Key)?;
        match self.known.iter().find(|(kid, _)| kid == jwk.kid) {
            Some((_, x)) if *x == jwk.x => Ok(()),
            Some(_) => Err(KeysError::Ambiguous),
            None if self.known.len() >= KEYS_MAX => Err(KeysError::TooMany),
            None => {
                self.known.push((jwk.kid.to_owned(), jwk.x));
                Ok(())
            }
        }
    }

    /// Believes every key of a JWKS document, such as a gate publishes and `tollgate signing-keys jwks` prints.
    ///
    /// # Errors
    ///
    /// See [`KeysError`]; nothing is believed then that was not before.
    pub fn add_jwks(&mut self, text: &str) -> Result<(), KeysError> {
        let document: Value = serde_json::from_str(text).map_err(|_| KeysError::NoJwks)?;
        let keys = document.get("keys").and_then(Value::as_array).ok_or(KeysError::NoJwks)?;
        let mut more = self.clone();
        for key in keys {
            more.add(&jwk(key).ok_or(KeysError::NoJwks)?)?;
        }
        *self = more;
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// The key of this name.
    pub(crate) fn find(&self, kid: Id<'_>) -> Option<&[u8; 32]> {
        self.known.iter().find(|(known, _)| known == kid.as_str()).map(|(_, x)| x)
    }
}

fn jwk(key: &Value) -> Option<Jwk<'_>> {
    let field = |name| key.get(name).and_then(Value::as_str);
    let ours = field("kty") == Some("OKP") && field("crv") == Some("Ed25519");
    let x = jwk_point(field("x").filter(|_| ours)?)?;
    Some(Jwk { kid: field("kid")?, alg: field("alg")?, x })
}
