//! What crosses of heads, towards the origin and back.

use hyper::{
    HeaderMap, Method, Version,
    header::{
        CACHE_CONTROL, CONNECTION, EXPECT, HOST, HeaderName, HeaderValue, TE, TRAILER, UPGRADE,
        VARY,
    },
    http::{request::Parts, uri::Authority},
};
use tollgate_http::{
    address,
    answer::Trouble,
    hygiene::{self, Hop, Inward, Outward, cache},
};

use super::{Journey, REQUEST_ID, late::Late};
use crate::serve::{doors::Visit, judge::fields, live::Live};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const IDENTITY: HeaderName = HeaderName::from_static(hygiene::IDENTITY_FIELD);

/// What shared caches are told of an answer of which the origin says nothing, or nothing that can be said again.
const PRIVATE: HeaderValue = HeaderValue::from_static("private");
const NO_STORE: HeaderValue = HeaderValue::from_static(cache::NO_STORE);

/// What client and gate have agreed upon for one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Whether the origin speaks HTTP/2: there nothing is said about the connection.
    pub(super) second: bool,
    /// Whether the connection may become a WebSocket.
    pub(super) websocket: bool,
    /// Whether the client takes fields after the body of its answer.
    pub(super) trailers: bool,
}

impl Terms {
    /// Those of a request with this head, to an origin that speaks HTTP/2 or not.
    pub(super) fn of(head: &Parts, second: bool) -> Self {
        let websocket = !second && wants_websocket(head);
        let takes = |te: &HeaderValue| te.as_bytes().eq_ignore_ascii_case(b"trailers");
        let trailers = !websocket && head.headers.get_all(TE).iter().any(takes);
        Self { second, websocket, trailers }
    }
}

/// Whether the client asks to switch to WebSocket: the only protocol that is switched to.
fn wants_websocket(head: &Parts) -> bool {
    let mut upgrades = head.headers.get_all(UPGRADE).iter();
    let only = upgrades.next().filter(|_| upgrades.next().is_none());
    let named = only.is_some_and(|name| name.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let nominated = Hop::read(fields(&head.headers)).is_ok_and(|hop| hop.nominates(b"upgrade"));
    named && nominated && head.method == Method::GET && head.version == Version::HTTP_11
}

/// What the origin gets of a request's head. The identity comes last, so that nothing takes it away.
pub(super) fn inward(
    from: &HeaderMap,
    journey: &Journey<'_>,
    visit: &Visit,
    Terms { websocket, second, .. }: Terms,
) -> Result<HeaderMap, Trouble> {
    let Live { policy, hops, .. } = &**journey.live;
    let peer = visit.peer.ip();
    let trusted = hops.contains(tollgate_core::network::Address::new(peer));
    let trailers = !websocket;
    let hop = Hop::read(fields(from)).map_err(|_| Trouble::HeadTooLarge)?;
    let (sources, brand) = (policy.sources(), policy.brand());
    let inward = Inward { hop: &hop, sources, brand, trusted, trailers, websocket };
    let mut to = HeaderMap::with_capacity(from.len().saturating_add(4));
    for (name, value) in from {
        let crosses = hygiene::reaches_origin(name.as_str().as_bytes(), value.as_bytes(), &inward);
        // The body is asked for when the origin is ready for it: the gate itself says `100 Continue`.
        if crosses && name != EXPECT && name != REQUEST_ID && name != TRAILER {
            to.append(name.clone(), value.clone());
        }
    }
    if websocket {
        to.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    } else {
        late(from, &mut to, || Late::to_origin(from, journey.live));
        if !second && to.contains_key(TE) {
            to.insert(CONNECTION, HeaderValue::from_static("te"));
        }
    }
    to.insert(FORWARDED_FOR, visit.peer_value.clone());
    if trusted
        && let Ok(chain) = HeaderValue::try_from(address::forwarded_for(peer, fields(from), hops))
    {
        to.insert(FORWARDED_FOR, chain);
    }
    to.insert(REQUEST_ID, journey.question.id.value());
    if let Some(identity) = &journey.passage.identity {
        to.insert(IDENTITY, identity.value().clone());
    }
    Ok(to)
}

/// What a server with this authority is called in `Host`: a port that goes without saying is not said.
pub(super) fn host(authority: &Authority, tls: bool) -> &str {
    let usual = if tls { 443 } else { 80 };
    if authority.port_u16() == Some(usual) { authority.host() } else { authority.as_str() }
}

/// Says that a request is for `host`. Whom the client meant is told beside it, unless a trusted hop has said that.
pub(super) fn rename(fields: &mut HeaderMap, host: HeaderValue) {
    if let Some(meant) = fields.insert(HOST, host) {
        fields.entry(FORWARDED_HOST).or_insert(meant);
    }
}

/// Announces those of the fields after the body that pass, if any are announced.
fn late(from: &HeaderMap, to: &mut HeaderMap, rules: impl FnOnce() -> Late) {
    if let Some(names) = from.contains_key(TRAILER).then(|| rules().announced(from)).flatten() {
        to.insert(TRAILER, names);
    }
}

/// What the client gets of the head of an answer.
pub(super) fn crossing(
    from: &HeaderMap,
    journey: &Journey<'_>,
    Terms { websocket, trailers, .. }: Terms,
) -> Result<HeaderMap, Trouble> {
    let private = !journey.passage.cacheable;
    let hop = Hop::read(fields(from)).map_err(|_| Trouble::OriginUnreachable)?;
    let outward = Outward {
        hop: &hop,
        private,
        cors_answered: journey.passage.cors_answered,
        style: journey.live.policy.style(),
        trailers,
        websocket,
    };
    let mut to = HeaderMap::with_capacity(from.len().saturating_add(8));
    for (name, value) in from {
        let crosses = hygiene::reaches_client(name.as_str().as_bytes(), value.as_bytes(), &outward);
        if crosses && name != REQUEST_ID && name != TRAILER {
            to.append(name.clone(), value.clone());
        }
    }
    if trailers {
        late(from, &mut to, || Late::to_client(from, journey));
    }
    if private {
        // What an origin that says nothing comes to is known beforehand.
        let forced = if from.contains_key(CACHE_CONTROL) {
            let said = from.get_all(CACHE_CONTROL).iter().map(HeaderValue::as_bytes);
            HeaderValue::try_from(cache::forced(said)).unwrap_or(NO_STORE)
        } else {
            PRIVATE
        };
        to.insert(CACHE_CONTROL, forced);
    }
    if journey.passage.identity.is_some() {
        to.append(VARY, journey.live.vary.clone());
    }
    Ok(to)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

    use super::{Authority, host};

    #[test]
    fn a_port_that_goes_without_saying_is_not_said() {
        for (authority, tls, told) in [
            ("app.example", true, "app.example"),
            ("app.example:443", true, "app.example"),
            ("app.example:443", false, "app.example:443"),
            ("app.example:80", false, "app.example"),
            ("app.example:80", true, "app.example:80"),
            ("[::1]:443", true, "[::1]"),
            ("[::1]:8443", true, "[::1]:8443"),
        ] {
            let authority: Authority = authority.parse().unwrap();
            assert_eq!(host(&authority, tls), told);
        }
    }
}
