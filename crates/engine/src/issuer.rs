//! Signing identities: off the hot path, since a token is used again while more than half its life is left.

use std::{fmt, sync::Arc};

use tollgate_core::{stamp::Stamp, time::UnixMillis};
use tollgate_identity::{Jti, Kid, SignError, SigningKey};

use crate::Pass;

/// Signs what an origin is told.
#[derive(Debug)]
pub struct Issuer {
    key: SigningKey,
    issuer: Box<str>,
    audience: Box<str>,
}

/// A token without binding, kept with the record for which it was signed.
pub struct Signed {
    text: Box<str>,
    as_of: Stamp,
    audience: Box<str>,
    kid: Kid,
    iat: u64,
    exp: u64,
}
