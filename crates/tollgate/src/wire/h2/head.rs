//! The head of a request of HTTP/2: held to what the same request would be held to over HTTP/1.1, and put into
//! that form, so that nobody behind has to know of the difference.

use hyper::{
    HeaderMap, Method, Uri,
    header::{CONTENT_LENGTH, COOKIE, HOST, HeaderValue},
    http::request::Parts,
};
use tollgate_http::path;

use super::super::{
    Limits,
    head::target_of,
    syntax::{is_host, number, trimmed},
    violation::Violation,
};

/// Judges `head`, and makes of `:authority` the one `Host`, of the target what it would be in a request line, and
/// of the pieces of a cookie one.
pub(super) fn settle(head: &mut Parts, limits: &Limits) -> Result<(), Violation> {
    if head.method == Method::CONNECT {
        return Err(Violation::Connect);
    }
    if head.headers.len() > limits.fields_max {
        return Err(Violation::TooManyFields);
    }
    if head.headers.values().any(|value| trimmed(value.as_bytes()).len() != value.len()) {
        return Err(Violation::Padded);
    }
    check_length(&head.headers)?;
    let host = host(&head.uri, &head.headers)?;
    head.headers.insert(HOST, host);
    head.uri = target(&head.method, &head.uri)?;
    join_cookies(&mut head.headers)
}

fn check_length(fields: &HeaderMap) -> Result<(), Violation> {
    let mut lengths = fields.get_all(CONTENT_LENGTH).iter();
    let Some(length) = lengths.next() else { return Ok(()) };
    if lengths.next().is_some() {
        return Err(Violation::LengthRepeated);
    }
    number(length.as_bytes()).map(|_| ()).ok_or(Violation::LengthInvalid)
}

/// The host that is asked for: the one that `:authority` names, and `Host` too if it is there.
fn host(uri: &Uri, fields: &HeaderMap) -> Result<HeaderValue, Violation> {
    let mut hosts = fields.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Violation::HostRepeated);
    }
    if host.is_some_and(|host| !is_host(host.as_bytes())) {
        return Err(Violation::HostInvalid);
    }
    let Some(authority) = uri.authority() else {
        return host.cloned().ok_or(Violation::HostMissing);
    };
    let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"));
    let scheme = scheme.ok_or(Violation::Target)?;
    if !is_host(authority.as_str().as_bytes()) {
        return Err(Violation::HostInvalid);
    }
    if let Some(host) = host {
        let named = format!("{scheme}://{authority}/");
        if path::target(b"GET", named.as_bytes(), Some(host.as_bytes())).is_err() {
            return Err(Violation::HostConflict);
        }
    }
    HeaderValue::from_str(authority.as_str()).map_err(|_| Violation::HostInvalid)
}

/// The target as a request line would have it: a path, or `*`.
fn target(method: &Method, uri: &Uri) -> Result<Uri, Violation> {
    let target = uri.path_and_query().ok_or(Violation::Target)?;
    if target_of(method.as_str().as_bytes(), target.as_str().as_bytes())?.is_some() {
        return Err(Violation::Target);
    }
    Ok(Uri::from(target.clone()))
}

/// Clients cut a cookie into fields, which compress better; no origin of HTTP/1.1 expects more than one.
fn join_cookies(fields: &mut HeaderMap) -> Result<(), Violation> {
    let mut pieces = fields.get_all(COOKIE).iter();
    let Some(first) = pieces.next() else { return Ok(()) };
    let mut whole = first.as_bytes().to_vec();
    for piece in pieces {
        whole.extend_from_slice(b"; ");
        whole.extend_from_slice(piece.as_bytes());
    }
    fields.insert(COOKIE, HeaderValue::from_bytes(&whole).map_err(|_| Violation::Control)?);
    Ok(())
}
