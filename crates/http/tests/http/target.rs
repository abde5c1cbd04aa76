//! Request targets: which forms are taken, and what they name.

use tollgate_http::path::{PathError, Target, target};

fn check(
    method: &str,
    given: &str,
    host: Option<&str>,
    expected: Result<(&str, Option<&str>), PathError>,
) {
    let found = target(method.as_bytes(), given.as_bytes(), host.map(str::as_bytes));
    let found = found.map(|found| match found {
        Target::Path { path, query } => {
            (path.into_owned(), query.map(|query| String::from_utf8_lossy(query).into_owned()))
        }
        Target::Asterisk => ("*".into(), None),
    });
    let found = found.as_ref().map(|(path, query)| (path.as_str(), query.as_deref()));
    assert_eq!(found.map_err(|error| *error), expected, "{method} {given} {host:?}");
}

#[test]
fn only_the_path_is_matched_and_the_query_is_what_follows_the_first_question_mark() {
    for (given, path, query) in [
        ("/a", "/a", None),
        ("/a?", "/a", Some("")),
        ("/public?x=/admin", "/public", Some("x=/admin")),
        ("/public?x=../admin//", "/public", Some("x=../admin//")),
        ("/a?b?c=%zz", "/a", Some("b?c=%zz")),
        ("/%61?%61", "/a", Some("%61")),
        ("/a%3fb", "/a%3Fb", None),
    ] {
        check("GET", given, Some("h"), Ok((path, query)));
    }
    for (given, error) in [
        ("/admin#/public", PathError::Fragment),
        ("/a?b#c", PathError::Fragment),
        ("/a?b c", PathError::Control),
        ("/a?b\rc", PathError::Control),
        ("/a?b\u{7f}", PathError::Control),
        ("?a", PathError::NotAbsolute),
        ("", PathError::NotAbsolute),
        ("a", PathError::NotAbsolute),
        ("//a", PathError::EmptySegment),
    ] {
        check("GET", given, Some("h"), Err(error));
    }
}

#[test]
fn an_absolute_target_names_the_authority_that_host_names() {
    for (given, host, path, query) in [
        ("http://h/a", "h", "/a", None),
        ("http://h/a?b", "h", "/a", Some("b")),
        ("HTTP://H/a", "h", "/a", None),
        ("http://h", "h", "/", None),
        ("http://h?a", "h", "/", Some("a")),
        ("http://h:80/a", "h", "/a", None),
        ("http://h/a", "h:80", "/a", None),
        ("https://h:443/a", "H", "/a", None),
        ("http://h:8080/a", "h:8080", "/a", None),
        ("http://[::1]:80/a", "[::1]", "/a", None),
    ] {
        check("GET", given, Some(host), Ok((path, query)));
    }
    for (given, host) in [
        ("http://h/a", None),
        ("http://h/a", Some("")),
        ("http://h/a", Some("other")),
        ("http://h/a", Some("h:81")),
        ("http://h:443/a", Some("h")),
        ("https://h:80/a", Some("h")),
        ("http://u@h/a", Some("u@h")),
        ("http://h%41/a", Some("h%41")),
        ("http:///a", Some("")),
        ("http://h\\x/a", Some("h\\x")),
        ("http://h x/a", Some("h x")),
    ] {
        check("GET", given, host, Err(PathError::Authority));
    }
    for given in ["ftp://h/a", "file:///etc", "h:80", "javascript:x", "http:/h/a", "http:h"] {
        check("GET", given, Some("h"), Err(PathError::NotAbsolute));
    }
    check("GET", "http://h/../a", Some("h"), Err(PathError::DotSegment));
    check("GET", "http://h#a", Some("h"), Err(PathError::NotAbsolute));
}

#[test]
fn an_asterisk_is_asked_about_options_only_and_connect_never() {
    check("OPTIONS", "*", Some("h"), Ok(("*", None)));
    check("OPTIONS", "/a", Some("h"), Ok(("/a", None)));
    check("GET", "*", Some("h"), Err(PathError::Asterisk));
    check("OPTIONS", "*a", Some("h"), Err(PathError::NotAbsolute));
    check("OPTIONS", "**", Some("h"), Err(PathError::NotAbsolute));
    for given in ["h:443", "/a", "*", "http://h/"] {
        check("CONNECT", given, Some("h"), Err(PathError::Authority));
    }
}

#[test]
fn a_method_that_some_origin_would_read_as_another_is_refused() {
    for method in ["GET", "HEAD", "M-SEARCH", "PROPFIND", "X_1"] {
        check(method, "/a", Some("h"), Ok(("/a", None)));
    }
    let long = "A".repeat(33);
    for method in ["TRACE", "", "get", "Get", "GEt", "GET ", "GE T", "G\u{c9}T", "GET\0", &long] {
        check(method, "/a", Some("h"), Err(PathError::Method));
    }
}
