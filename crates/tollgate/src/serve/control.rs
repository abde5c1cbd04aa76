//! The management API's listener: it carries bytes to the thread of the books, and answers back.
//!
//! Who may ask and what becomes of it is for `crates/control` to say; nothing of that is here.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Weak,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Incoming,
    header::{HeaderName, HeaderValue},
    http::request::Parts,
};
use serde_json::json;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};
use tollgate_control::{
    BODY_MAX, Chance, Guard, Haste, NoChance, Origins, Service, Setup, problem::Code,
};
use tollgate_core::{
    key::{ApiKey, Brand},
    network::Address,
};
use tollgate_engine::StoreError;
use tollgate_http::credential::{self, Found, Sources};
use tollgate_store_sqlite::Store;

use super::{
    access::{self, Note},
    body::Payload,
    checkpoints::Rounds,
    doors::Visit,
    forward::REQUEST_ID,
    gate::Gate,
    ids::RequestId,
    judge::{Question, fields},
    live::Live,
    log::Level,
    stop::Stop,
};
use crate::{clock, config::Control};

/// How many requests wait for the books at most.
const WAITING_MAX: usize = 64;

/// How long a request waits for its answer: longer than a change waits for the lock of the store.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// The way to the thread of the books.
pub(super) struct Desk {
    asked: SyncSender<Asked>,
}

/// A request that waits for the books.
struct Asked {
    method: Method,
    path: String,
    query: Option<String>,
    fields: HeaderMap,
    body: Bytes,
    peer: Address,
    id: RequestId,
    answer: oneshot::Sender<tollgate_control::Response>,
}

impl Desk {
    /// Starts the thread; it ends with the listener, and whoever waits for `stop` waits for it. `open` opens the store,
    /// and again after it has panicked.
    ///
    /// # Errors
    ///
    /// When the store cannot be opened, or there is no thread.
    pub(super) fn open(
        gate: &Weak<Gate>,
        control: &Control,
        open: impl Fn() -> Result<Store, StoreError> + Send + 'static,
        stop: Stop,
    ) -> io::Result<Self> {
        let (asked, inbox) = mpsc::sync_channel(WAITING_MAX);
        let store = Some(open().map_err(|error| io::Error::other(error.code()))?);
        let (gate, guard, rounds) = (gate.clone(), Guard::new(), Rounds::new());
        let Control { operators, origins, .. } = control.clone();
        let mut books = Books { gate, operators, origins, guard, open, store, rounds };
        thread::Builder::new().name("control".into()).spawn(move || {
            books.attend(&inbox);
            drop(stop);
        })?;
        Ok(Self { asked })
    }

    /// Answers one request.
    pub(super) async fn answer(
        self: Arc<Self>,
        gate: Arc<Gate>,
        request: Request<Incoming>,
        visit: Visit,
    ) -> Response<Payload> {
        let (id, live) = (gate.ids.next(), gate.live());
        let (head, body) = request.into_parts();
        let note = Note::begin(&live);
        let changes = head.method != Method::GET && head.method != Method::HEAD;
        let asked = self.ask(&live, &head, body, &visit, id).await;
        let answered = asked.unwrap_or_else(|untold| untold.response(changes, id));
        if let Some(seat) = visit.seat() {
            seat.rests(answered.by.is_some(), Instant::now());
        }
        let question = Question {
            id,
            method: &head.method,
            path: head.uri.path(),
            query: None,
            head: &head.headers,
            address: Some(Address::new(visit.peer.ip())),
            country: None,
            note: &note,
        };
        note.managed(answered.by.as_ref());
        if let Some(code) = answered.code {
            note.refused(&live, &question, None, code, answered.status);
        }
        // Who changed what is for the audit to say.
        access::tell(&gate, &live, &question, answered.status, false);
        let mut response = rendered(answered);
        response.headers_mut().insert(REQUEST_ID, id.value());
        response
    }

    async fn ask(
        &self,
        live: &Live,
        head: &Parts,
        body: Incoming,
        visit: &Visit,
        id: RequestId,
    ) -> Result<tollgate_control::Response, Untold> {
        // Of whoever shows no key the body is never looked at.
        let body = if shows_key(head, live.policy.brand()) {
            read(body, visit.head).await?
        } else {
            Bytes::new()
        };
        let (answer, answered) = oneshot::channel();
        let asked = Asked {
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            fields: head.headers.clone(),
            body,
            peer: Address::new(visit.peer.ip()),
            id,
            answer,
        };
        if let Some(seat) = visit.seat() {
            seat.asks();
        }
        self.asked.try_send(asked).map_err(|_| Untold::NotAsked)?;
        let answered = timeout(ANSWER_MAX, answered).await;
        answered.ok().and_then(Result::ok).ok_or(Untold::Unanswered)
    }
}

/// Why there is no answer of the service.
enum Untold {
    /// The body is longer than is read.
    TooLong,
    /// It broke off, or was too slow.
    Unread,
    /// Too many wait, or nobody attends any more.
    NotAsked,
    /// It was asked, and no answer came.
    Unanswered,
}

impl Untold {
    /// What whoever asked is told, of something that it `changes` or looks at.
    fn response(self, changes: bool, id: RequestId) -> tollgate_control::Response {
        let code = match self {
            Self::TooLong => Code::BodyTooLarge,
            Self::Unread => Code::RequestInvalid,
            // What has begun is done all the same.
            Self::Unanswered if changes => Code::ChangeUnknown,
            Self::NotAsked | Self::Unanswered => Code::Unavailable,
        };
        tollgate_control::Response::problem(code, id.as_str())
    }
}

/// Whether there is something that is spelled as a key is. What it is worth is for the service to say.
fn shows_key(head: &Parts, brand: &Brand) -> bool {
    match credential::find(fields(&head.headers), None, &Sources::default(), None, brand) {
        Found::Key(presented) => ApiKey::parse(&presented.text, brand).is_ok(),
        Found::Missing | Found::Ambiguous(_) | Found::Refused => false,
    }
}

async fn read(body: Incoming, within: Duration) -> Result<Bytes, Untold> {
    let read = timeout(within, Limited::new(body, BODY_MAX).collect()).await;
    let body = read.map_err(|_| Untold::Unread)?.map_err(|error| {
        let long = error.downcast_ref::<LengthLimitError>().is_some();
        if long { Untold::TooLong } else { Untold::Unread }
    })?;
    Ok(body.to_bytes())
}

/// What the thread works with.
struct Books<O> {
    gate: Weak<Gate>,
    operators: String,
    origins: Origins,
    guard: Guard,
    open: O,
    store: Option<Store>,
    rounds: Rounds,
}

impl<O: Fn() -> Result<Store, StoreError>> Books<O> {
    fn attend(&mut self, inbox: &Receiver<Asked>) {
        loop {
            let asked = inbox.recv_timeout(self.rounds.wait());
            let Some(gate) = self.gate.upgrade() else { return };
            match asked {
                // Nobody waits any more for what was given up, and it has not begun.
                Ok(asked) if asked.answer.is_closed() => {}
                Ok(asked) => self.serve(&gate, asked),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.sign(&gate, Haste::AtOnce),
            }
            self.sign(&gate, Haste::WhenDue);
        }
    }

    /// Signs checkpoints of the audit, if it is time to.
    fn sign(&mut self, gate: &Gate, haste: Haste) {
        let mut rounds = std::mem::take(&mut self.rounds);
        if rounds.begin(haste) {
            self.guarded(gate, |service, store| {
                rounds.sign(service, store, &gate.log, haste);
            });
        }
        self.rounds = rounds;
    }

    fn serve(&mut self, gate: &Gate, asked: Asked) {
        let answer = self.guarded(gate, |service, store| answered(service, store, &asked));
        let Some(response) = answer else { return };
        if let Some(code) = response.trouble {
            let about = json!({ "request": asked.id.as_str(), "code": code });
            gate.log.say(Level::Error, "control_failed", about);
        }
        // Who asked may be gone.
        let _ = asked.answer.send(response);
    }

    /// Does something with the service and the store, unless that panics: the store is then in a state that nobody vouches
    /// for, and opened anew.
    fn guarded<T>(
        &mut self,
        gate: &Gate,
        doing: impl FnOnce(&Service<'_>, &mut Store) -> T,
    ) -> Option<T> {
        if self.store.is_none() {
            self.store = (self.open)().ok();
        }
        let Self { store: Some(store), guard, operators, origins, .. } = self else { return None };
        let live = gate.live();
        let prover = live.policy.prover();
        let setup = Setup { brand: prover.brand().clone(), operators: operators.clone() };
        // What signs is what signs identities now: it changes with the secrets.
        let service = Service::new(&setup, prover.peppers(), guard);
        let service = service.signing(live.policy.issuer().key()).pages(origins);
        let done = catch_unwind(AssertUnwindSafe(|| doing(&service, store)));
        if done.is_err() {
            self.store = None;
            gate.log.say(Level::Error, "store_panicked", json!({}));
        }
        done.ok()
    }
}

fn answered(service: &Service<'_>, store: &mut Store, asked: &Asked) -> tollgate_control::Response {
    let fields =
        asked.fields.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
    let fields: Vec<_> = fields.collect();
    let request = tollgate_control::Request {
        method: asked.method.as_str(),
        path: &asked.path,
        query: asked.query.as_deref(),
        fields: &fields,
        body: &asked.body,
        address: Some(asked.peer),
        id: asked.id.as_str(),
    };
    service.answer(&request, store, &mut Random, clock::read().wall)
}

/// The system's randomness.
struct Random;

impl Chance for Random {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoChance> {
        getrandom::fill(bytes).map_err(|_| NoChance)
    }
}

fn rendered(response: tollgate_control::Response) -> Response<Payload> {
    let mut rendered = Response::new(Payload::text(response.body));
    let status = StatusCode::from_u16(response.status);
    *rendered.status_mut() = status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    for (name, value) in response.fields {
        if let Ok(value) = HeaderValue::try_from(value) {
            rendered.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    rendered
}
