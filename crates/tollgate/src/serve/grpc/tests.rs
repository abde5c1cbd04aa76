//! What Envoy's messages are taken for, and what it takes ours for. The numbers here are those of the published
//! definitions, written down a second time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::indexing_slicing, reason = "places in a test's own bytes")]

use bytes::Bytes;
use hyper::StatusCode;
use prost::Message;
use tollgate_core::key::Brand;
use tollgate_http::{answer::Answer, credential::Sources};

use super::{
    Failed, MESSAGE_BYTES_MAX,
    asked::{self, Asked, FIELDS_MAX, Unreadable},
    messages::{
        Allowed, AppendAction, CheckRequest, CheckResponse, HeaderOption, HeaderValue,
        HttpResponse, Status,
    },
    told, unwrapped,
};
use crate::serve::ids::RequestIds;

/// A field of the kind that has a length: a text, bytes or a message.
fn long(number: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut field = vec![number << 3 | 2];
    prost::encode_length_delimiter(content.len(), &mut field).unwrap();
    field.extend_from_slice(content);
    field
}

/// A field that is a small number.
fn small(number: u8, content: u8) -> Vec<u8> {
    vec![number << 3, content]
}

/// An entry of the map of fields.
fn entry(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    long(3, [long(1, name), long(2, value)].concat())
}

/// A field among those that are told as they came.
fn raw(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    long(13, long(1, [long(1, name), long(3, value)].concat()))
}

fn question(source: &str, http: &[Vec<u8>]) -> Vec<u8> {
    let address = long(1, long(1, [long(2, source), small(3, 80)].concat()));
    let attributes = [long(1, address), long(4, long(2, http.concat()))].concat();
    long(1, attributes)
}

fn read(bytes: &[u8]) -> Option<Asked> {
    asked::read(CheckRequest::decode(bytes).unwrap())
}

fn of(fields: &[Vec<u8>]) -> Asked {
    let start = [long(2, "GET"), long(4, "/a")];
    read(&question("192.0.2.1", &[&start[..], fields].concat())).unwrap()
}

/// The fields of a question, sorted.
fn fields(fields: &[Vec<u8>]) -> Result<Vec<(String, Vec<u8>)>, Unreadable> {
    let head = of(fields).head?;
    let mut all: Vec<_> =
        head.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    all.sort();
    Ok(all)
}

#[test]
fn a_question_is_read_by_the_published_numbers() {
    // With what Envoy sends besides: id, host, scheme, size, protocol, destination, extensions.
    let http = [
        long(1, "7"),
        long(2, "PUT"),
        entry("x-api-key", "k"),
        long(4, "/a%20b?c=d"),
        long(5, "a.example"),
        long(6, "https"),
        small(9, 4),
        long(10, "HTTP/2"),
        long(11, "body"),
    ];
    let mut bytes = question("2001:db8::7", &http);
    let more = [long(2, long(1, "")), long(10, entry("a", "b"))].concat();
    bytes.extend(long(1, more));
    let asked = read(&bytes).unwrap();
    assert_eq!(asked.method, "PUT");
    assert_eq!(asked.target, "/a%20b?c=d");
    assert_eq!(asked.source, Some("2001:db8::7".parse().unwrap()));
    assert_eq!(asked.head.unwrap()["x-api-key"], "k");
}

#[test]
fn what_does_not_say_which_request_it_asks_about_is_no_question() {
    assert!(read(&question("", &[long(2, "GET"), long(4, "/")])).is_some());
    for bytes in [
        vec![],
        long(1, ""),
        long(1, long(4, "")),
        question("", &[]),
        question("", &[long(2, "GET")]),
        question("", &[long(4, "/")]),
        question("", &[long(2, ""), long(4, "/")]),
        question("", &[long(2, "GET"), long(4, "")]),
        question("", &[long(2, "G ET"), long(4, "/")]),
        question("", &[long(2, "GET"), entry(":path", "/")]),
        question("", &[long(4, "/"), entry(":method", "GET")]),
    ] {
        assert!(read(&bytes).is_none(), "{bytes:?}");
    }
}

#[test]
fn an_address_is_one_or_none_is_known() {
    for (told, known) in [
        ("192.0.2.1", true),
        ("::1", true),
        ("", false),
        ("/var/run/socket", false),
        ("a.example", false),
        ("192.0.2.1:80", false),
        ("fe80::1%eth0", false),
    ] {
        let asked = read(&question(told, &[long(2, "GET"), long(4, "/")])).unwrap();
        assert_eq!(asked.source.is_some(), known, "{told}");
    }
}

#[test]
fn no_field_gets_lost_in_whichever_list_it_is_told() {
    let told = |name: &str, value: &[u8]| (name.to_owned(), value.to_vec());
    let (a, b) = (told("x-a", b"1"), told("x-a", b"2"));
    for given in [
        [entry("x-a", "1"), entry("x-a", "2")],
        [raw("x-a", "1"), raw("x-a", "2")],
        [entry("x-a", "1"), raw("x-a", "2")],
        [entry("X-A", "1"), raw("X-A", "2")],
    ] {
        assert_eq!(fields(&given).unwrap(), [a.clone(), b.clone()], "{given:?}");
    }
    // What is no UTF-8 can be told in one of them.
    assert_eq!(fields(&[raw("x-a", b"\xff")]).unwrap(), [told("x-a", b"\xff")]);
    // A value that is told as text there counts as well.
    let text = long(13, long(1, [long(1, "x-a"), long(2, "1")].concat()));
    assert_eq!(fields(&[text]).unwrap(), [a]);
    let pseudo = [entry(":path", "/other"), entry(":authority", "a"), raw(":method", "PUT")];
    assert_eq!(fields(&pseudo).unwrap(), []);
}

#[test]
fn what_is_no_field_or_one_too_many_cannot_be_judged() {
    let many = |count: usize| -> Vec<_> { (0..count).map(|_| entry("x-a", "1")).collect() };
    assert_eq!(fields(&many(FIELDS_MAX)).unwrap().len(), FIELDS_MAX);
    assert_eq!(fields(&many(FIELDS_MAX + 1)), Err(Unreadable::TooMany));
    for given in [
        entry("", "1"),
        entry("x a", "1"),
        entry("x:a", "1"),
        entry("tollgate-identity\u{e9}", "1"),
        entry("x-a", "1\r\nx-b: 2"),
        entry("x-a", "1\n"),
        raw("x-a", b"\0"),
        raw("x-a\0", b"1"),
    ] {
        assert_eq!(fields(std::slice::from_ref(&given)), Err(Unreadable::Wrong), "{given:?}");
    }
}

#[test]
fn a_message_is_taken_whole_or_not_at_all() {
    let framed =
        |start: [u8; 5], length: usize| Bytes::from([&start[..], &vec![7; length]].concat());
    assert_eq!(unwrapped(&framed([0, 0, 0, 0, 3], 3)).unwrap(), [7; 3].as_slice());
    assert_eq!(unwrapped(&framed([0; 5], 0)).unwrap(), [].as_slice());
    let [_, a, b, c] = u32::try_from(MESSAGE_BYTES_MAX).unwrap().to_be_bytes();
    assert!(unwrapped(&framed([0, 0, a, b, c], MESSAGE_BYTES_MAX)).is_ok());
    for (bytes, failed) in [
        (Bytes::new(), Failed::Unreadable),
        (Bytes::from_static(&[0; 4]), Failed::Unreadable),
        (framed([0, 0, 0, 0, 3], 2), Failed::Unreadable),
        (framed([0, 0, 0, 0, 3], 4), Failed::Unreadable),
        // A second message.
        (framed([0; 5], 5), Failed::Unreadable),
        (framed([1, 0, 0, 0, 3], 3), Failed::Compressed),
        (framed([2, 0, 0, 0, 3], 3), Failed::Unreadable),
        (framed([0, 0, a, b, c + 1], 3), Failed::TooLong),
        (framed([0, 255, 255, 255, 255], 3), Failed::TooLong),
    ] {
        assert_eq!(unwrapped(&bytes), Err(failed), "{bytes:?}");
    }
}

#[test]
fn no_end_of_a_call_looks_like_an_allow() {
    let all = [
        Failed::Stranger,
        Failed::Unknown,
        Failed::Compressed,
        Failed::Unreadable,
        Failed::TooLong,
        Failed::TooSlow,
        Failed::NoRequest,
    ];
    for failed in all {
        let response = failed.response();
        assert!(response.status() != StatusCode::OK && !response.status().is_success());
        let code: u8 = response.headers()["grpc-status"].to_str().unwrap().parse().unwrap();
        assert!((1..=16).contains(&code), "{failed:?}");
    }
}

#[test]
fn no_refusal_has_the_status_of_an_allow() {
    let id = RequestIds::new().next();
    for status in 0..=999 {
        let fields = vec![("retry-after", String::from("1"))];
        let told = told::refused(Answer { status, fields, body: String::from("{}\n") }, id);
        // To Envoy 0 is OK, and so is a status that is not there.
        assert!(told.status.as_ref().is_some_and(|status| status.code != 0), "{status}");
        let Some(HttpResponse::Denied(denied)) = &told.http_response else { unreachable!() };
        assert_eq!(denied.status.as_ref().unwrap().code, i32::from(status));
    }
}

/// A field that is written over whatever is there.
fn over(name: &str, value: &str) -> Vec<u8> {
    [long(1, [long(1, name), long(2, value)].concat()), small(3, 2)].concat()
}

#[test]
fn an_answer_is_written_by_the_published_numbers() {
    let id = RequestIds::new().next();
    let fields = vec![("retry-after", String::from("7"))];
    let answer = Answer { status: 99, fields, body: String::from("{}\n") };
    let denied = [
        long(1, small(1, 99)),
        long(2, over("retry-after", "7")),
        long(2, over("x-request-id", &id.to_string())),
        long(3, "{}\n"),
    ];
    let bytes = told::refused(answer, id).encode_to_vec();
    assert_eq!(bytes, [long(1, small(1, 7)), long(2, denied.concat())].concat());

    let option = |name: &str, append_action: AppendAction| HeaderOption {
        header: Some(HeaderValue { key: name.into(), value: String::from("v"), raw_value: vec![] }),
        append_action: append_action.into(),
    };
    let allowed = CheckResponse {
        status: Some(Status { code: 0 }),
        http_response: Some(HttpResponse::Ok(Allowed {
            headers: vec![option("a", AppendAction::OverwriteIfExistsOrAdd)],
            headers_to_remove: vec![String::from("b")],
            response_headers_to_add: vec![option("c", AppendAction::AppendIfExistsOrAdd)],
            query_parameters_to_remove: vec![String::from("d")],
        })),
    };
    let beside = long(1, [long(1, "c"), long(2, "v")].concat());
    let told = [long(2, over("a", "v")), long(5, "b"), long(6, beside), long(8, "d")].concat();
    assert_eq!(allowed.encode_to_vec(), [long(1, []), long(3, told)].concat());
}

#[test]
fn a_parameter_that_holds_a_key_is_named_as_it_is_spelled() {
    let brand = Brand::new("tg", &["live"]).unwrap();
    let sources = Sources { query: Some("api_key".into()), ..Sources::default() };
    let key = format!("tg_live_{}", "a".repeat(50));
    for (query, named) in [
        (String::new(), &[][..]),
        ("?".into(), &[]),
        ("?a=1&b=tg_live".into(), &[]),
        (format!("?api_key={key}"), &["api_key"]),
        (format!("?a=1&api%5fkey={key}&b"), &["api%5fkey"]),
        (format!("?x={key}&{key}=1&{key}"), &["x", key.as_str(), key.as_str()]),
    ] {
        let names = told::parameters(&format!("/orders{query}"), &sources, &brand);
        assert_eq!(names, named, "{query}");
    }
    let forwarded = Sources { forward: true, ..sources };
    assert!(told::parameters(&format!("/?api_key={key}"), &forwarded, &brand).is_empty());
}
