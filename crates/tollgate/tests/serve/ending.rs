//! How connections and the gate itself end: with age, when there are too many, when told to stop.

use std::{
    net::TcpStream,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Instant,
};

use crate::{
    origin::Origin,
    site::{Site, get},
    wire::{DEADLINE, Wire},
};

#[test]
fn a_connection_takes_no_request_beyond_its_age() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("connections.max_age_s", "1");
    let key = site.key(&[]);
    let gate = site.start();
    // One that is idle is closed, whether it has asked for something or not; one that is busy says so in
    // its last answer or closes between two.
    let (mut idle, mut mute) = (gate.connect(), gate.connect());
    assert_eq!(idle.ask(get("/", &key)).status(), 200);
    let mut busy = gate.connect();
    let mut answers = 0;
    loop {
        let sent = busy.try_send(get("/", &key));
        let Ok(Some(head)) = busy.try_head() else { break };
        assert_eq!(head.status(), 200);
        assert!(sent.is_ok() && busy.body(&head).is_ok());
        answers += 1;
        if head.field("connection") == Some("close") {
            busy.ends();
            break;
        }
    }
    assert!(answers > 10, "{answers}");
    idle.ends();
    mute.ends();
}

#[test]
fn what_is_under_way_finishes_when_the_gate_is_told_to_stop() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let mut gate = site.start();
    let (mut idle, mut mute) = (gate.connect(), gate.connect());
    assert_eq!(idle.ask(get("/", &key)).status(), 200);
    let mut busy = gate.connect();
    busy.send(get("/held", &key));
    origin.await_held(1);
    gate.signal("TERM");
    assert_eq!(gate.await_event("stopping")["in_flight"], 1);
    idle.ends();
    mute.ends();
    let address = gate.address("gate");
    // Nobody new is let in, once the listener has gone.
    while TcpStream::connect(address).is_ok() {}
    origin.open();
    let answer = busy.answer();
    assert_eq!((answer.status(), answer.text()), (200, "held"));
    assert_eq!(answer.head.field("connection"), Some("close"));
    busy.ends();
    assert_eq!(gate.await_event("stopped")["connections_cut_off"], 0);
    assert!(gate.ended().success());
}

#[test]
fn what_does_not_finish_in_time_is_cut_off() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("connections.drain_s", "1");
    let key = site.key(&[]);
    let mut gate = site.start();
    let mut busy = gate.connect();
    busy.send(get("/held", &key));
    origin.await_held(1);
    gate.signal("TERM");
    assert_eq!(gate.await_event("stopped")["connections_cut_off"], 1);
    assert!(gate.ended().success());
    busy.ends();
}

#[test]
fn a_second_signal_stops_at_once() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let mut gate = site.start();
    let mut busy = gate.connect();
    busy.send(get("/held", &key));
    origin.await_held(1);
    gate.signal("INT");
    gate.await_event("stopping");
    gate.signal("TERM");
    gate.await_event("stopped");
    assert!(gate.ended().success());
}

#[test]
fn no_answer_is_broken_by_stopping_under_load() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let mut gate = site.start();
    let (address, request) = (gate.address("gate"), get("/bytes/20000", &key));
    let whole = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Ok(stream) = TcpStream::connect(address) {
                    let mut wire = Wire::over(stream);
                    // A connection that ends before an answer begins has taken no request.
                    while wire.try_send(&request).is_ok() {
                        let Ok(Some(head)) = wire.try_head() else { break };
                        assert_eq!(head.status(), 200);
                        assert_eq!(wire.body(&head).unwrap().len(), 20_000);
                        whole.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        while whole.load(Ordering::Relaxed) < 200 {
            thread::yield_now();
        }
        gate.signal("TERM");
    });
    gate.await_event("stopped");
    assert!(gate.ended().success());
    let arrived = u64::try_from(origin.arrived().len()).unwrap();
    assert_eq!(arrived, whole.load(Ordering::Relaxed));
}

#[test]
fn thousands_of_idle_connections_cost_no_request_and_one_too_many_is_told() {
    let files = std::fs::read_to_string("/proc/self/limits").unwrap();
    let files = files.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let files: usize = files.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX);
    // Some are for the other tests of this process.
    let idle = files.saturating_sub(1_000).clamp(10, 10_000);
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("connections.max", &(idle + 1).to_string());
    let key = site.key(&[]);
    let gate = site.start();
    let address = gate.address("gate");
    let held: Vec<_> = (0..idle).map(|_| TcpStream::connect(address).unwrap()).collect();
    while gate.metric("tollgate_connections") < u64::try_from(idle).unwrap() {}
    let mut last = gate.connect();
    assert_eq!(last.ask(get("/", &key)).status(), 200);
    let mut refused = gate.connect();
    let told = refused.answer();
    assert_eq!((told.status(), &told.json()["code"]), (503, &"unavailable".into()));
    assert_eq!(told.head.field("retry-after"), Some("1"));
    assert_eq!(told.head.field("content-type"), Some("application/problem+json"));
    assert_eq!(gate.metric("tollgate_connections_refused_total"), 1);
    drop(held);
    let freed = AtomicBool::new(false);
    while !freed.load(Ordering::Relaxed) {
        let mut wire = gate.connect();
        let asked = wire.try_send(get("/", &key)).and_then(|()| wire.try_head());
        freed.store(
            asked.is_ok_and(|head| head.is_some_and(|head| head.status() == 200)),
            Ordering::Relaxed,
        );
    }
}

#[test]
fn as_many_files_as_are_to_be_had_may_be_open_and_too_few_are_told() {
    let origin = Origin::start();
    // One for each connection, one for each request, and 256.
    for (connections, told) in [("22", false), ("23", true)] {
        let site = Site::new(origin.address, "")
            .with("connections.max", connections)
            .with("connections.requests_max", "23");
        let gate = site.start_with_files(64, 301);
        let begun = Instant::now();
        while gate.files_max() != 301 {
            assert!(begun.elapsed() < DEADLINE, "it may open {} files", gate.files_max());
        }
        // It stops only after it has said what it had to say.
        gate.signal("TERM");
        let event = gate.next_event();
        if told {
            assert_eq!((&event["event"], &event["needed"]), (&"files_limited".into(), &302.into()));
            assert_eq!(event["open_max"], 301);
        } else {
            assert_eq!(event["event"], "stopping");
        }
    }
}

#[test]
fn connections_that_cannot_be_accepted_are_told_of_once_a_second_and_taken_when_they_can() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let gate = site.start_with_files(64, 64);
    let crowd: Vec<_> = (0..64).map(|_| gate.connect()).collect();
    let told = [(); 2].map(|()| gate.await_event("accept_failed"));
    assert!(
        told.iter().all(|event| event["level"] == "warn" && event["why"].is_string()),
        "{told:?}"
    );
    let [first, second] = told.map(|event| event["at_ms"].as_u64().unwrap());
    assert!(second - first >= 900, "{first} and {second}");
    drop(crowd);
    assert_eq!(gate.get("/", &key).status(), 200);
}
