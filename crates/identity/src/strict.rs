//! Which Ed25519 keys and signatures are good, where libraries disagree.

use ed25519_dalek::{Signature, VerifyingKey};

/// Whether `signature` is a valid signature of `message` under the public key `x`.
///
/// # Security
///
/// The strict rule of the specification: canonical encodings only, no point of small order, the
/// equation without the cofactor. For what goes beyond a token; [`crate::Verifier`] does this itself.
#[must_use]
pub fn signature_holds(x: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    good_point(x).is_some_and(|key| holds(&key, message, signature))
}

/// The encoded public key of a seed.
#[must_use]
pub fn public_of_seed(seed: &[u8; 32]) -> [u8; 32] {
    ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

/// The public key that these bytes are the canonical encoding of, if its order is not small.
pub(crate) fn good_point(bytes: &[u8; 32]) -> Option<VerifyingKey> {
    if !below_p(bytes) {
        return None;
    }
    // The points whose x is zero, the only others with a second spelling, have small order.
    VerifyingKey::from_bytes(bytes).ok().filter(|key| !key.is_weak())
}

/// Whether a good key signed `message` so.
///
/// The library checks that S is below L, that R is a point and not of small order, and it compares R
/// with the canonical encoding of what R should be, byte by byte.
pub(crate) fn holds(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
}

/// Whether the y of an encoded point is below p = 2^255 − 19, sign bit aside.
fn below_p(bytes: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    let top = highest & 0x7f == 0x7f && middle.iter().all(|&byte| byte == 0xff);
    !(top && *lowest >= 0xed)
}
