//! A real server behind the stream: what it sees, and what its client reads.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    super::{Violation, Violation::*, connection},
    Heard, LIMITS, witness,
};

const NEXT: &str = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
const CHUNKED: &str = "POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Longer than anything here takes, on a clock that only waiting moves.
pub(super) const NEVER: Duration = Duration::from_secs(86_400);

/// A server, and the client's end of its one connection.
pub(super) struct Server {
    pub(super) client: DuplexStream,
    pub(super) heard: Arc<Heard>,
    seen: Arc<Mutex<Vec<String>>>,
    done: JoinHandle<()>,
}

/// Answers by the path: at once, late, before the body, or by another protocol.
async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Vec<String>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    seen.lock().unwrap().push(path.clone());
    match path.as_str() {
        "/slow" => sleep(Duration::from_secs(3)).await,
        "/early" => {
            let mut early = Response::new(Full::from("early"));
            *early.status_mut() = StatusCode::UNAUTHORIZED;
            return Ok(early);
        }
        "/switch" => {
            tokio::spawn(async move {
                let mut switched = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
                let mut bytes = [0; 64];
                while let Ok(count @ 1..) = switched.read(&mut bytes).await {
                    switched.write_all(&bytes[..count]).await.unwrap();
                }
            });
            let mut switch = Response::new(Full::default());
            *switch.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            return Ok(switch);
        }
        _ => {}
    }
    match request.into_body().collect().await {
        Ok(body) => Ok(Response::new(Full::from(format!("{path} {}", body.to_bytes().len())))),
        Err(_) => {
            let mut failed = Response::new(Full::from("the service's own"));
            *failed.status_mut() = StatusCode::BAD_GATEWAY;
            Ok(failed)
        }
    }
}

impl Server {
    pub(super) fn start() -> Self {
        let (client, stream) = duplex(1 << 20);
        let (seen, heard) = (Arc::<Mutex<Vec<String>>>::default(), witness());
        let for_service = Arc::clone(&seen);
        let service = service_fn(move |request| answer(request, Arc::clone(&for_service)));
        let served = connection(stream, service, LIMITS, Arc::clone(&heard) as _);
        let done = tokio::spawn(async move {
            let _ = served.await;
        });
        Self { client, heard, seen, done }
    }

    /// What the client reads until the connection ends.
    pub(super) async fn read(mut self) -> (String, Vec<String>, Vec<Violation>) {
        let mut text = String::new();
        let read = self.client.read_to_string(&mut text);
        timeout(NEVER, read).await.expect("the connection ends").unwrap();
        self.done.await.unwrap();
        let (seen, heard) =
            (self.seen.lock().unwrap().clone(), self.heard.0.lock().unwrap().clone());
        (text, seen, heard)
    }
}

/// The statuses in what a client read.
pub(super) fn statuses(text: &str) -> Vec<&str> {
    text.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect()
}

async fn check(sent: &str, seen: &[&str], expected: &[&str], violation: Violation) {
    for piecewise in [false, true] {
        let mut server = Server::start();
        if piecewise {
            for byte in sent.as_bytes() {
                let _ = server.client.write_all(&[*byte]).await;
                tokio::task::yield_now().await;
            }
        } else {
            server.client.write_all(sent.as_bytes()).await.unwrap();
        }
        let (text, saw, heard) = server.read().await;
        assert_eq!(saw, seen, "{sent:?}");
        assert_eq!(statuses(&text), expected, "{sent:?}: {text}");
        assert_eq!(heard, [violation], "{sent:?}");
        let (_, last) = text.rsplit_once("HTTP/1.1 ").unwrap();
        for part in ["application/problem+json", "connection: close", "\"instance\":\"req_1\""] {
            assert!(last.contains(part), "{part} in {last}");
        }
        if expected.last() == Some(&"400") {
            assert!(last.contains("\"code\":\"request_invalid\""), "{last}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_never_seen_by_the_service() {
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(3_000));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(16));
    for (sent, status, violation) in [
        ("GET / HTTP/1.1\nHost: a\n\n", "400", LineEnd),
        ("GET /\r\n\r\n", "400", RequestLine),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc", "400", FieldName),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", HostRepeated),
        ("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "400", HostConflict),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "400", Target),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400",
            EncodingAndLength,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            "400",
            EncodingAndLength,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
            "400",
            LengthRepeated,
        ),
        (&long, "431", HeadTooLong),
        (&many, "431", TooManyFields),
    ] {
        check(sent, &[], &[status], violation).await;
        check(&format!("{sent}{NEXT}"), &[], &[status], violation).await;
        let after = format!("{NEXT}{CHUNKED}1\r\na\r\n0\r\n\r\n{sent}{NEXT}");
        check(&after, &["/next", "/chunked"], &["200", "200", status], violation).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_comes_after_the_answers_before_it() {
    let slow = NEXT.replace("/next", "/slow");
    let sent = format!("{NEXT}{slow}{NEXT}GET / HTTP/1.1\r\n\r\n{NEXT}");
    let expected = ["200", "200", "200", "400"];
    check(&sent, &["/next", "/slow", "/next"], &expected, HostMissing).await;
}

#[tokio::test(start_paused = true)]
async fn a_malformed_body_is_answered_as_malformed_whatever_the_service_makes_of_it() {
    for (body, violation) in [
        ("x\r\n", ChunkSize),
        ("1 \r\na\r\n", ChunkSize),
        ("1\r\nab\r\n", ChunkEnd),
        ("1\r\na\n", ChunkEnd),
        ("1;\0\r\n", ChunkExtension),
        ("0\r\nContent-Length: 1\r\n\r\n", TrailerForbidden),
    ] {
        let sent = format!("{CHUNKED}1\r\na\r\n{body}{NEXT}");
        check(&sent, &["/chunked"], &["400"], violation).await;
        check(&format!("{NEXT}{sent}"), &["/next", "/chunked"], &["200", "400"], violation).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_has_begun_is_the_only_one() {
    let mut server = Server::start();
    let early = CHUNKED.replace("/chunked", "/early");
    server.client.write_all(early.as_bytes()).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    let _ = server.client.write_all(format!("x\r\n{NEXT}").as_bytes()).await;
    let (text, seen, heard) = server.read().await;
    assert_eq!((statuses(&text), seen, heard), (vec!["401"], vec!["/early".to_owned()], vec![]));
}

#[tokio::test(start_paused = true)]
async fn pipelined_requests_are_answered_in_order() {
    let mut server = Server::start();
    let slow = NEXT.replace("/next", "/slow");
    let last = NEXT.replace("Host", "Connection: close\r\nHost");
    let sent = format!("{slow}{CHUNKED}2\r\nab\r\n0\r\nX: y\r\n\r\n{NEXT}{slow}{last}");
    server.client.write_all(sent.as_bytes()).await.unwrap();
    let (text, seen, heard) = server.read().await;
    assert_eq!(seen, ["/slow", "/chunked", "/next", "/slow", "/next"]);
    assert_eq!(statuses(&text), ["200"; 5]);
    let bodies = ["/slow 0", "/chunked 2", "/next 0", "/slow 0", "/next 0"];
    let places: Vec<_> = bodies
        .iter()
        .scan(0, |from, body| {
            let at = *from + text[*from..].find(body)?;
            *from = at + body.len();
            Some(at)
        })
        .collect();
    assert_eq!(places.len(), bodies.len(), "{text}");
    assert_eq!(heard, []);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_ends_what_it_asked_for() {
    let mut server = Server::start();
    server.client.write_all(NEXT.replace("/next", "/slow").as_bytes()).await.unwrap();
    let begun = tokio::time::Instant::now();
    sleep(Duration::from_secs(1)).await;
    server.client.shutdown().await.unwrap();
    let (text, seen, _) = server.read().await;
    assert_eq!((text.as_str(), seen), ("", vec!["/slow".to_owned()]));
    assert!(begun.elapsed() < Duration::from_secs(3), "the service went on");
}

#[tokio::test(start_paused = true)]
async fn after_a_switch_everything_passes_and_without_one_nothing_malformed_does() {
    let ask = "GET /switch HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    let raw = "\0\n not HTTP at all \r\n\r\n";
    // Said before the switch is confirmed, or after.
    for eager in [true, false] {
        let mut server = Server::start();
        server.client.write_all(ask.as_bytes()).await.unwrap();
        if eager {
            server.client.write_all(raw.as_bytes()).await.unwrap();
        }
        let mut text = String::new();
        while !text.ends_with("\r\n\r\n") {
            text.push(char::from(server.client.read_u8().await.unwrap()));
        }
        assert_eq!(statuses(&text), ["101"]);
        if !eager {
            server.client.write_all(raw.as_bytes()).await.unwrap();
        }
        let mut echo = vec![0; raw.len()];
        server.client.read_exact(&mut echo).await.unwrap();
        assert_eq!(echo, raw.as_bytes());
        server.client.shutdown().await.unwrap();
        assert_eq!(server.read().await.2, []);
    }
    let declined = ask.replace("/switch", "/next");
    check(&format!("{declined}{raw}"), &["/next"], &["200", "400"], Method).await;
    let unasked = NEXT.replace("/next", "/switch");
    let mut server = Server::start();
    server.client.write_all(format!("{unasked}{raw}").as_bytes()).await.unwrap();
    let (text, ..) = server.read().await;
    assert!(!text.contains("not HTTP"), "{text}");
}
