//! New routes, peppers and signing keys come into force while the gate serves, and no request pays for it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    identity::published,
    origin::Origin,
    site::{Gate, Key, Site, get},
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
    // What runs has not changed at the second signal either.
    for _ in 0..2 {
        gate.signal("HUP");
        let told = gate.await_event("reloaded");
        assert_eq!(told["needs_restart"], serde_json::json!(["connections.max"]));
        let warned = gate.await_event("needs_restart");
        assert_eq!(
            (&warned["level"], &warned["fields"]),
            (&"warn".into(), &serde_json::json!(["connections.max"]))
        );
    }
    assert_eq!(gate.get("/orders", &key).status(), 200);
    site.routes("");
    gate.signal("HUP");
    assert_eq!(gate.await_event("reloaded")["needs_restart"], serde_json::json!([]));
}

#[test]
fn a_gate_that_checks_goes_on_doing_so_until_it_is_started_anew() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let gate = site.start();
    assert_eq!(gate.ask("GET /x HTTP/1.1\r\nhost: a\r\n\r\n").status(), 401);
    site.routes("[gate]\nchecking = false\n");
    for _ in 0..2 {
        gate.signal("HUP");
        assert_eq!(
            gate.await_event("reloaded")["needs_restart"],
            serde_json::json!(["gate.checking"])
        );
        assert_eq!(gate.ask("GET /x HTTP/1.1\r\nhost: a\r\n\r\n").status(), 401);
    }
    assert!(origin.arrived().is_empty());
}

#[test]
fn secrets_that_could_not_be_read_are_taken_once_they_can_and_told_of_once() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let gate = site.start();
    let mode = |mode| fs::set_permissions(site.secrets_file(), Permissions::from_mode(mode));
    site.tell(&["signing-keys", "rotate"]);
    mode(0o644).unwrap();
    let told = loop {
        // The gate may have looked in between.
        let told = gate.next_event();
        if told["event"] == "reload_failed" {
            break told;
        }
    };
    assert_eq!(told["why"], "secrets_changed");
    while gate.metric("tollgate_reloads_failed_total") < 3 {
        thread::yield_now();
    }
    mode(0o600).unwrap();
    let told = gate.next_event();
    assert_eq!((&told["event"], &told["why"]), (&"reloaded".into(), &"secrets_changed".into()));
    assert_eq!(published(&gate)["keys"].as_array().unwrap().len(), 2);
}

#[test]
fn of_two_changes_in_quick_succession_the_second_comes_into_force() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let gate = site.start();
    let first = fs::read_to_string(site.secrets_file()).unwrap();
    site.tell(&["signing-keys", "rotate"]);
    let second = fs::read_to_string(site.secrets_file()).unwrap();
    let put = |text: &str| {
        let fresh = site.secrets_file().with_extension("fresh");
        fs::write(&fresh, text).unwrap();
        fs::set_permissions(&fresh, Permissions::from_mode(0o600)).unwrap();
        fs::rename(&fresh, site.secrets_file()).unwrap();
    };
    // Some of them meet the gate while it reads.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(2_500) {
        put(&first);
        put(&second);
    }
    let begun = Instant::now();
    while published(&gate)["keys"].as_array().unwrap().len() != 2 {
        assert!(begun.elapsed() < DEADLINE);
    }
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

fn limited(numbers: &str) -> String {
    format!("[[routes]]\npath = \"/**\"\nlimits = [\"search:key={numbers}\"]\n")
}

/// How many of ten requests pass, and what the last answer says of the limit.
fn ten(gate: &Gate, key: &Key) -> (usize, String) {
    let answers: Vec<_> = (0..10).map(|_| gate.get("/", key)).collect();
    let said = answers[9].head.field("ratelimit-policy").unwrap().to_owned();
    (answers.iter().filter(|answer| answer.status() == 200).count(), said)
}

#[test]
fn a_route_limit_that_is_lowered_counts_whatever_the_date_of_the_file() {
    let origin = Origin::start();
    let site = Site::new(origin.address, &limited("9,1/1h"));
    site.dated(2_000_000_000);
    let (key, other) = (site.key(&[]), site.key(&[]));
    let gate = site.start();
    let said = gate.get("/", &key).head.field("ratelimit-policy").unwrap().to_owned();
    assert!(said.contains("\"@search\";q=9;"), "{said}");

    // A ledger that cannot be told: the new numbers are not served by, and that is said.
    site.routes(&limited("3,1/1h"));
    site.dated(1_000_000_000);
    site.rename("tollgate.db", "away.db");
    gate.signal("HUP");
    let told = gate.await_event("reload_failed");
    assert!(told["error"].as_str().unwrap().contains("limits of routes"), "{told}");
    let said = gate.get("/", &key).head.field("ratelimit-policy").unwrap().to_owned();
    assert!(said.contains("\"@search\";q=9;"), "{said}");
    site.rename("away.db", "tollgate.db");

    gate.signal("HUP");
    gate.await_event("reloaded");
    let (passed, said) = ten(&gate, &key);
    assert!(passed <= 3, "{passed} of ten passed: the bucket was left with what it held");
    assert!(said.contains("\"@search\";q=3;"), "{said}");
    drop(gate);
    let gate = site.start();
    for (key, most) in [(&key, 3 - passed), (&other, 3)] {
        let (passed, said) = ten(&gate, key);
        assert!(passed <= most && said.contains("\"@search\";q=3;"), "{passed}, {said}");
    }
}
