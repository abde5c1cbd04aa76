//! Whether a key's identity can be signed: said when the key is made, and not when it is used.

use crate::Settings;

/// The longest token that is signed.
pub(crate) const TOKEN_MAX: usize = 2_048;
/// The longest issuer, and the longest audience.
const NAME_MAX: usize = 128;
/// The longest name of a signing key.
const KID_MAX: usize = 64;
/// The digits of the largest instant in seconds.
const INSTANT_DIGITS: usize = 16;
/// An Ed25519 signature in base64url.
const SIGNATURE: usize = 86;

/// The most bytes that a key's identity without request binding takes: whatever issuer, audience and signing key
/// the deployment has or will have.
///
/// Saturates, which is far above what fits.
#[must_use]
pub fn identity_len_max(id: &str, settings: &Settings) -> usize {
    let header =
        r#"{"alg":"Ed25519","kid":"","typ":"tg-identity+jwt"}"#.len().saturating_add(KID_MAX);
    let fixed = r#"{"iss":"","aud":"","sub":"","iat":,"exp":,"tg":{"key":"","tenant":"","env":"","scopes":[],"plan":}}"#;
    let Settings { tenant, owner, env, plan, scopes, .. } = settings;
    let plan = plan.as_ref().map_or(4, |plan| plan.len().saturating_add(2));
    let quoted = scopes.iter().map(|scope| scope.len().saturating_add(3));
    let claims = [
        fixed.len(),
        NAME_MAX,
        NAME_MAX,
        INSTANT_DIGITS,
        INSTANT_DIGITS,
        id.len(),
        tenant.len(),
        owner.len(),
        env.len(),
        plan,
        // One comma less than there are scopes.
        quoted.fold(0_usize, usize::saturating_add).saturating_sub(usize::from(!scopes.is_empty())),
    ];
    let claims = claims.into_iter().fold(0_usize, usize::saturating_add);
    let parts = [base64url_len(header), 1, base64url_len(claims), 1, SIGNATURE];
    parts.into_iter().fold(0_usize, usize::saturating_add)
}

const fn base64url_len(bytes: usize) -> usize {
    bytes.saturating_mul(4).div_ceil(3)
}
