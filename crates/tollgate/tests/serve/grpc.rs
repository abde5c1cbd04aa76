//! The decision endpoint, asked over gRPC by a plain client of HTTP/2: what it says, and what it says to nonsense.

use std::{io::Write, net::TcpStream};

use bytes::Bytes;
use hyper::{Request, body::Frame};

use crate::{
    asking::{Asked, Shows, TOLD, site},
    h2::{Second, Sent, Told, in_pieces, request, with_body},
    messages::{Verdict, framed, joined, long, question, raw, verdict},
    origin::Origin,
    site::{Gate, Key},
    wire::Wire,
};

const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

fn connect(gate: &Gate) -> Second {
    Second::connect(gate.address("decide"))
}

/// A call as gRPC has them.
fn call(path: &str, body: impl Into<Bytes>) -> Request<Sent> {
    let fields = [("content-type", "application/grpc"), ("te", "trailers")];
    with_body(request("POST", path, &fields), body)
}

fn of(key: &Key) -> (&str, &str) {
    ("x-api-key", &key.secret)
}

fn ask(second: &mut Second, target: &str, fields: &[u8]) -> Verdict {
    let question = question("203.0.113.7", "GET", target, fields);
    verdict(&second.ask(call(CHECK, framed(&question))))
}

#[test]
fn envoy_is_told_what_every_other_proxy_is() {
    let asked = Asked::start();
    let mut second = connect(&asked.gate);
    assert_eq!(ask(&mut second, "/", &joined(&[of(&asked.once)])).code, "0");
    // A call can say what no request line of a question could.
    let of_calls = ["/orders#/../admin", "http://app.example/orders", "*", "/bound/%61"];
    let of_calls = of_calls.map(|target| (target, Shows::Key, 400));
    for (target, shows, status) in TOLD.into_iter().chain(of_calls) {
        let status = if status == 200 { String::new() } else { status.to_string() };
        let fields: Vec<_> =
            asked.secret(shows).map(|secret| ("x-api-key", secret)).into_iter().collect();
        for fields in [joined(&fields), raw(&fields)] {
            let told = ask(&mut second, target, &fields);
            assert_eq!(told.status, status, "{target}");
            if status.is_empty() {
                continue;
            }
            let problem: serde_json::Value = serde_json::from_str(&told.body).unwrap();
            assert_eq!(problem["status"].to_string(), status, "{target}");
            assert_eq!(told.fields["content-type"], "application/problem+json");
            assert_eq!(told.fields["cache-control"], "no-store");
            assert_eq!(told.fields.contains_key("retry-after"), status == "429");
            assert_eq!(told.fields.contains_key("ratelimit"), status == "429");
            let challenged = matches!(status.as_str(), "400" | "401" | "403");
            assert_eq!(told.fields.contains_key("www-authenticate"), challenged, "{target}");
            let id = format!("urn:tollgate:request:{}", told.fields["x-request-id"]);
            assert_eq!(problem["instance"], id);
        }
    }
    assert!(asked.origin.arrived().is_empty());
}

#[test]
fn what_the_origin_and_the_client_are_told_is_in_the_answer() {
    let origin = Origin::start();
    let site = site(&origin).with("keys.query", "api_key");
    let key = site.key(&["--limit", "burst:key=100,100/1m"]);
    let gate = site.start();
    let mut second = connect(&gate);
    let bearer = format!("Bearer {}", key.secret);
    let fields = [
        of(&key),
        ("authorization", &bearer),
        ("tollgate_identity", "forged"),
        ("tollgate-identity", "forged"),
        ("cookie", &format!("k={}", key.secret)),
        ("x-other", "kept"),
    ];
    let target = format!("/orders?a=1&api_key={0}&b=2&note={0}", key.secret);
    let told = ask(&mut second, &target, &joined(&fields));
    assert_eq!(told.code, "0");
    let [(name, identity, action)] = &told.inward[..] else { panic!("{told:?}") };
    // Written over whatever is there, so that it need not be taken away before.
    assert_eq!((name.as_str(), action.as_str()), ("tollgate-identity", "2"));
    assert_eq!(identity.split('.').count(), 3);
    let mut removed = told.removed.clone();
    removed.sort();
    assert_eq!(removed, ["authorization", "cookie", "tollgate_identity", "x-api-key"]);
    assert_eq!(told.parameters, ["api_key", "note"]);
    let mut names: Vec<_> =
        told.outward.iter().map(|(name, _, action)| (name.as_str(), action.as_str())).collect();
    names.sort_unstable();
    // What is added beside the origin's own, and what is written over it.
    let over = ["cache-control", "ratelimit", "ratelimit-policy"].map(|name| (name, "2"));
    assert_eq!(names, [&over[..], &[("vary", "")]].concat());

    // An end user's own token stays.
    let fields = [of(&key), ("authorization", "Bearer other")];
    assert_eq!(ask(&mut second, "/orders", &raw(&fields)).removed, ["x-api-key"]);
    // Where nobody is told who calls, nobody else may tell it.
    let told = ask(&mut second, "/public/x", &joined(&[("x-other", "kept")]));
    assert_eq!((told.inward.len(), &told.removed[..]), (0, &["tollgate-identity".to_owned()][..]));
    assert!(told.outward.is_empty(), "{told:?}");
    let told = ask(&mut second, "/kept/x", &joined(&[of(&key)]));
    assert!(told.outward.iter().all(|(name, ..)| name != "cache-control"), "{told:?}");
}

#[test]
fn two_keys_are_refused_however_they_are_told() {
    let origin = Origin::start();
    let site = site(&origin);
    let (one, other) = (site.key(&[]), site.key(&[]));
    let gate = site.start();
    let mut second = connect(&gate);
    let bearer = format!("Bearer {}", other.secret);
    for fields in [
        vec![of(&one), of(&other)],
        vec![of(&one), ("x-api-key", "garbage")],
        vec![of(&one), ("authorization", bearer.as_str())],
        vec![("authorization", bearer.as_str()), ("authorization", "Bearer other")],
        vec![("x-note", "1\n2"), of(&one)],
        vec![("x note", "1"), of(&one)],
    ] {
        assert_eq!(ask(&mut second, "/", &joined(&fields)).status, "400", "{fields:?}");
        assert_eq!(ask(&mut second, "/", &raw(&fields)).status, "400", "{fields:?}");
        let (first, rest) = fields.split_at(1);
        let both = [joined(first), raw(rest)].concat();
        assert_eq!(ask(&mut second, "/", &both).status, "400", "{fields:?}");
    }
    // Joined, the same key twice is a list; told one by one it is one key.
    let twice = [of(&one), of(&one)];
    assert_eq!(ask(&mut second, "/", &joined(&twice)).status, "400");
    assert_eq!(ask(&mut second, "/", &raw(&twice)).code, "0");
    let many: Vec<_> = (0..300).map(|_| ("x-many", "1")).chain([of(&one)]).collect();
    assert_eq!(ask(&mut second, "/", &raw(&many)).status, "431");
}

#[test]
fn the_clients_address_is_what_envoy_says_it_is() {
    let origin = Origin::start();
    let site = site(&origin);
    let near = site.key(&["--allow-ip", "203.0.113.0/24"]);
    let gate = site.start();
    let mut second = connect(&gate);
    let mut from = |source: &str, claimed: &str| {
        let fields = [of(&near), ("x-forwarded-for", claimed)];
        let question = question(source, "GET", "/", &raw(&fields));
        verdict(&second.ask(call(CHECK, framed(&question)))).status
    };
    assert_eq!(from("203.0.113.7", "198.51.100.1"), "");
    assert_eq!(from("198.51.100.1", "203.0.113.7"), "403");
    assert_eq!(from("", "203.0.113.7"), "403");
    assert_eq!(from("/run/socket", "203.0.113.7"), "403");
    // A hop that is trusted tells of the one before it.
    assert_eq!(from("127.0.0.1", "203.0.113.7"), "");
    assert_eq!(from("127.0.0.1", "203.0.113.7, 198.51.100.1"), "403");
    drop(gate);
    let site = site.with("decide.trusted", "10.0.0.0/8");
    let gate = site.start();
    let question = question("203.0.113.7", "GET", "/public/x", &[]);
    ends(&connect(&gate).ask(call(CHECK, framed(&question))), 403, "7");
}

/// The call ended without an answer, and to nobody does that look like an allow.
fn ends(told: &Told, status: u16, code: &str) {
    assert_eq!((told.status, told.field("grpc-status")), (status, Some(code)), "{told:?}");
    assert!(told.body.is_empty() && told.trailers.is_none(), "{told:?}");
    assert!(told.field("grpc-message").is_some() && told.field("x-request-id").is_some());
}

#[test]
fn nonsense_is_refused_and_never_allowed() {
    let origin = Origin::start();
    let site = site(&origin);
    let gate = site.start();
    let mut second = connect(&gate);
    let public = framed(&question("203.0.113.7", "GET", "/public/x", &[]));
    assert_eq!(verdict(&second.ask(call(CHECK, public.clone()))).code, "0");
    let whole = public.len();
    let with_first = |first: u8| [&[first], &public[1..]].concat();
    for (body, status, code) in [
        (vec![], 400, "13"),
        (public[..4].to_vec(), 400, "13"),
        (public[..whole - 1].to_vec(), 400, "13"),
        ([&public[..], &[0]].concat(), 400, "13"),
        ([&public[..], &public].concat(), 400, "13"),
        (with_first(1), 501, "12"),
        (with_first(7), 400, "13"),
        (framed(b"\xff\xff\xff\xff"), 400, "13"),
        (framed(b"GET /public/x HTTP/1.1\r\n\r\n"), 400, "13"),
        (framed(&long(1, b"\x0a\x05")), 400, "13"),
        (framed(&question("", "GET", "/public/x", &long(3, long(1, b"\xff")))), 400, "13"),
        (framed(&[]), 400, "3"),
        (framed(&long(1, [])), 400, "3"),
        (framed(&question("", "", "/public/x", &[])), 400, "3"),
        (framed(&question("", "GET", "", &[])), 400, "3"),
        (framed(&question("", "G T", "/public/x", &[])), 400, "3"),
        (framed(&question("", "GET", "/public/x", &long(11, vec![b'a'; 300_000]))), 413, "8"),
        (vec![0, 255, 255, 255, 255, 0], 413, "8"),
    ] {
        ends(&second.ask(call(CHECK, body)), status, code);
    }
    for path in [
        "/envoy.service.auth.v3.Authorization/check",
        "/envoy.service.auth.v3.Authorization",
        "/envoy.service.auth.v3.Authorization/Check/",
        "/envoy.service.auth.v2.Authorization/Check",
        "/grpc.health.v1.Health/Check",
        "/",
    ] {
        ends(&second.ask(call(path, public.clone())), 404, "12");
    }
    let fields = [("content-type", "application/grpc"), ("te", "trailers")];
    ends(&second.ask(request("GET", CHECK, &fields)), 404, "12");
    // Still the same connection, and still of use.
    assert_eq!(verdict(&second.ask(call(CHECK, public))).code, "0");
    assert!(origin.arrived().is_empty());
}

#[test]
fn what_is_no_call_is_none_whatever_it_is_about() {
    let origin = Origin::start();
    let site = site(&origin);
    let key = site.key(&[]);
    let gate = site.start();
    let mut second = connect(&gate);
    let public = framed(&question("203.0.113.7", "GET", "/public/x", &[]));
    for fields in [
        vec![("content-type", "application/json"), ("te", "trailers")],
        vec![("content-type", "application/grpc-web"), ("te", "trailers")],
        vec![("content-type", "application/grpc")],
        vec![("te", "trailers")],
    ] {
        let told = second.ask(with_body(request("POST", CHECK, &fields), public.clone()));
        assert_eq!((told.status, told.field("grpc-status")), (404, None), "{fields:?}");
    }
    // A question over HTTP about a request that happens to be a call is a question.
    let call = [("content-type", "application/grpc"), ("te", "trailers")];
    let told = second.ask(request("POST", "/envoy/orders", &call));
    assert_eq!((told.status, told.field("grpc-status")), (401, None));
    let told = second.ask(request("POST", "/envoy/orders", &[&call[..], &[of(&key)]].concat()));
    assert_eq!((told.status, told.field("tollgate-identity").is_some()), (200, true));
    let nginx = [("x-original-method", "POST"), ("x-original-uri", "/orders")];
    let told = second.ask(request("GET", "/nginx", &[&call[..], &nginx].concat()));
    assert_eq!((told.status, told.field("grpc-status")), (401, None));
    // And over HTTP/1.1 nothing is a call.
    let fields = "host: a\r\ncontent-type: application/grpc\r\nte: trailers\r\ncontent-length: 0";
    let told = Wire::connect(gate.address("decide"))
        .ask(format!("POST {CHECK} HTTP/1.1\r\n{fields}\r\n\r\n"));
    assert_eq!(told.status(), 404);
}

#[test]
fn a_message_that_does_not_come_is_not_waited_for() {
    let origin = Origin::start();
    let site = site(&origin).with("connections.head_timeout_ms", "300");
    let gate = site.start();
    let mut second = connect(&gate);
    let public = framed(&question("203.0.113.7", "GET", "/public/x", &[]));
    let (asked, pieces) = in_pieces(call(CHECK, Bytes::new()));
    let answer = second.sender.send_request(asked);
    second.wait(pieces.send(Frame::data(Bytes::copy_from_slice(&public[..9])))).unwrap();
    let answer = second.wait(answer).unwrap();
    let told = second.wait(crate::h2::whole(answer)).unwrap();
    ends(&told, 408, "4");
    drop(pieces);
}

#[test]
fn bytes_that_are_no_frames_end_their_connection_and_no_other() {
    let origin = Origin::start();
    let site = site(&origin);
    let gate = site.start();
    let mut second = connect(&gate);
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let settings = b"\0\0\0\x04\0\0\0\0\0";
    for rest in [
        &b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"[..],
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        // A head that refers to what nobody has said; one on an even stream; data without a head.
        b"\0\0\x01\x01\x05\0\0\0\x01\xfe",
        b"\0\0\x01\x01\x05\0\0\0\x02\x82",
        b"\0\0\x01\0\x01\0\0\0\x01a",
        // A frame that is too long; settings that are none; a window of nothing.
        b"\x7f\xff\xff\0\0\0\0\0\x01",
        b"\0\0\x05\x04\0\0\0\0\0\0\0\0\0\0",
        b"\0\0\x04\x08\0\0\0\0\0\0\0\0\0",
    ] {
        let mut stream = TcpStream::connect(gate.address("decide")).unwrap();
        stream.write_all(&[&preface[..], settings, rest].concat()).unwrap();
        // It ends by itself, whatever is said before.
        let _ = Wire::over(stream).rest();
    }
    let public = framed(&question("203.0.113.7", "GET", "/public/x", &[]));
    assert_eq!(verdict(&second.ask(call(CHECK, public))).code, "0");
}

#[test]
fn calls_under_way_are_answered_when_the_gate_stops() {
    let origin = Origin::start();
    let site = site(&origin);
    let key = site.key(&[]);
    let mut gate = site.start();
    let mut second = connect(&gate);
    let question = framed(&question("203.0.113.7", "GET", "/orders", &joined(&[of(&key)])));
    let (asked, pieces) = in_pieces(call(CHECK, Bytes::new()));
    let answer = second.sender.send_request(asked);
    second.wait(pieces.send(Frame::data(Bytes::copy_from_slice(&question[..20])))).unwrap();
    // What came after it on the same connection is answered: so the gate has it.
    assert_eq!(verdict(&second.ask(call(CHECK, question.clone()))).code, "0");
    gate.signal("TERM");
    gate.await_event("stopping");
    second.wait(pieces.send(Frame::data(Bytes::copy_from_slice(&question[20..])))).unwrap();
    drop(pieces);
    let answer = second.wait(answer).unwrap();
    assert_eq!(verdict(&second.wait(crate::h2::whole(answer)).unwrap()).code, "0");
    assert_eq!(gate.await_event("stopped")["connections_cut_off"], 0);
    assert!(gate.ended().success());
}
