//! The signed identity: what a gate tells an origin about the caller, and how the origin knows that
//! it is true.
//!
//! A [`SigningKey`] signs [`Claims`] into a token of one spelling; a [`Verifier`] accepts exactly the
//! tokens that a signing key can produce and refuses everything else for one stated [`Refusal`].
//! `docs/spec/identity.md` fixes the format. There is no clock, no randomness and no allocator here.
//!
//! ```
//! use tollgate_core::{id::Id, key::Env, scope::Scope, time::UnixMillis};
//! use tollgate_identity::*;
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! # let seed: [u8; 32] = core::array::from_fn(|at| at.try_into().unwrap_or(0));
//! let key = SigningKey::new("k1", "EdDSA", &seed)?;
//! let claims = Claims {
//!     issuer: Name::new("https://gate.example")?,
//!     audience: Name::new("orders")?,
//!     owner: Id::new("owner_1")?,
//!     key: Id::new("key_1")?,
//!     tenant: Id::new("acme")?,
//!     env: Env::new("live")?,
//!     scopes: [Scope::new("orders:read")?].into_iter(),
//!     plan: None,
//!     binding: None,
//! };
//! let now = UnixMillis(1_700_000_000_000);
//! let mut room = [0; TOKEN_MAX];
//! let token = key.sign(&claims, LIFE_MAX_S, now, &mut room)?;
//!
//! let keys = KeySet::new(&[Jwk { kid: "k1", alg: "EdDSA", x: key.public() }])?;
//! let verifier = Verifier::new(keys, "https://gate.example", "orders")?;
//! let request = Request { method: b"GET", path: b"/orders/7" };
//! let mut room = Room::new();
//! let identity = verifier.verify(token.text.as_bytes(), request, now, &mut room)?;
//! assert_eq!(identity.claims().owner.as_str(), "owner_1");
//! # Ok(())
//! # }
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod algorithm;
mod base64url;
mod claims;
mod jwks;
mod keys;
mod read;
mod reuse;
mod sign;
mod statement;
mod strict;
mod syntax;
mod verify;
mod write;

pub use algorithm::Algorithm;
pub use claims::{Binding, Claims, Identity, Scopes};
pub use jwks::{JWKS_MAX, jwk_point, jwks};
pub use keys::{Jwk, KEYS_MAX, KeyError, KeySet, Kid};
pub use reuse::{Held, Purpose};
pub use sign::{SignError, SigningKey, Token};
pub use statement::{STATEMENT_MAX, Statement};
pub use strict::{public_of_seed, signature_holds};
pub use syntax::{Jti, METHOD_MAX, Method, NAME_MAX, Name, PATH_MAX, Path, SyntaxError};
pub use verify::{
    Refusal, Request, Room, SKEW_DEFAULT_MS, SKEW_MAX_MS, Verifier, VerifierError, in_time, kid_of,
};

/// The longest token, in bytes. What does not fit is not signed.
pub const TOKEN_MAX: usize = 2048;

/// The longest life of a token without request binding, in seconds.
pub const LIFE_MAX_S: u64 = 30;

/// The longest life of a token with request binding, in seconds.
pub const BOUND_LIFE_MAX_S: u64 = 10;

/// The most bytes that the claims of a token can have: their base64url fills a token by itself.
const CLAIMS_MAX: usize = TOKEN_MAX / 4 * 3;

/// The most bytes that the header of a token can have.
const HEADER_MAX: usize = 128;
