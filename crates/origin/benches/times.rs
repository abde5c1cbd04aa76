//! What verification costs per request, beside bare axum: `cargo bench -p tollgate-origin [-- --json]`.
//!
//! One handler is asked in turns: bare, with an identity that is remembered, and with identities that are verified each
//! time; in this process without a socket, and over loopback on one connection that is kept. The cost is the difference to
//! bare in the same round; the median of all rounds is printed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench reads the clock and prints, and stops at the first thing that is not right"
)]

use std::{convert::Infallible, fs, future::poll_fn, hint::black_box, path::Path, time::Instant};

use axum::{Router, body::Body, extract::Request, response::Response, routing::get};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tollgate_origin::{Identity, Reading, Settings, UnixMillis, Verifier};
use tower_service::Service;

/// How often each case is timed; the median is printed.
const ROUNDS: usize = 31;
const REQUESTS: u32 = 2_000;
const TARGET: &str = "/v1/orders/%41";

type Answer = Result<Response, Infallible>;

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let shared = shared();
    let (plain, bound) = (
        token(&shared, "a token without binding"),
        token(&shared, "a token with binding, for this request"),
    );
    let runtime = Runtime::new().unwrap();
    let usual = |most| verified(&verifier(&shared, most));
    let cases = [
        ("bare", bare(), &plain),
        ("remembered", usual(1_024), &plain),
        ("verified", usual(0), &plain),
        ("verified, bound", usual(0), &bound),
    ];
    let mut here: Vec<(&str, Here<'_>)> =
        cases.iter().map(|(name, app, token)| (*name, Here { app: app.clone(), token })).collect();
    let mut there: Vec<(&str, There)> = cases
        .iter()
        .map(|(name, app, token)| (*name, runtime.block_on(There::new(app.clone(), token))))
        .collect();
    print(json, "in process", &rounds(&mut here, |case| runtime.block_on(case.ask())));
    print(json, "over loopback", &rounds(&mut there, |case| runtime.block_on(case.ask())));
}

fn shared() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/origins/adversarial.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn token(shared: &Value, why: &str) -> String {
    let row = shared["requests"].as_array().unwrap().iter().find(|row| row["why"] == why).unwrap();
    row["request"]["headers"][0][1].as_str().unwrap().to_owned()
}

fn verifier(shared: &Value, remember_max: usize) -> Verifier {
    let now = UnixMillis(shared["now_ms"].as_u64().unwrap());
    let text = |name: &str| shared[name].as_str().unwrap();
    let settings = Settings::new(text("issuer"), text("audience"))
        .jwks_document(shared["jwks"].to_string())
        .remember_max(remember_max);
    Verifier::new(settings.clock(move || Reading { wall: now, mono_ms: 0 })).unwrap()
}

fn bare() -> Router {
    Router::new().route("/v1/orders/{order}", get(async || "ok"))
}

fn verified(verifier: &Verifier) -> Router {
    let handler = async |who: Identity| if who.tenant() == "acme" { "ok" } else { "another" };
    Router::new().route("/v1/orders/{order}", get(handler)).layer(verifier.layer())
}

/// An application that is asked in this process.
struct Here<'a> {
    app: Router,
    token: &'a str,
}

impl Here<'_> {
    async fn ask(&mut self) {
        for _ in 0..REQUESTS {
            let request = Request::get(TARGET)
                .header("host", "origin")
                .header("accept", "*/*")
                .header("user-agent", "bench")
                .header("tollgate-identity", self.token)
                .body(Body::empty())
                .unwrap();
            let ready: Result<(), Infallible> =
                poll_fn(|cx| Service::<Request>::poll_ready(&mut self.app, cx)).await;
            ready.unwrap();
            let answer: Answer = self.app.call(request).await;
            assert_eq!(black_box(answer).unwrap().status(), 200);
        }
    }
}

/// An application that is asked over loopback.
struct There {
    stream: TcpStream,
    request: Vec<u8>,
}

impl There {
    async fn new(app: Router, token: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        drop(tokio::spawn(async move { axum::serve(listener, app).await }));
        let fields = "Host: origin\r\nAccept: */*\r\nUser-Agent: bench";
        let request =
            format!("GET {TARGET} HTTP/1.1\r\n{fields}\r\nTollgate-Identity: {token}\r\n\r\n");
        Self { stream, request: request.into_bytes() }
    }

    async fn ask(&mut self) {
        let mut room = [0; 1_024];
        for _ in 0..REQUESTS {
            self.stream.write_all(&self.request).await.unwrap();
            let mut got = 0;
            while !room[..got].ends_with(b"\r\n\r\nok") {
                let read = self.stream.read(&mut room[got..]).await.unwrap();
                assert!(read > 0, "the answer is another than it should be");
                got = got.saturating_add(read);
            }
            assert!(room.starts_with(b"HTTP/1.1 200 "));
        }
    }
}

/// Nanoseconds of one request: of each case, in each round.
fn rounds<'a, C>(
    cases: &mut [(&'a str, C)],
    mut ask: impl FnMut(&mut C),
) -> Vec<(&'a str, Vec<f64>)> {
    let mut took: Vec<(&str, Vec<f64>)> = cases.iter().map(|(name, _)| (*name, vec![])).collect();
    for _ in 0..ROUNDS {
        for ((_, case), (_, took)) in cases.iter_mut().zip(&mut took) {
            let start = Instant::now();
            ask(case);
            took.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(REQUESTS));
        }
    }
    took
}

fn print(json: bool, place: &str, took: &[(&str, Vec<f64>)]) {
    let show = |name: &str, nanos: f64| {
        if json {
            println!("{{\"name\":\"axum {place}, {name}\",\"value\":{nanos:.0},\"unit\":\"ns\"}}");
        } else {
            println!("axum {place}, {name:<24} {nanos:>9.0} ns");
        }
    };
    let Some(((_, bare), others)) = took.split_first() else { return };
    show("bare", median(bare.clone()));
    for (name, took) in others {
        let more = took.iter().zip(bare).map(|(took, bare)| took - bare).collect();
        show(&format!("{name}: more"), median(more));
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
