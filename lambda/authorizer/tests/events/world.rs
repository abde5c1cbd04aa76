//! An authorizer over a store in memory, and events made from AWS's documented examples.

use std::{
    io::{self, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tollgate_authorizer::{Answer, Authorizer, Failure, Kind};
use tollgate_core::{
    key::{Draw, Env, Prefix, mint},
    pepper::{Pepper, Peppers},
    time::UnixMillis,
};
use tollgate_engine::{Errand, OpenError, Question, StoreError};
use tollgate_gate::Policy;
use tollgate_lambda::{Environment, Log, Patience, Replies, Stores};
use tollgate_ledger::{Change, Ledger, LimitSpec, Secret, Settings};
use tollgate_store_sqlite::Store;

/// What the store does.
pub(crate) const FINE: u8 = 0;
pub(crate) const REFUSES: u8 = 1;
pub(crate) const SILENT: u8 = 2;
pub(crate) const DAMAGED: u8 = 3;

/// A store that a test can break, and that counts.
pub(crate) struct Shared {
    pub(crate) store: Mutex<Store>,
    pub(crate) mood: AtomicU8,
    pub(crate) calls: AtomicU64,
    pub(crate) leases: AtomicU64,
    pub(crate) reconnects: AtomicU64,
    /// Questions that still wait for a store that says nothing.
    pub(crate) waiting: AtomicU64,
}

/// Counts a question as waiting for as long as somebody keeps it.
struct Waits(Arc<Shared>);

impl Waits {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.waiting.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(shared))
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone)]
pub(crate) struct Moody(pub(crate) Arc<Shared>);

impl Stores for Moody {
    fn answer(
        &self,
        errands: Vec<Errand>,
        policy: Arc<Policy>,
    ) -> impl Future<Output = Replies> + Send + 'static {
        let shared = Arc::clone(&self.0);
        async move {
            shared.calls.fetch_add(1, Ordering::Relaxed);
            if errands.iter().any(|errand| matches!(errand.question, Question::Lease { .. })) {
                shared.leases.fetch_add(1, Ordering::Relaxed);
            }
            let all = |error: &StoreError| {
                errands.iter().map(|errand| (errand.id, Err(error.clone()))).collect()
            };
            match shared.mood.load(Ordering::Relaxed) {
                REFUSES => all(&StoreError::Refused),
                SILENT => {
                    let _waits = Waits::new(&shared);
                    tokio::time::sleep(Duration::from_secs(3_600)).await;
                    vec![]
                }
                DAMAGED => all(&StoreError::Damaged(OpenError::Other("store_damaged"))),
                _ => {
                    let mut store = shared.store.lock().unwrap();
                    store.answer(&errands, policy.prover().peppers(), now())
                }
            }
        }
    }

    fn reconnect(&self) {
        self.0.reconnects.fetch_add(1, Ordering::Relaxed);
    }
}

/// Lines of the log.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An authorizer.
pub(crate) struct World {
    pub(crate) authorizer: Authorizer<Moody>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) log: Lines,
    drawn: u8,
}

/// What is set besides secrets and tables: pairs of variables.
pub(crate) type Set<'a> = &'a [(&'a str, &'a str)];

pub(crate) const CONFIG: &str = r#"{"gate":{"realm":"api"},"routes":[
    {"path":"/public","public":true},
    {"path":"/read","scopes":["data:read"]},
    {"path":"/write","scopes":["data:write"]},
    {"path":"/bound","bind":true}]}"#;

pub(crate) fn environment(set: Set<'_>) -> Environment {
    let fixed = [("TOLLGATE_CONFIG", CONFIG.to_owned()), ("TOLLGATE_SECRETS", secrets())];
    let set = set.iter().map(|(name, value)| (*name, (*value).to_owned()));
    fixed.into_iter().chain(set).collect()
}

impl World {
    pub(crate) fn new(set: Set<'_>) -> Self {
        let shared = Arc::new(Shared {
            store: Mutex::new(Store::memory().unwrap()),
            mood: AtomicU8::new(FINE),
            calls: AtomicU64::new(0),
            leases: AtomicU64::new(0),
            reconnects: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
        });
        let log = Lines::default();
        let stores = Moody(Arc::clone(&shared));
        let written = Log::new(Box::new(log.clone()));
        let authorizer = Authorizer::new(&environment(set), None, stores, written).unwrap();
        Self { authorizer, shared, log, drawn: 0 }
    }

    /// A key with these settings.
    pub(crate) fn key(&mut self, change: impl FnOnce(&mut Settings)) -> (String, String) {
        self.drawn += 1;
        let peppers = peppers();
        let draw = Draw::new(&[self.drawn; 19]).unwrap();
        let minted = mint(Prefix::new("tg").unwrap(), Env::new("live").unwrap(), &peppers, &draw);
        let mut settings = Settings {
            plan: Some("gold".into()),
            scopes: vec!["data:read".into()],
            ..Settings::of("acme", "owner_1", "live")
        };
        change(&mut settings);
        let id = format!("key_{:016}", self.drawn);
        let secret = Secret::new(minted.lookup(), peppers.issuing());
        let create = Change::Create { id: id.clone(), name: None, settings, secret };
        self.shared.store.lock().unwrap().change(&create, now()).unwrap();
        (minted.as_str().to_owned(), id)
    }

    pub(crate) fn change(&mut self, change: &Change) {
        self.shared.store.lock().unwrap().change(change, now()).unwrap();
    }

    pub(crate) fn set_mood(&self, mood: u8) {
        self.shared.mood.store(mood, Ordering::Relaxed);
    }

    pub(crate) fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::Relaxed)
    }

    pub(crate) async fn ask(&mut self, event: &Value) -> Answer {
        self.authorizer.answer(&event.to_string(), Patience(5_000)).await
    }

    /// The answer to a GET of `path` with `key`, of each kind that sees fields.
    pub(crate) async fn get(&mut self, kind: Kind, path: &str, key: &str) -> Answer {
        self.ask(&event(kind, "GET", path, &[("X-API-Key", key)])).await
    }
}

pub(crate) fn limit(name: &str, burst: u64) -> LimitSpec {
    serde_json::from_value(json!({
        "name": name, "scope": "key", "burst": burst, "rate": 1, "period_ms": 60_000,
    }))
    .unwrap()
}

pub(crate) fn said(answer: Answer) -> Value {
    match answer {
        Answer::Said(value) => value,
        Answer::Failed(failure) => panic!("{failure:?}"),
    }
}

pub(crate) fn effect(answer: &Answer) -> String {
    match answer {
        Answer::Said(value) if value.get("isAuthorized").is_some() => {
            value["isAuthorized"].to_string()
        }
        Answer::Said(value) => {
            value["policyDocument"]["Statement"][0]["Effect"].as_str().unwrap().to_owned()
        }
        Answer::Failed(Failure::Unauthorized) => String::from("401"),
        Answer::Failed(failure) => failure.message().to_owned(),
    }
}

/// An event of this kind, made from the documented example of its kind.
pub(crate) fn event(kind: Kind, method: &str, path: &str, fields: &[(&str, &str)]) -> Value {
    let text = match kind {
        Kind::Token => include_str!("token.json"),
        Kind::Request => include_str!("request.json"),
        Kind::Http1 => include_str!("http_1.json"),
        Kind::Http2 => include_str!("http_2.json"),
    };
    let mut event: Value = serde_json::from_str(text).unwrap();
    let arn = format!("arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/{method}{path}");
    if kind == Kind::Token {
        let key = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-api-key"));
        event["authorizationToken"] = json!(key.map(|(_, value)| value));
        event["methodArn"] = json!(arn);
        return event;
    }
    let one = fields.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
    if kind == Kind::Http2 {
        event["routeArn"] = json!(arn);
        event["rawPath"] = json!(format!("/test{path}"));
        event["requestContext"]["http"]["method"] = json!(method);
        event["headers"] = one.map(|(name, value)| (name.to_lowercase(), value)).collect::<Value>();
        return event;
    }
    let many = fields.iter().map(|(name, value)| ((*name).to_owned(), json!([value])));
    event["methodArn"] = json!(arn);
    event["path"] =
        json!(if kind == Kind::Http1 { format!("/test{path}") } else { path.to_owned() });
    event["httpMethod"] = json!(method);
    event["headers"] = one.collect::<Value>();
    event["multiValueHeaders"] = many.collect::<Value>();
    event
}

pub(crate) fn now() -> UnixMillis {
    UnixMillis(u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap())
}

fn pepper() -> [u8; 32] {
    std::array::from_fn(|at| u8::try_from((at * at * 31 + at * 7 + 90) % 251).unwrap())
}

pub(crate) fn peppers() -> Peppers {
    Peppers::new(&[Pepper { id: 0, secret: &pepper() }], 0).unwrap()
}

pub(crate) fn secrets() -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    json!({
        "peppers": [{ "id": 0, "secret": hex(&pepper()) }],
        "issuing": 0,
        "signing": [{ "kid": "k1", "alg": "EdDSA", "seed": hex(&std::array::from_fn::<u8, 32, _>(|at| u8::try_from(at * 5 % 251 + 11).unwrap())), "from": 1, "until": null }],
    })
    .to_string()
}
