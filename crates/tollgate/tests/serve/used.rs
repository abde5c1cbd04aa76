//! What origins answered is counted by keys, and the management API says when secrets were last used.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tollgate_control::{Apart, Counted, Counting};
use tollgate_core::usage::{Kind, TOOK};
use tollgate_native::clock;
use tollgate_store_sqlite::{Access, Store};

use crate::{
    control::{call, done, serving},
    origin::Origin,
    site::{Gate, Key, Site, get},
};

/// Longer than a gate ever waits until it hands over what it has counted.
const FLUSHED: Duration = Duration::from_secs(60);

/// What the store of `site` says of answers: of which key, what and how often.
fn answered(site: &Site, kind: Kind) -> BTreeMap<(String, String), u64> {
    let mut store = Store::open(&site.store_file(), Access::ReadWrite).unwrap();
    let mut wanted =
        Counting { until: u64::MAX >> 1, kind, by: &Apart::ALL, ..Counting::default() };
    let mut sums = BTreeMap::new();
    loop {
        let hour = store.usage(&wanted).unwrap();
        let Some(last) = hour.last() else { return sums };
        wanted.from = last.hour + 1;
        for row in hour {
            let Counted { key, word, count, .. } = row;
            *sums.entry((key, word)).or_default() += count;
        }
    }
}

fn stopped(mut gate: Gate) {
    gate.signal("TERM");
    gate.await_event("stopped");
    assert!(gate.ended().success());
}

fn millis() -> u64 {
    clock::read().wall.0
}

#[test]
fn every_answer_of_an_origin_is_counted_by_its_class_and_by_how_long_it_took() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "[[routes]]\npath = '/open'\npublic = true\n");
    let (one, other) = (site.key(&[]), site.key(&["--limit", "few:key=1,1/1h"]));
    let gate = site.start();
    let mut wire = gate.connect();
    let mut ask = |path: &str, key: &Key| wire.ask(get(path, key)).status();
    for status in [200, 202, 301, 404, 404, 500] {
        assert_eq!(ask(&format!("/status/{status}"), &one), status);
    }
    assert_eq!(ask("/", &other), 200);
    // What is refused never comes to the origin, and what needs no key is nobody's.
    assert_eq!(ask("/", &other), 429);
    assert_eq!(ask("/open", &one), 200);
    // Whoever does not wait for the answer has none.
    let mut gone = gate.connect();
    let before = origin.arrived().len();
    gone.send(get("/silent", &one));
    origin.await_arrived(before + 1);
    drop(gone);
    stopped(gate);
    let of = |key: &Key, word: &str, count| ((key.id.clone(), word.to_owned()), count);
    let expected = [
        of(&one, "2xx", 2),
        of(&one, "3xx", 1),
        of(&one, "4xx", 2),
        of(&one, "5xx", 1),
        of(&one, "none", 1),
        of(&other, "2xx", 1),
    ];
    assert_eq!(answered(&site, Kind::Status), BTreeMap::from(expected));
    let took = answered(&site, Kind::Took);
    assert!(took.keys().all(|(_, word)| TOOK.contains(&word.as_str())), "{took:?}");
    let sum = |key: &Key| took.iter().filter(|((id, _), _)| *id == key.id).map(|(_, n)| n).sum();
    // What never came took no time.
    assert_eq!((sum(&one), sum(&other)), (6_u64, 1_u64));
}

#[test]
fn an_answer_that_took_long_is_counted_as_such_and_one_that_never_comes_as_none() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let key = site.key(&[]);
    let gate = site.start();
    let mut wire = gate.connect();
    wire.send(get("/held", &key));
    origin.await_held(1);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(30) {
        std::thread::yield_now();
    }
    origin.open();
    assert_eq!(wire.answer().status(), 200);
    stopped(gate);
    let took = answered(&site, Kind::Took);
    let quick = |((_, word), _): (&(String, String), &u64)| {
        matches!(word.as_str(), "1" | "2" | "5" | "10" | "25")
    };
    assert!(took.values().sum::<u64>() == 1 && !took.iter().any(quick), "{took:?}");

    // Nobody listens there any more.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let site = Site::new(closed, "");
    let key = site.key(&[]);
    let gate = site.start();
    assert_eq!(gate.get("/", &key).status(), 502);
    stopped(gate);
    let none = BTreeMap::from([((key.id.clone(), "none".to_owned()), 1)]);
    assert_eq!(answered(&site, Kind::Status), none);
    assert_eq!(answered(&site, Kind::Took), BTreeMap::new());
}

/// Reads a key until it is as it must be some time.
fn until(gate: &Gate, admin: &Key, path: &str, is: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let read = done(gate, admin, &format!("GET {path}"), &Value::Null);
        if is(&read) {
            return read;
        }
        assert!(begun.elapsed() < FLUSHED, "{read}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn reading_a_key_says_which_of_its_secrets_are_still_used() {
    let origin = Origin::start();
    let (site, gate, admin) = serving(&origin);
    let body = json!({
        "owner": "dev@acme.example", "env": "live", "scopes": ["orders:read"], "limits": [],
    });
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let made = done(&gate, &admin, "POST /api/keys?tenant=acme", &body);
    let first = Key { id: text(&made["key"]["id"]), secret: text(&made["secret"]) };
    let one = format!("/api/keys/{}", first.id);
    let rotate = format!("POST {one}/rotate");
    let turned = done(&gate, &admin, &rotate, &json!({ "grace_ms": 600_000 }));
    let second = Key { secret: text(&turned["secret"]), ..first.clone() };
    // Only the old one is used.
    let before = millis();
    assert_eq!(gate.get("/orders", &first).status(), 200);
    let after = millis();
    let read = until(&gate, &admin, &one, |read| !read["last_used"].is_null());
    let at = read["last_used"].as_u64().unwrap();
    assert!((before..=after).contains(&at), "{before} {at} {after}");
    let used = |read: &Value| [0, 1].map(|place| read["secrets"][place]["last_used"].clone());
    assert_eq!(used(&read), [json!(at), json!(null)]);
    let unused = |gate: &Gate, since: u64| {
        let path = format!("GET /api/keys?tenant=acme&unused_since={since}");
        done(gate, &admin, &path, &Value::Null)["keys"].as_array().unwrap().len()
    };
    assert_eq!([unused(&gate, at), unused(&gate, at + 1)], [0, 1]);
    // Then the new one is, which the gate tells before it ends at the latest.
    assert_eq!(gate.get("/orders", &second).status(), 200);
    stopped(gate);
    let gate = site.start();
    let read = done(&gate, &admin, &format!("GET {one}"), &Value::Null);
    let [old, new] = used(&read);
    assert_eq!(old, json!(at));
    assert!(new.as_u64().unwrap() >= at && read["last_used"] == new, "{read}");
    // The same requests by the class of the origin's answers, as JSON and as CSV.
    let usage = format!("GET {one}/usage?by=status&step=day");
    let rows = done(&gate, &admin, &usage, &Value::Null)["rows"].clone();
    let counts = rows.as_array().unwrap().iter();
    assert_eq!(counts.map(|row| row["count"].as_u64().unwrap()).sum::<u64>(), 2, "{rows}");
    assert_eq!(rows[0]["status"], "2xx");
    let csv = call(&gate, &admin, &format!("{usage}&format=csv"), &Value::Null);
    assert_eq!(csv.head.field("content-type"), Some("text/csv; charset=utf-8; header=present"));
    let lines: Vec<_> = csv.text().lines().collect();
    assert_eq!((lines[0], lines.len()), ("at,status,count", rows.as_array().unwrap().len() + 1));
}
