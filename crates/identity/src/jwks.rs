//! The document in which a gate publishes its public keys.

use tollgate_core::json::{JsonError, Writer};

use crate::{KeySet, base64url, write::base64url_string};

/// The longest document, in bytes: 4 keys with the longest names.
pub const JWKS_MAX: usize = 1024;

/// Writes the JWKS document of `keys` at the start of `out`, and returns it.
///
/// # Errors
///
/// None with the room of [`JWKS_MAX`]; the type says so for a writer that changes.
pub fn jwks<'o>(keys: &KeySet, out: &'o mut [u8; JWKS_MAX]) -> Result<&'o str, JsonError> {
    let mut writer = Writer::new(out);
    writer.raw(r#"{"keys":"#)?;
    writer.list(keys.keys(), |writer, key| {
        writer.raw(r#"{"kty":"OKP","crv":"Ed25519","x":"#)?;
        base64url_string(writer, key.point.as_bytes())?;
        writer.raw(r#","kid":"#)?;
        writer.string(key.kid.as_str())?;
        writer.raw(r#","alg":"#)?;
        writer.string(key.algorithm.as_str())?;
        writer.raw(r#","use":"sig"}"#)
    })?;
    writer.raw("}")?;
    let len = writer.len();
    let text = out.get(..len).and_then(|text| core::str::from_utf8(text).ok());
    text.ok_or(JsonError::Full)
}

/// The encoded point that the `x` of a JWK spells; none if it is not 32 bytes in canonical base64url.
///
/// Whether that is a good public key is another question: [`KeySet::new`] answers it.
#[must_use]
pub fn jwk_point(x: &str) -> Option<[u8; 32]> {
    let mut room = [0; 33];
    base64url::decode(x.as_bytes(), &mut room)?.try_into().ok()
}
