//! The request target: which of its forms are taken, and what they name.

use std::borrow::Cow;

use super::{PathError, canonical};
use crate::route::is_method;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// A path, in its one spelling, and the query as it is spelled.
    Path {
        /// What is matched and forwarded.
        path: Cow<'a, str>,
        /// What follows the first `?`, if there is one. It is never matched.
        query: Option<&'a [u8]>,
    },
    /// The server as a whole: `OPTIONS *`.
    Asterisk,
}

/// Reads the target of a request.
///
/// Taken are a path with or without a query; the same with `http://` or `https://` and the authority that `Host`
/// names too; and `*`, of `OPTIONS` only. `host` is the value of the one `Host` field, or what took its place.
///
/// # Errors
///
/// See [`PathError`].
pub fn target<'a>(
    method: &[u8],
    target: &'a [u8],
    host: Option<&[u8]>,
) -> Result<Target<'a>, PathError> {
    // What a TRACE shows would hold the identity.
    if !is_method(method) || method == b"TRACE" {
        return Err(PathError::Method);
    }
    if method == b"CONNECT" {
        return Err(PathError::Authority);
    }
    if target == b"*" {
        let asks = method == b"OPTIONS";
        return if asks { Ok(Target::Asterisk) } else { Err(PathError::Asterisk) };
    }
    let local = if target.first() == Some(&b'/') { target } else { after_authority(target, host)? };
    let at = local.iter().position(|&byte| byte == b'?').unwrap_or(local.len());
    let (path, query) = local.split_at_checked(at).unwrap_or((local, &[]));
    let path = if path.is_empty() { b"/" } else { path };
    let query = query.split_first().map(|(_, query)| query);
    check_query(query.unwrap_or_default())?;
    Ok(Target::Path { path: canonical(path)?, query })
}

/// What follows the authority of an absolute target, if that is the one that `Host` names.
fn after_authority<'a>(target: &'a [u8], host: Option<&[u8]>) -> Result<&'a [u8], PathError> {
    let (port, rest) = [("http://", "80"), ("https://", "443")]
        .into_iter()
        .find_map(|(scheme, port)| {
            let (start, rest) = target.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme.as_bytes()).then_some((port, rest))
        })
        .ok_or(PathError::NotAbsolute)?;
    let ends = |byte: &u8| matches!(byte, b'/' | b'?' | b'#');
    let at = rest.iter().position(ends).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(at).unwrap_or((rest, &[]));
    let host = host.ok_or(PathError::Authority)?;
    let agrees = without_port(authority, port).eq_ignore_ascii_case(without_port(host, port));
    let odd = |byte: &u8| matches!(byte, b'@' | b'\\' | b'%') || !byte.is_ascii_graphic();
    if authority.is_empty() || authority.iter().any(odd) || !agrees {
        return Err(PathError::Authority);
    }
    Ok(rest)
}

/// The authority without the port that its scheme has anyway.
fn without_port<'a>(authority: &'a [u8], port: &str) -> &'a [u8] {
    let shorter = authority.strip_suffix(port.as_bytes()).and_then(|rest| rest.strip_suffix(b":"));
    shorter.unwrap_or(authority)
}

/// A query is passed on as it is, so all that must hold is that it ends where everybody thinks it ends.
fn check_query(query: &[u8]) -> Result<(), PathError> {
    for &byte in query {
        match byte {
            b'#' => return Err(PathError::Fragment),
            b'\0'..=b' ' | 0x7f => return Err(PathError::Control),
            _ => {}
        }
    }
    Ok(())
}
