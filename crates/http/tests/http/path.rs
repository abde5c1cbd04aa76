//! One spelling of a path, or none.

use tollgate_http::path::{PATH_MAX, PathError, canonical};

fn check(raw: &str, expected: Result<&str, PathError>) {
    check_bytes(raw.as_bytes(), expected);
}

fn check_bytes(raw: &[u8], expected: Result<&str, PathError>) {
    let found = canonical(raw);
    let shown = String::from_utf8_lossy(raw);
    assert_eq!(found.as_deref(), expected.as_deref(), "{shown}");
    if let Ok(found) = found {
        assert_eq!(canonical(found.as_bytes()).as_deref(), Ok(&*found), "{shown} again");
    }
}

#[test]
fn a_path_in_its_one_spelling_stays_as_it_is() {
    for path in [
        "/",
        "/orders",
        "/orders/",
        "/a/b/c",
        "/A-Z_a.z~0",
        "/users:batch",
        "/a@b/c,d=e&f!$'()*+",
        "/.well-known/x",
        "/a..b/..c/d../e.f",
        "/%C3%A9",
        "/100%25",
        "/a%20b",
        "/a%3Bb",
        "/a%2Bb",
        "/%3F%23",
    ] {
        check(path, Ok(path));
    }
}

#[test]
fn other_spellings_become_it() {
    for (raw, path) in [
        ("/%6Frders", "/orders"),
        ("/%6frders", "/orders"),
        ("/%41%2dz%5F%7e%2E%61", "/A-z_~.a"),
        ("/users%3abatch%40x", "/users:batch@x"),
        ("/%21%24%26%27%28%29%2a%2c%3d", "/!$&'()*,="),
        ("/%c3%a9", "/%C3%A9"),
        ("/\u{e9}", "/%C3%A9"),
        ("/a%2bb%3bc%3fd", "/a%2Bb%3Bc%3Fd"),
        ("/{a}|b^c`d\"e<f>[g]", "/%7Ba%7D%7Cb%5Ec%60d%22e%3Cf%3E%5Bg%5D"),
        ("/%7b%7c", "/%7B%7C"),
    ] {
        check(raw, Ok(path));
    }
}

#[test]
fn dot_segments_are_refused_in_every_spelling() {
    for raw in [
        "/.",
        "/..",
        "/a/.",
        "/a/..",
        "/a/./b",
        "/a/../b",
        "/../a",
        "/a/.../b",
        "/a/%2e/b",
        "/a/%2E%2e/b",
        "/a/.%2e/b",
        "/a/%2e./b",
        "/a/..%3bx/b",
        "/a/..%3B/b",
        "/a/.%3bx",
        "/a/..%20/b",
        "/a/%2e%2e%20%20",
    ] {
        check(raw, Err(PathError::DotSegment));
    }
}

#[test]
fn what_separates_twice_or_in_disguise_is_refused() {
    for raw in ["//", "/a//b", "//a", "/a//", "///"] {
        check(raw, Err(PathError::EmptySegment));
    }
    for raw in [
        "/a\\b",
        "/a/\\../b",
        "/a%2fb",
        "/a%2Fb",
        "/%2f",
        "/a%5cb",
        "/a%5Cb",
        "/a%00",
        "/a%00b",
        "/a%0d%0ab",
        "/a%09",
        "/a%1f",
        "/a%7f",
        "/a%2f../b",
    ] {
        check(raw, Err(PathError::Separator));
    }
    for raw in ["/a;b", "/;", "/a/..;/b", "/admin;jsessionid=1/x"] {
        check(raw, Err(PathError::Parameter));
    }
    for raw in ["/a#b", "/admin#/public", "/#"] {
        check(raw, Err(PathError::Fragment));
    }
}

#[test]
fn an_escape_of_an_escape_is_refused_however_deep() {
    for raw in [
        "/%252e%252e/a",
        "/%252fa",
        "/%255c",
        "/%2500",
        "/%2541dmin",
        "/%25252e",
        "/%2525252525%32e",
        "/%25%32%65",
        "/%2525",
        "/%25252",
        "/%25252525252525252f",
    ] {
        let found = canonical(raw.as_bytes());
        assert!(matches!(found, Err(PathError::DoubleEscape | PathError::DotSegment)), "{raw}");
    }
    for fine in ["/100%25", "/%25", "/%25zz", "/%25/41", "/5%25-10%25", "/%252", "/%25%C3%A9"] {
        check(fine, Ok(fine));
    }
}

#[test]
fn an_escape_that_is_none_is_refused() {
    for raw in ["/%", "/%2", "/a%", "/%zz", "/%2g", "/%g2", "/%u0041", "/%%41", "/% 41", "/%-1"] {
        check(raw, Err(PathError::WrongEscape));
    }
    // Overlong forms of slash and dot, halves of surrogates, and what is not UTF-8 at all.
    for raw in ["/%c0%af", "/%c0%ae%c0%ae/a", "/%e0%80%af", "/%ed%a0%80", "/%ff", "/%c3", "/a%80"] {
        check(raw, Err(PathError::WrongEscape));
    }
    check_bytes(b"/\xc0\xaf", Err(PathError::WrongEscape));
    check_bytes(b"/\xff", Err(PathError::WrongEscape));
    // Half escaped and half not, but whole.
    check_bytes(b"/\xc3%a9", Ok("/%C3%A9"));
}

#[test]
fn control_bytes_and_blanks_are_refused() {
    for byte in (0..=b' ').chain([0x7f]) {
        check_bytes(&[b'/', b'a', byte, b'b'], Err(PathError::Control));
        check_bytes(&[b'/', byte], Err(PathError::Control));
    }
}

#[test]
fn a_path_starts_with_a_slash_and_has_an_end() {
    for raw in ["", "a", "a/b", "*", "%2f", "?", ".", "\\", "http://a/b"] {
        check(raw, Err(PathError::NotAbsolute));
    }
    let long = format!("/{}", "a".repeat(PATH_MAX - 1));
    check(&long, Ok(&long));
    check(&format!("{long}a"), Err(PathError::TooLong));
    // Also if only its one spelling is too long.
    check(&format!("/{}", "\"".repeat(PATH_MAX / 2)), Err(PathError::TooLong));
}

#[test]
fn every_byte_is_decided_and_every_escape_of_one() {
    for byte in 0..=u8::MAX {
        let (raw, escaped) = (vec![b'/', b'x', byte], format!("/x%{byte:02x}"));
        let (plain, escaped) = (canonical(&raw), canonical(escaped.as_bytes()));
        match (plain, escaped) {
            // The one character with two spellings: some origins take the plain one for a blank.
            (Ok(plain), Ok(escaped)) if byte == b'+' => {
                assert_eq!((&*plain, &*escaped), ("/x+", "/x%2B"));
            }
            (Ok(plain), Ok(escaped)) if byte != b'/' => assert_eq!(plain, escaped, "{byte:#x}"),
            (Ok(_), escaped) => assert!(byte == b'/' && escaped.is_err(), "{byte:#x}"),
            (Err(_), Ok(escaped)) => {
                assert!(matches!(byte, b' ' | b'#' | b';' | b'%' | b'?'), "{byte:#x}");
                assert_eq!(*escaped, format!("/x%{byte:02X}"));
            }
            (Err(_), Err(_)) => {
                let odd = !matches!(byte, b' '..=b'~') || byte == b'\\';
                assert!(odd, "{byte:#x}");
            }
        }
    }
}
