//! An origin of HTTP/2, hyper's own, that records what it receives and does what the path says.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::{
    HeaderMap, Request, Response,
    body::{Frame, Incoming},
    header::{HeaderName, HeaderValue},
    http::request::Parts,
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::{Notify, mpsc, watch},
};

use crate::{
    h2::{Pieces, Sent},
    wire::DEADLINE,
};

/// A request, whole.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

/// Listens on loopback for as long as it is held.
pub(crate) struct RpcOrigin {
    pub(crate) address: SocketAddr,
    pub(crate) state: Arc<State>,
    _runtime: Runtime,
}

pub(crate) struct State {
    seen: Mutex<Vec<Seen>>,
    pub(crate) came: AtomicUsize,
    pub(crate) connections: AtomicUsize,
    pub(crate) open: AtomicUsize,
    waiting: AtomicUsize,
    released: watch::Sender<bool>,
    /// Whether the next that asks for `/drop` loses its connection.
    pub(crate) drops: AtomicBool,
}

impl RpcOrigin {
    /// Takes so many requests on a connection at one time, and asks it to end after so many.
    pub(crate) fn start(streams: u32, requests: usize) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build().unwrap();
        let door = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = door.local_addr().unwrap();
        let state = Arc::new(State {
            seen: Mutex::default(),
            came: AtomicUsize::default(),
            connections: AtomicUsize::default(),
            open: AtomicUsize::default(),
            waiting: AtomicUsize::default(),
            released: watch::Sender::new(false),
            drops: AtomicBool::new(true),
        });
        let kept = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((stream, _)) = door.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&kept), streams, requests));
            }
        });
        Self { address, state, _runtime: runtime }
    }

    pub(crate) fn only(&self) -> Seen {
        let mut seen = self.state.seen.lock().unwrap();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.pop().unwrap()
    }

    /// Waits until so many requests for `/held` wait.
    pub(crate) fn await_held(&self, count: usize) {
        until("requests that wait", || self.state.waiting.load(Ordering::SeqCst) >= count);
    }

    /// Lets everybody who asks for `/held` have an answer.
    pub(crate) fn release(&self) {
        self.state.released.send_replace(true);
    }
}

pub(crate) fn until(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < DEADLINE, "no {what}");
        std::thread::yield_now();
    }
}

async fn serve(stream: TcpStream, state: Arc<State>, streams: u32, requests: usize) {
    state.connections.fetch_add(1, Ordering::SeqCst);
    state.open.fetch_add(1, Ordering::SeqCst);
    let (cut, ends) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, ended, kept) = (Arc::clone(&cut), Arc::clone(&ends), Arc::clone(&state));
    let asked = Arc::new(AtomicUsize::new(0));
    let service = service_fn(move |request| {
        if asked.fetch_add(1, Ordering::SeqCst) + 1 == requests {
            ended.notify_one();
        }
        answer(request, Arc::clone(&kept), Arc::clone(&told))
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.max_concurrent_streams(streams);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    loop {
        tokio::select! {
            _ = connection.as_mut() => break,
            () = cut.notified() => break,
            () = ends.notified() => connection.as_mut().graceful_shutdown(),
        }
    }
    state.open.fetch_sub(1, Ordering::SeqCst);
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<State>,
    cut: Arc<Notify>,
) -> Result<Response<Sent>, Infallible> {
    state.came.fetch_add(1, Ordering::SeqCst);
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    if path == "/drop" && state.drops.swap(false, Ordering::SeqCst) {
        cut.notify_one();
        std::future::pending::<()>().await;
    }
    if path == "/stream" {
        return Ok(stream(head, body, state));
    }
    if path == "/held" {
        state.waiting.fetch_add(1, Ordering::SeqCst);
        let _ = state.released.subscribe().wait_for(|released| *released).await;
    }
    let Ok(body) = body.collect().await else { return Ok(plain("")) };
    let trailers = body.trailers().cloned();
    state.seen.lock().unwrap().push(Seen { head, body: body.to_bytes(), trailers });
    if let Some(length) = path.strip_prefix("/bytes/") {
        return Ok(plain(vec![b'x'; length.parse().unwrap()]));
    }
    match path.as_str() {
        "/unary" => Ok(pieces(vec![Frame::data(Bytes::from_static(b"\0\0\0\0\x04pong")), end()])),
        "/failed" => {
            let mut response = plain("");
            response.headers_mut().insert("grpc-status", HeaderValue::from_static("5"));
            Ok(response)
        }
        _ => Ok(plain("origin")),
    }
}

fn plain(text: impl Into<Bytes>) -> Response<Sent> {
    Response::new(Either::Left(Full::new(text.into())))
}

/// The last word of a call, and what does not belong there.
fn end() -> Frame<Bytes> {
    let fields = [
        ("grpc-status", "0"),
        ("grpc-message", "done"),
        ("tollgate-identity", "forged"),
        ("tollgate_identity", "forged"),
    ];
    Frame::trailers(fields.map(field).into_iter().collect())
}

pub(crate) fn field((name, value): (&str, &str)) -> (HeaderName, HeaderValue) {
    (name.parse().unwrap(), value.parse().unwrap())
}

fn pieces(frames: Vec<Frame<Bytes>>) -> Response<Sent> {
    let (sender, receiver) = mpsc::channel(frames.len());
    for frame in frames {
        sender.try_send(frame).unwrap();
    }
    let mut response = Response::new(Either::Right(Pieces(receiver)));
    let fields = response.headers_mut();
    fields.insert("content-type", HeaderValue::from_static("application/grpc"));
    fields.insert("trailer", HeaderValue::from_static("grpc-status, tollgate-identity"));
    response
}

/// Says every piece back as soon as it is there.
fn stream(head: Parts, mut body: Incoming, state: Arc<State>) -> Response<Sent> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let (mut whole, mut trailers) = (Vec::new(), None);
        while let Some(Ok(frame)) = body.frame().await {
            match frame.into_data() {
                Ok(data) => {
                    whole.extend_from_slice(&data);
                    let _ = sender.send(Frame::data(data)).await;
                }
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        state.seen.lock().unwrap().push(Seen { head, body: whole.into(), trailers });
        let _ = sender.send(end()).await;
    });
    let mut response = Response::new(Either::Right(Pieces(receiver)));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}
