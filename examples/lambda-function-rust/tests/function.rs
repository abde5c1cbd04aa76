//! The function answers whoever has a good key, and sees neither the key nor an identity that the gate did not write.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at what should not be"
)]

use std::sync::{Arc, Mutex};

use lambda_http::{Body, Request, Response, request, tower::Service};
use serde_json::{Value, json};
use tollgate_core::{
    key::{Draw, Env, Prefix, mint},
    pepper::{Pepper, Peppers},
    time::UnixMillis,
};
use tollgate_engine::Errand;
use tollgate_example_function::orders;
use tollgate_gate::Policy;
use tollgate_lambda::{Environment, Log, Replies, Stores};
use tollgate_lambda_layer::Protect;
use tollgate_ledger::{Change, Ledger, Secret, Settings};
use tollgate_store_sqlite::Store;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// A store in memory.
#[derive(Clone)]
struct Memory(Arc<Mutex<Store>>);

impl Stores for Memory {
    fn answer(
        &self,
        errands: Vec<Errand>,
        policy: Arc<Policy>,
    ) -> impl Future<Output = Replies> + Send + 'static {
        let replies = self.0.lock().unwrap().answer(&errands, policy.prover().peppers(), NOW);
        async move { replies }
    }

    fn reconnect(&self) {}
}

const PEPPER: &str = "9e3779b97f4a7c15f39cc0605cedc8341082276bf3a27251f86c6a11d0c18e95";
const SEED: &str = "243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89";

fn peppers() -> Peppers {
    let digits = PEPPER.as_bytes().chunks(2);
    let secret: Vec<u8> = digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    Peppers::new(&[Pepper { id: 0, secret: &secret }], 0).unwrap()
}

fn environment() -> Environment {
    let secrets = json!({
        "peppers": [{ "id": 0, "secret": PEPPER }], "issuing": 0,
        "signing": [{ "kid": "k1", "alg": "EdDSA", "seed": SEED, "from": 1 }],
    });
    let config =
        r#"{"routes":[{"path":"/admin","scopes":["a:b"]},{"path":"/open","public":true}]}"#;
    [("TOLLGATE_CONFIG", config.to_owned()), ("TOLLGATE_SECRETS", secrets.to_string())]
        .into_iter()
        .collect()
}

fn key(store: &mut Store) -> String {
    let draw = Draw::new(&[7; 19]).unwrap();
    let minted = mint(Prefix::new("tg").unwrap(), Env::new("live").unwrap(), &peppers(), &draw);
    let settings: Settings = serde_json::from_value(json!({
        "tenant": "acme", "owner": "o", "env": "live", "scopes": [], "limits": [],
    }))
    .unwrap();
    let secret = Secret::new(minted.lookup(), peppers().issuing());
    let id = String::from("key_0000000000000001");
    store.change(&Change::Create { id, name: None, settings, secret }, NOW).unwrap();
    minted.as_str().to_owned()
}

/// A request as API Gateway tells of it.
fn event(path: &str, fields: Value) -> Request {
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": format!("/live{path}"), "rawQueryString": "a=1", "headers": fields,
        "requestContext": {
            "accountId": "1", "apiId": "abc", "domainName": "abc.execute-api.eu-west-1.amazonaws.com", "domainPrefix": "abc",
            "http": { "method": "GET", "path": format!("/live{path}"), "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x" },
            "requestId": "r", "routeKey": "$default", "stage": "live", "time": "x", "timeEpoch": 1,
        },
        "isBase64Encoded": false,
    });
    // As the runtime does, whose context says until when there is time.
    let mut context = lambda_http::Context::default();
    context.deadline = u64::MAX;
    let request = request::from_str(&event.to_string()).unwrap();
    lambda_http::RequestExt::with_lambda_context(request, context)
}

async fn ask(key: Option<&str>, path: &str, more: Option<(&str, &str)>) -> Response<Body> {
    let mut store = Store::memory().unwrap();
    let good = self::key(&mut store);
    let mut fields = json!({ "host": "abc" });
    if let Some(key) = key {
        *fields.as_object_mut().unwrap().entry("x-api-key").or_insert_with(|| json!(null)) =
            json!(key.replace("GOOD", &good));
    }
    if let Some((name, value)) = more {
        fields.as_object_mut().unwrap().insert(name.to_owned(), json!(value));
    }
    let log = Log::new(Box::new(std::io::sink()));
    let memory = Memory(Arc::new(Mutex::new(store)));
    let protect = Protect::new(&environment(), None, memory, log).unwrap();
    orders(protect).call(event(path, fields)).await.unwrap()
}

fn told(response: &Response<Body>) -> (u16, String) {
    let text = if let Body::Text(text) = response.body() { text.clone() } else { String::new() };
    (response.status().as_u16(), text)
}

#[tokio::test]
async fn a_good_key_is_answered_under_the_path_that_was_judged() {
    let response = ask(Some("GOOD"), "/orders/1", None).await;
    assert_eq!(told(&response), (200, String::from("/orders/1 for you\n")));
    assert_eq!(response.headers()["cache-control"], "private");
    assert!(response.headers().contains_key("vary"));
}

#[tokio::test]
async fn a_key_that_is_not_good_gets_its_own_status_and_body_and_never_the_function() {
    for (key, path, status, code) in [
        (None, "/orders/1", 401, "credential_missing"),
        (Some("nothing"), "/orders/1", 401, "key_invalid"),
        (Some("GOOD"), "/admin", 403, "scope_missing"),
        (Some("GOOD"), "/orders/%2e%2e/admin", 400, "request_invalid"),
    ] {
        let (got, body) = told(&ask(key, path, None).await);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((got, body["code"].as_str()), (status, Some(code)), "{path}");
    }
}

#[tokio::test]
async fn an_identity_that_the_gate_did_not_write_is_not_seen_in_any_spelling() {
    for name in ["tollgate-identity", "tollgate_identity"] {
        let response = ask(None, "/open", Some((name, "forged"))).await;
        assert_eq!(told(&response), (200, String::from("/open for anybody\n")), "{name}");
    }
}

#[tokio::test]
async fn the_public_keys_are_published_and_nothing_else_is_there() {
    let (status, body) = told(&ask(None, "/.well-known/tollgate/jwks.json", None).await);
    assert_eq!(status, 200);
    assert!(body.contains("\"k1\""), "{body}");
    assert_eq!(told(&ask(Some("GOOD"), "/.well-known/tollgate/x", None).await).0, 404);
}
