//! WebSocket: decided once, then bytes pass both ways until silence or the connection's age, in the place of a connection.

use std::time::{Duration, Instant};

use crate::{
    origin::Origin,
    site::{Gate, Key, Site},
    wire::{DEADLINE, Wire},
};

pub(crate) fn upgrade(to: &str, credential: &str) -> String {
    format!(
        "GET /socket HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: {to}\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\
         {credential}\r\n"
    )
}

fn echoes(wire: &mut Wire, bytes: &[u8]) {
    wire.send(bytes);
    assert_eq!(wire.exactly(bytes.len()), bytes);
}

#[test]
fn a_websocket_is_decided_once_and_then_passes_bytes_both_ways() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let gate = site.start();
    let mut wire = gate.connect();
    wire.send(upgrade("websocket", &format!("x-api-key: {}\r\n", key.secret)));
    let head = wire.head();
    assert_eq!((head.status(), head.field("upgrade")), (101, Some("websocket")));
    let seen = origin.only().head;
    assert!(seen.has("tollgate-identity") && !seen.has("x-api-key"), "{seen:?}");
    for round in 0..50_u8 {
        echoes(&mut wire, &vec![round; usize::from(round) * 40 + 1]);
    }
    // What looks like a request is none any more.
    echoes(&mut wire, b"GET /admin HTTP/1.1\r\n\r\n");
    assert_eq!(gate.metric("tollgate_decisions_total{code=\"allowed\"}"), 1);
}

#[test]
fn without_a_key_nothing_is_switched_and_nothing_but_websocket_is_ever() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let gate = site.start();
    assert_eq!(gate.ask(upgrade("websocket", "")).status(), 401);
    assert!(origin.arrived().is_empty());
    // An origin that switches although it was not asked to gives no answer.
    let answer = gate.ask(upgrade("h2c", &format!("x-api-key: {}\r\n", key.secret)));
    assert_eq!(answer.status(), 502);
    let seen = origin.only().head;
    assert!(!seen.has("upgrade") && !seen.has("http2-settings"), "{seen:?}");
}

#[test]
fn a_websocket_ends_with_the_age_of_its_connection() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("connections.max_age_s", "1");
    let key = site.key(&[]);
    let gate = site.start();
    let mut wire = gate.connect();
    wire.send(upgrade("websocket", &format!("x-api-key: {}\r\n", key.secret)));
    assert_eq!(wire.head().status(), 101);
    echoes(&mut wire, b"hello");
    let begun = Instant::now();
    wire.ends();
    // The origin would give up in the end as well.
    assert!(begun.elapsed() < DEADLINE / 2);
}

pub(crate) fn switched(gate: &Gate, key: &Key) -> Wire {
    let mut wire = gate.connect();
    wire.send(upgrade("websocket", &format!("x-api-key: {}\r\n", key.secret)));
    assert_eq!(wire.head().status(), 101);
    wire
}

#[test]
fn a_websocket_takes_the_place_of_a_connection_until_it_ends() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("connections.max", "3");
    let key = site.key(&[]);
    let gate = site.start();
    let mut open = [(); 3].map(|()| switched(&gate, &key));
    open.iter_mut().for_each(|wire| echoes(wire, b"hello"));
    assert_eq!(gate.connect().answer().status(), 503);
    open.iter_mut().for_each(|wire| echoes(wire, b"still here"));
    drop(open);
    let begun = Instant::now();
    while gate.metric("tollgate_connections") > 1 {
        assert!(begun.elapsed() < DEADLINE, "no place is free");
    }
    assert_eq!(gate.get("/", &key).status(), 200);
}

#[test]
fn a_websocket_that_is_silent_both_ways_ends_and_one_that_is_not_goes_on() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("connections.idle_timeout_ms", "1000");
    let key = site.key(&[]);
    let gate = site.start();
    let (mut silent, mut busy) = (switched(&gate, &key), switched(&gate, &key));
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2_500) {
        echoes(&mut busy, b"hello");
        std::thread::sleep(Duration::from_millis(100));
    }
    silent.ends();
    // The origin would give up in the end as well.
    assert!(begun.elapsed() < DEADLINE / 2);
    echoes(&mut busy, b"still here");
}

#[test]
fn a_websocket_that_is_cut_off_at_the_end_is_counted() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("connections.drain_s", "1");
    let key = site.key(&[]);
    let mut gate = site.start();
    let mut open = [(); 2].map(|()| switched(&gate, &key));
    open.iter_mut().for_each(|wire| echoes(wire, b"hello"));
    gate.signal("TERM");
    assert_eq!(gate.await_event("stopped")["connections_cut_off"], 2);
    assert!(gate.ended().success());
}
