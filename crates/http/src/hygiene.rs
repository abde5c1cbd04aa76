//! Which fields cross the gate: towards the origin, and back towards the client.
//!
//! Names that matter are compared *folded*: only their letters and digits count, and no case. CGI, WSGI and PHP
//! turn `-`, `_`, `.`, blanks and more into one character, so an origin may read `Tollgate_Identity` as ours.

pub mod cache;
mod hop;

use tollgate_core::key::Brand;

pub use hop::{Hop, NOMINATED_MAX, TooManyOptions};

use crate::{
    credential::{Sources, carries_key},
    rate::{self, Style},
    text::{is_token, same, trim},
};

/// The one header that tells the origin who calls. Only the gate writes it.
pub const IDENTITY_FIELD: &str = "tollgate-identity";

/// Tells a proxy that cannot pass every status on which one was meant.
pub const STATUS_FIELD: &str = "x-auth-status";

/// Tells a proxy that cannot pass bodies on what the body was.
pub const PROBLEM_FIELD: &str = "x-auth-problem";

/// Whether some origin could read `name` as that of the identity header.
#[must_use]
pub fn is_identity(name: &[u8]) -> bool {
    is_read_as(name, IDENTITY_FIELD)
}

/// Whether some origin could read `name` as `other`.
#[must_use]
pub fn is_read_as(name: &[u8], other: &str) -> bool {
    folded(name).eq(folded(other.as_bytes()))
}

/// What is left of a name when only letters and digits count.
fn folded(name: &[u8]) -> impl DoubleEndedIterator<Item = u8> {
    name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase)
}

/// Whether the folded `name` is the folded `other`, or starts with it if that ends in `*`.
fn folds_to(name: &[u8], other: &str) -> bool {
    let mut found = folded(name);
    folded(other.as_bytes()).all(|byte| found.next() == Some(byte))
        && (other.ends_with('*') || found.next().is_none())
}

/// Whether the folded `name` is one of those that are `listed`, each of which begins with a letter: most names differ there
/// from most of them.
fn is_listed(name: &[u8], listed: &[&str]) -> bool {
    let first = folded(name).next();
    listed.iter().any(|listed| listed.bytes().next() == first && folds_to(name, listed))
}

/// Names, folded, by which proxies tell what they did to a request: believed only from a trusted hop.
const FORWARDING: [&str; 16] = [
    "forwarded",
    "x-forwarded*",
    "x-original-*",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-*",
    "x-azure-*",
    "x-rewrite-url",
    "x-host",
    "x-remote-*",
    "remote-*",
    "true-client-ip",
    "fastly-client-ip",
    "cf-connecting-ip*",
    "cf-ipcountry",
];

/// Names, folded, by which an origin may be told another method than the one that was judged.
const OVERRIDES: [&str; 4] =
    ["x-http-method", "x-http-method-override", "x-method-override", "http-method-override"];

/// Whether `name` tells what a proxy in front has done or seen.
#[must_use]
pub fn is_forwarding(name: &[u8]) -> bool {
    is_listed(name, &FORWARDING)
}

/// Whether `name` tells what a proxy in front has found out about the caller. Two that carry a secret of the
/// caller's own are none of these.
fn is_hearsay(name: &[u8]) -> bool {
    is_listed(name, &["x-auth-*"])
        && !["x-auth-token", "x-auth-key"].iter().any(|own| same(name, own))
}

/// Fields that belong to one connection, `Connection` itself included.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "proxy-connection",
    "keep-alive",
    "transfer-encoding",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-authentication-info",
    "http2-settings",
];

/// Fields that no `Connection` takes away: without them a request means something else.
const KEPT: [&str; 3] = ["host", "content-length", "content-type"];

/// What has to be known about a message to say which of its fields cross.
#[derive(Clone, Copy, Debug)]
pub struct Inward<'a> {
    /// What the request's `Connection` says.
    pub hop: &'a Hop<'a>,
    /// Where keys come from, and whether the origin sees them.
    pub sources: &'a Sources,
    /// What keys look like.
    pub brand: &'a Brand,
    /// Whether the request comes from a trusted hop.
    pub trusted: bool,
    /// Whether trailers are passed on.
    pub trailers: bool,
    /// Whether the connection may become a WebSocket.
    pub websocket: bool,
}

/// Whether a field of the request reaches the origin. The host puts its own fields in afterwards:
/// [`IDENTITY_FIELD`], `X-Forwarded-For`, and what frames the message.
#[must_use]
pub fn reaches_origin(name: &[u8], value: &[u8], inward: &Inward<'_>) -> bool {
    let &Inward { hop, sources, brand, trusted, trailers, websocket } = inward;
    let hearsay = is_hearsay(name) || is_forwarding(name);
    // A trusted hop may pass on what its client nominated: that takes away nothing the hop itself wrote.
    let kept = trusted && hearsay;
    if !is_token(name) || is_identity(name) || (is_taken_away(name, hop) && !kept) {
        return false;
    }
    if let Some(crosses) = negotiated(name, value, trailers, websocket) {
        return crosses;
    }
    let ours = is_listed(name, &["x-forwarded-for", STATUS_FIELD, PROBLEM_FIELD])
        || same(name, "forwarded");
    if ours || (hearsay && !trusted) || is_listed(name, &OVERRIDES) {
        return false;
    }
    !carries_key(name, value, sources, brand)
}

/// What has to be known about an answer to say which of its fields cross.
#[derive(Clone, Copy, Debug)]
pub struct Outward<'a> {
    /// What the answer's `Connection` says.
    pub hop: &'a Hop<'a>,
    /// Whether shared caches must not keep the answer: the host then writes [`cache::forced`].
    pub private: bool,
    /// Whether the gate answers for CORS on this route.
    pub cors_answered: bool,
    /// Which fields about limits the host writes.
    pub style: Style,
    /// Whether trailers are passed on.
    pub trailers: bool,
    /// Whether the connection becomes a WebSocket.
    pub websocket: bool,
}

/// Whether a field of the origin's answer reaches the client.
#[must_use]
pub fn reaches_client(name: &[u8], value: &[u8], outward: &Outward<'_>) -> bool {
    let &Outward { hop, private, cors_answered, style, trailers, websocket } = outward;
    if !is_token(name) || is_identity(name) || is_taken_away(name, hop) {
        return false;
    }
    if let Some(crosses) = negotiated(name, value, trailers, websocket) {
        return crosses;
    }
    // An alternative service of the origin is a way around the gate.
    let bypass = same(name, "alt-svc")
        || [STATUS_FIELD, PROBLEM_FIELD].iter().any(|ours| folds_to(name, ours));
    let replaced = private && cache::is_cache_control(name)
        || cors_answered && crate::cors::is_answer_field(name)
        || rate::is_written(name, style);
    !(bypass || replaced)
}

/// Whether a field may come after the body, once it may cross at all: nothing there frames, routes, proves or
/// controls a message.
#[must_use]
pub fn is_fit_for_trailer(name: &[u8]) -> bool {
    const HEAD_ONLY: [&str; 17] = [
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "content-range",
        "authorization",
        "x-api-key",
        "cookie",
        "set-cookie",
        "cache-control",
        "te",
        "trailer",
        "expect",
        "range",
        "upgrade",
        "max-forwards",
        "x-request-id",
    ];
    is_token(name)
        && !is_identity(name)
        && !is_forwarding(name)
        && !is_hearsay(name)
        && !HOP_BY_HOP.iter().chain(&HEAD_ONLY).any(|listed| is_read_as(name, listed))
}

/// Whether a field belongs to this connection only.
fn is_taken_away(name: &[u8], hop: &Hop<'_>) -> bool {
    HOP_BY_HOP.iter().any(|listed| same(name, listed))
        || hop.nominates(name)
            && !["upgrade", "te", "trailer"].iter().chain(&KEPT).any(|kept| same(name, kept))
}

/// Whether a field that two sides of a connection agree upon crosses; none if it is none of these.
fn negotiated(name: &[u8], value: &[u8], trailers: bool, websocket: bool) -> Option<bool> {
    if same(name, "te") {
        Some(trailers && trim(value).eq_ignore_ascii_case(b"trailers"))
    } else if same(name, "trailer") {
        Some(trailers)
    } else if same(name, "upgrade") {
        // Never `h2c`: what travels in such a connection would be judged by nobody.
        Some(websocket && trim(value).eq_ignore_ascii_case(b"websocket"))
    } else {
        None
    }
}
