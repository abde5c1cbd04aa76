//! The public keys that a verifier trusts.

use core::fmt;

use ed25519_dalek::VerifyingKey;

use crate::{Algorithm, strict, syntax::is_kid};

/// The most keys in a set: two, twice over.
pub const KEYS_MAX: usize = 4;

/// The keys that a verifier trusts: 1 to 4, each with its own `kid`.
///
/// A retired key is one that is not in the set: there is no other state to get wrong.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: [Option<PublicKey>; KEYS_MAX],
}

/// A public key as a setting or a JWK spells it: nothing about it has been checked.
#[derive(Clone, Copy, Debug)]
pub struct Jwk<'a> {
    /// The key's name.
    pub kid: &'a str,
    /// The one algorithm of its tokens.
    pub alg: &'a str,
    /// The encoded point.
    pub x: [u8; 32],
}

/// Why something is no key set, or no signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The set has no key.
    NoKeys,
    /// The set has more than 4 keys.
    TooManyKeys,
    /// A `kid` is no identifier.
    BadKid,
    /// An `alg` is neither `EdDSA` nor `Ed25519`.
    BadAlg,
    /// A public key is no point, spelled in another way than its own, or of small order.
    BadKey,
    /// Two keys of the set have the same `kid`.
    DuplicateKid,
    /// A seed's bytes are all equal.
    BadSeed,
}

impl KeyError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoKeys => "no_keys",
            Self::TooManyKeys => "too_many_keys",
            Self::BadKid => "bad_kid",
            Self::BadAlg => "bad_alg",
            Self::BadKey => "bad_key",
            Self::DuplicateKid => "duplicate_kid",
            Self::BadSeed => "bad_seed",
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKeys => "the key set is empty",
            Self::TooManyKeys => "the key set has more than 4 keys",
            Self::BadKid => "a kid is no identifier",
            Self::BadAlg => "an alg is neither EdDSA nor Ed25519",
            Self::BadKey => "a public key is not a good point of the curve",
            Self::DuplicateKid => "two keys have the same kid",
            Self::BadSeed => "the bytes of the seed are all equal",
        })
    }
}

impl core::error::Error for KeyError {}

impl KeySet {
    /// Reads a key set, which keeps the order of `jwks`.
    ///
    /// # Errors
    ///
    /// The number of keys first; then, for each key in turn, its `kid`, its `alg`, its point, and
    /// whether an earlier key has the same `kid`.
    pub fn new(jwks: &[Jwk<'_>]) -> Result<Self, KeyError> {
        if jwks.is_empty() {
            return Err(KeyError::NoKeys);
        }
        if jwks.len() > KEYS_MAX {
            return Err(KeyError::TooManyKeys);
        }
        let mut set = Self { keys: [const { None }; KEYS_MAX] };
        for (at, jwk) in jwks.iter().enumerate() {
            let key = PublicKey::read(jwk)?;
            if set.key(key.kid.as_str()).is_some() {
                return Err(KeyError::DuplicateKid);
            }
            if let Some(slot) = set.keys.get_mut(at) {
                *slot = Some(key);
            }
        }
        Ok(set)
    }

    /// The key named `kid`.
    pub(crate) fn key(&self, kid: &str) -> Option<&PublicKey> {
        self.keys().find(|key| key.kid.as_str() == kid)
    }

    /// The keys, in the order given.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.iter().flatten()
    }
}

/// A good public key with its name and its one algorithm.
#[derive(Clone)]
pub(crate) struct PublicKey {
    pub(crate) kid: Kid,
    pub(crate) algorithm: Algorithm,
    pub(crate) point: VerifyingKey,
}

impl PublicKey {
    fn read(jwk: &Jwk<'_>) -> Result<Self, KeyError> {
        let kid = Kid::new(jwk.kid)?;
        let algorithm = Algorithm::parse(jwk.alg).ok_or(KeyError::BadAlg)?;
        let point = strict::good_point(&jwk.x).ok_or(KeyError::BadKey)?;
        Ok(Self { kid, algorithm, point })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.kid, self.algorithm.as_str())
    }
}

/// The name of a key, by value: an identifier.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kid {
    bytes: [u8; tollgate_core::id::ID_MAX],
    len: u8,
}

impl Kid {
    /// Reads the name of a key.
    ///
    /// # Errors
    ///
    /// [`KeyError::BadKid`] when it is no identifier.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let mut bytes = [0; tollgate_core::id::ID_MAX];
        let (true, Some(slot), Ok(len)) =
            (is_kid(text), bytes.get_mut(..text.len()), u8::try_from(text.len()))
        else {
            return Err(KeyError::BadKid);
        };
        slot.copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
