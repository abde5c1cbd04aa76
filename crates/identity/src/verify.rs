//! The origin's side: a token is accepted, or refused for one reason.

use core::fmt;

use tollgate_core::time::UnixMillis;

use crate::{
    Algorithm, BOUND_LIFE_MAX_S, CLAIMS_MAX, HEADER_MAX, Identity, KeyError, KeySet, LIFE_MAX_S,
    Name, PATH_MAX, TOKEN_MAX, base64url, read, strict,
};

/// How far the clocks of gate and origin may differ unless configured, in milliseconds.
pub const SKEW_DEFAULT_MS: u64 = 5_000;

/// How far they may be allowed to differ, in milliseconds.
pub const SKEW_MAX_MS: u64 = 60_000;

/// Accepts exactly the tokens that a trusted key can have signed for this origin and this moment.
#[derive(Clone, Debug)]
pub struct Verifier<'a> {
    keys: KeySet,
    issuer: Name<'a>,
    audience: Name<'a>,
    skew_ms: u64,
    require_binding: bool,
}

/// The request that a token came with.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its method, as it was received.
    pub method: &'a [u8],
    /// What stands before the first `?` of its target, as it was received: not decoded, not
    /// normalised.
    pub path: &'a [u8],
}

/// Room for a token's parts while they are read. Reuse it: nothing of an earlier token is ever seen.
pub struct Room {
    header: [u8; HEADER_MAX],
    claims: [u8; CLAIMS_MAX],
    path: [u8; PATH_MAX],
}

/// Why a token was refused: the first that applies, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has more than 2,048 bytes.
    TooLong,
    /// It is not three parts of canonical base64url with our header and a signature's length.
    Malformed,
    /// No trusted key has this name.
    UnknownKid,
    /// The key's algorithm is spelled in the other way.
    WrongAlg,
    /// The signature does not hold.
    BadSignature,
    /// The claims are not exactly as the specification spells them.
    BadClaims,
    /// The life is zero, negative or above its maximum.
    BadLife,
    /// Another gate signed it.
    WrongIssuer,
    /// It is for another origin.
    WrongAudience,
    /// It was signed later than now.
    NotYetValid,
    /// It has ended.
    Expired,
    /// It is not bound to a request, and must be.
    Unbound,
    /// It is bound to a request of another method.
    WrongMethod,
    /// It is bound to a request for another path.
    WrongPath,
}

/// Why a verifier could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifierError {
    /// The key set is not one.
    Keys(KeyError),
    /// The issuer or the audience is no name.
    BadName,
    /// The skew is above 60 s.
    BadSkew,
}

impl<'a> Verifier<'a> {
    /// A verifier for tokens of `issuer` to `audience`, with the usual skew, binding not demanded.
    ///
    /// # Errors
    ///
    /// [`VerifierError::BadName`] when the issuer or the audience is no name.
    pub fn new(keys: KeySet, issuer: &'a str, audience: &'a str) -> Result<Self, VerifierError> {
        let name = |text| Name::new(text).map_err(|_| VerifierError::BadName);
        let (issuer, audience) = (name(issuer)?, name(audience)?);
        Ok(Self { keys, issuer, audience, skew_ms: SKEW_DEFAULT_MS, require_binding: false })
    }

    /// The same, letting the clocks differ by `skew_ms`.
    ///
    /// # Errors
    ///
    /// [`VerifierError::BadSkew`] above 60 s: a clock that wrong should be set, not forgiven.
    pub const fn with_skew(self, skew_ms: u64) -> Result<Self, VerifierError> {
        if skew_ms > SKEW_MAX_MS {
            return Err(VerifierError::BadSkew);
        }
        Ok(Self { skew_ms, ..self })
    }

    /// The same, refusing tokens that are not bound to their request, if `required`.
    #[must_use]
    pub const fn with_binding(self, required: bool) -> Self {
        Self { require_binding: required, ..self }
    }

    /// Says who is calling, if `token` proves it for `request` at `now`.
    ///
    /// # Errors
    ///
    /// The first [`Refusal`] that applies. Nothing in the claims is read before the signature holds.
    pub fn verify<'r>(
        &self,
        token: &[u8],
        request: Request<'_>,
        now: UnixMillis,
        room: &'r mut Room,
    ) -> Result<Identity<'r>, Refusal> {
        let Room { header, claims, path } = room;
        let (parts, algorithm, kid) = open(token, header, claims)?;
        let key = self.keys.key(kid).ok_or(Refusal::UnknownKid)?;
        if key.algorithm != algorithm {
            return Err(Refusal::WrongAlg);
        }
        if !strict::holds(&key.point, parts.signed, &parts.signature) {
            return Err(Refusal::BadSignature);
        }
        let (claims, iat, exp) = read::claims(parts.claims, path).ok_or(Refusal::BadClaims)?;
        let identity = Identity { claims, iat, exp, kid: key.kid };
        self.judge(&identity, request, now)?;
        Ok(identity)
    }

    /// Whether what a key truly signed is for this origin, this moment and this request.
    fn judge(
        &self,
        identity: &Identity<'_>,
        request: Request<'_>,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let Identity { claims, iat, exp, .. } = identity;
        let life_max = if claims.binding.is_some() { BOUND_LIFE_MAX_S } else { LIFE_MAX_S };
        exp.checked_sub(*iat)
            .filter(|life| (1..=life_max).contains(life))
            .ok_or(Refusal::BadLife)?;
        ensure(claims.issuer == self.issuer, Refusal::WrongIssuer)?;
        ensure(claims.audience == self.audience, Refusal::WrongAudience)?;

        in_time(*iat, *exp, self.skew_ms, now)?;
        match &claims.binding {
            None => ensure(!self.require_binding, Refusal::Unbound),
            Some(binding) => {
                let (method, path) = (binding.method.as_str().as_bytes(), binding.path.as_bytes());
                ensure(method == request.method, Refusal::WrongMethod)?;
                ensure(path == request.path, Refusal::WrongPath)
            }
        }
    }
}

/// The `kid` that a token names, if it has the form of one: nothing of it is believed.
///
/// For an origin that has to fetch keys: what is no token is refused before anything is fetched for it.
///
/// # Errors
///
/// [`Refusal::TooLong`] or [`Refusal::Malformed`], as [`Verifier::verify`] would say.
pub fn kid_of<'r>(token: &[u8], room: &'r mut Room) -> Result<&'r str, Refusal> {
    open(token, &mut room.header, &mut room.claims).map(|(_, _, kid)| kid)
}

/// Whether a token that was signed at `iat` and ends at `exp`, in seconds, may be used at `now`.
///
/// For an origin that remembers what it has verified: this is to be asked at every use.
///
/// # Errors
///
/// [`Refusal::NotYetValid`] or [`Refusal::Expired`].
pub fn in_time(iat: u64, exp: u64, skew_ms: u64, now: UnixMillis) -> Result<(), Refusal> {
    // At most 2^53 × 1000 + 60,000: exact in 64 bits. A `now` near their end is later than all.
    let millis = |seconds: u64| seconds.saturating_mul(1000);
    ensure(now.0.saturating_add(skew_ms) >= millis(iat), Refusal::NotYetValid)?;
    ensure(now.0 < millis(exp).saturating_add(skew_ms), Refusal::Expired)
}

/// The first two checks: the length, the form, and the header.
fn open<'t, 'r>(
    token: &'t [u8],
    header: &'r mut [u8; HEADER_MAX],
    claims: &'r mut [u8; CLAIMS_MAX],
) -> Result<(Parts<'t, 'r>, Algorithm, &'r str), Refusal> {
    if token.len() > TOKEN_MAX {
        return Err(Refusal::TooLong);
    }
    let parts = split(token, header, claims).ok_or(Refusal::Malformed)?;
    let (algorithm, kid) = read::header(parts.header).ok_or(Refusal::Malformed)?;
    Ok((parts, algorithm, kid))
}

/// A token taken apart, every part canonical base64url, nothing of it believed.
struct Parts<'t, 'r> {
    signed: &'t [u8],
    header: &'r [u8],
    claims: &'r [u8],
    signature: [u8; 64],
}

fn split<'t, 'r>(
    token: &'t [u8],
    header_room: &'r mut [u8; HEADER_MAX],
    claims_room: &'r mut [u8; CLAIMS_MAX],
) -> Option<Parts<'t, 'r>> {
    let dot = |byte: &u8| *byte == b'.';
    let last = token.iter().rposition(dot)?;
    let (signed, signature_text) = (token.get(..last)?, token.get(last.checked_add(1)?..)?);
    let first = signed.iter().position(dot)?;
    let (header, claims) = (signed.get(..first)?, signed.get(first.checked_add(1)?..)?);

    let mut signature = [0; 64];
    let whole = base64url::decode(signature_text, &mut signature)?.len() == 64;
    Some(Parts {
        signed,
        header: base64url::decode(header, header_room)?,
        claims: base64url::decode(claims, claims_room)?,
        signature: whole.then_some(signature)?,
    })
}

fn ensure(holds: bool, otherwise: Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(otherwise) }
}

impl Refusal {
    /// Every refusal, in the order of the checks.
    pub const ALL: [Self; 14] = [
        Self::TooLong,
        Self::Malformed,
        Self::UnknownKid,
        Self::WrongAlg,
        Self::BadSignature,
        Self::BadClaims,
        Self::BadLife,
        Self::WrongIssuer,
        Self::WrongAudience,
        Self::NotYetValid,
        Self::Expired,
        Self::Unbound,
        Self::WrongMethod,
        Self::WrongPath,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::UnknownKid => "unknown_kid",
            Self::WrongAlg => "wrong_alg",
            Self::BadSignature => "bad_signature",
            Self::BadClaims => "bad_claims",
            Self::BadLife => "bad_life",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::Unbound => "unbound",
            Self::WrongMethod => "wrong_method",
            Self::WrongPath => "wrong_path",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the identity was refused: {}", self.code())
    }
}

impl core::error::Error for Refusal {}

impl VerifierError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Keys(error) => error.code(),
            Self::BadName => "bad_name",
            Self::BadSkew => "bad_skew",
        }
    }
}

impl fmt::Display for VerifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys(_) => "the verifier's key set is not one",
            Self::BadName => "the issuer or the audience is no name",
            Self::BadSkew => "the skew is above 60 s",
        })
    }
}

impl core::error::Error for VerifierError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Keys(error) => Some(error),
            Self::BadName | Self::BadSkew => None,
        }
    }
}

impl From<KeyError> for VerifierError {
    fn from(error: KeyError) -> Self {
        Self::Keys(error)
    }
}

impl Room {
    /// Empty room.
    #[must_use]
    pub const fn new() -> Self {
        Self { header: [0; HEADER_MAX], claims: [0; CLAIMS_MAX], path: [0; PATH_MAX] }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Room")
    }
}
