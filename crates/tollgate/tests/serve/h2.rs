//! A client of HTTP/2, told what to do by a test that waits for it: hyper's own.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full};
use hyper::{
    HeaderMap, Request, Response,
    body::{Body, Frame, Incoming},
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{net::TcpStream, runtime::Runtime, sync::mpsc, time::timeout};

use crate::wire::DEADLINE;

/// What is sent: at once, or as it comes.
pub(crate) type Sent = Either<Full<Bytes>, Pieces>;

/// A body that comes in pieces, and may end with fields.
pub(crate) struct Pieces(pub(crate) mpsc::Receiver<Frame<Bytes>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

/// One connection.
pub(crate) struct Second {
    pub(crate) runtime: Runtime,
    pub(crate) sender: SendRequest<Sent>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Told {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut all = self.fields.get_all(name).iter();
        let found = all.next();
        assert!(all.next().is_none(), "`{name}` is there twice in {self:?}");
        found.map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A request without a body, with these fields.
pub(crate) fn request(method: &str, target: &str, fields: &[(&str, &str)]) -> Request<Sent> {
    let mut request = Request::builder().method(method).uri(format!("http://gate.example{target}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Either::Left(Full::default())).unwrap()
}

/// The same with a body.
pub(crate) fn with_body(request: Request<Sent>, body: impl Into<Bytes>) -> Request<Sent> {
    request.map(|_| Either::Left(Full::new(body.into())))
}

/// The same with a body that comes in pieces, and where they are to be put.
pub(crate) fn in_pieces(request: Request<Sent>) -> (Request<Sent>, mpsc::Sender<Frame<Bytes>>) {
    let (sender, receiver) = mpsc::channel(1);
    (request.map(|_| Either::Right(Pieces(receiver))), sender)
}

/// A connection, with somebody to look after it.
pub(crate) async fn connected(to: SocketAddr) -> Option<SendRequest<Sent>> {
    let stream = TcpStream::connect(to).await.ok()?;
    stream.set_nodelay(true).unwrap();
    let shaken = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = shaken.ok()?;
    tokio::spawn(connection);
    Some(sender)
}

/// Everything of an answer.
pub(crate) async fn whole(answer: Response<Incoming>) -> Result<Told, hyper::Error> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await?;
    let trailers = body.trailers().cloned();
    let (status, fields) = (head.status.as_u16(), head.headers);
    Ok(Told { status, fields, body: body.to_bytes(), trailers })
}

impl Second {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let sender = runtime.block_on(connected(to)).unwrap();
        Self { runtime, sender }
    }

    /// Waits for something, but not for ever.
    pub(crate) fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(async { timeout(DEADLINE, what).await.expect("it comes in time") })
    }

    /// Sends a request, and returns when its answer begins.
    pub(crate) fn begin(&mut self, request: Request<Sent>) -> Response<Incoming> {
        let answer = self.sender.send_request(request);
        self.wait(answer).unwrap()
    }

    /// Sends a request and reads the whole answer.
    pub(crate) fn ask(&mut self, request: Request<Sent>) -> Told {
        let answer = self.begin(request);
        self.wait(whole(answer)).unwrap()
    }
}
