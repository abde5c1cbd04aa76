//! HTTP/2 at the wire: what its requests are held to, what they become, and what a connection may ask of us.

mod life;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use tokio::{
    io::{DuplexStream, duplex},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    super::{Graceful, Violation, Violation::*, multiplexed},
    Heard, LIMITS,
    frames::{
        AWAY, CONTINUATION, Client, DATA, ENDS_HEAD, ENDS_STREAM, Frame, HEADERS, RESET,
        STATUS_200, STATUS_400, asks, block, frame, get,
    },
    server::NEVER,
    witness,
};

/// A server, and its client.
struct Server {
    client: Client,
    seen: Arc<Mutex<Vec<String>>>,
    heard: Arc<Heard>,
    done: JoinHandle<()>,
}

/// Says what it was asked, late or at once, with the host and the cookie that it saw.
async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Vec<String>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let field = |name: &str| {
        let values = request.headers().get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join("|")
    };
    let mut text = format!("{} {} {}", request.method(), request.uri(), field("host"));
    if request.headers().contains_key("cookie") {
        text.push_str(&format!(" {}", field("cookie")));
    }
    seen.lock().unwrap().push(text);
    if request.uri().path() == "/slow" {
        sleep(Duration::from_secs(3)).await;
    }
    if request.uri().path() == "/never" {
        std::future::pending::<()>().await;
    }
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::from_static(b"broken"),
    };
    Ok(Response::new(Full::new(body)))
}

impl Server {
    async fn start() -> Self {
        Self::asked_to_end(NEVER).await
    }

    /// One that is asked to end after a while.
    async fn asked_to_end(after: Duration) -> Self {
        let (client, stream) = duplex(1 << 20);
        let (seen, heard) = (Arc::<Mutex<Vec<String>>>::default(), witness());
        let done = serve(stream, &seen, &heard, after);
        Self { client: Client::greet(client).await, seen, heard, done }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// The first frame of the answer to stream 1.
    async fn first(&mut self) -> Option<Frame> {
        timeout(NEVER, self.client.next()).await.expect("the client is answered")
    }

    /// Everything until the connection ends.
    async fn rest(&mut self) -> Vec<Frame> {
        timeout(NEVER, self.client.rest()).await.expect("the connection ends")
    }
}

fn serve(
    stream: DuplexStream,
    seen: &Arc<Mutex<Vec<String>>>,
    heard: &Arc<Heard>,
    after: Duration,
) -> JoinHandle<()> {
    let seen = Arc::clone(seen);
    let service = service_fn(move |request| answer(request, Arc::clone(&seen)));
    let served = multiplexed(stream, service, LIMITS, Arc::clone(heard) as _);
    tokio::spawn(async move {
        let mut served = std::pin::pin!(served);
        tokio::select! {
            () = served.as_mut() => return,
            () = sleep(after) => {}
        }
        served.as_mut().graceful_shutdown();
        served.await;
    })
}

const METHOD: (&str, &str) = (":method", "GET");
const SCHEME: (&str, &str) = (":scheme", "http");
const HOST: (&str, &str) = (":authority", "a");
const PATH: (&str, &str) = (":path", "/x");

/// The usual head, with these fields.
fn with<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&[METHOD, SCHEME, HOST, PATH], fields].concat()
}

/// The request is seen by the service as `expected`.
async fn seen(fields: &[(&str, &str)], expected: &str) {
    let mut server = Server::start().await;
    server.client.send(asks(1, fields)).await;
    let first = server.first().await.unwrap();
    assert_eq!((first.kind, first.payload[0]), (HEADERS, STATUS_200), "{fields:?}");
    assert_eq!(server.seen(), [expected], "{fields:?}");
    assert!(server.heard.0.lock().unwrap().is_empty());
}

/// The request is answered as malformed, and the service never sees it.
async fn refused(fields: &[(&str, &str)], violation: Violation) {
    let mut server = Server::start().await;
    server.client.send(asks(1, fields)).await;
    let first = server.first().await.unwrap();
    assert_eq!((first.kind, first.payload[0]), (HEADERS, STATUS_400), "{fields:?}");
    assert_eq!(*server.heard.0.lock().unwrap(), [violation], "{fields:?}");
    assert!(server.seen().is_empty(), "{fields:?}");
    // It was one request of many.
    server.client.send(get(3, "/next")).await;
    while server.first().await.is_none_or(|frame| frame.stream != 3) {}
    assert_eq!(server.seen(), ["GET /next a"], "{fields:?}");
}

/// The request is malformed by the standard: its stream is reset, its connection ends, or it is answered so.
async fn broken(bytes: Vec<u8>) {
    let mut server = Server::start().await;
    server.client.send(&bytes).await;
    let first = server.first().await.expect("the client is told");
    let told = matches!(first.kind, RESET | AWAY) || first.payload[0] == STATUS_400;
    assert!(told, "{first:?} {}", String::from_utf8_lossy(&bytes));
    assert!(server.seen().is_empty(), "{}", String::from_utf8_lossy(&bytes));
}

#[tokio::test(start_paused = true)]
async fn a_request_has_one_host_wherever_it_is_named() {
    seen(&with(&[]), "GET /x a").await;
    seen(&with(&[("host", "a")]), "GET /x a").await;
    seen(&with(&[("host", "A")]), "GET /x a").await;
    seen(&with(&[("host", "a:80")]), "GET /x a").await;
    seen(&[METHOD, SCHEME, PATH, ("host", "b:8080")], "GET /x b:8080").await;
    let v6 = [METHOD, SCHEME, PATH, (":authority", "[::1]:80")];
    seen(&v6, "GET /x [::1]:80").await;
    refused(&[METHOD, SCHEME, PATH], HostMissing).await;
    for host in ["b", "a:443", "a:8080", "a.", "a.b"] {
        refused(&with(&[("host", host)]), HostConflict).await;
    }
    let secure = |port| [METHOD, (":scheme", "https"), HOST, PATH, ("host", port)];
    seen(&secure("a:443"), "GET /x a").await;
    refused(&secure("a:80"), HostConflict).await;
    refused(&with(&[("host", "a"), ("host", "a")]), HostRepeated).await;
    for host in ["", "a b", "a/b", "u@a", "a,b", "a%2fb", "a:x", "a\u{e9}"] {
        refused(&with(&[("host", host)]), HostInvalid).await;
        refused(&[METHOD, SCHEME, PATH, ("host", host)], HostInvalid).await;
    }
    for authority in ["u@a", "u:p@a", "a:99999", "[1]"] {
        refused(&[METHOD, SCHEME, PATH, (":authority", authority)], HostInvalid).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_is_what_it_would_be_in_a_request_line() {
    let path = |path| [METHOD, SCHEME, HOST, (":path", path)];
    seen(&path("/"), "GET / a").await;
    seen(&path("/a%2e?b=/../c"), "GET /a%2e?b=/../c a").await;
    let all = [(":method", "OPTIONS"), SCHEME, HOST, (":path", "*")];
    seen(&all, "OPTIONS * a").await;
    // The library cuts a fragment off: who judges and the origin see the same without it.
    seen(&path("/a#/../b"), "GET /a a").await;
    for wrong in ["*", "/a^b", "/\u{e9}"] {
        refused(&path(wrong), Target).await;
    }
    for scheme in ["ftp", "htt", "httpss"] {
        refused(&[METHOD, (":scheme", scheme), HOST, PATH], Target).await;
    }
    refused(&[(":method", "CONNECT"), HOST], Connect).await;
    for wrong in [
        "",
        "x",
        "x/y",
        "http://a/x",
        "?x",
        "/a b",
        "/a\tb",
        "/a\0",
        "/a\u{7f}",
        "/a<b",
        "/a\\b",
        "/a`b",
        "/a?\"b",
        "/a?<",
    ] {
        broken(asks(1, &path(wrong))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_field_that_belongs_to_one_connection_or_that_http_1_cannot_have_is_refused() {
    for (name, value) in [
        ("connection", "close"),
        ("connection", "tollgate-identity"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "close"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("upgrade", "h2c"),
        ("te", "gzip"),
        ("X-Upper", "1"),
        ("Tollgate-Identity", "forged"),
        ("x y", "1"),
        ("x:y", "1"),
        ("", "1"),
        ("x-line", "1\r\nx-other: 2"),
        ("x-feed", "1\n"),
        ("x-null", "1\0"),
        (":path", "/other"),
        (":authority", "b"),
        (":status", "200"),
        (":protocol", "websocket"),
        (":other", "1"),
    ] {
        broken(asks(1, &with(&[(name, value)]))).await;
    }
    // What names the request comes before its fields, once, and all of it.
    broken(asks(1, &[METHOD, SCHEME, HOST, ("x", "y"), PATH])).await;
    broken(asks(1, &[METHOD, METHOD, SCHEME, HOST, PATH])).await;
    broken(asks(1, &[SCHEME, HOST, PATH])).await;
    broken(asks(1, &[METHOD, HOST, PATH])).await;
    broken(asks(1, &[METHOD, SCHEME, HOST])).await;
    for value in [" 1", "1 ", "\t1", "1\t", " "] {
        refused(&with(&[("x-a", value)]), Padded).await;
        refused(&with(&[("x-api-key", value)]), Padded).await;
    }
    seen(&with(&[("x-a", "1 \t2"), ("te", "trailers"), ("x-empty", "")]), "GET /x a").await;
}

#[tokio::test(start_paused = true)]
async fn a_cookie_in_pieces_is_one_cookie() {
    for (pieces, whole) in [
        (&["a=1"][..], "a=1"),
        (&["a=1", "b=2"], "a=1; b=2"),
        (&["a=1; b=2", "c=3", "d"], "a=1; b=2; c=3; d"),
    ] {
        let fields: Vec<_> = pieces.iter().map(|piece| ("cookie", *piece)).collect();
        seen(&with(&fields), &format!("GET /x a {whole}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_as_long_as_it_was_announced() {
    let head = |length: &str| {
        let fields = with(&[("content-length", length)]);
        frame(HEADERS, ENDS_HEAD, 1, &block(&fields))
    };
    let data = |bytes: &[u8], flags| frame(DATA, flags, 1, bytes);
    let mut server = Server::start().await;
    server.client.send([head("4"), data(b"bo", 0), data(b"dy", ENDS_STREAM)].concat()).await;
    assert_eq!(server.first().await.unwrap().payload[0], STATUS_200);
    assert_eq!(server.first().await.unwrap().payload, b"body");
    for bytes in [
        [head("4"), data(b"bod", ENDS_STREAM)].concat(),
        [head("4"), data(b"bodyx", ENDS_STREAM)].concat(),
        [head("4"), data(b"body", 0), data(b"x", ENDS_STREAM)].concat(),
        [head("0"), data(b"x", ENDS_STREAM)].concat(),
    ] {
        let mut server = Server::start().await;
        server.client.send(&bytes).await;
        let first = server.first().await.unwrap();
        assert_eq!(first.kind, RESET, "{first:?}");
    }
    // Without a body at all, and lengths that are none.
    broken(asks(1, &with(&[("content-length", "4")]))).await;
    for wrong in ["-1", "+1", "0x1", "1,1", "1.0", "99999999999999999999", "four"] {
        broken(head(wrong)).await;
    }
    broken(asks(1, &with(&[("content-length", "0"), ("content-length", "1")]))).await;
    refused(&with(&[("content-length", "0"), ("content-length", "0")]), LengthRepeated).await;
    refused(&with(&[("content-length", "00")]), LengthInvalid).await;
}

#[tokio::test(start_paused = true)]
async fn a_head_has_an_end() {
    let names: Vec<_> = (0..=LIMITS.fields_max).map(|place| format!("x-{place}")).collect();
    let fields = |count| {
        let more: Vec<_> = names.iter().take(count).map(|name| (name.as_str(), "1")).collect();
        with(&more)
    };
    seen(&fields(LIMITS.fields_max), "GET /x a").await;
    let mut server = Server::start().await;
    server.client.send(asks(1, &fields(LIMITS.fields_max + 1))).await;
    assert_eq!(server.first().await.unwrap().kind, HEADERS);
    assert_eq!(*server.heard.0.lock().unwrap(), [TooManyFields]);
    assert!(server.seen().is_empty());

    // Too many bytes are answered by the library; far too many end the connection.
    let long = "y".repeat(LIMITS.head_bytes_max);
    let mut server = Server::start().await;
    server.client.send(asks(1, &with(&[("x-long", &long)]))).await;
    assert_eq!(server.first().await.unwrap().kind, HEADERS);
    assert!(server.seen().is_empty());
    let piece = block(&[("x-long", &long[..1_000])]);
    let mut endless = frame(HEADERS, ENDS_STREAM, 1, &block(&with(&[])));
    for _ in 0..1_000 {
        endless.extend(frame(CONTINUATION, 0, 1, &piece));
    }
    let mut server = Server::start().await;
    let _ = tokio::io::AsyncWriteExt::write_all(&mut server.client.stream, &endless).await;
    assert_eq!(server.rest().await.last().unwrap().kind, AWAY);
    assert!(server.seen().is_empty());
}
