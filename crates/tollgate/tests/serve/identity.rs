//! What an origin makes of the identity header, with the keys that the gate publishes.

use serde_json::Value;
use tollgate_identity::{Jwk, KeySet, Request, Room, Verifier};
use tollgate_native::clock;

use crate::{site::Gate, wire::Head};

/// What a token says once it is verified.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) key: String,
    pub(crate) owner: String,
    pub(crate) tenant: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) is_bound: bool,
}

/// The public keys that the gate serves.
pub(crate) fn published(gate: &Gate) -> Value {
    let answer =
        gate.ask("GET /.well-known/tollgate/jwks.json HTTP/1.1\r\nhost: gate.example\r\n\r\n");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.head.field("cache-control"), Some("public, max-age=300"));
    answer.json()
}

/// Verifies the identity of a request as its origin would.
pub(crate) fn verified(gate: &Gate, request: &Head) -> Caller {
    let token = request.field("tollgate-identity").unwrap();
    let jwks = published(gate);
    let keys: Vec<Jwk<'_>> = jwks["keys"].as_array().unwrap().iter().map(jwk).collect();
    let verifier = Verifier::new(KeySet::new(&keys).unwrap(), "tollgate", "origin").unwrap();
    let mut words = request.first.split(' ');
    let method = words.next().unwrap().as_bytes();
    let path = words.next().unwrap().split('?').next().unwrap().as_bytes();
    let now = clock::read().wall;
    let mut room = Room::new();
    let identity =
        verifier.verify(token.as_bytes(), Request { method, path }, now, &mut room).unwrap();
    let claims = identity.claims();
    Caller {
        key: claims.key.as_str().to_owned(),
        owner: claims.owner.as_str().to_owned(),
        tenant: claims.tenant.as_str().to_owned(),
        scopes: claims.scopes.map(|scope| scope.as_str().to_owned()).collect(),
        is_bound: claims.binding.is_some(),
    }
}

fn jwk(key: &Value) -> Jwk<'_> {
    Jwk {
        kid: key["kid"].as_str().unwrap(),
        alg: key["alg"].as_str().unwrap(),
        x: decoded(key["x"].as_str().unwrap()).try_into().unwrap(),
    }
}

pub(crate) fn decoded(text: &str) -> Vec<u8> {
    const SYMBOLS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = 0_u32;
    let mut held = 0;
    let mut bytes = Vec::new();
    for symbol in text.chars() {
        bits = bits << 6 | u32::try_from(SYMBOLS.find(symbol).unwrap()).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}
