//! What the texts of single fields must be.

use std::path::{Path, PathBuf};

use tollgate_native::place::{Place, Plain};

use super::{Server, StorePlace};

/// The longest name of a header or of a parameter.
const NAME_MAX: usize = 64;

/// The longest path pattern.
const PATTERN_MAX: usize = 1_024;

/// Headers that no key may come in: they have a meaning of their own.
const TAKEN: [&str; 22] = [
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "origin",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-api-key",
];

/// The words of `--target` that are no names.
pub(crate) const PLACES: [&str; 3] = ["local", "cloudflare", "dynamodb"];

/// Whether a target may be called so.
pub(crate) fn is_target_name(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    (1..=32).contains(&text.len()) && text.bytes().all(plain) && !PLACES.contains(&text)
}

/// The name of a header, in lower case.
pub(super) fn header(text: &str) -> Option<Box<str>> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let whole = !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(token);
    whole.then(|| text.to_ascii_lowercase().into())
}

/// The name of a header that may carry a key.
pub(super) fn key_header(text: &str) -> Option<Box<str>> {
    let header = header(text)?;
    // Folded as the hygiene of identity headers folds: none of their aliases either.
    let folded: String =
        header.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let free = !TAKEN.contains(&&*header)
        && !folded.starts_with("x-forwarded-")
        && !folded.starts_with("x-original-")
        && !folded.starts_with("tollgate-");
    free.then_some(header)
}

/// The name of a parameter of the query.
pub(super) fn parameter(text: &str) -> Option<Box<str>> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let whole = !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(plain);
    whole.then(|| text.into())
}

/// What can stand in the quotes of a challenge.
pub(super) fn realm(text: &str) -> Option<Box<str>> {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    let whole = !text.is_empty() && text.len() <= NAME_MAX && text.bytes().all(plain);
    whole.then(|| text.into())
}

/// A method.
pub(super) fn method(text: &str) -> Option<String> {
    let whole =
        !text.is_empty() && text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    whole.then(|| text.to_owned())
}

/// Something that can be the pattern of a path; the rules say the rest.
pub(super) fn pattern(text: &str) -> Option<String> {
    let whole = text.starts_with('/') && text.len() <= PATTERN_MAX && !text.contains(['?', '#']);
    whole.then(|| text.to_owned())
}

/// An origin as browsers spell it, or `*`.
pub(super) fn web_origin(text: &str) -> Option<String> {
    if text == "*" {
        return Some(text.to_owned());
    }
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
    let whole = !host.is_empty() && host.len() <= 255 && host.bytes().all(plain);
    whole.then(|| text.to_owned())
}

/// The server of an `http` or `https` URL without path, query or user.
pub(super) fn server(text: &str) -> Option<Server> {
    let place = Place::parse(text, Plain::Anywhere).filter(|place| place.target() == "/")?;
    Some(Server { tls: place.is_tls(), authority: place.authority().into() })
}

/// The name of a table in DynamoDB.
pub(crate) fn table_name(text: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    ((3..=255).contains(&text.len()) && text.bytes().all(plain)).then_some(text)
}

/// A path, from the folder of the configuration.
pub(super) fn path(text: &str, folder: &Path) -> Option<PathBuf> {
    (!text.is_empty() && !text.contains('\0')).then(|| folder.join(text))
}

/// A place for a store.
pub(super) fn store(text: &str, folder: &Path) -> Option<StorePlace> {
    match text {
        "memory" => Some(StorePlace::Memory),
        _ => path(text, folder).map(StorePlace::File),
    }
}

#[cfg(test)]
mod tests {
    use super::{Server, key_header, server};

    #[test]
    fn only_the_root_of_a_server_is_an_origin() {
        let check = |text: &str, authority: Option<&str>| {
            let tls = text.starts_with("https");
            let expected = authority.map(|authority| Server { tls, authority: authority.into() });
            assert_eq!(server(text), expected, "{text}");
        };
        check("http://127.0.0.1:3000", Some("127.0.0.1:3000"));
        check("http://127.0.0.1:3000/", Some("127.0.0.1:3000"));
        check("http://app.internal", Some("app.internal"));
        check("http://[::1]:3000", Some("[::1]:3000"));
        check("https://app.example", Some("app.example"));
        check("https://app.example:8443", Some("app.example:8443"));
        for none in [
            "ftp://app.internal",
            "https://app.example/base",
            "app.internal:3000",
            "http://app.internal/base",
            "http://app.internal?x=1",
            "http://app.internal/?",
            "http://app.internal/#x",
            "http://user:word@app.internal",
            "http://app.internal:",
            "",
        ] {
            check(none, None);
        }
    }

    #[test]
    fn a_key_comes_in_no_header_that_means_something_else() {
        for name in ["X-My-Key", "x_api_key", "Ocp-Apim-Subscription-Key"] {
            assert_eq!(key_header(name).as_deref(), Some(&*name.to_ascii_lowercase()));
        }
        for name in [
            "",
            "a b",
            "Authorization",
            "X-API-KEY",
            "Cookie",
            "Tollgate-Identity",
            "tollgate_identity",
            "X-Forwarded-For",
        ] {
            assert_eq!(key_header(name), None, "{name}");
        }
    }
}
