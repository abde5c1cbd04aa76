//! The rows that all verifiers share.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};
use tollgate_core::{id::Id, key::Env, scope::Scope};
use tollgate_identity::{
    BOUND_LIFE_MAX_S, Binding, Claims, Jti, LIFE_MAX_S, Method, Name, Path as BoundPath,
    SigningKey, TOKEN_MAX,
};
use tollgate_origin::{Identity, Problem, Reading, Reason, Settings, UnixMillis, Verifier};

/// `tests/origins/adversarial.json`.
pub(crate) static SHARED: LazyLock<Value> = LazyLock::new(|| read("origins/adversarial.json"));

pub(crate) const PATH: &[u8] = b"/v1/orders/%41";

/// A document below `tests/`.
pub(crate) fn read(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests").join(name);
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

pub(crate) fn rows(name: &str) -> &'static [Value] {
    SHARED[name].as_array().unwrap()
}

/// A clock that is played: both clocks go on alike, unless the test says otherwise.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn set(&self, millis: u64) {
        self.0.store(millis, Ordering::SeqCst);
    }

    pub(crate) fn read(&self) -> Reading {
        now().plus(self.0.load(Ordering::SeqCst))
    }
}

/// What both clocks say when the rows are put.
pub(crate) fn now() -> Reading {
    Reading { wall: UnixMillis(SHARED["now_ms"].as_u64().unwrap()), mono_ms: 1_000_000 }
}

/// What the shared rows expect of a verifier.
pub(crate) fn settings() -> Settings {
    settings_of(&SHARED["jwks"])
}

/// The same with other keys.
pub(crate) fn settings_of(jwks: &Value) -> Settings {
    let name = |name: &str| SHARED[name].as_str().unwrap();
    Settings::new(name("issuer"), name("audience")).jwks_document(jwks.to_string()).clock(now)
}

/// The keys alone of the document, by their places.
pub(crate) fn jwks(places: &[usize]) -> Value {
    let keys: Vec<_> = places.iter().map(|&place| SHARED["jwks"]["keys"][place].clone()).collect();
    json!({ "keys": keys })
}

pub(crate) fn verifier(settings: Settings) -> Verifier {
    Verifier::new(settings).unwrap()
}

/// The token of the row that says so of itself.
pub(crate) fn token(why: &str) -> &'static [u8] {
    let row = rows("requests").iter().find(|row| row["why"] == why).unwrap();
    row["request"]["headers"][0][1].as_str().unwrap().as_bytes()
}

pub(crate) fn plain() -> &'static [u8] {
    token("a token without binding")
}

pub(crate) fn bound() -> &'static [u8] {
    token("a token with binding, for this request")
}

pub(crate) fn k2() -> &'static [u8] {
    token("a key of the alg Ed25519")
}

/// A token of the key `k1` for who holds these scopes, bound to the usual request if it has a `jti`; none if it were too
/// long.
pub(crate) fn sign(held: &[&str], jti: Option<[u8; 16]>) -> Option<Vec<u8>> {
    let seed = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let key = SigningKey::new("k1", "EdDSA", &seed).unwrap();
    let name = |name: &str| Name::new(SHARED[name].as_str().unwrap()).unwrap();
    let claims = Claims {
        issuer: name("issuer"),
        audience: name("audience"),
        owner: Id::new("owner_1").unwrap(),
        key: Id::new("key_1").unwrap(),
        tenant: Id::new("acme").unwrap(),
        env: Env::new("live").unwrap(),
        scopes: held.iter().map(|scope| Scope::new(scope).unwrap()),
        plan: None,
        binding: jti.map(|jti| Binding {
            jti: Jti::new(jti).unwrap(),
            method: Method::new("GET").unwrap(),
            path: BoundPath::new(PATH).unwrap(),
        }),
    };
    let life = if jti.is_some() { BOUND_LIFE_MAX_S } else { LIFE_MAX_S };
    let mut room = [0; TOKEN_MAX];
    Some(key.sign(&claims, life, now().wall, &mut room).ok()?.text.as_bytes().to_vec())
}

/// Puts a token with the usual request.
pub(crate) async fn admit(verifier: &Verifier, token: &[u8]) -> Result<Identity, Problem> {
    verifier.admit([(&b"tollgate-identity"[..], token)].into_iter(), b"GET", PATH.into()).await
}

/// Why a token is refused with the usual request; none if it is not.
pub(crate) async fn reason(verifier: &Verifier, token: &[u8]) -> Option<&'static str> {
    admit(verifier, token).await.err().map(|problem| problem.reason().code())
}

/// What comes of a request, as rows have it.
pub(crate) fn verdict(judged: Result<Identity, Problem>) -> Value {
    match judged {
        Ok(identity) => json!({"status": 200, "identity": seen(&identity)}),
        Err(problem) => {
            json!({"status": problem.status(), "code": problem.code(), "reason": Reason::code(problem.reason())})
        }
    }
}

/// An identity as rows have it.
pub(crate) fn seen(identity: &Identity) -> Value {
    let binding = identity.binding().map(|bound| {
        json!({"jti": hex(bound.jti()), "method": bound.method(), "path": hex(bound.path())})
    });
    json!({
        "key": identity.key(), "sub": identity.owner(), "tenant": identity.tenant(), "env": identity.env(),
        "scopes": identity.scopes().collect::<Vec<_>>(), "plan": identity.plan(), "kid": identity.kid(),
        "iss": identity.issuer(), "aud": identity.audience(), "iat": identity.issued_at(),
        "exp": identity.expires_at(), "binding": binding,
    })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a text in which each character is one.
pub(crate) fn latin(text: &Value) -> Vec<u8> {
    text.as_str().unwrap().chars().map(|symbol| u8::try_from(u32::from(symbol)).unwrap()).collect()
}

/// The header fields of a row.
pub(crate) fn fields(row: &Value) -> Vec<(Vec<u8>, Vec<u8>)> {
    let headers = row["request"]["headers"].as_array().unwrap();
    headers.iter().map(|field| (latin(&field[0]), latin(&field[1]))).collect()
}

/// Says how many rows were judged.
pub(crate) fn tally(rows: usize) {
    println!("tollgate-tally rows={rows}");
}
