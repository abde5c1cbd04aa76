//! The gate's side: claims become a token.

use core::fmt;

use ed25519_dalek::Signer;
use tollgate_core::{
    json::{INTEGER_MAX, JsonError, Writer},
    scope::{SCOPES_MAX, Scope},
    time::UnixMillis,
};

use crate::{
    Algorithm, BOUND_LIFE_MAX_S, CLAIMS_MAX, Claims, HEADER_MAX, KeyError, Kid, LIFE_MAX_S,
    TOKEN_MAX, base64url, write,
};

/// Signs identities. The seed is wiped from memory when the key is dropped.
pub struct SigningKey {
    kid: Kid,
    algorithm: Algorithm,
    // SECURITY: wipes itself on drop (the `zeroize` feature of the library).
    pub(crate) key: ed25519_dalek::SigningKey,
}

/// A signed token with its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'o> {
    /// The token, for the header's value.
    pub text: &'o str,
    /// When it was signed, in seconds since the Unix epoch.
    pub iat: u64,
    /// When it ends, in seconds since the Unix epoch.
    pub exp: u64,
}

/// Why claims were not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignError {
    /// There are more than 64 scopes.
    TooManyScopes,
    /// The life is zero or above its maximum.
    BadLife,
    /// The times would be above 2^53.
    BadTime,
    /// The token would have more than 2,048 bytes.
    TooLong,
}

impl SignError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooManyScopes => "bad_claims",
            Self::BadLife => "bad_life",
            Self::BadTime => "bad_time",
            Self::TooLong => "too_long",
        }
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooManyScopes => "an identity has at most 64 scopes",
            Self::BadLife => "the life of an identity is 1 to 30 s, bound to a request 1 to 10 s",
            Self::BadTime => "the time is beyond what an identity can say",
            Self::TooLong => "the identity does not fit in 2048 bytes",
        })
    }
}

impl core::error::Error for SignError {}

impl SigningKey {
    /// The signing key of a name, an algorithm and a seed.
    ///
    /// # Errors
    ///
    /// When the name is no identifier, the algorithm is another, or the bytes of the seed are all
    /// equal, which is what a missing secret looks like.
    pub fn new(kid: &str, alg: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let kid = Kid::new(kid)?;
        let algorithm = Algorithm::parse(alg).ok_or(KeyError::BadAlg)?;
        let [first, rest @ ..] = seed;
        if rest.iter().all(|byte| byte == first) {
            return Err(KeyError::BadSeed);
        }
        Ok(Self { kid, algorithm, key: ed25519_dalek::SigningKey::from_bytes(seed) })
    }

    /// The key's name.
    #[must_use]
    pub const fn kid(&self) -> Kid {
        self.kid
    }

    /// The one algorithm of its tokens.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The encoded public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// Signs `claims` for `life_s` seconds from `now`, rounded down to the second.
    ///
    /// The same arguments give the same token: what is random about it is in the claims.
    ///
    /// # Errors
    ///
    /// See [`SignError`]; the first that applies, in its order. Nothing is left out to make a token
    /// fit.
    pub fn sign<'a, 'o, S: Iterator<Item = Scope<'a>> + Clone>(
        &self,
        claims: &Claims<'a, S>,
        life_s: u64,
        now: UnixMillis,
        out: &'o mut [u8; TOKEN_MAX],
    ) -> Result<Token<'o>, SignError> {
        // One more than allowed is enough to know: the iterator is the caller's, and may not end.
        if claims.scopes.clone().take(SCOPES_MAX.saturating_add(1)).count() > SCOPES_MAX {
            return Err(SignError::TooManyScopes);
        }
        let life_max = if claims.binding.is_some() { BOUND_LIFE_MAX_S } else { LIFE_MAX_S };
        if life_s == 0 || life_s > life_max {
            return Err(SignError::BadLife);
        }
        let iat = now.0 / 1000;
        let exp = iat.checked_add(life_s).filter(|&exp| exp <= INTEGER_MAX);
        let exp = exp.ok_or(SignError::BadTime)?;

        let mut room = [0; CLAIMS_MAX];
        let mut text = Writer::new(&mut room);
        write::claims(&mut text, claims, claims.scopes.clone(), (iat, exp)).map_err(too_long)?;
        let len = self.assemble(text.written(), out).ok_or(SignError::TooLong)?;
        let text = out.get(..len).and_then(|token| core::str::from_utf8(token).ok());
        Ok(Token { text: text.ok_or(SignError::TooLong)?, iat, exp })
    }

    /// Writes the three parts, and says how long they are; none if they do not fit.
    fn assemble(&self, claims: &[u8], out: &mut [u8; TOKEN_MAX]) -> Option<usize> {
        let mut room = [0; HEADER_MAX];
        let mut header = Writer::new(&mut room);
        write::header(&mut header, self.algorithm, &self.kid).ok()?;

        let mut len = base64url::encode(header.written(), out)?.len();
        len = append(out, len, claims)?;
        let signature = self.key.sign(out.get(..len)?).to_bytes();
        append(out, len, &signature)
    }
}

/// Appends a dot and a part to a token of `len` bytes, and says how long it is now.
fn append(out: &mut [u8; TOKEN_MAX], len: usize, part: &[u8]) -> Option<usize> {
    let (dot, rest) = out.get_mut(len..)?.split_first_mut()?;
    *dot = b'.';
    len.checked_add(1)?.checked_add(base64url::encode(part, rest)?.len())
}

/// Claims are well-formed by their types, so all that can go wrong in writing them is their length.
const fn too_long(_: JsonError) -> SignError {
    SignError::TooLong
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_seed_is_wiped_when_the_key_is_dropped() {
        // Does not compile unless the library promises it: reading freed memory is not for us.
        const fn wiped<T: zeroize::ZeroizeOnDrop>() {}
        wiped::<ed25519_dalek::SigningKey>();
    }
}
