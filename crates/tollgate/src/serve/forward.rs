//! The way to the origin and back: what crosses, for how long, and what is said when it fails.

mod first;
mod line;
mod tunnel;

use std::{error::Error, io, sync::Arc, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Uri, Version,
    body::{Body, Incoming},
    header::{CACHE_CONTROL, CONNECTION, EXPECT, HeaderName, HeaderValue, UPGRADE, VARY},
    http::{
        request::Parts,
        uri::{self, Authority, PathAndQuery, Scheme},
    },
    upgrade::OnUpgrade,
};
use tokio::time::timeout;
use tollgate_http::{
    address,
    answer::Trouble,
    credential,
    hygiene::{self, Hop, Inward, Outward, cache},
};

use super::{
    body::{Paced, Payload, Progress},
    doors::Visit,
    flight::Flight,
    gate::Gate,
    judge::{Passage, Question, fields, put},
    live::Live,
};
use crate::config::Origin;
use first::First;

/// How the origin and the client learn by which name a request is in the log.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const IDENTITY: HeaderName = HeaderName::from_static(hygiene::IDENTITY_FIELD);

/// What shared caches are told of an answer of which the origin says nothing, or nothing that can be said again.
const PRIVATE: HeaderValue = HeaderValue::from_static("private");
const NO_STORE: HeaderValue = HeaderValue::from_static(cache::NO_STORE);

/// The origin, and the connections to it that are kept.
pub(crate) struct Upstream {
    first: First,
    authority: Authority,
    origin: Origin,
}

/// A request that has come, without what was read from it.
pub(crate) struct Departure<'a> {
    pub(crate) head: &'a Parts,
    pub(crate) body: Incoming,
    /// The connection itself, once it has been switched to another protocol.
    pub(crate) switches: Option<OnUpgrade>,
    pub(crate) visit: &'a Visit,
}

/// A request that goes on: its path and query are exactly what was judged.
pub(crate) struct Journey<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) live: &'a Live,
    pub(crate) question: &'a Question<'a>,
    pub(crate) passage: Passage,
    /// Kept until the answer's body has ended.
    pub(crate) held: Flight,
}

impl Upstream {
    /// The way to `origin`; nothing is connected yet.
    pub(crate) fn new(origin: &Origin) -> anyhow::Result<Self> {
        let authority = origin.authority.parse().context("the origin's authority")?;
        Ok(Self { first: First::new(origin), authority, origin: origin.clone() })
    }

    /// Whether this is the way to `origin`.
    pub(crate) fn serves(&self, origin: &Origin) -> bool {
        let tell = |origin: &Origin| {
            let Origin { connect_timeout, response_timeout, idle_timeout, .. } = *origin;
            (origin.authority.clone(), connect_timeout, response_timeout, idle_timeout)
        };
        tell(&self.origin) == tell(origin)
    }

    /// Sends the request on, and answers with what comes back.
    ///
    /// # Errors
    ///
    /// When the origin gives no answer.
    pub(crate) async fn forward(
        &self,
        departure: Departure<'_>,
        journey: Journey<'_>,
    ) -> Result<Response<Payload>, Trouble> {
        let Departure { head, body, switches, visit } = departure;
        let websocket = wants_websocket(head);
        let progress = Arc::new(Progress::default());
        progress.mark();
        let onward = |body| {
            let mut onward = Request::new(body);
            onward.method_mut().clone_from(&head.method);
            *onward.uri_mut() = self.uri(&journey).ok_or(Trouble::OriginUnreachable)?;
            *onward.headers_mut() = inward(&head.headers, &journey, visit, websocket)?;
            Ok(onward)
        };
        let repeatable = is_repeatable(&head.method, &body);
        let body = Paced::new(body, visit.idle).marking(Arc::clone(&progress));
        let request = onward(Payload::Stream(body))?;
        let again = || {
            // Counted as one request: it has its place, its decision and its deadline already.
            let request = repeatable.then(|| onward(Payload::none()).ok()).flatten();
            request.inspect(|_| journey.gate.metrics.origin_retries.add())
        };
        let sent = self.first.send(request, again);
        let answered = within(sent, self.origin.response_timeout, &progress).await;
        let answer = match answered {
            Some(Ok(answer)) => answer,
            // Whose fault it is that nothing came.
            _ if progress.is_given_up() => return Err(Trouble::RequestTimeout),
            Some(Err(trouble)) => return Err(trouble),
            None => return Err(Trouble::OriginTimeout),
        };
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return switch(answer, switches.filter(|_| websocket), journey, visit);
        }
        outward(answer, journey, visit.idle)
    }

    fn uri(&self, journey: &Journey<'_>) -> Option<Uri> {
        let Question { path, query, .. } = journey.question;
        let Live { sources, prover, .. } = journey.live;
        let mut target = Vec::from(path.as_bytes());
        if let Some(spelled) = query {
            let query = credential::query_without_key(spelled, sources, prover.brand());
            // A query that was nothing but the key is none.
            if !query.is_empty() || spelled.is_empty() {
                target.push(b'?');
                target.extend_from_slice(&query);
            }
        }
        let mut parts = uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(target)).ok();
        parts.path_and_query.is_some().then(|| Uri::from_parts(parts).ok()).flatten()
    }
}

/// Why the origin gave no answer: connecting can take too long as well.
fn trouble(error: &(dyn Error + 'static)) -> Trouble {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let late = error.downcast_ref::<io::Error>();
        if late.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return Trouble::OriginTimeout;
        }
        cause = error.source();
    }
    Trouble::OriginUnreachable
}

/// Whether a request may be sent twice: it changes nothing, and has nothing that could be used up.
fn is_repeatable(method: &Method, body: &Incoming) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) && body.is_end_stream()
}

/// Waits for the head of an answer: not longer than `patience` after the request has last moved.
async fn within<T>(
    answer: impl Future<Output = T>,
    patience: Duration,
    progress: &Progress,
) -> Option<T> {
    let mut answer = std::pin::pin!(answer);
    let mut wait = patience;
    loop {
        if let Ok(answer) = timeout(wait, answer.as_mut()).await {
            return Some(answer);
        }
        wait = patience.saturating_sub(Duration::from_millis(progress.quiet_ms()));
        if wait.is_zero() {
            return None;
        }
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
fn inward(
    from: &HeaderMap,
    journey: &Journey<'_>,
    visit: &Visit,
    websocket: bool,
) -> Result<HeaderMap, Trouble> {
    let Live { sources, prover, hops, .. } = journey.live;
    let peer = visit.peer.ip();
    let trusted = hops.contains(tollgate_core::network::Address::new(peer));
    let hop = Hop::read(fields(from)).map_err(|_| Trouble::HeadTooLarge)?;
    let brand = prover.brand();
    let inward = Inward { hop: &hop, sources, brand, trusted, trailers: false, websocket };
    let mut to = HeaderMap::with_capacity(from.len().saturating_add(4));
    for (name, value) in from {
        let crosses = hygiene::reaches_origin(name.as_str().as_bytes(), value.as_bytes(), &inward);
        // The body is asked for when the origin is ready for it: the gate itself says `100 Continue`.
        if crosses && name != EXPECT && name != REQUEST_ID {
            to.append(name.clone(), value.clone());
        }
    }
    if websocket {
        to.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
    to.insert(FORWARDED_FOR, visit.peer_value.clone());
    if trusted
        && let Ok(chain) = HeaderValue::try_from(address::forwarded_for(peer, fields(from), hops))
    {
        to.insert(FORWARDED_FOR, chain);
    }
    to.insert(REQUEST_ID, journey.question.id.value());
    if let Some(identity) = &journey.passage.identity {
        to.insert(IDENTITY, identity.clone());
    }
    Ok(to)
}

/// What the client gets of the origin's answer.
fn outward(
    answer: Response<Incoming>,
    journey: Journey<'_>,
    idle: Duration,
) -> Result<Response<Payload>, Trouble> {
    let (head, body) = answer.into_parts();
    let fields = crossing(&head.headers, &journey, false)?;
    let paced = Paced::new(body, idle).holding(journey.held);
    let mut response = Response::new(Payload::Stream(paced));
    *response.status_mut() = head.status;
    *response.headers_mut() = fields;
    put(response.headers_mut(), journey.passage.extra);
    Ok(response)
}

fn crossing(
    from: &HeaderMap,
    journey: &Journey<'_>,
    websocket: bool,
) -> Result<HeaderMap, Trouble> {
    let private = !journey.passage.cacheable;
    let hop = Hop::read(fields(from)).map_err(|_| Trouble::OriginUnreachable)?;
    let outward = Outward {
        hop: &hop,
        private,
        cors_answered: journey.passage.cors_answered,
        style: journey.live.style,
        trailers: false,
        websocket,
    };
    let mut to = HeaderMap::with_capacity(from.len().saturating_add(8));
    for (name, value) in from {
        let crosses = hygiene::reaches_client(name.as_str().as_bytes(), value.as_bytes(), &outward);
        if crosses && name != REQUEST_ID {
            to.append(name.clone(), value.clone());
        }
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

/// Joins both sides of a switched connection, which ends with the age of the client's at the latest.
fn switch(
    mut answer: Response<Incoming>,
    client: Option<OnUpgrade>,
    journey: Journey<'_>,
    visit: &Visit,
) -> Result<Response<Payload>, Trouble> {
    // An origin that switches without being asked, or to something else, gives no answer.
    let named = answer.headers().get(UPGRADE).map(HeaderValue::as_bytes);
    let agreed = named.is_some_and(|name| name.eq_ignore_ascii_case(b"websocket"));
    let client = client.filter(|_| agreed).ok_or(Trouble::OriginUnreachable)?;
    let origin = hyper::upgrade::on(&mut answer);
    let mut response = Response::new(Payload::none());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let mut fields = crossing(answer.headers(), &journey, true)?;
    fields.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    *response.headers_mut() = fields;
    let (joined, held) = (tunnel::join(client, origin, visit.clone()), journey.held);
    tokio::spawn(async move {
        joined.await;
        drop(held);
    });
    Ok(response)
}
