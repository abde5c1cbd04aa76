//! Bodies, and the requests after them.

use super::{super::violation::Violation::*, passes, refused, verdict};

const SIZED: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ";
const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n";
const NEXT: &str = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn the_next_request_begins_where_the_body_ends() {
    for body in ["a", "GET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n", "\0\r\n\n \u{7f}"] {
        let sized = format!("{SIZED}{}\r\n\r\n{body}", body.len());
        passes(format!("{sized}{NEXT}").as_bytes(), 2);
        passes(format!("{sized}{sized}{NEXT}{sized}").as_bytes(), 4);
        // One byte less belongs to the next request's line.
        let short = format!("{SIZED}{}\r\n\r\n(", 0);
        refused(short.as_bytes(), 1, Method);
        let chunked = format!("{CHUNKED}{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        passes(format!("{chunked}{NEXT}").as_bytes(), 2);
        passes(format!("{chunked}{chunked}{sized}{NEXT}").as_bytes(), 4);
    }
}

#[test]
fn a_chunked_body_that_can_be_read_in_one_way_passes() {
    for body in [
        "0\r\n\r\n",
        "1\r\na\r\n0\r\n\r\n",
        "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
        "0000000000000001\r\na\r\n0000000000000000\r\n\r\n",
        "1;a=b\r\na\r\n0;c=\"d\te\"\r\n\r\n",
        "1;\r\na\r\n0\r\n\r\n",
        "2\r\n\r\n\r\n0\r\n\r\n",
        "0\r\nX-Sum: 1\r\nX-Other:2\r\n\r\n",
    ] {
        passes(format!("{CHUNKED}{body}{NEXT}").as_bytes(), 2);
    }
}

#[test]
fn a_chunked_body_that_can_be_read_in_two_ways_is_refused() {
    for (body, violation) in [
        ("\r\n", ChunkSize),
        (";a\r\n", ChunkSize),
        ("g\r\n", ChunkSize),
        ("+1\r\na\r\n", ChunkSize),
        ("-1\r\na\r\n", ChunkSize),
        ("0x1\r\na\r\n", ChunkSize),
        (" 1\r\na\r\n", ChunkSize),
        ("1 \r\na\r\n", ChunkSize),
        ("1\t;a\r\na\r\n", ChunkSize),
        ("1 ;a\r\na\r\n", ChunkSize),
        ("1_0\r\na\r\n", ChunkSize),
        ("1\r\r\na\r\n", ChunkSize),
        ("1\0\r\na\r\n", ChunkSize),
        ("00000000000000001\r\na\r\n", ChunkSize),
        ("8000000000000000\r\n", ChunkSize),
        ("ffffffffffffffff\r\n", ChunkSize),
        ("1\na\r\n", LineEnd),
        ("1;a\nb\r\na\r\n", LineEnd),
        ("1;a\rb\r\na\r\n", ChunkExtension),
        ("1;a\0\r\na\r\n", ChunkExtension),
        ("1\r\nab\r\n", ChunkEnd),
        ("1\r\na\n", ChunkEnd),
        ("1\r\na\r\r\n", ChunkEnd),
        ("1\r\na0\r\n\r\n", ChunkEnd),
        ("0\n\r\n", LineEnd),
        ("0\r\n\n", LineEnd),
        ("0\r\nX: y\n\r\n", LineEnd),
        ("0\r\n\r\r\n", FieldName),
        ("0\r\n X: y\r\n\r\n", Folded),
        ("0\r\nX : y\r\n\r\n", FieldName),
        ("0\r\nX\r\n\r\n", FieldName),
        ("0\r\nX: \0\r\n\r\n", Control),
        ("0\r\nContent-Length: 5\r\n\r\n", TrailerForbidden),
        ("0\r\ntransfer-encoding: chunked\r\n\r\n", TrailerForbidden),
        ("0\r\nHost: b\r\n\r\n", TrailerForbidden),
        ("0\r\nAuthorization: Bearer x\r\n\r\n", TrailerForbidden),
        ("0\r\nConnection: close\r\n\r\n", TrailerForbidden),
        ("0\r\nGET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n", FieldName),
    ] {
        refused(format!("{CHUNKED}{body}").as_bytes(), 1, violation);
        refused(format!("{CHUNKED}1\r\na\r\n{body}{NEXT}").as_bytes(), 1, violation);
    }
}

#[test]
fn what_stands_between_chunks_is_bounded() {
    let extension = |bytes: usize| format!("1;{}\r\na\r\n", "x".repeat(bytes - 1));
    passes(format!("{CHUNKED}{}0\r\n\r\n", extension(4_096)).as_bytes(), 1);
    let two = format!("{CHUNKED}{}{}0\r\n\r\n", extension(2_048), extension(2_048));
    passes(two.as_bytes(), 1);
    for body in [
        extension(4_097),
        format!("{}{}", extension(2_048), extension(2_049)),
        format!("1;{}", "x".repeat(5_000)),
    ] {
        refused(format!("{CHUNKED}{body}").as_bytes(), 1, ChunkExtension);
    }
    let trailers = |count: usize| format!("0\r\n{}\r\n", "X: y\r\n".repeat(count));
    passes(format!("{CHUNKED}{}", trailers(16)).as_bytes(), 1);
    refused(format!("{CHUNKED}{}", trailers(17)).as_bytes(), 1, TrailersTooLong);
    let long = format!("{CHUNKED}0\r\nX: {}\r\n\r\n", "x".repeat(8_192));
    refused(long.as_bytes(), 1, TrailersTooLong);
}

#[test]
fn a_body_that_breaks_off_is_neither_whole_nor_refused() {
    for whole in [format!("{SIZED}3\r\n\r\nabc"), format!("{CHUNKED}1;a\r\na\r\n0\r\nX: y\r\n\r\n")]
    {
        let whole = whole.as_bytes();
        let head = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        for end in 0..whole.len() {
            let verdict = verdict(&whole[..end]);
            assert_eq!(verdict.violation, None);
            assert_eq!(verdict.heads.len(), usize::from(end >= head));
        }
    }
}
