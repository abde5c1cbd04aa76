//! Too many requests at one time: what the next one is told, and when there is room again.

use std::time::Instant;

use crate::{
    h2::{Second, request},
    origin::Origin,
    second::{connect, of},
    site::{Gate, Key, Site, get},
    switching::switched,
    wire::{Answer, DEADLINE, Wire},
};

const ROUTES: &str = "
[[routes]]
path = \"/public/**\"
public = true
";

fn site(origin: &Origin, most: &str) -> Site {
    Site::new(origin.address, ROUTES).with("connections.requests_max", most)
}

/// How often the store was asked for something about a key.
fn asked(gate: &Gate) -> u64 {
    let kinds = ["record", "lease"];
    kinds
        .map(|kind| gate.metric(&format!("tollgate_errands_total{{kind=\"{kind}\"}}")))
        .iter()
        .sum()
}

fn is_told_to_come_back(answer: &Answer) {
    assert_eq!((answer.status(), &answer.json()["code"]), (503, &"unavailable".into()));
    assert_eq!(answer.head.field("retry-after"), Some("1"));
    assert_eq!(answer.head.field("cache-control"), Some("no-store"));
    assert!(answer.head.has("x-request-id"));
}

/// Waits until there is room for a request.
fn passes(gate: &Gate, key: &Key, after: &str) {
    let begun = Instant::now();
    loop {
        let answer = gate.get("/", key);
        if answer.status() == 200 {
            return;
        }
        is_told_to_come_back(&answer);
        assert!(begun.elapsed() < DEADLINE, "there is no room again after {after}");
    }
}

#[test]
fn so_many_requests_are_served_at_once_over_all_connections_and_the_store_hears_of_no_more() {
    let origin = Origin::start();
    let site = site(&origin, "3");
    let (key, fresh) = (site.key(&[]), site.key(&["--limit", "burst:key=5,1/1h"]));
    let gate = site.start();
    let mut first = gate.connect();
    first.send(get("/held", &key));
    let second = connect(&gate);
    let held: Vec<_> = (0..2)
        .map(|_| {
            let held = second.sender.clone().send_request(request("GET", "/held", &[of(&key)]));
            second.runtime.spawn(held)
        })
        .collect();
    origin.await_held(3);
    assert_eq!(gate.metric("tollgate_requests_in_flight"), 3);
    let before = asked(&gate);
    let mut other = gate.connect();
    is_told_to_come_back(&other.ask(get("/", &fresh)));
    // Whatever it is that comes, and over the same connection again.
    is_told_to_come_back(&other.ask("GET /public/a HTTP/1.1\r\nhost: a\r\n\r\n"));
    other.send(get("/", &key).replace("GET", "HEAD"));
    assert_eq!(other.head().status(), 503);
    let mut beside = connect(&gate);
    for field in [Some(of(&fresh)), None] {
        let told = beside.ask(request("GET", "/", field.as_slice()));
        assert_eq!((told.status, &told.json()["code"]), (503, &"unavailable".into()));
        assert_eq!(told.field("retry-after"), Some("1"));
    }
    assert_eq!(asked(&gate), before);
    assert_eq!(gate.metric("tollgate_requests_refused_total"), 5);
    assert_eq!(gate.metric("tollgate_decisions_total{code=\"unavailable\"}"), 5);
    assert!(origin.arrived().is_empty());
    origin.open();
    assert_eq!(first.answer().text(), "held");
    for answer in held {
        assert_eq!(second.wait(answer).unwrap().unwrap().status(), 200);
    }
    passes(&gate, &key, "an answer");
    assert_eq!(gate.get("/", &fresh).status(), 200);
}

/// Begins a request that takes the only place, and ends it in some way.
type Ending = fn(&Gate, &Origin, &Key);

const ENDINGS: &[(&str, Ending)] = &[
    ("a client that leaves before it is answered", |gate, origin, key| {
        let mut wire = gate.connect();
        wire.send(get("/held", key));
        origin.await_held(1);
    }),
    ("a client that leaves in the middle of its answer", |gate, _, key| {
        let mut wire = gate.connect();
        wire.send(get("/bytes/16777216", key));
        assert_eq!(wire.head().status(), 200);
    }),
    ("a client that leaves in the middle of its body", |gate, origin, key| {
        let mut wire = gate.connect();
        let fields = format!("host: a\r\ncontent-length: 100\r\nx-api-key: {}", key.secret);
        wire.send(format!("POST /silent HTTP/1.1\r\n{fields}\r\n\r\nonly this"));
        origin.await_arrived(1);
    }),
    ("a request of HTTP/2 that is given up", |gate, origin, key| {
        let second = connect(gate);
        let held = second.sender.clone().send_request(request("GET", "/held", &[of(key)]));
        let held = second.runtime.spawn(held);
        origin.await_held(1);
        held.abort();
        // Its connection goes on.
        keeps(second, gate, key);
    }),
    ("an origin that breaks off", |gate, _, key| {
        let mut wire = gate.connect();
        wire.send(get("/half", key));
        let head = wire.head();
        assert!(wire.body(&head).is_err());
    }),
    ("an origin that says nothing", |gate, _, key| {
        assert_eq!(gate.get("/silent", key).status(), 504);
    }),
    ("a refusal", |gate, _, _| {
        assert_eq!(gate.ask("GET / HTTP/1.1\r\nhost: a\r\n\r\n").status(), 401);
    }),
    ("a WebSocket", |gate, _, key| {
        let mut wire = switched(gate, key);
        wire.send("a");
        assert_eq!(wire.exactly(1), b"a");
        is_told_to_come_back(&gate.get("/", key));
        wire.send("b");
        assert_eq!(wire.exactly(1), b"b");
    }),
];

fn keeps(mut second: Second, gate: &Gate, key: &Key) {
    let begun = Instant::now();
    while second.ask(request("GET", "/", &[of(key)])).status != 200 {
        assert!(begun.elapsed() < DEADLINE, "there is no room");
    }
    assert_eq!(gate.metric("tollgate_connections_refused_total"), 0);
}

#[test]
fn a_request_gives_its_place_back_however_it_ends() {
    for (name, end) in ENDINGS {
        let origin = Origin::start();
        let site = site(&origin, "1").with("origin.response_timeout_ms", "3000");
        let key = site.key(&[]);
        let gate = site.start();
        end(&gate, &origin, &key);
        passes(&gate, &key, name);
        let begun = Instant::now();
        while gate.metric("tollgate_requests_in_flight") != 0 {
            assert!(begun.elapsed() < DEADLINE, "{name}");
        }
    }
}

#[test]
fn whoever_asks_for_decisions_is_told_of_no_allow_when_there_is_no_place() {
    let origin = Origin::start();
    let site = site(&origin, "1").with("decide.listen", "127.0.0.1:0");
    let key = site.key(&[]);
    let gate = site.start();
    let mut wire = gate.connect();
    wire.send(get("/held", &key));
    origin.await_held(1);
    let about = format!("x-api-key: {}\r\n", key.secret);
    for (question, status) in [
        ("GET /nginx HTTP/1.1\r\nhost: a\r\nx-original-method: GET\r\nx-original-uri: /\r\n", 403),
        (
            "GET /forward HTTP/1.1\r\nhost: a\r\nx-forwarded-method: GET\r\nx-forwarded-uri: /\r\n",
            503,
        ),
        ("GET /envoy/ HTTP/1.1\r\nhost: a\r\n", 503),
    ] {
        let told = Wire::connect(gate.address("decide")).ask(format!("{question}{about}\r\n"));
        assert_eq!(told.status(), status, "{question}");
        assert!(!told.head.has("tollgate-identity"));
    }
    let call = "/envoy.service.auth.v3.Authorization/Check";
    let fields = [("content-type", "application/grpc"), ("te", "trailers")];
    let told = Second::connect(gate.address("decide")).ask(request("POST", call, &fields));
    assert_eq!((told.status, told.trailers), (503, None));
    assert!(!told.fields.contains_key("grpc-status"));
    assert_eq!(gate.metric("tollgate_requests_refused_total"), 4);
    origin.open();
    assert_eq!(wire.answer().status(), 200);
}
