//! The way to the origin and back: what crosses, for how long, and what is said when it fails.

mod dial;
mod first;
mod heads;
pub(crate) mod late;
mod line;
pub(crate) mod second;
mod tunnel;

use std::{error::Error, io, sync::Arc, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Uri,
    body::{Body, Incoming},
    header::{CONNECTION, HOST, HeaderName, HeaderValue, UPGRADE},
    http::{
        request::Parts,
        uri::{self, Authority, PathAndQuery, Scheme},
    },
    upgrade::OnUpgrade,
};
use tokio::time::timeout;
use tollgate_http::{answer::Trouble, credential};

use super::{
    body::{Paced, Payload, Progress},
    doors::Visit,
    flight::Flight,
    gate::Gate,
    judge::{Passage, Question, put},
    live::Live,
};
use crate::config::{Origin, Told};
use dial::{Dial, Why};
use first::First;
use heads::{Terms, crossing, inward};
use late::Late;
use second::{Berth, Second};

/// How the origin and the client learn by which name a request is in the log.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The origin, and the connections to it that are kept.
pub(crate) struct Upstream {
    way: Way,
    authority: Authority,
    /// What it is told in `Host`, unless what the client wrote.
    host: Option<HeaderValue>,
    origin: Origin,
    why: Why,
}

/// How the origin is spoken to.
enum Way {
    First(Box<First>),
    Second(Box<Second>),
}

impl Way {
    async fn send(
        &self,
        request: Request<Payload>,
        again: impl FnOnce() -> Option<Request<Payload>>,
    ) -> Result<(Response<Incoming>, Option<Berth>), Trouble> {
        match self {
            Self::First(first) => Ok((first.send(request, again).await?, None)),
            Self::Second(second) => {
                let (answer, berth) = second.send(request, again).await?;
                Ok((answer, Some(berth)))
            }
        }
    }
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
    pub(crate) live: &'a Arc<Live>,
    pub(crate) question: &'a Question<'a>,
    pub(crate) passage: Passage,
    /// Kept until the answer's body has ended.
    pub(crate) held: Flight,
}

impl Upstream {
    /// The way to `origin`; nothing is connected yet.
    pub(crate) fn new(origin: &Origin) -> anyhow::Result<Self> {
        let authority = origin.server.authority.parse().context("the origin's authority")?;
        let named = || HeaderValue::from_str(heads::host(&authority, origin.server.tls));
        let host = (origin.host == Told::Origin).then(named).transpose();
        let host = host.context("the origin's host")?;
        let dial = Dial::new(origin)?;
        let why = dial.why();
        let way = if origin.http2 {
            Way::Second(Box::new(Second::new(origin, dial)?))
        } else {
            Way::First(Box::new(First::new(origin, dial)))
        };
        Ok(Self { way, authority, host, origin: origin.clone(), why })
    }

    /// Why there is no connection, if the last that was tried has failed.
    pub(crate) fn why(&self) -> Option<Box<str>> {
        self.why.told()
    }

    /// Whether this is the way to `origin`.
    pub(crate) fn serves(&self, origin: &Origin) -> bool {
        self.origin == *origin
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
        let terms = Terms::of(head, self.origin.http2);
        let progress = Arc::new(Progress::default());
        progress.mark();
        let onward = |body| {
            let mut onward = Request::new(body);
            onward.method_mut().clone_from(&head.method);
            let mut fields = inward(&head.headers, &journey, visit, terms)?;
            let authority = self.authority(&mut fields);
            let scheme = dial::scheme(self.origin.server.tls);
            *onward.uri_mut() =
                uri(scheme, authority, &journey).ok_or(Trouble::OriginUnreachable)?;
            *onward.headers_mut() = fields;
            Ok(onward)
        };
        let repeatable = is_repeatable(&head.method, &body);
        let late = || Late::to_origin(&head.headers, journey.live);
        let late = (!body.is_end_stream()).then(late);
        let body = Paced::new(body, visit.idle).marking(Arc::clone(&progress)).ending_with(late);
        let request = onward(Payload::Stream(body))?;
        let again = || {
            // Counted as one request: it has its place, its decision and its deadline already.
            let request = repeatable.then(|| onward(Payload::none()).ok()).flatten();
            request.inspect(|_| journey.gate.metrics.origin_retries.add())
        };
        let sent = self.way.send(request, again);
        let answered = within(sent, self.origin.response_timeout, &progress).await;
        let (answer, berth) = match answered {
            Some(Ok(answer)) => answer,
            // Whose fault it is that nothing came.
            _ if progress.is_given_up() => return Err(Trouble::RequestTimeout),
            Some(Err(trouble)) => return Err(trouble),
            None => return Err(Trouble::OriginTimeout),
        };
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return switch(answer, switches.filter(|_| terms.websocket), journey, visit);
        }
        outward((answer, berth), journey, terms, visit.idle)
    }

    /// Whom the request is for. Over HTTP/2 that is told in one place, and `fields` have it no more.
    fn authority(&self, fields: &mut HeaderMap) -> Authority {
        if let Some(host) = &self.host {
            heads::rename(fields, host.clone());
        }
        let asked = self.origin.http2.then(|| fields.remove(HOST)).flatten();
        let asked = asked.and_then(|host| Authority::try_from(host.as_bytes()).ok());
        asked.unwrap_or_else(|| self.authority.clone())
    }
}

/// Where a request goes: exactly what was judged, without the key.
fn uri(scheme: Scheme, authority: Authority, journey: &Journey<'_>) -> Option<Uri> {
    let Question { path, query, .. } = journey.question;
    let policy = &journey.live.policy;
    let mut target = Vec::from(path.as_bytes());
    if let Some(spelled) = query {
        let query = credential::query_without_key(spelled, policy.sources(), policy.brand());
        // A query that was nothing but the key is none.
        if !query.is_empty() || spelled.is_empty() {
            target.push(b'?');
            target.extend_from_slice(&query);
        }
    }
    let mut parts = uri::Parts::default();
    parts.scheme = Some(scheme);
    parts.authority = Some(authority);
    parts.path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(target)).ok();
    parts.path_and_query.is_some().then(|| Uri::from_parts(parts).ok()).flatten()
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

/// What the client gets of the origin's answer.
fn outward(
    (answer, berth): (Response<Incoming>, Option<Berth>),
    journey: Journey<'_>,
    terms: Terms,
    idle: Duration,
) -> Result<Response<Payload>, Trouble> {
    let (head, body) = answer.into_parts();
    let terms = Terms { websocket: false, ..terms };
    let fields = crossing(&head.headers, &journey, terms)?;
    let late = terms.trailers.then(|| Late::to_client(&head.headers, &journey));
    let paced = Paced::new(body, idle).holding((journey.held, berth)).ending_with(late);
    let mut response = Response::new(Payload::Stream(paced));
    *response.status_mut() = head.status;
    *response.headers_mut() = fields;
    put(response.headers_mut(), journey.passage.extra);
    Ok(response)
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
    let terms = Terms { second: false, websocket: true, trailers: false };
    let agreed = named.is_some_and(|name| name.eq_ignore_ascii_case(b"websocket"));
    let client = client.filter(|_| agreed).ok_or(Trouble::OriginUnreachable)?;
    let origin = hyper::upgrade::on(&mut answer);
    let mut response = Response::new(Payload::none());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let mut fields = crossing(answer.headers(), &journey, terms)?;
    fields.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    *response.headers_mut() = fields;
    let (joined, held) = (tunnel::join(client, origin, visit.clone()), journey.held);
    tokio::spawn(async move {
        joined.await;
        drop(held);
    });
    Ok(response)
}
