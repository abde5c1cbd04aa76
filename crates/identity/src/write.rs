//! How header and claims are spelled.

use tollgate_core::{
    json::{JsonError, Writer},
    scope::Scope,
};

use crate::{Algorithm, Claims, Kid, PATH_MAX, base64url};

/// The last field of every header.
pub(crate) const TYPE: &str = r#","typ":"tg-identity+jwt"}"#;

pub(crate) fn header(
    writer: &mut Writer<'_>,
    algorithm: Algorithm,
    kid: &Kid,
) -> Result<(), JsonError> {
    writer.raw(r#"{"alg":"#)?;
    writer.string(algorithm.as_str())?;
    writer.raw(r#","kid":"#)?;
    writer.string(kid.as_str())?;
    writer.raw(TYPE)
}

pub(crate) fn claims<'a, S: Iterator<Item = Scope<'a>>>(
    writer: &mut Writer<'_>,
    claims: &Claims<'a, S>,
    scopes: S,
    (iat, exp): (u64, u64),
) -> Result<(), JsonError> {
    writer.raw(r#"{"iss":"#)?;
    writer.string(claims.issuer.as_str())?;
    writer.raw(r#","aud":"#)?;
    writer.string(claims.audience.as_str())?;
    writer.raw(r#","sub":"#)?;
    writer.string(claims.owner.as_str())?;
    writer.raw(r#","iat":"#)?;
    writer.uint(iat)?;
    writer.raw(r#","exp":"#)?;
    writer.uint(exp)?;
    if let Some(binding) = &claims.binding {
        writer.raw(r#","jti":"#)?;
        writer.hex(binding.jti.as_bytes())?;
    }
    writer.raw(r#","tg":{"key":"#)?;
    writer.string(claims.key.as_str())?;
    writer.raw(r#","tenant":"#)?;
    writer.string(claims.tenant.as_str())?;
    writer.raw(r#","env":"#)?;
    writer.string(claims.env.as_str())?;
    writer.raw(r#","scopes":"#)?;
    writer.list(scopes, |writer, scope| writer.string(scope.as_str()))?;
    writer.raw(r#","plan":"#)?;
    match claims.plan {
        Some(plan) => writer.string(plan.as_str())?,
        None => writer.raw("null")?,
    }
    if let Some(binding) = &claims.binding {
        writer.raw(r#","method":"#)?;
        writer.string(binding.method.as_str())?;
        writer.raw(r#","path":"#)?;
        base64url_string(writer, binding.path.as_bytes())?;
    }
    writer.raw("}}")
}

/// Writes bytes as a quoted string of base64url.
pub(crate) fn base64url_string(writer: &mut Writer<'_>, bytes: &[u8]) -> Result<(), JsonError> {
    let mut room = [0; base64url::encoded_len(PATH_MAX)];
    let symbols = base64url::encode(bytes, &mut room).ok_or(JsonError::Full)?;
    writer.string(core::str::from_utf8(symbols).map_err(|_| JsonError::Full)?)
}
