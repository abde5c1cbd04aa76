//! Heads, one after the other.

use super::{
    super::{
        syntax,
        violation::Violation::{self, *},
    },
    LIMITS, passes, refused, verdict,
};

/// A head of these lines, each ended as it should be.
fn head(lines: &[&str]) -> Vec<u8> {
    let mut text = lines.join("\r\n");
    text.push_str("\r\n\r\n");
    text.into_bytes()
}

#[test]
fn a_head_that_can_be_read_in_one_way_passes() {
    for lines in [
        &["GET / HTTP/1.1", "Host: a"] as &[_],
        &["GET / HTTP/1.1", "host:a"],
        &["GET / HTTP/1.1", "HOST: \t a \t"],
        &["GET / HTTP/1.0"],
        &["GET / HTTP/1.0", "Host: a"],
        &["OPTIONS * HTTP/1.1", "Host: a"],
        &["PURGE /a?b=c&d=%20 HTTP/1.1", "Host: a:8080", "X-Empty:", "X-B: a\tb", "X-C: é"],
        &["GET http://a/x HTTP/1.1", "Host: A"],
        &["GET https://a:443?x HTTP/1.1", "Host: a:443"],
        &["GET http://[::1]:8080/x HTTP/1.1", "Host: [::1]:8080"],
        &["GET /?u=http://b/ HTTP/1.1", "Host: a"],
        &["POST / HTTP/1.1", "Host: a", "Content-Length: 0"],
        &["GET / HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: upgrade"],
        &["GET / HTTP/1.1", "Host: a", "Expect: 100-continue"],
        &["GET / HTTP/1.1", "Host: a", "A: b", "A: b", "A: c"],
    ] {
        let one = head(lines);
        passes(&one, 1);
        passes(&[&one[..], &one, &one].concat(), 3);
        passes(&[b"\r\n", &one[..], b"\r\n", &one].concat(), 2);
    }
}

#[test]
fn a_request_line_that_can_be_read_in_two_ways_is_refused() {
    for (line, violation) in [
        ("", RequestLine),
        ("GET", RequestLine),
        ("GET /", RequestLine),
        ("GET  / HTTP/1.1", RequestLine),
        ("GET /  HTTP/1.1", RequestLine),
        ("GET / HTTP/1.1 ", RequestLine),
        ("GET / HTTP/1.1 x", RequestLine),
        ("GET /a b HTTP/1.1", RequestLine),
        (" GET / HTTP/1.1", Method),
        ("\tGET / HTTP/1.1", Method),
        ("GET\t/ HTTP/1.1", Control),
        ("GET /\u{b}HTTP/1.1", Control),
        ("GET /\u{7f} HTTP/1.1", Control),
        ("GET /\0 HTTP/1.1", Control),
        ("GET /\r HTTP/1.1", Control),
        ("G(T / HTTP/1.1", Method),
        ("GETS(/) / HTTP/1.1", Method),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1", Method),
        ("\u{16}\u{3}\u{1} / HTTP/1.1", Method),
        ("CONNECT a:443 HTTP/1.1", Connect),
        ("CONNECT / HTTP/1.1", Connect),
        ("GET * HTTP/1.1", Target),
        ("GET a HTTP/1.1", Target),
        ("GET a:80 HTTP/1.1", Target),
        ("GET ?x HTTP/1.1", Target),
        ("GET #/ HTTP/1.1", Target),
        ("GET /admin#/public HTTP/1.1", Target),
        ("GET /a?b#c HTTP/1.1", Target),
        ("GET /é HTTP/1.1", Target),
        ("GET /a?é HTTP/1.1", Target),
        ("GET /a?\"b\" HTTP/1.1", Target),
        ("GET /a\\b HTTP/1.1", Target),
        ("GET ftp://a/ HTTP/1.1", Target),
        ("GET http:///x HTTP/1.1", Target),
        ("GET http://u@a/ HTTP/1.1", Target),
        ("GET http://a:/ HTTP/1.1", Target),
        ("GET http://b/ HTTP/1.1", HostConflict),
        ("GET http://a:80/ HTTP/1.1", HostConflict),
        ("GET / HTTP/0.9", Version),
        ("GET / HTTP/1.2", Version),
        ("GET / HTTP/2.0", Version),
        ("GET / http/1.1", Version),
        ("GET / HTTP/1.10", Version),
        ("GET / HTTP/1.1HTTP/1.1", Version),
        ("PRI * HTTP/2.0", Version),
    ] {
        let first = head(&["GET /first HTTP/1.1", "Host: a"]);
        let bytes = head(&[line, "Host: a"]);
        // An empty line may come once.
        let bytes = if line.is_empty() { [b"\r\n", &bytes[..]].concat() } else { bytes };
        refused(&bytes, 0, violation);
        refused(&[&first[..], &bytes].concat(), 1, violation);
    }
}

#[test]
fn a_line_that_does_not_end_in_both_characters_is_refused() {
    for bytes in [
        "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
    ] {
        refused(bytes.as_bytes(), 0, LineEnd);
    }
    for bytes in [
        "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
    ] {
        refused(bytes.as_bytes(), 0, Control);
    }
}

#[test]
fn a_field_that_can_be_read_in_two_ways_is_refused() {
    for (field, violation) in [
        (" X: y", Folded),
        ("\tX: y", Folded),
        (" ", Folded),
        ("X : y", FieldName),
        ("X\t: y", FieldName),
        ("X", FieldName),
        (": y", FieldName),
        ("X y: z", FieldName),
        ("X\0: y", FieldName),
        ("X\u{7f}: y", FieldName),
        ("(X): y", FieldName),
        ("é: y", FieldName),
        ("\r", FieldName),
        ("X: y\0z", Control),
        ("X: y\u{1}", Control),
        ("X: y\u{1f}", Control),
        ("X: y\u{7f}", Control),
        ("X:\u{b}y", Control),
        ("X: y\rZ: z", Control),
    ] {
        refused(&head(&["GET / HTTP/1.1", field, "Host: a"]), 0, violation);
        refused(&head(&["GET / HTTP/1.1", "Host: a", field]), 0, violation);
    }
}

#[test]
fn a_request_names_one_host_that_is_one() {
    for (hosts, violation) in [
        (&[] as &[_], HostMissing),
        (&["X-Host: a"], HostMissing),
        (&["Host: a", "Host: a"], HostRepeated),
        (&["Host: a", "hOST: b"], HostRepeated),
        (&["Host:"], HostInvalid),
        (&["Host: "], HostInvalid),
        (&["Host: a, b"], HostInvalid),
        (&["Host: a b"], HostInvalid),
        (&["Host: a/b"], HostInvalid),
        (&["Host: u@a"], HostInvalid),
        (&["Host: a:"], HostInvalid),
        (&["Host: a:b"], HostInvalid),
        (&["Host: a:65536"], HostInvalid),
        (&["Host: a:80:80"], HostInvalid),
        (&["Host: :80"], HostInvalid),
        (&["Host: ::1"], HostInvalid),
        (&["Host: [::1"], HostInvalid),
        (&["Host: [a]"], HostInvalid),
        (&["Host: [::1]a"], HostInvalid),
        (&["Host: é"], HostInvalid),
    ] {
        refused(&head(&[&["GET / HTTP/1.1"], hosts].concat()), 0, violation);
    }
    refused(&head(&["GET / HTTP/1.0", "Host: a", "Host: a"]), 0, HostRepeated);
}

#[test]
fn a_request_has_one_length_or_one_encoding() {
    for (fields, violation) in [
        (&["Content-Length: 1", "Content-Length: 2"] as &[_], LengthRepeated),
        (&["Content-Length: 1", "content-length: 1"], LengthRepeated),
        (&["Content-Length: 1, 1"], LengthInvalid),
        (&["Content-Length: 1,2"], LengthInvalid),
        (&["Content-Length:"], LengthInvalid),
        (&["Content-Length: +1"], LengthInvalid),
        (&["Content-Length: -1"], LengthInvalid),
        (&["Content-Length: 0x1"], LengthInvalid),
        (&["Content-Length: 1 1"], LengthInvalid),
        (&["Content-Length: 01"], LengthInvalid),
        (&["Content-Length: 00"], LengthInvalid),
        (&["Content-Length: 1.0"], LengthInvalid),
        (&["Content-Length: \"1\""], LengthInvalid),
        (&["Content-Length: 9223372036854775808"], LengthInvalid),
        (&["Content-Length: 18446744073709551616"], LengthInvalid),
        (&["Transfer-Encoding: chunked", "Content-Length: 1"], EncodingAndLength),
        (&["Content-Length: 1", "Transfer-Encoding: chunked"], EncodingAndLength),
        (&["Content-Length: 0", "Transfer-Encoding: chunked"], EncodingAndLength),
        (&["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], Encoding),
        (&["Transfer-Encoding: identity", "Transfer-Encoding: chunked"], Encoding),
        (&["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], Encoding),
        (&["Transfer-Encoding: chunked, chunked"], Encoding),
        (&["Transfer-Encoding: gzip, chunked"], Encoding),
        (&["Transfer-Encoding: chunked, identity"], Encoding),
        (&["Transfer-Encoding: identity"], Encoding),
        (&["Transfer-Encoding:"], Encoding),
        (&["Transfer-Encoding: xchunked"], Encoding),
        (&["Transfer-Encoding: chunked;q=1"], Encoding),
        (&["Transfer-Encoding: \"chunked\""], Encoding),
        (&["Transfer-Encoding: ,chunked"], Encoding),
        (&["Transfer-Encoding: chun ked"], Encoding),
        (&["Transfer-Encoding: chunked\u{b}"], Control),
        (&["Transfer-Encoding\t: chunked"], FieldName),
        (&["Transfer-Encoding : chunked"], FieldName),
        (&[" Transfer-Encoding: chunked"], Folded),
        (&["Transfer-Encoding:", " chunked"], Encoding),
    ] {
        refused(&head(&[&["POST / HTTP/1.1", "Host: a"], fields].concat()), 0, violation);
    }
    refused(
        &head(&["POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked"]),
        0,
        EncodingTooOld,
    );
}

#[test]
fn no_byte_of_a_target_is_read_otherwise_by_the_server() {
    for byte in 0_u8..=255 {
        for (before, after) in
            [("/a", "b"), ("/", ""), ("/a?b", "c"), ("/?", ""), ("http://a/", "c")]
        {
            let target = [before.as_bytes(), &[byte], after.as_bytes()].concat();
            let line = [b"GET ", &target[..], b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
            if verdict(&line).violation.is_some() {
                continue;
            }
            let uri = hyper::Uri::try_from(&target[..]).unwrap();
            let read = uri.path_and_query().unwrap().as_str().as_bytes();
            assert!(target.ends_with(read), "{byte:#x} in {before}…{after} is read as {uri}");
            assert_eq!(
                target.len() - read.len(),
                before.find("/c").unwrap_or_else(|| if before.starts_with('h') {
                    "http://a".len()
                } else {
                    0
                }),
                "{byte:#x} in {before}…{after} is read as {uri}"
            );
        }
    }
}

#[test]
fn the_bounds_of_a_head_are_exact() {
    let padded = |bytes: usize, end: &str| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        let mut text = String::from(start);
        text.extend(std::iter::repeat_n('x', bytes - start.len() - end.len()));
        text.push_str(end);
        assert_eq!(text.len(), bytes);
        text.into_bytes()
    };
    let max = LIMITS.head_bytes_max;
    passes(&padded(max, "\r\n\r\n"), 1);
    refused(&padded(max + 1, "\r\n\r\n"), 0, HeadTooLong);
    refused(&padded(max, ""), 0, HeadTooLong);
    // What does not fit is not looked at: too long comes first, however it arrives.
    refused(&padded(max + 2, "\n\0"), 0, HeadTooLong);
    refused(&padded(max, "\n\0"), 0, LineEnd);

    let fields = |count: usize| {
        let mut lines = vec!["GET / HTTP/1.1", "Host: a"];
        lines.extend(std::iter::repeat_n("X: y", count - 1));
        head(&lines)
    };
    passes(&fields(LIMITS.fields_max), 1);
    refused(&fields(LIMITS.fields_max + 1), 0, TooManyFields);
}

#[test]
fn only_a_modern_request_asks_for_another_protocol() {
    for (lines, upgrade) in [
        (&["GET / HTTP/1.1", "Host: a", "upgrade: websocket"] as &[_], true),
        (&["GET / HTTP/1.1", "Host: a", "Connection: upgrade"], false),
        (&["GET / HTTP/1.0", "Host: a", "Upgrade: websocket"], false),
    ] {
        assert_eq!(verdict(&head(lines)).heads, [upgrade], "{lines:?}");
    }
}

#[test]
fn every_violation_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> =
        Violation::ALL.iter().map(|violation| violation.code()).collect();
    assert_eq!(names.len(), Violation::ALL.len());
    assert_eq!(syntax::number(b"9223372036854775807"), Some(9_223_372_036_854_775_807));
}
