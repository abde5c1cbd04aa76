//! How connections of HTTP/2 end: by stopping and by age, with every answer whole.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use tokio::time::timeout;

use crate::{
    h2::{Second, connected, request, whole},
    origin::Origin,
    second::{connect, of},
    site::{Key, Site},
    wire::DEADLINE,
};

#[test]
fn what_is_under_way_finishes_when_the_gate_is_told_to_stop() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let mut gate = site.start();
    let idle = connect(&gate);
    let busy = connect(&gate);
    let held = busy.sender.clone().send_request(request("GET", "/held", &[of(&key)]));
    let held = busy.runtime.spawn(held);
    origin.await_held(1);
    gate.signal("TERM");
    assert_eq!(gate.await_event("stopping")["in_flight"], 1);
    // The one with nothing open is gone at once, and the other soon takes nothing more.
    ends(&idle);
    let late = || busy.sender.clone().send_request(request("GET", "/late", &[of(&key)]));
    while let Ok(answer) = busy.wait(late()) {
        assert_eq!(answer.status(), 200);
    }
    origin.open();
    let answer = busy.wait(held).unwrap().unwrap();
    assert_eq!(busy.wait(whole(answer)).unwrap().body, "held");
    assert_eq!(gate.await_event("stopped")["connections_cut_off"], 0);
    assert!(gate.ended().success());
}

/// Waits until the connection has been ended by the gate.
fn ends(second: &Second) {
    second.wait(async {
        while second.sender.clone().ready().await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
}

/// Asks for as long as there is somebody to connect to, over as many connections as that takes; says how many
/// of the requests were answered, whole. One that was never sent is no request.
fn asks_on(to: SocketAddr, key: &Key, counted: &AtomicU64, until: impl Fn() -> bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let asking = async {
        while !until() {
            let Some(mut sender) = connected(to).await else { return };
            let mut answered = false;
            while sender.ready().await.is_ok() && !until() {
                let asked = request("GET", "/bytes/20000", &[of(key)]);
                let answer = match sender.send_request(asked).await {
                    Ok(answer) => answer,
                    Err(error) if error.is_canceled() => break,
                    // Nor has one been taken that ended before its first answer.
                    Err(_) if !answered => break,
                    Err(error) => panic!("{error:?}"),
                };
                assert_eq!(answer.status(), 200);
                assert_eq!(whole(answer).await.unwrap().body.len(), 20_000);
                counted.fetch_add(1, Ordering::Relaxed);
                answered = true;
            }
        }
    };
    runtime.block_on(async { timeout(DEADLINE, asking).await.expect("it ends") });
}

#[test]
fn no_answer_is_broken_by_stopping_under_load() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let mut gate = site.start();
    let (to, counted) = (gate.address("gate"), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| asks_on(to, &key, &counted, || false));
        }
        let begun = Instant::now();
        while counted.load(Ordering::Relaxed) < 200 && begun.elapsed() < DEADLINE {
            thread::yield_now();
        }
        gate.signal("TERM");
    });
    gate.await_event("stopped");
    assert!(gate.ended().success());
    let arrived = u64::try_from(origin.arrived().len()).unwrap();
    assert_eq!(arrived, counted.load(Ordering::Relaxed));
}

#[test]
fn a_connection_ends_with_its_age_and_fails_no_request() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("connections.max_age_s", "1");
    let key = site.key(&[]);
    let gate = site.start();
    let idle = connect(&gate);
    let counted = AtomicU64::new(0);
    let begun = Instant::now();
    asks_on(gate.address("gate"), &key, &counted, || {
        begun.elapsed() > Duration::from_millis(2_500)
    });
    assert!(counted.load(Ordering::Relaxed) > 10);
    assert_eq!(origin.arrived().len(), usize::try_from(counted.into_inner()).unwrap());
    ends(&idle);
}
