//! New routes, peppers and signing keys come into force while the gate serves, and no request pays for it.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Instant,
};

use crate::{
    identity::published,
    origin::Origin,
    site::{Site, get},
    wire::{DEADLINE, Wire},
};

const STRICT: &str = "
[[routes]]
path = \"/orders/**\"
scopes = [\"orders:write\"]
";

#[test]
fn routes_change_under_load_and_no_request_fails() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&["--scope", "orders:read"]);
    let gate = site.start();
    assert_eq!(gate.get("/orders", &key).status(), 200);
    let (address, request) = (gate.address("gate"), get("/other", &key));
    let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut wire = Wire::connect(address);
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(wire.ask(&request).status(), 200);
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 0..6 {
            let before = answered.load(Ordering::Relaxed);
            site.routes(if round % 2 == 0 { STRICT } else { "" });
            gate.signal("HUP");
            let told = gate.await_event("reloaded");
            assert_eq!(
                (&told["why"], &told["needs_restart"]),
                (&"SIGHUP".into(), &serde_json::json!([]))
            );
            let expected = if round % 2 == 0 { 403 } else { 200 };
            assert_eq!(gate.get("/orders", &key).status(), expected);
            while answered.load(Ordering::Relaxed) < before + 50 {
                thread::yield_now();
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(gate.metric("tollgate_reloads_total"), 6);
}

#[test]
fn a_wrong_configuration_is_told_and_the_old_one_stays() {
    let origin = Origin::start();
    let site = Site::new(origin.address, STRICT);
    let key = site.key(&["--scope", "orders:read"]);
    let gate = site.start();
    for wrong in ["[gate]\nlisten = 7\n", "[[routes]]\npath = \"/a/../b\"\n", "[nonsense]\n", "["] {
        site.write(&format!("[origin]\nurl = \"http://127.0.0.1:9\"\n{wrong}"));
        gate.signal("HUP");
        let told = gate.await_event("reload_failed");
        assert!(told["error"].as_str().unwrap().len() > 10, "{told}");
        assert_eq!(gate.get("/orders", &key).status(), 403);
    }
    assert_eq!(gate.metric("tollgate_reloads_failed_total"), 4);
    site.write("[origin]\nurl = \"http://127.0.0.1:9\"\n[connections]\nmax = 77\n");
    gate.signal("HUP");
    assert_eq!(gate.await_event("reloaded")["needs_restart"], serde_json::json!(["connections"]));
    assert_eq!(gate.get("/orders", &key).status(), 200);
}

#[test]
fn secrets_that_change_are_noticed_without_a_signal() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let old = site.key(&[]);
    let gate = site.start();
    assert_eq!(gate.get("/", &old).status(), 200);
    assert_eq!(published(&gate)["keys"].as_array().unwrap().len(), 1);
    site.tell(&["signing-keys", "rotate"]);
    assert_eq!(gate.await_event("reloaded")["why"], "secrets_changed");
    assert_eq!(published(&gate)["keys"].as_array().unwrap().len(), 2);

    site.tell(&["peppers", "add"]);
    gate.await_event("reloaded");
    site.tell(&["peppers", "use", "1"]);
    gate.await_event("reloaded");
    let new = site.key(&[]);
    let begun = Instant::now();
    for key in [&old, &new] {
        while gate.get("/", key).status() != 200 {
            assert!(begun.elapsed() < DEADLINE);
        }
    }
    assert_eq!(gate.get("/", &old).status(), 200);
}
