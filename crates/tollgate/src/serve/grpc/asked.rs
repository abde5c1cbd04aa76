//! From Envoy's question to ours: which request is asked about, from what Envoy tells.

use std::net::IpAddr;

use hyper::{
    HeaderMap, Method,
    header::{HeaderName, HeaderValue},
};

use super::messages::{CheckRequest, HttpRequest};

/// The most fields of a request that is asked about.
pub(super) const FIELDS_MAX: usize = 256;

/// A request that is asked about.
pub(super) struct Asked {
    pub(super) method: Method,
    /// Path and query, as the client spelled them.
    pub(super) target: String,
    /// None if they cannot be read in one way.
    pub(super) head: Result<HeaderMap, Unreadable>,
    /// The client's address, as Envoy has found it out.
    pub(super) source: Option<IpAddr>,
}

/// Why the fields of a request cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// There are more than [`FIELDS_MAX`].
    TooMany,
    /// A name or a value is none.
    Wrong,
}

/// Reads a question; none if it does not say what it is about.
pub(super) fn read(question: CheckRequest) -> Option<Asked> {
    let attributes = question.attributes?;
    let http = attributes.request?.http?;
    if http.path.is_empty() {
        return None;
    }
    let method = Method::from_bytes(http.method.as_bytes()).ok()?;
    let source = attributes.source.and_then(|peer| peer.address?.socket_address);
    let source = source.and_then(|source| source.address.parse().ok());
    let head = fields(&http);
    Some(Asked { method, target: http.path, head, source })
}

/// All fields, of whichever of the two lists Envoy has filled.
fn fields(http: &HttpRequest) -> Result<HeaderMap, Unreadable> {
    let joined = http.headers.iter().map(|entry| (&entry.key, entry.value.as_bytes()));
    let raw = http.header_map.iter().flat_map(|map| &map.headers).map(|field| {
        let raw = field.raw_value.as_slice();
        (&field.key, if raw.is_empty() { field.value.as_bytes() } else { raw })
    });
    let mut head = HeaderMap::new();
    // What starts with a colon is no field: method, path and authority, which are told apart from the fields.
    for (name, value) in joined.chain(raw).filter(|(name, _)| !name.starts_with(':')) {
        if head.len() >= FIELDS_MAX {
            return Err(Unreadable::TooMany);
        }
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Unreadable::Wrong)?;
        let value = HeaderValue::from_bytes(value).map_err(|_| Unreadable::Wrong)?;
        head.append(name, value);
    }
    Ok(head)
}
