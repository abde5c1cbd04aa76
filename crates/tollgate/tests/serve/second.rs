//! HTTP/2 in front of an origin that speaks HTTP/1.1: what is decided and what crosses is the same.

use std::{process::Command, thread, time::Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{HeaderMap, body::Frame};
use serde_json::Value;

use crate::{
    h2::{Second, in_pieces, request, whole, with_body},
    identity::verified,
    origin::Origin,
    site::{Gate, Key, Site, get},
    wire::DEADLINE,
};

const ROUTES: &str = "
[[routes]]
path = \"/admin/**\"
scopes = [\"admin:all\"]

[[routes]]
path = \"/public/**\"
public = true

[[routes]]
path = \"/bound/**\"
bind = true
";

pub(crate) fn connect(gate: &Gate) -> Second {
    Second::connect(gate.address("gate"))
}

pub(crate) fn of(key: &Key) -> (&str, &str) {
    ("x-api-key", &key.secret)
}

#[test]
fn a_request_is_decided_as_it_is_over_http_1() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let key = site.key(&[]);
    let spent = site.key(&["--limit", "burst:key=1,1/1h"]);
    let gate = site.start();
    let mut second = connect(&gate);
    assert_eq!(second.ask(request("GET", "/", &[of(&spent)])).status, 200);
    let bearer = format!("Bearer {}", key.secret);
    for (method, target, field, status, code) in [
        ("GET", "/orders?a=1", Some(of(&key)), 200, ""),
        ("GET", "/orders", Some(("authorization", bearer.as_str())), 200, ""),
        ("GET", "/public/x", None, 200, ""),
        ("GET", "/bound/x", Some(of(&key)), 200, ""),
        ("HEAD", "/orders", Some(of(&key)), 200, ""),
        ("GET", "/orders", None, 401, "credential_missing"),
        ("GET", "/orders", Some(("x-api-key", "tg_live_wrong")), 401, "key_invalid"),
        ("GET", "/admin/x", Some(of(&key)), 403, "scope_missing"),
        ("GET", "/orders", Some(of(&spent)), 429, "rate_limited"),
        ("GET", "/orders/../admin", Some(of(&key)), 400, "request_invalid"),
        ("GET", "/orders/%2e%2e/admin", Some(of(&key)), 400, "request_invalid"),
        ("get", "/orders", Some(of(&key)), 400, "request_invalid"),
        ("TRACE", "/orders", Some(of(&key)), 400, "request_invalid"),
        ("GET", "/.well-known/tollgate/x", Some(of(&key)), 404, "not_found"),
    ] {
        let fields: Vec<_> = field.into_iter().collect();
        let told = second.ask(request(method, target, &fields));
        let mut first = format!("{method} {target} HTTP/1.1\r\nhost: gate.example\r\n");
        for (name, value) in &fields {
            first.push_str(&format!("{name}: {value}\r\n"));
        }
        let name = format!("{method} {target}");
        assert_eq!(told.status, status, "{name}");
        if method == "HEAD" {
            assert!(told.body.is_empty());
            continue;
        }
        let first = gate.ask(first + "\r\n");
        assert_eq!(first.status(), status, "{name}");
        let both =
            ["www-authenticate", "ratelimit-policy", "cache-control", "content-type", "vary"];
        for field in both {
            assert_eq!(told.field(field), first.head.field(field), "{name}: {field}");
        }
        assert_eq!(told.field("retry-after").is_some(), status == 429, "{name}");
        assert!(told.field("connection").is_none() && told.field("x-request-id").is_some());
        if status == 200 {
            assert_eq!(told.body, first.body, "{name}");
        } else {
            assert_eq!(told.json()["code"], code, "{name}");
        }
    }
    let jwks = second.ask(request("GET", "/.well-known/tollgate/jwks.json", &[]));
    assert_eq!(jwks.json()["keys"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_reaches_the_origin_is_what_would_over_http_1() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let key = site.key(&["--scope", "orders:read"]);
    let gate = site.start();
    let told = connect(&gate).ask(request(
        "GET",
        &format!("/orders/7?a=1&b={}", key.secret),
        &[
            of(&key),
            ("tollgate-identity", "forged"),
            ("tollgate_identity", "forged"),
            ("tollgate.identity", "forged"),
            ("tollgateidentity", "forged"),
            ("x-forwarded-for", "203.0.113.9"),
            ("x-real-ip", "203.0.113.9"),
            ("x-note", &format!("about {}", key.secret)),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("expect", "100-continue"),
            ("te", "trailers"),
            ("trailer", "x-sum, tollgate-identity"),
            ("http2-settings", "AAMAAABkAAQAAP__"),
            ("x-kept", "kept"),
        ],
    ));
    assert_eq!((told.status, &told.body[..]), (200, &b"origin"[..]));
    assert_eq!((told.field("x-origin"), told.field("tollgate-identity")), (Some("yes"), None));
    assert!(told.field("keep-alive").is_none());
    let seen = origin.only().head;
    assert_eq!(seen.first, "GET /orders/7?a=1 HTTP/1.1");
    assert_eq!(verified(&gate, &seen).key, key.id);
    assert!(!String::from_utf8_lossy(&seen.raw).contains(&key.secret[8..]));
    let mut names: Vec<_> = seen.fields.iter().map(|(name, _)| name.to_lowercase()).collect();
    names.sort();
    let ours = ["tollgate-identity", "x-forwarded-for", "x-request-id"];
    let theirs = ["connection", "cookie", "host", "te", "trailer", "x-kept"];
    let mut expected = [&theirs[..], &ours].concat();
    expected.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!(seen.field("host"), Some("gate.example"));
    // That trailers are taken is said for the connection to the origin anew.
    assert_eq!((seen.field("connection"), seen.field("te")), (Some("te"), Some("trailers")));
    assert_eq!(seen.field("trailer"), Some("x-sum"));
    assert_eq!(seen.field("cookie"), Some("a=1; b=2"));
    assert_eq!(seen.field("x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn a_key_in_one_piece_of_a_cookie_takes_the_whole_cookie_away() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let key = site.key(&[]);
    let gate = site.start();
    let cookie = format!("k={}", key.secret);
    let pieces = [of(&key), ("cookie", "a=1"), ("cookie", &cookie), ("cookie", "b=2")];
    assert_eq!(connect(&gate).ask(request("GET", "/", &pieces)).status, 200);
    assert!(!origin.only().head.has("cookie"));
}

#[test]
fn two_keys_are_refused_in_whatever_way_they_are_two() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let (one, other) = (site.key(&[]), site.key(&[]));
    let gate = site.start();
    let mut second = connect(&gate);
    let (list, bearer) =
        (format!("{},{}", one.secret, other.secret), format!("Bearer {}", other.secret));
    for fields in [
        vec![of(&one), of(&other)],
        vec![of(&one), ("x-api-key", "garbage")],
        vec![("x-api-key", list.as_str())],
        vec![of(&one), ("authorization", bearer.as_str())],
    ] {
        let told = second.ask(request("GET", "/", &fields));
        assert_eq!((told.status, &told.json()["code"]), (400, &Value::from("request_invalid")));
    }
    assert!(origin.arrived().is_empty());
    let twice = [of(&one), of(&one)];
    assert_eq!(second.ask(request("GET", "/", &twice)).status, 200);
}

#[test]
fn pieces_pass_both_ways_as_they_come_and_no_identity_follows_them() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let key = site.key(&[]);
    let gate = site.start();
    let mut second = connect(&gate);
    let (asked, pieces) = in_pieces(request("POST", "/echo", &[of(&key), ("te", "trailers")]));
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
    let late = HeaderMap::from_iter(
        [("tollgate-identity", "forged"), ("x-late", "1")]
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())),
    );
    let late: HeaderMap = late;
    second.wait(pieces.send(Frame::trailers(late))).unwrap();
    drop(pieces);
    // Its end, and nothing after it.
    let end = second.wait(answer.collect()).unwrap();
    assert!(end.trailers().is_none() && end.to_bytes().is_empty());
    // The origin says its last word before it notes what it has heard.
    let begun = Instant::now();
    while origin.arrived().is_empty() && begun.elapsed() < DEADLINE {
        thread::yield_now();
    }
    let seen = origin.only();
    assert!(seen.head.has("te") && seen.head.field("transfer-encoding") == Some("chunked"));
    // Nor anything that the origin says after its own, to a client that has not said that it takes it.
    let told = second.ask(request("GET", "/late", &[of(&key)]));
    assert_eq!((told.status, &told.body[..], told.trailers), (200, &b"body"[..], None));
    assert_eq!(told.fields.get("trailer"), None);
}

#[test]
fn large_bodies_pass_in_both_directions() {
    const BIG: usize = 16 << 20;
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let key = site.key(&[]);
    let gate = site.start();
    let mut second = connect(&gate);
    let down = second.ask(request("GET", &format!("/bytes/{BIG}"), &[of(&key)]));
    assert_eq!((down.status, down.body.len()), (200, BIG));
    let up = with_body(request("PUT", "/big", &[of(&key)]), vec![b'y'; BIG]);
    assert_eq!(second.ask(up).status, 200);
    let arrived = origin.arrived().pop().unwrap();
    assert_eq!(arrived.head.field("content-length"), Some(BIG.to_string().as_str()));
    assert!(arrived.body.len() == BIG && arrived.body.iter().all(|&byte| byte == b'y'));
}

#[test]
fn many_requests_at_once_each_get_their_own_answer() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let keys = [site.key(&[]), site.key(&[])];
    let gate = site.start();
    let second = connect(&gate);
    let asked = (0..100_usize).map(|place| {
        let fields = [of(&keys[place % 2]), ("x-place", &place.to_string())];
        let target = format!("/bytes/{}", 1_000 + place);
        let answer = second.sender.clone().send_request(request("GET", &target, &fields));
        async move { (place, whole(answer.await.unwrap()).await.unwrap()) }
    });
    let asked: Vec<_> = asked.map(|answer| second.runtime.spawn(answer)).collect();
    for answer in asked {
        let (place, told) = second.wait(answer).unwrap();
        assert_eq!((told.status, told.body.len()), (200, 1_000 + place));
    }
    for arrived in origin.arrived() {
        let place: usize = arrived.head.field("x-place").unwrap().parse().unwrap();
        assert_eq!(verified(&gate, &arrived.head).key, keys[place % 2].id);
    }
}

#[test]
fn an_answer_that_breaks_off_is_not_taken_for_whole_and_ends_no_other() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let key = site.key(&[]);
    let gate = site.start();
    let mut second = connect(&gate);
    let half = second.sender.send_request(request("GET", "/half", &[of(&key)]));
    // Its reset may come before anybody has looked at its head.
    let half = second.wait(async { whole(half.await?).await });
    assert!(half.is_err(), "{half:?}");
    assert_eq!(second.ask(request("GET", "/", &[of(&key)])).status, 200);
}

#[test]
fn a_client_of_http_1_is_never_led_to_http_2() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let key = site.key(&[]);
    let gate = site.start();
    let answer = gate.ask(format!(
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\n\
         http2-settings: AAMAAABkAAQAAP__\r\nx-api-key: {}\r\n\r\n",
        key.secret
    ));
    assert_eq!((answer.status(), answer.text()), (200, "origin"));
    let seen = origin.only().head;
    assert!(!seen.has("upgrade") && !seen.has("http2-settings"), "{seen:?}");
    // Nor does it become one by what it says after its first request.
    let mut wire = gate.connect();
    assert_eq!(wire.ask(get("/", &key)).status(), 200);
    wire.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(wire.answer().status(), 400);
}

/// What curl says of the answer: the version that was spoken, and the status.
fn curl(words: &[&str], url: &str, key: &Key) -> String {
    let key = format!("x-api-key: {}", key.secret);
    let seen = ["--silent", "--show-error", "--max-time", "10", "--output", "/dev/null"];
    let format = ["--write-out", "%{http_version} %{response_code}", "--header", &key];
    let done = Command::new("curl").args(seen).args(format).args(words).arg(url).output().unwrap();
    String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap()
}

#[test]
fn curl_speaks_what_it_was_told_to() {
    let origin = Origin::start();
    let site = Site::new(origin.address, ROUTES);
    let key = site.key(&[]);
    let gate = site.start();
    let url = format!("http://{}/orders", gate.address("gate"));
    for (words, said) in [
        (&["--http2-prior-knowledge"][..], "2 200"),
        (&["--http2"], "1.1 200"),
        (&["--http1.1"], "1.1 200"),
        (&["--http1.0"], "1 200"),
        (&["--http2-prior-knowledge", "--data", "body"], "2 200"),
        (&["--http2-prior-knowledge", "--head"], "2 200"),
        (&["--http2-prior-knowledge", "--header", "host: other"], "2 200"),
        (&["--http2-prior-knowledge", "--header", "x-api-key: other"], "2 400"),
    ] {
        assert_eq!(curl(words, &url, &key).trim_end_matches("0 "), said, "{words:?}");
    }
    drop(gate);

    // Over TLS both sides agree on it.
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/src/wire/tests/certificates");
    let site = site
        .with("tls.certificate", &format!("{files}/first.pem"))
        .with("tls.key", &format!("{files}/first.key.pem"));
    let gate = site.start();
    let address = gate.address("gate");
    let (ca, known) =
        (format!("{files}/ca.pem"), format!("gate.test:{}:127.0.0.1", address.port()));
    let url = format!("https://gate.test:{}/orders", address.port());
    let tls = ["--cacert", &ca, "--resolve", &known];
    for (words, said) in [
        (&[][..], "2 200"),
        (&["--http2"], "2 200"),
        (&["--http1.1"], "1.1 200"),
        (&["--no-alpn"], "1.1 200"),
        (&["--tls-max", "1.2"], "2 200"),
    ] {
        assert_eq!(curl(&[&tls[..], words].concat(), &url, &key), said, "{words:?}");
    }
}
