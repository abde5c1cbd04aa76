//! The identity verifier.

use std::sync::LazyLock;

use ed25519_dalek::Signer;
use tollgate_core::time::UnixMillis;
use tollgate_identity::{
    Identity, Jwk, KeySet, Refusal, Request, Room, SigningKey, TOKEN_MAX, Verifier,
};

use crate::counted;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const REQUEST: Request<'_> = Request { method: b"GET", path: b"/v1/orders/%41" };

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::new("k1", "EdDSA", &counted()).unwrap());
static VERIFIER: LazyLock<Verifier<'static>> = LazyLock::new(|| {
    let keys = KeySet::new(&[Jwk { kid: "k1", alg: "EdDSA", x: KEY.public() }]).unwrap();
    Verifier::new(keys, "https://gate.example", "orders").unwrap()
});

/// Verifies `data` as a token; and, where it is a header, a line feed and claims, these truly signed.
/// What is accepted must be exactly the token that our own signer makes of what was read.
pub fn fuzz_identity(data: &[u8]) {
    verify(data);
    if let Some(at) = data.iter().position(|&byte| byte == b'\n') {
        let (header, claims) = data.split_at(at);
        verify(&signed(header, claims.get(1..).unwrap_or_default()));
    }
}

fn verify(token: &[u8]) {
    let mut room = Room::new();
    match VERIFIER.verify(token, REQUEST, NOW, &mut room) {
        Ok(identity) => assert_eq!(signed_again(&identity), token),
        Err(refusal) => assert_eq!(refusal == Refusal::TooLong, token.len() > TOKEN_MAX),
    }
}

fn signed_again(identity: &Identity<'_>) -> Vec<u8> {
    let life = identity.exp().checked_sub(identity.iat()).unwrap();
    let now = UnixMillis(identity.iat().checked_mul(1000).unwrap());
    let mut out = [0; TOKEN_MAX];
    KEY.sign(identity.claims(), life, now, &mut out).unwrap().text.as_bytes().to_vec()
}

fn signed(header: &[u8], claims: &[u8]) -> Vec<u8> {
    let mut token = format!("{}.{}", base64url(header), base64url(claims));
    let key = ed25519_dalek::SigningKey::from_bytes(&counted());
    // Only what could be accepted is worth a signature.
    if token.len() < TOKEN_MAX {
        let signature = key.sign(token.as_bytes()).to_bytes();
        token.push('.');
        token.push_str(&base64url(&signature));
    }
    token.into_bytes()
}

fn base64url(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let symbol = |sextet: u32| SYMBOLS.get(usize::try_from(sextet & 63).unwrap()).copied().unwrap();
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let sextets = [bits >> 18, bits >> 12, bits >> 6, bits];
        text.extend(
            sextets.iter().take(chunk.len().saturating_add(1)).map(|&at| char::from(symbol(at))),
        );
    }
    text
}
