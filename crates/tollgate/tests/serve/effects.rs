//! Two processes on one store, each with its gate and its management API: what one changes the other knows at once, and
//! two who change the same thing at the same time lose nothing.

use std::{
    net::SocketAddr,
    sync::Barrier,
    thread::{self, ScopedJoinHandle},
};

use serde_json::{Value, json};

use crate::{
    origin::Origin,
    site::{Gate, Key, Site},
    wire::{Answer, Wire},
};

/// How often two of them meet.
const ROUNDS: usize = 20;

/// A store with two processes, and the first admin key.
struct Pair {
    _site: Site,
    gates: [Gate; 2],
    admin: Key,
}

impl Pair {
    fn new(origin: &Origin) -> Self {
        let routes = "[[routes]]\npath = '/**'\nscopes = ['orders:read']\n";
        let site = Site::new(origin.address, routes).with("control.listen", "127.0.0.1:0");
        let made = site.tell(&["init"]);
        let text = |name: &str| made["admin_key"][name].as_str().unwrap().to_owned();
        let admin = Key { id: text("id"), secret: text("secret") };
        site.keep(&admin);
        let gates = [site.start(), site.start()];
        Self { _site: site, gates, admin }
    }

    /// Asks the management API of one of the two.
    fn ask(&self, at: usize, first: &str, fields: &str, body: &Value) -> Answer {
        let address = self.gates[at].address("control");
        ask(address, &self.admin.secret, (first, fields, body))
    }

    fn made(&self, at: usize) -> Key {
        let told = self.ask(at, "POST /api/keys?tenant=acme", "", &said());
        assert_eq!(told.status(), 201, "{}", told.text());
        key(&told)
    }

    /// Two requests at the same time, the first to one process and the second to the other.
    fn both(&self, asked: [(&str, &str, &Value); 2]) -> [Answer; 2] {
        let begin = Barrier::new(2);
        let addresses = self.gates.each_ref().map(|gate| gate.address("control"));
        let secret = self.admin.secret.as_str();
        thread::scope(|scope| {
            let meet = |at: usize| {
                let (begin, address, asked) = (&begin, addresses[at], asked[at]);
                scope.spawn(move || {
                    begin.wait();
                    ask(address, secret, asked)
                })
            };
            [meet(0), meet(1)].map(|one: ScopedJoinHandle<'_, Answer>| one.join().unwrap())
        })
    }
}

fn ask(address: SocketAddr, secret: &str, (first, fields, body): (&str, &str, &Value)) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    Wire::connect(address).ask(format!(
        "{first} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {secret}\r\n{fields}\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
}

fn said() -> Value {
    json!({ "owner": "dev", "env": "live", "scopes": ["orders:read"], "limits": [] })
}

fn key(told: &Answer) -> Key {
    let told = told.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Key { id: text(&told["key"]["id"]), secret: text(&told["secret"]) }
}

fn etag(told: &Answer) -> String {
    told.head.field("etag").unwrap().to_owned()
}

#[test]
fn a_new_key_works_at_once_wherever_it_was_made_and_wherever_it_is_tried_first() {
    let origin = Origin::start();
    let pair = Pair::new(&origin);
    for number in 0..200 {
        let (made_at, tried_at) = (number % 2, number / 2 % 2);
        let new = pair.made(made_at);
        for at in [tried_at, 1 - tried_at] {
            let told = pair.gates[at].get("/orders", &new);
            assert_eq!(told.status(), 200, "key {number}, gate {at}: {}", told.text());
        }
    }
}

#[test]
fn of_two_that_replace_the_same_version_one_is_refused() {
    let origin = Origin::start();
    let pair = Pair::new(&origin);
    let one = format!("/api/keys/{}", pair.made(0).id);
    for round in 0..ROUNDS {
        let before = pair.ask(0, &format!("GET {one}"), "", &Value::Null);
        let version = format!("if-match: {}\r\n", etag(&before));
        let plan = |at: usize| {
            let plan = format!("plan-{round}-{at}");
            json!({ "owner": "dev", "scopes": ["orders:read"], "limits": [], "plan": plan })
        };
        let (first, bodies) = (format!("PUT {one}"), [plan(0), plan(1)]);
        let told = pair.both([(&first, &version, &bodies[0]), (&first, &version, &bodies[1])]);
        let mut statuses = told.each_ref().map(Answer::status);
        let won = usize::from(statuses[0] != 200);
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{} {}", told[0].text(), told[1].text());
        for at in [0, 1] {
            let after = pair.ask(at, &format!("GET {one}"), "", &Value::Null);
            assert_eq!(after.json()["plan"], bodies[won]["plan"]);
            assert_eq!(etag(&after), etag(&told[won]));
        }
    }
}

#[test]
fn two_that_patch_one_key_at_the_same_time_are_both_heard() {
    let origin = Origin::start();
    let pair = Pair::new(&origin);
    let one = format!("/api/keys/{}", pair.made(0).id);
    let first = format!("PATCH {one}");
    for round in 0..12 {
        let bodies = ["a", "b"].map(|who| json!({ "metadata": { format!("{who}{round}"): "x" } }));
        let told = pair.both([(&first, "", &bodies[0]), (&first, "", &bodies[1])]);
        assert_eq!(told.each_ref().map(Answer::status), [200, 200], "{}", told[1].text());
    }
    let after = pair.ask(1, &format!("GET {one}"), "", &Value::Null).json();
    assert_eq!(after["metadata"].as_object().unwrap().len(), 24, "{}", after["metadata"]);
}

#[test]
fn a_secret_that_is_made_while_its_key_is_revoked_is_good_for_nothing() {
    let origin = Origin::start();
    let pair = Pair::new(&origin);
    for _ in 0..ROUNDS {
        let old = pair.made(0);
        let (rotate, revoke) =
            (format!("POST /api/keys/{}/rotate", old.id), format!("DELETE /api/keys/{}", old.id));
        let grace = json!({ "grace_ms": 600_000 });
        let reason = json!({ "code": "compromised" });
        let [rotated, revoked] = pair.both([(&rotate, "", &grace), (&revoke, "", &reason)]);
        assert_eq!(revoked.status(), 200, "{}", revoked.text());
        let mut secrets = vec![old.clone()];
        match rotated.status() {
            200 => secrets.push(key(&rotated)),
            409 => assert_eq!(rotated.json()["code"], "key_ended"),
            status => panic!("{status}: {}", rotated.text()),
        }
        let after = pair.ask(1, &format!("GET /api/keys/{}", old.id), "", &Value::Null).json();
        assert_eq!(after["state"], "revoked");
        // None of them was tried before, so no gate has anything older of them.
        for secret in &secrets {
            for gate in &pair.gates {
                assert_eq!(gate.get("/orders", secret).status(), 401);
            }
        }
    }
}

#[test]
fn a_request_that_comes_twice_at_the_same_time_makes_one_key() {
    let origin = Origin::start();
    let pair = Pair::new(&origin);
    let asked = "POST /api/keys?tenant=acme";
    for round in 0..ROUNDS {
        let named = format!("idempotency-key: 0f8c-{round}\r\n");
        let body = said();
        let told = pair.both([(asked, &named, &body), (asked, &named, &body)]);
        assert_eq!(told.each_ref().map(Answer::status), [201, 201], "{}", told[0].text());
        let [one, other] = told.each_ref().map(key);
        assert_eq!((&one.id, &one.secret), (&other.id, &other.secret));
        for gate in &pair.gates {
            assert_eq!(gate.get("/orders", &one).status(), 200);
        }
    }
    let listed = pair.ask(0, "GET /api/keys?tenant=acme&limit=200", "", &Value::Null).json();
    assert_eq!(listed["keys"].as_array().unwrap().len(), ROUNDS);
}
