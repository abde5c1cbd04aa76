//! Tokens to test with: true ones, and ones that our signer would not make.

use ed25519_dalek::Signer;
use tollgate_core::{id::Id, key::Env, scope::Scope, time::UnixMillis};
use tollgate_identity::{
    Binding, Claims, Jti, Jwk, KeySet, LIFE_MAX_S, Method, Name, Path, Request, Room, SigningKey,
    TOKEN_MAX, Verifier,
};

pub(crate) const HEADER: &str = r#"{"alg":"EdDSA","kid":"k1","typ":"tg-identity+jwt"}"#;
pub(crate) const UNBOUND: &str = r#"{"iss":"https://gate.example","aud":"orders","sub":"owner_1","iat":1700000000,"exp":1700000030,"tg":{"key":"key_1","tenant":"acme","env":"live","scopes":["orders:read","orders:write"],"plan":"pro"}}"#;
pub(crate) const BOUND: &str = r#"{"iss":"https://gate.example","aud":"orders","sub":"owner_1","iat":1700000000,"exp":1700000010,"jti":"000102030405060708090a0b0c0d0e0f","tg":{"key":"key_1","tenant":"acme","env":"live","scopes":[],"plan":null,"method":"GET","path":"L3YxL29yZGVycy8lNDE"}}"#;
pub(crate) const UNBOUND_TOKEN: &str = "eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIiwidHlwIjoidGctaWRlbnRpdHkrand0In0.eyJpc3MiOiJodHRwczovL2dhdGUuZXhhbXBsZSIsImF1ZCI6Im9yZGVycyIsInN1YiI6Im93bmVyXzEiLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDAzMCwidGciOnsia2V5Ijoia2V5XzEiLCJ0ZW5hbnQiOiJhY21lIiwiZW52IjoibGl2ZSIsInNjb3BlcyI6WyJvcmRlcnM6cmVhZCIsIm9yZGVyczp3cml0ZSJdLCJwbGFuIjoicHJvIn19.YODv9QUOHC_FHzj8npre4oz6q5zysGDCus9gerOuGbCT8CZSxYaWOtbJqPD54tJoB8-6bc2mjtNDRLQ9xjUPAw";
pub(crate) const BOUND_TOKEN: &str = "eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIiwidHlwIjoidGctaWRlbnRpdHkrand0In0.eyJpc3MiOiJodHRwczovL2dhdGUuZXhhbXBsZSIsImF1ZCI6Im9yZGVycyIsInN1YiI6Im93bmVyXzEiLCJpYXQiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMDAxMCwianRpIjoiMDAwMTAyMDMwNDA1MDYwNzA4MDkwYTBiMGMwZDBlMGYiLCJ0ZyI6eyJrZXkiOiJrZXlfMSIsInRlbmFudCI6ImFjbWUiLCJlbnYiOiJsaXZlIiwic2NvcGVzIjpbXSwicGxhbiI6bnVsbCwibWV0aG9kIjoiR0VUIiwicGF0aCI6IkwzWXhMMjl5WkdWeWN5OGxOREUifX0.TSJ3z_moFratpgFOzxr888DxIPtrQHHCw714mp5WFJUsOQD6RcPLYfjGqhfNNa1bvPQqpVWkfJWX7UkpN1GeBg";

/// The instant at which both examples were signed.
pub(crate) const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
pub(crate) const REQUEST: Request<'_> = Request { method: b"GET", path: b"/v1/orders/%41" };

pub(crate) fn seed() -> [u8; 32] {
    core::array::from_fn(|at| at as u8)
}

pub(crate) fn key() -> SigningKey {
    SigningKey::new("k1", "EdDSA", &seed()).unwrap()
}

pub(crate) fn verifier() -> Verifier<'static> {
    let keys = KeySet::new(&[Jwk { kid: "k1", alg: "EdDSA", x: key().public() }]).unwrap();
    Verifier::new(keys, "https://gate.example", "orders").unwrap()
}

pub(crate) type TestClaims<'a> = Claims<'a, std::vec::IntoIter<Scope<'a>>>;

/// The claims of [`UNBOUND`].
pub(crate) fn unbound() -> TestClaims<'static> {
    Claims {
        issuer: Name::new("https://gate.example").unwrap(),
        audience: Name::new("orders").unwrap(),
        owner: Id::new("owner_1").unwrap(),
        key: Id::new("key_1").unwrap(),
        tenant: Id::new("acme").unwrap(),
        env: Env::new("live").unwrap(),
        scopes: scopes(&["orders:read", "orders:write"]),
        plan: Some(Id::new("pro").unwrap()),
        binding: None,
    }
}

/// The claims of [`BOUND`].
pub(crate) fn bound() -> TestClaims<'static> {
    let binding = Binding {
        jti: Jti::new(core::array::from_fn(|at| at as u8)).unwrap(),
        method: Method::new("GET").unwrap(),
        path: Path::new(b"/v1/orders/%41").unwrap(),
    };
    Claims { scopes: scopes(&[]), plan: None, binding: Some(binding), ..unbound() }
}

pub(crate) fn scopes<'a>(texts: &[&'a str]) -> std::vec::IntoIter<Scope<'a>> {
    texts.iter().map(|text| Scope::new(text).unwrap()).collect::<Vec<_>>().into_iter()
}

/// Signs whatever header and claims, true to no format.
pub(crate) fn forged(header: &[u8], claims: &[u8]) -> String {
    let signed = format!("{}.{}", base64url(header), base64url(claims));
    let key = ed25519_dalek::SigningKey::from_bytes(&seed());
    let signature = key.sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", base64url(&signature))
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits: Vec<u8> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let sextet =
        |bits: &[u8]| (0..6).fold(0, |sum, at| sum * 2 + bits.get(at).copied().unwrap_or(0));
    bits.chunks(6).map(|bits| char::from(SYMBOLS[usize::from(sextet(bits))])).collect()
}

/// Verifies with the usual verifier, request and time; gives the code, or `ok`.
pub(crate) fn judged(token: &[u8]) -> &'static str {
    outcome(&verifier(), token, REQUEST, NOW)
}

pub(crate) fn outcome(
    verifier: &Verifier<'_>,
    token: &[u8],
    request: Request<'_>,
    now: UnixMillis,
) -> &'static str {
    let mut room = Room::new();
    verifier.verify(token, request, now, &mut room).map_or_else(|refusal| refusal.code(), |_| "ok")
}

/// Panics unless the token is refused, or is exactly what the signer makes of what it says.
pub(crate) fn refused_or_canonical(verifier: &Verifier<'_>, token: &[u8]) -> bool {
    let mut room = Room::new();
    let Ok(identity) = verifier.verify(token, REQUEST, NOW, &mut room) else { return false };
    let mut again = [0; TOKEN_MAX];
    let life = identity.exp() - identity.iat();
    let signed = key().sign(identity.claims(), life, UnixMillis(identity.iat() * 1000), &mut again);
    assert_eq!(signed.unwrap().text.as_bytes(), token);
    true
}

pub(crate) fn signed(claims: &TestClaims<'_>) -> String {
    let life = if claims.binding.is_some() { 10 } else { LIFE_MAX_S };
    key().sign(claims, life, NOW, &mut [0; TOKEN_MAX]).unwrap().text.to_owned()
}
