//! Bodies on their way through, in both directions, and what becomes of those that stop.

use std::{
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use crate::{
    origin::Origin,
    site::{Site, get},
};

/// More than any buffer on the way.
const BIG: usize = 64 << 20;

/// What the gate may use for it all, in kB.
const PEAK_KB: u64 = 48 << 10;

#[test]
fn chunks_pass_both_ways_as_they_come() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let gate = site.start();
    let mut wire = gate.connect();
    let fields = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nx-api-key: ";
    wire.send(format!("{fields}{}\r\n\r\n", key.secret));
    assert_eq!(wire.head().status(), 200);
    // Each one is back before the next is sent: nothing on the way waits for more.
    for round in 0..20_u8 {
        let sent = vec![round; 1 << round.min(14)];
        wire.send_chunk(&sent);
        let mut back = Vec::new();
        while back.len() < sent.len() {
            back.extend(wire.chunk());
        }
        assert!(back == sent, "round {round}");
    }
    wire.send_chunk(&[]);
    assert!(wire.chunk().is_empty());
    assert_eq!(wire.ask(get("/after", &key)).status(), 200);
}

#[test]
fn a_body_larger_than_memory_passes_in_both_directions() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let gate = site.start();
    let mut wire = gate.connect();
    let down = wire.ask(get(&format!("/bytes/{BIG}"), &key));
    assert_eq!((down.status(), down.body.len()), (200, BIG));

    let fields = format!("host: a\r\ncontent-length: {BIG}\r\nx-api-key: {}", key.secret);
    wire.send(format!("PUT /big HTTP/1.1\r\n{fields}\r\n\r\n"));
    let piece = vec![b'y'; 1 << 20];
    for _ in 0..BIG >> 20 {
        wire.send(&piece);
    }
    assert_eq!(wire.answer().status(), 200);
    let arrived = origin.arrived().pop().unwrap();
    assert_eq!(arrived.head.field("content-length"), Some(BIG.to_string().as_str()));
    assert!(arrived.body.len() == BIG && arrived.body.iter().all(|&byte| byte == b'y'));
    assert!(gate.peak_kb() < PEAK_KB, "{} kB", gate.peak_kb());
}

#[test]
fn a_body_is_asked_for_only_when_the_request_passes() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let gate = site.start();
    let ask = |credential: &str| {
        format!(
            "PUT /x HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\
             {credential}\r\n"
        )
    };
    let mut wire = gate.connect();
    wire.send(ask(&format!("x-api-key: {}\r\n", key.secret)));
    assert_eq!(wire.head().status(), 100);
    wire.send("body");
    assert_eq!(wire.answer().status(), 200);
    assert_eq!(origin.only().body, b"body");
    let mut wire = gate.connect();
    wire.send(ask(""));
    assert_eq!(wire.answer().status(), 401);
    wire.ends();
    assert_eq!(origin.arrived().len(), 1);
}

#[test]
fn an_origin_that_gives_no_answer_is_told_from_one_that_is_not_there() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("origin.response_timeout_ms", "200");
    let key = site.key(&[]);
    let gate = site.start();
    let late = gate.get("/silent", &key);
    assert_eq!((late.status(), &late.json()["code"]), (504, &"origin_timeout".into()));
    let told = gate.await_event("origin_timeout");
    let instance = format!("urn:tollgate:request:{}", told["request"].as_str().unwrap());
    assert_eq!(late.json()["instance"], instance);
    assert_eq!(gate.metric("tollgate_origin_timeouts_total"), 1);
    drop(gate);

    // A port that was ours a moment ago.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let site = site.with("origin.url", &format!("http://{nobody}"));
    let gate = site.start();
    let gone = gate.get("/", &key);
    assert_eq!((gone.status(), &gone.json()["code"]), (502, &"origin_unreachable".into()));
    assert_eq!(gate.metric("tollgate_origin_unreachable_total"), 1);
}

#[test]
fn an_origin_that_takes_no_connection_is_late_and_not_absent() {
    // Nobody accepts here: once as many wait as may, the next one is left without an answer.
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = full.local_addr().unwrap();
    let patience = Duration::from_millis(200);
    let waiting: Vec<_> =
        std::iter::from_fn(|| TcpStream::connect_timeout(&address, patience).ok()).collect();
    let site = Site::new(address, "").with("origin.connect_timeout_ms", "200");
    let key = site.key(&[]);
    let gate = site.start();
    let late = gate.get("/", &key);
    assert_eq!((late.status(), &late.json()["code"]), (504, &"origin_timeout".into()));
    drop(waiting);
}

#[test]
fn an_upload_that_goes_on_is_not_held_against_the_origin() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("origin.response_timeout_ms", "2000");
    let key = site.key(&[]);
    let gate = site.start();
    let mut wire = gate.connect();
    let fields = "PUT /slow HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nx-api-key: ";
    wire.send(format!("{fields}{}\r\n\r\n", key.secret));
    for _ in 0..6 {
        // Not to wait for something: this is how slow the client is. It is longer at it than an answer may take.
        thread::sleep(Duration::from_millis(500));
        wire.send_chunk(b"slowly");
    }
    wire.send_chunk(&[]);
    assert_eq!(wire.answer().status(), 200);
    assert_eq!(origin.only().body, b"slowly".repeat(6));
}

#[test]
fn a_body_that_stops_half_way_breaks_off_and_is_not_taken_for_whole() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("connections.idle_timeout_ms", "300");
    let key = site.key(&[]);
    let gate = site.start();
    let mut wire = gate.connect();
    wire.send(get("/half", &key));
    let head = wire.head();
    assert_eq!((head.status(), head.field("content-length")), (200, Some("100")));
    assert!(wire.body(&head).is_err());

    // A client that stops in the middle of its own body: the origin does not take it for the whole.
    let mut wire = gate.connect();
    let fields = format!("host: a\r\ncontent-length: 100\r\nx-api-key: {}", key.secret);
    wire.send(format!("PUT /stopped HTTP/1.1\r\n{fields}\r\n\r\nonly this"));
    let late = wire.answer();
    assert_eq!((late.status(), &late.json()["code"]), (408, &"request_timeout".into()));
    wire.ends();
    assert!(origin.arrived().iter().all(|arrived| !arrived.head.first.contains("/stopped")));
}
