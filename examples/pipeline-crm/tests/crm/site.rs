//! A pipeline in memory behind a verifier that trusts one key, with a clock that the test moves.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::{
    Router,
    body::{self, Body},
    http::{HeaderMap, Request, StatusCode},
};
use pipeline_crm::{app::Crm, store::Store};
use serde_json::{Value, json};
use tollgate_core::{
    id::Id,
    key::Env,
    scope::Scope,
    time::{Reading, UnixMillis},
};
use tollgate_identity::{
    Claims, JWKS_MAX, Jwk, KeySet, LIFE_MAX_S, Name, SigningKey, TOKEN_MAX, jwks,
};
use tollgate_origin::{Settings, Verifier};
use tower::ServiceExt;

use crate::document;

/// What the gate's key is made of.
const SEED: [u8; 32] = *b"a seed of the tests and no other";
const ISSUER: &str = "https://gate.example";
const AUDIENCE: &str = "crm";
/// When the tests begin.
pub(crate) const BEGIN_MS: i64 = 1_800_000_000_000;
/// More than any answer here has.
const ANSWER_MAX: usize = 1 << 20;

/// Every scope that there is.
pub(crate) const ALL: &[&str] =
    &["opportunities:read", "opportunities:write", "stages:read", "stages:write", "metrics:read"];

/// Somebody whose key the gate has let through.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who {
    pub(crate) tenant: &'static str,
    pub(crate) owner: &'static str,
    pub(crate) scopes: &'static [&'static str],
}

/// Somebody who may do everything in `acme`.
pub(crate) const ANN: Who = Who { tenant: "acme", owner: "ann", scopes: ALL };
/// A colleague.
pub(crate) const BOB: Who = Who { tenant: "acme", owner: "bob", scopes: ALL };
/// Somebody who may do everything in another workspace.
pub(crate) const EVE: Who = Who { tenant: "evil", owner: "eve", scopes: ALL };

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The field that a refusal names, or its code.
    pub(crate) fn why(&self) -> &str {
        self.body["errors"][0]["field"].as_str().or(self.body["code"].as_str()).unwrap_or("")
    }

    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().unwrap().into()
    }
}

pub(crate) struct Site {
    app: Router,
    key: SigningKey,
    now_ms: Arc<AtomicI64>,
}

impl Site {
    pub(crate) fn new() -> Self {
        let key = SigningKey::new("k1", "EdDSA", &SEED).unwrap();
        let keys = KeySet::new(&[Jwk { kid: "k1", alg: "EdDSA", x: key.public() }]).unwrap();
        let mut room = [0; JWKS_MAX];
        let document = jwks(&keys, &mut room).unwrap();
        let now_ms = Arc::new(AtomicI64::new(BEGIN_MS));
        let (of_tokens, of_rows) = (Arc::clone(&now_ms), Arc::clone(&now_ms));
        let settings = Settings::new(ISSUER, AUDIENCE).jwks_document(document).clock(move || {
            let now_ms = of_tokens.load(Ordering::SeqCst).unsigned_abs();
            Reading { wall: UnixMillis(now_ms), mono_ms: now_ms }
        });
        let (store, _) = Store::memory().unwrap();
        let crm = Crm::new(store, move || of_rows.load(Ordering::SeqCst));
        Self { app: crm.router(&Verifier::new(settings).unwrap()), key, now_ms }
    }

    /// A site with three stages, and their ids: talking, won, lost.
    pub(crate) async fn with_stages() -> (Self, [String; 3]) {
        let site = Self::new();
        let mut ids = vec![];
        for (name, kind) in [("Talking", "open"), ("Won", "won"), ("Lost", "lost")] {
            ids.push(site.stage(ANN, name, kind).await);
        }
        (site, ids.try_into().unwrap())
    }

    pub(crate) async fn stage(&self, who: Who, name: &str, kind: &str) -> String {
        let made = self.post(who, "/stages", json!({"name": name, "kind": kind})).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.id()
    }

    /// An opportunity in the first open stage.
    pub(crate) async fn opportunity(&self, who: Who, title: &str) -> String {
        let made = self.post(who, "/opportunities", new(title)).await;
        assert_eq!(made.status, 201, "{made:?}");
        made.id()
    }

    /// Moves an opportunity, whatever its version is.
    pub(crate) async fn move_to(&self, who: Who, id: &str, stage: &str) {
        let path = format!("/opportunities/{id}");
        let tag = self.get(who, &path).await.fields["etag"].to_str().unwrap().to_owned();
        let change = json!({"stage": stage});
        let moved = self.ask(who, "PATCH", &path, &[("if-match", &tag)], Some(change)).await;
        assert_eq!(moved.status, 200, "{moved:?}");
    }

    /// Lets time pass.
    pub(crate) fn later(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    pub(crate) async fn get(&self, who: Who, path: &str) -> Answer {
        self.ask(who, "GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, who: Who, path: &str, body: Value) -> Answer {
        self.ask(who, "POST", path, &[], Some(body)).await
    }

    pub(crate) async fn ask(
        &self,
        who: Who,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let token = self.token(who);
        let mut fields = fields.to_vec();
        fields.push(("tollgate-identity", &token));
        if body.is_some() {
            fields.push(("content-type", "application/json"));
        }
        let text = body.map(|body| body.to_string()).unwrap_or_default();
        self.send(method, path, &fields, text.into_bytes()).await
    }

    /// Sends what is given, and nothing else. What comes back is as the document says.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.clone())).unwrap();
        let (head, told) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        let told = body::to_bytes(told, ANSWER_MAX).await.unwrap();
        assert_ne!(head.status, StatusCode::INTERNAL_SERVER_ERROR, "{method} {path}");
        let told = serde_json::from_slice(&told).unwrap();
        let answer = Answer { status: head.status.as_u16(), fields: head.headers, body: told };
        document::check(method, path, &body, &answer);
        answer
    }

    /// What the gate would send for somebody.
    pub(crate) fn token(&self, who: Who) -> String {
        let claims = Claims {
            issuer: Name::new(ISSUER).unwrap(),
            audience: Name::new(AUDIENCE).unwrap(),
            owner: Id::new(who.owner).unwrap(),
            key: Id::new("key_1").unwrap(),
            tenant: Id::new(who.tenant).unwrap(),
            env: Env::new("live").unwrap(),
            scopes: who.scopes.iter().map(|scope| Scope::new(scope).unwrap()),
            plan: None,
            binding: None,
        };
        let mut room = [0; TOKEN_MAX];
        let now = UnixMillis(self.now_ms().unsigned_abs());
        self.key.sign(&claims, LIFE_MAX_S, now, &mut room).unwrap().text.to_owned()
    }
}

/// What is said of a new opportunity.
pub(crate) fn new(title: &str) -> Value {
    json!({"title": title, "customer": "Globex", "amount": {"minor": 1000, "currency": "EUR"}})
}
