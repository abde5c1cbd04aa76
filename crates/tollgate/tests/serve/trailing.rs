//! Fields after a body: they cross by the rules for those before it, and never say who somebody is.

use bytes::Bytes;
use hyper::{
    HeaderMap,
    body::Frame,
    header::{HeaderName, HeaderValue},
};

use crate::{
    h2::{Second, Told, in_pieces, request, whole},
    origin::Origin,
    second::{connect, of},
    site::{Gate, Key, Site, get},
};

/// What a client may say after a body, and what it may not: all but the first two. `KEY` is its key.
const SAID_LATE: &[(&str, &str)] = &[
    ("x-sum", "1"),
    ("x-api-key-sum", "2"),
    ("tollgate-identity", "forged"),
    ("tollgate_identity", "forged"),
    ("tollgate.identity", "forged"),
    ("tollgateidentity", "forged"),
    ("x-api-key", "KEY"),
    ("x_api_key", "other"),
    ("xapikey", "other"),
    ("x-note", "about KEY"),
    ("x-own-key", "KEY"),
    ("x_own_key", "other"),
    ("authorization_", "Bearer other"),
    ("cookie", "a=KEY"),
    ("x-forwarded-for", "203.0.113.9"),
    ("x-real-ip", "203.0.113.9"),
    ("x-auth-user", "root"),
    ("x-http-method-override", "DELETE"),
    ("x-request-id", "mine"),
    ("content_length", "0"),
    ("content-type", "text/html"),
    ("transfer_encoding", "chunked"),
    ("max-forwards", "1"),
    ("x-hop", "1"),
];

/// The names of all of them.
fn names() -> String {
    SAID_LATE.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn site(origin: &Origin) -> Site {
    Site::new(origin.address, "").with("keys.header", "x-own-key")
}

/// What reached the origin of a request that said everything.
fn check_origin(origin: &Origin, key: &Key, name: &str) {
    let seen = origin.arrived().pop().unwrap();
    assert_eq!(seen.body, b"body", "{name}");
    assert_eq!(seen.tail, ["x-sum: 1", "x-api-key-sum: 2"], "{name}");
    // A name that may cross is announced, whatever its value will be.
    assert_eq!(seen.head.field("trailer"), Some("x-sum, x-api-key-sum, x-note"), "{name}");
    assert!(!String::from_utf8_lossy(&seen.head.raw).contains(&key.secret[8..]), "{name}");
    assert_ne!(seen.head.field("tollgate-identity"), Some("forged"), "{name}");
}

/// What the client is to see of [`crate::origin::SAID_LATE`].
const CROSSES: [&str; 2] = ["x-sum: 1", "grpc-status: 0"];

fn post(key: &Key, fields: &str) -> String {
    let tail = SAID_LATE.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let tail = tail.collect::<String>().replace("KEY", &key.secret);
    format!(
        "POST /tail HTTP/1.1\r\nhost: a\r\nx-api-key: {}\r\ntransfer-encoding: chunked\r\n\
         trailer: {}, {0}\r\n{fields}\r\n4\r\nbody\r\n0\r\n{tail}\r\n",
        key.secret,
        names()
    )
}

#[test]
fn what_follows_a_body_crosses_over_http_1_and_no_identity_or_key_does() {
    let origin = Origin::start();
    let site = site(&origin);
    let key = site.key(&[]);
    let gate = site.start();
    let mut wire = gate.connect();
    // Over the same connection, with a client that takes trailers and one that does not.
    for takes in [true, false, true] {
        let fields = if takes {
            "te: trailers\r\nconnection: te, x-hop\r\n"
        } else {
            "connection: x-hop\r\n"
        };
        wire.send(post(&key, fields));
        let head = wire.head();
        assert_eq!(head.status(), 200);
        let (body, tail) = wire.tail().unwrap();
        assert_eq!(body, b"body");
        check_origin(&origin, &key, fields);
        let seen = origin.arrived().pop().unwrap().head;
        assert_eq!((seen.has("te"), seen.has("connection")), (takes, takes));
        let (announced, crosses) =
            if takes { (Some("x-sum, grpc-status"), &CROSSES[..]) } else { (None, &[][..]) };
        assert_eq!(head.field("trailer"), announced);
        assert_eq!(tail, crosses);
    }
    assert_eq!(wire.ask(get("/", &key)).status(), 200);
}

/// Sends a body and these fields over HTTP/2.
fn told(second: &mut Second, key: &Key, takes: bool, tail: &[(String, String)]) -> Told {
    let mut fields = vec![of(key)];
    let names: Vec<_> = tail.iter().map(|(name, _)| name.as_str()).collect();
    let names = format!("{}, {}", names.join(", "), key.secret);
    fields.push(("trailer", &names));
    fields.extend(takes.then_some(("te", "trailers")));
    let (asked, pieces) = in_pieces(request("POST", "/tail", &fields));
    let trailers: HeaderMap = tail
        .iter()
        .map(|(name, value)| {
            let value = HeaderValue::from_str(&value.replace("KEY", &key.secret)).unwrap();
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), value)
        })
        .collect();
    let answer = second.sender.clone().send_request(asked);
    let answer = second.runtime.spawn(answer);
    second.wait(pieces.send(Frame::data(Bytes::from_static(b"body")))).unwrap();
    second.wait(pieces.send(Frame::trailers(trailers))).unwrap();
    drop(pieces);
    let answer = second.wait(answer).unwrap().unwrap();
    second.wait(whole(answer)).unwrap()
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn what_follows_a_body_crosses_over_http_2_and_no_identity_or_key_does() {
    let origin = Origin::start();
    let site = site(&origin);
    let key = site.key(&[]);
    let gate: Gate = site.start();
    let mut second = connect(&gate);
    // No `Connection` nominates anything there.
    let (_, said) = SAID_LATE.split_last().unwrap();
    for takes in [true, false] {
        let told = told(&mut second, &key, takes, &owned(said));
        assert_eq!((told.status, &told.body[..]), (200, &b"body"[..]));
        check_origin(&origin, &key, "HTTP/2");
        let tail = told.trailers.iter().flat_map(HeaderMap::iter);
        let tail: Vec<_> =
            tail.map(|(name, value)| format!("{}: {}", name, value.to_str().unwrap())).collect();
        assert_eq!(tail, if takes { &CROSSES[..] } else { &[] });
        assert_eq!(told.field("trailer"), takes.then_some("x-sum, grpc-status"));
    }
}

#[test]
fn more_fields_after_a_body_than_anybody_needs_are_left_out() {
    let origin = Origin::start();
    let site = site(&origin);
    let key = site.key(&[]);
    let gate = site.start();
    let mut second = connect(&gate);
    for (count, crosses) in [(32, true), (33, false)] {
        let many: Vec<_> = (0..count).map(|place| (format!("x-{place}"), "1".to_owned())).collect();
        assert_eq!(told(&mut second, &key, true, &many).status, 200);
        let seen = origin.arrived().pop().unwrap();
        assert_eq!(
            (seen.tail.len(), seen.body.as_slice()),
            (if crosses { count } else { 0 }, &b"body"[..])
        );
    }
}
