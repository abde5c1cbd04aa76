//! An origin that speaks HTTP/2: calls of gRPC with all that belongs to them, and how its connections are used.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{HeaderMap, Version, body::Frame};

use crate::{
    h2::{Told, in_pieces, request, whole, with_body},
    origin::Origin,
    rpc_origin::{RpcOrigin, field, until},
    second::{connect, of},
    site::{Gate, Key, Site, get},
    switching::upgrade,
    wire::Wire,
};

/// More than any test sends over one connection.
const MANY: usize = 1_000_000;

fn site(origin: &RpcOrigin) -> Site {
    Site::new(origin.address, "").with("origin.http2", "true")
}

fn begins(origin: &RpcOrigin) -> (Site, Key, Gate) {
    let site = site(origin);
    let key = site.key(&[]);
    let gate = site.start();
    (site, key, gate)
}

fn call(key: &Key) -> Vec<(&str, &str)> {
    vec![of(key), ("content-type", "application/grpc"), ("te", "trailers"), ("grpc-timeout", "5S")]
}

/// What follows the answer to a call.
fn check_end(trailers: Option<&HeaderMap>) {
    let mut names: Vec<_> = trailers.unwrap().keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["grpc-message", "grpc-status"]);
}

const PING: &[u8] = b"\0\0\0\0\x04ping";

#[test]
fn a_unary_call_passes_with_identity_and_trailers_and_without_the_key() {
    let origin = RpcOrigin::start(100, MANY);
    let (_site, key, gate) = begins(&origin);
    let mut second = connect(&gate);
    let mut fields = call(&key);
    fields.extend([("tollgate_identity", "forged"), ("tollgate-identity", "forged")]);
    let told: Told = second.ask(with_body(request("POST", "/unary", &fields), PING));
    assert_eq!((told.status, &told.body[..]), (200, &b"\0\0\0\0\x04pong"[..]));
    assert_eq!(told.field("content-type"), Some("application/grpc"));
    assert_eq!(told.field("trailer"), Some("grpc-status"));
    check_end(told.trailers.as_ref());
    let seen = origin.only();
    assert_eq!((seen.head.version, &seen.body[..]), (Version::HTTP_2, PING));
    assert_eq!(seen.head.uri.authority().unwrap(), "gate.example");
    let mut names: Vec<_> = seen.head.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let ours = ["tollgate-identity", "x-forwarded-for", "x-request-id"];
    let theirs = ["content-length", "content-type", "grpc-timeout", "te"];
    assert_eq!(names, [&theirs[..], &ours].concat());
    let identity = seen.head.headers["tollgate-identity"].to_str().unwrap();
    assert!(
        identity.starts_with("ey")
            && seen.head.headers.get_all("tollgate-identity").iter().count() == 1
    );
    assert!(!format!("{seen:?}").contains(&key.secret[8..]));
    // One that fails without a word says so in its head.
    let failed = second.ask(with_body(request("POST", "/failed", &call(&key)), PING));
    assert_eq!((failed.status, failed.field("grpc-status")), (200, Some("5")));
    // Without a key nothing of it arrives.
    let came = origin.state.came.load(Ordering::SeqCst);
    let fields = &call(&key)[1..];
    let refused = second.ask(with_body(request("POST", "/unary", fields), PING));
    assert_eq!((refused.status, origin.state.came.load(Ordering::SeqCst)), (401, came));
}

#[test]
fn a_streaming_call_passes_both_ways_as_it_comes_with_what_follows_it() {
    let origin = RpcOrigin::start(100, MANY);
    let (_site, key, gate) = begins(&origin);
    let mut second = connect(&gate);
    let (asked, pieces) = in_pieces(request("POST", "/stream", &call(&key)));
    let mut answer = second.begin(asked).into_body();
    // Each one is back before the next is sent: nothing on the way waits for more.
    for round in 0..20_u8 {
        let sent = vec![round; 1 << round.min(14)];
        second.wait(pieces.send(Frame::data(Bytes::from(sent.clone())))).unwrap();
        let mut back = Vec::new();
        while back.len() < sent.len() {
            let frame = second.wait(answer.frame()).unwrap().unwrap();
            back.extend(frame.into_data().unwrap());
        }
        assert!(back == sent, "round {round}");
    }
    let late = [("x-sum", "1"), ("tollgate.identity", "forged"), ("x_api_key", "other")];
    let late = late.map(field).into_iter().collect();
    second.wait(pieces.send(Frame::trailers(late))).unwrap();
    drop(pieces);
    check_end(second.wait(answer.collect()).unwrap().trailers());
    let trailers = origin.only().trailers.unwrap();
    assert_eq!((trailers.len(), &trailers["x-sum"]), (1, &"1".parse().unwrap()));
}

#[test]
fn a_client_of_http_1_gets_what_was_announced_and_its_host_passes() {
    let origin = RpcOrigin::start(100, MANY);
    let (_site, key, gate) = begins(&origin);
    let mut wire = gate.connect();
    wire.send(
        get("/unary", &key).replace("host: gate", "te: trailers\r\nconnection: te\r\nhost: gate"),
    );
    let head = wire.head();
    assert_eq!((head.status(), head.field("trailer")), (200, Some("grpc-status")));
    let (body, tail) = wire.tail().unwrap();
    assert_eq!((&body[..], tail), (&b"\0\0\0\0\x04pong"[..], vec!["grpc-status: 0".to_owned()]));
    let seen = origin.only();
    assert_eq!(seen.head.uri.authority().unwrap(), "gate.example");
    assert!(!seen.head.headers.contains_key("host"));
    assert_eq!(wire.ask(get("/", &key)).text(), "origin");
    // What cannot be over HTTP/2 is not asked for.
    let asked = upgrade("websocket", &format!("x-api-key: {}\r\n", key.secret));
    assert_eq!(wire.ask(asked).status(), 200);
    assert_eq!(origin.state.connections.load(Ordering::SeqCst), 1);
}

#[test]
fn as_many_requests_share_a_connection_as_the_origin_takes_and_the_rest_get_others() {
    for (streams, least) in [(10, 6), (1_000, 1)] {
        let origin = RpcOrigin::start(streams, MANY);
        let (_site, key, gate) = begins(&origin);
        // It says how many it takes with the first answer.
        assert_eq!(gate.get("/", &key).status(), 200);
        let second = connect(&gate);
        let held: Vec<_> = (0..60)
            .map(|_| {
                let held = second.sender.clone().send_request(request("GET", "/held", &[of(&key)]));
                second.runtime.spawn(held)
            })
            .collect();
        origin.await_held(60);
        let connections = origin.state.connections.load(Ordering::SeqCst);
        assert!((least..=least + 4).contains(&connections), "{connections} for {streams}");
        origin.release();
        for answer in held {
            let answer = second.wait(answer).unwrap().unwrap();
            assert_eq!(second.wait(whole(answer)).unwrap().status, 200);
        }
        // A place that is free again is taken again.
        for _ in 0..150 {
            assert_eq!(gate.get("/", &key).status(), 200);
        }
        assert_eq!(origin.state.connections.load(Ordering::SeqCst), connections);
    }
}

#[test]
fn a_connection_that_nobody_needs_ends_and_the_next_request_gets_another() {
    let origin = RpcOrigin::start(100, MANY);
    let site = site(&origin).with("origin.idle_timeout_ms", "200");
    let key = site.key(&[]);
    let gate = site.start();
    assert_eq!(gate.get("/", &key).status(), 200);
    until("end of a connection", || origin.state.open.load(Ordering::SeqCst) == 0);
    assert_eq!(gate.get("/", &key).status(), 200);
    // One that is needed stays, however long that takes.
    let mut wire = gate.connect();
    wire.send(get("/held", &key));
    origin.await_held(1);
    thread::sleep(Duration::from_millis(1_000));
    origin.release();
    assert_eq!(wire.answer().status(), 200);
}

#[test]
fn a_safe_request_that_met_a_closing_connection_is_sent_once_more_and_no_other() {
    for (method, used, status, came) in [
        ("GET", true, 200, 3),
        ("HEAD", true, 200, 3),
        ("POST", true, 502, 2),
        ("GET", false, 502, 1),
    ] {
        let origin = RpcOrigin::start(100, MANY);
        let (_site, key, gate) = begins(&origin);
        if used {
            assert_eq!(gate.get("/", &key).status(), 200);
        }
        let mut wire = gate.connect();
        wire.send(get("/drop", &key).replace("GET", method));
        assert_eq!(wire.head().status(), status, "{method} {used}");
        assert_eq!(origin.state.came.load(Ordering::SeqCst), came, "{method} {used}");
        assert_eq!(gate.get("/", &key).status(), 200);
    }
}

#[test]
fn no_request_is_lost_when_an_origin_asks_its_connections_to_end() {
    let origin = RpcOrigin::start(100, 7);
    let (_site, key, gate) = begins(&origin);
    let address = gate.address("gate");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut wire = Wire::connect(address);
                for _ in 0..50 {
                    assert_eq!(wire.ask(get("/", &key)).status(), 200);
                }
            });
        }
    });
    assert!(origin.state.connections.load(Ordering::SeqCst) >= 10);
}

#[test]
fn a_client_that_does_not_read_keeps_no_other_from_its_answer() {
    let origin = RpcOrigin::start(100, MANY);
    let (_site, key, gate) = begins(&origin);
    let idle: Vec<_> = (0..8)
        .map(|_| {
            let mut wire = gate.connect();
            wire.send(get("/bytes/33554432", &key));
            assert_eq!(wire.head().status(), 200);
            wire
        })
        .collect();
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(gate.get("/bytes/100000", &key).body.len(), 100_000);
    }
    assert!(begun.elapsed() < Duration::from_secs(8));
    assert_eq!(origin.state.connections.load(Ordering::SeqCst), 1);
    drop(idle);
}

#[test]
fn an_origin_that_speaks_only_http_1_gives_no_answer() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "")
        .with("origin.http2", "true")
        .with("origin.response_timeout_ms", "2000");
    let key = site.key(&[]);
    let gate = site.start();
    let status = gate.get("/", &key).status();
    assert!(matches!(status, 502 | 504), "{status}");
}
