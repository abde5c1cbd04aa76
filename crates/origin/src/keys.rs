//! The keys that an origin trusts, and how the document that has them is read.

use std::{error::Error, fmt, sync::Arc};

use serde_json::Value;
use tollgate_identity::{Jwk, KeyError, KeySet, jwk_point};

/// The longest document that is read, in bytes: the gate's own has at most 1,024.
pub const JWKS_MAX: usize = 16_384;

/// Keys by their names, and what makes each of them that key and no other.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) set: KeySet,
    marks: Vec<Arc<Mark>>,
}

/// What makes a key this one and no other.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    kid: Box<str>,
    alg: Box<str>,
    x: [u8; 32],
}

/// Why there are no keys. Holds no byte of what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeysError {
    /// Nobody answered in time, or what came was no answer of HTTP.
    Unreachable,
    /// The answer has another status than 200; a redirect is not followed.
    Status,
    /// The document is longer than [`JWKS_MAX`].
    TooLong,
    /// It is no document of public keys for signing with Ed25519.
    NoJwks,
    /// Its keys are no key set.
    Keys(KeyError),
}

impl KeysError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "jwks_unreachable",
            Self::Status => "jwks_status",
            Self::TooLong => "jwks_too_long",
            Self::NoJwks => "no_jwks",
            Self::Keys(error) => error.code(),
        }
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the keys of the gate could not be had: {}", self.code())
    }
}

impl Error for KeysError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Keys(error) => Some(error),
            Self::Unreachable | Self::Status | Self::TooLong | Self::NoJwks => None,
        }
    }
}

impl Keys {
    /// Reads a document. One with anything but good public keys of ours is none.
    pub(crate) fn read(document: &[u8]) -> Result<Self, KeysError> {
        if document.len() > JWKS_MAX {
            return Err(KeysError::TooLong);
        }
        let document: Value = serde_json::from_slice(document).map_err(|_| KeysError::NoJwks)?;
        let entries = document.get("keys").and_then(Value::as_array).ok_or(KeysError::NoJwks)?;
        let marks = entries.iter().map(Mark::read).collect::<Result<Vec<_>, _>>()?;
        let jwks: Vec<_> = marks.iter().map(|mark| mark.jwk()).collect();
        let set = KeySet::new(&jwks).map_err(KeysError::Keys)?;
        Ok(Self { set, marks })
    }

    /// What makes the key of this name the one that it is.
    pub(crate) fn mark(&self, kid: &str) -> Option<&Arc<Mark>> {
        self.marks.iter().find(|mark| &*mark.kid == kid)
    }

    /// Whether this very key is one of these.
    pub(crate) fn has(&self, mark: &Mark) -> bool {
        self.marks.iter().any(|one| **one == *mark)
    }
}

impl Mark {
    fn read(entry: &Value) -> Result<Arc<Self>, KeysError> {
        let text = |name| entry.get(name).and_then(Value::as_str).ok_or(KeysError::NoJwks);
        // A private key in public is nothing to build trust on.
        if entry.get("d").is_some() {
            return Err(KeysError::NoJwks);
        }
        if (text("kty")?, text("crv")?, text("use")?) != ("OKP", "Ed25519", "sig") {
            return Err(KeysError::NoJwks);
        }
        let (kid, alg, x) = (text("kid")?, text("alg")?, text("x")?);
        let x = jwk_point(x).ok_or(KeysError::Keys(KeyError::BadKey))?;
        Ok(Arc::new(Self { kid: kid.into(), alg: alg.into(), x }))
    }

    fn jwk(&self) -> Jwk<'_> {
        Jwk { kid: &self.kid, alg: &self.alg, x: self.x }
    }
}

#[cfg(test)]
mod tests;
