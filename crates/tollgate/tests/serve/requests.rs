//! The line that the log has for a request.

use serde_json::Value;

use crate::{
    control::serving,
    origin::Origin,
    site::{Gate, Key, Site, get},
    wire::{Answer, Wire},
};

const ROUTES: &str = "
[[routes]]
path = \"/open/**\"
public = true

[[routes]]
path = \"/orders/**\"
scopes = [\"orders:read\"]
";

/// Everything that is logged until the gate has stopped.
fn rest(gate: &mut Gate) -> Vec<Value> {
    gate.signal("TERM");
    let mut events = vec![];
    loop {
        events.push(gate.next_event());
        if events.last().unwrap()["event"] == "stopped" {
            assert!(gate.ended().success());
            return events;
        }
    }
}

fn lines(events: &[Value]) -> Vec<&Value> {
    events.iter().filter(|event| event["event"] == "request").collect()
}

fn id(answer: &Answer) -> String {
    answer.head.field("x-request-id").unwrap().to_owned()
}

fn revoked(site: &Site, gate: &Gate) -> Key {
    let key = site.key(&["--scope", "orders:read"]);
    site.tell(&["keys", "revoke", &key.id]);
    assert_eq!(gate.get("/elsewhere", &key).status(), 401);
    key
}

#[test]
fn a_refused_request_has_a_line_that_says_whose_it_was_and_one_that_passed_has_none() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let key = site.key(&["--scope", "orders:read"]);
    let mut gate = site.start();
    let gone = revoked(&site, &gate);
    assert_eq!(gate.get("/orders/1", &key).status(), 200);
    let refused = gate.get("/orders/7?page=2&secret=hidden", &gone);
    let events = rest(&mut gate);
    let lines = lines(&events);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    let line = lines[1];
    for (field, expected) in [
        ("level", "info"),
        ("request", &id(&refused)),
        ("method", "GET"),
        ("path", "/orders/7"),
        ("route", "/orders/**"),
        ("code", "key_revoked"),
        ("key", &gone.id),
        ("owner", "owner_1"),
        ("tenant", "acme"),
        ("address", "127.0.0.1"),
    ] {
        assert_eq!(line[field], expected, "{field}");
    }
    assert_eq!(line["status"], 401);
    assert!(line["took_us"].is_u64() && line["at_ms"].is_u64());
    assert!(!line.to_string().contains("hidden"), "{line}");
    // The one before is of a path without a route of its own.
    assert_eq!((&lines[0]["path"], &lines[0]["route"]), (&"/elsewhere".into(), &Value::Null));
}

#[test]
fn every_request_has_a_line_where_that_is_asked_for_under_the_name_that_the_origin_was_told() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES).with("log.requests", "all");
    let key = site.key(&["--scope", "orders:read"]);
    let mut gate = site.start();
    let mut answers = vec![
        gate.get("/orders/7?page=2", &key),
        gate.ask("GET /open/x HTTP/1.1\r\nhost: a\r\n\r\n"),
        gate.get("/.well-known/tollgate/jwks.json", &key),
        gate.get("/.well-known/tollgate/other", &key),
        gate.ask("GET /orders/7 HTTP/1.1\r\nhost: a\r\n\r\n"),
        gate.ask("GET /a/%2e%2e/b HTTP/1.1\r\nhost: a\r\nx-request-id: mine\r\n\r\n"),
        gate.ask("GET / HTTP/1.1\nhost: a\r\n\r\n"),
    ];
    let events = rest(&mut gate);
    let told: Vec<_> = lines(&events)
        .into_iter()
        .map(|line| {
            let text = |field: &str| line[field].as_str().unwrap_or("-").to_owned();
            (text("request"), line["status"].as_u64(), text("code"), text("path"), text("key"))
        })
        .collect();
    // What was malformed has its name in its answer's body only.
    let malformed = answers.pop().unwrap().json()["instance"].as_str().unwrap().to_owned();
    let mut names: Vec<_> = answers.iter().map(id).collect();
    names.push(malformed.rsplit(':').next().unwrap().to_owned());
    let expected = [
        (Some(200), "allowed", "/orders/7", key.id.as_str()),
        (Some(200), "public", "/open/x", "-"),
        (Some(200), "-", "-", "-"),
        (Some(404), "not_found", "/.well-known/tollgate/other", "-"),
        (Some(401), "credential_missing", "/orders/7", "-"),
        (Some(400), "request_invalid", "-", "-"),
        (None, "-", "-", "-"),
    ];
    let expected: Vec<_> = names
        .into_iter()
        .zip(expected)
        .map(|(name, (status, code, path, key))| {
            (name, status, code.to_owned(), path.to_owned(), key.to_owned())
        })
        .collect();
    assert_eq!(told, expected);
    assert_eq!(lines(&events)[6]["malformed"], "line_end");
    assert_eq!(origin.arrived()[0].head.field("x-request-id").unwrap(), expected[0].0);
}

#[test]
fn forged_keys_fill_no_disk_and_it_is_said_how_many_were_left_out() {
    const FORGED: u64 = 300;
    let origin = Origin::start();
    let site = Site::new(origin.address, "");
    let mut gate = site.start();
    let gone = revoked(&site, &gate);
    let forged = "GET /x HTTP/1.1\r\nhost: a\r\nx-api-key: nonsense\r\n\r\n";
    let mut wire = gate.connect();
    for _ in 0..FORGED {
        assert_eq!(wire.ask(forged).status(), 401);
    }
    // What is proved has lines of its own, whatever else goes on.
    let refused = gate.get("/y", &gone);
    let events = rest(&mut gate);
    let lines = lines(&events);
    let forged = lines.iter().filter(|line| line["code"] == "key_invalid").count();
    let told = u64::try_from(forged).unwrap();
    let left_out: u64 = events
        .iter()
        .filter(|event| event["event"] == "requests_left_out")
        .map(|event| event["unproven"].as_u64().unwrap())
        .sum();
    let seconds =
        events.last().unwrap()["at_ms"].as_u64().unwrap() - lines[0]["at_ms"].as_u64().unwrap();
    assert!((1..=10 * (seconds / 1_000 + 2)).contains(&told), "{told} in {seconds} ms");
    assert_eq!(told + left_out, FORGED);
    assert!(lines.iter().any(|line| line["request"] == id(&refused)), "{events:#?}");
}

#[test]
fn whose_request_it_was_is_told_when_the_origin_fails_it_too() {
    let site = Site::new("127.0.0.1:9".parse().unwrap(), "");
    let key = site.key(&[]);
    let mut gate = site.start();
    assert_eq!(gate.get("/x", &key).status(), 502);
    let events = rest(&mut gate);
    let line = lines(&events)[0];
    assert_eq!((&line["code"], &line["key"]), (&"origin_unreachable".into(), &key.id.into()));
}

#[test]
fn a_reload_says_anew_which_requests_are_told_of() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "[log]\nrequests = \"off\"\n");
    let mut gate = site.start();
    let ask = |gate: &Gate| id(&gate.ask("GET /x HTTP/1.1\r\nhost: a\r\n\r\n"));
    ask(&gate);
    gate.ask("GET / HTTP/1.1\nhost: a\r\n\r\n");
    site.routes("[log]\nrequests = \"refused\"\n");
    gate.signal("HUP");
    loop {
        let event = gate.next_event();
        assert!(event["event"] != "request" && event["event"] != "requests_left_out", "{event}");
        if event["event"] == "reloaded" {
            break;
        }
    }
    let named = ask(&gate);
    let events = rest(&mut gate);
    let lines = lines(&events);
    assert_eq!((lines.len(), &lines[0]["request"]), (1, &named.into()));
}

#[test]
fn what_a_client_writes_is_one_line_and_no_key() {
    let origin = Origin::start();
    let site = Site::new(origin.address, "").with("log.requests", "all");
    let key = site.key(&[]);
    let mut gate = site.start();
    // The site looks for pieces of keys in all that is logged.
    for target in [&key.secret, "a%0a%1b%5b31m%7f%c2%85", &format!("{}?k={0}", key.secret)] {
        let asked = get(&format!("/{target}"), &key);
        gate.ask(&asked);
        gate.ask(asked.replacen("GET", &key.secret.to_uppercase(), 1));
    }
    let events = rest(&mut gate);
    assert!(lines(&events).len() >= 6);
    for line in lines(&events) {
        let text = line.to_string();
        assert!(
            line.is_object()
                && text.chars().all(|symbol| symbol == '…' || (' '..='~').contains(&symbol)),
            "{text}"
        );
    }
}

#[test]
fn the_management_api_has_the_same_lines_and_no_more_of_them() {
    const MANY: u64 = 100;
    let origin = Origin::start();
    let (_site, mut gate, admin) = serving(&origin);
    let mut wire = Wire::connect(gate.address("control"));
    let bare = wire.ask("GET /api/keys?at=hidden HTTP/1.1\r\nhost: a\r\n\r\n");
    for _ in 1..MANY {
        assert_eq!(wire.ask("GET /api/keys HTTP/1.1\r\nhost: a\r\n\r\n").status(), 401);
    }
    // What a key is shown for has lines of its own, and what passes has none.
    assert_eq!(wire.ask(get("/api/keys", &admin)).status(), 200);
    let unknown = wire.ask(get("/api/keys/key_0000000000000000", &admin));
    let events = rest(&mut gate);
    let lines = lines(&events);
    let line = |answer: &Answer| *lines.iter().find(|line| line["request"] == id(answer)).unwrap();
    let expected = [
        ("listener", "control"),
        ("method", "GET"),
        ("path", "/api/keys"),
        ("code", "credential_missing"),
        ("address", "127.0.0.1"),
    ];
    for (name, value) in expected {
        assert_eq!(line(&bare)[name], value, "{}", line(&bare));
    }
    assert_eq!((&line(&bare)["status"], line(&bare).get("key")), (&401.into(), None));
    let known = line(&unknown);
    assert_eq!((&known["code"], &known["key"]), (&"key_unknown".into(), &admin.id.clone().into()));
    assert_eq!((&known["tenant"], &known["status"]), (&"operators".into(), &404.into()));
    let told = lines.iter().filter(|line| line["code"] == "credential_missing").count();
    let told = u64::try_from(told).unwrap();
    let left_out: u64 = events
        .iter()
        .filter(|event| event["event"] == "requests_left_out")
        .map(|event| event["unproven"].as_u64().unwrap())
        .sum();
    assert_eq!((told + left_out, lines.len()), (MANY, usize::try_from(told).unwrap() + 1));
    let begun = lines[0]["at_ms"].as_u64().unwrap();
    let seconds = (events.last().unwrap()["at_ms"].as_u64().unwrap() - begun) / 1_000;
    assert!(told <= 10 * (seconds + 2), "{told} lines in {seconds} s");
}

#[test]
fn a_reload_says_so_of_the_management_api_as_well() {
    let origin = Origin::start();
    let (site, mut gate, _) = serving(&origin);
    site.routes("[log]\nrequests = \"off\"\n");
    gate.signal("HUP");
    gate.await_event("reloaded");
    let bare = "GET /api/keys HTTP/1.1\r\nhost: a\r\n\r\n";
    assert_eq!(Wire::connect(gate.address("control")).ask(bare).status(), 401);
    let events = rest(&mut gate);
    assert!(lines(&events).is_empty(), "{events:#?}");
}
