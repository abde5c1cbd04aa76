//! The data port: every request in one order, from its target to the origin.

use std::{borrow::Cow, sync::Arc};

use hyper::{
    Request, Response, StatusCode, Uri, Version,
    body::Incoming,
    header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue},
    http::request::Parts,
    upgrade::OnUpgrade,
};
use tollgate_core::decision::Denial;
use tollgate_http::{
    address,
    answer::{Answer, Invalid, Trouble},
    path::{self, Target},
    reserved,
};

use super::{
    access::{self, Note},
    awaited::Awaited,
    body::Payload,
    doors::Visit,
    flight::Flight,
    forward::{Departure, Journey, REQUEST_ID},
    gate::Gate,
    judge::{Judged, Passage, Question, fields, judge_for, put, rendered},
    live::Live,
    report,
};

/// Answers one request, whose place is `flight`.
pub(crate) async fn answer(
    gate: Arc<Gate>,
    flight: Option<Flight>,
    request: Request<Incoming>,
    visit: Visit,
) -> Response<Payload> {
    let live = gate.live();
    let (mut head, body) = request.into_parts();
    let switches = head.extensions.remove::<OnUpgrade>();
    let id = gate.ids.next();
    let (peer, country_header) = (visit.peer.ip(), live.country_header.as_deref());
    let note = Note::begin(&live);
    let question = Question {
        id,
        method: &head.method,
        path: "",
        query: None,
        head: &head.headers,
        address: Some(address::client(peer, fields(&head.headers), &live.hops)),
        country: address::country(peer, fields(&head.headers), country_header, &live.hops),
        note: &note,
    };
    let departure = Departure { head: &head, body, switches, visit: &visit };
    let target = spelled(&head.uri);
    let mut response = match flight {
        Some(flight) => serve(&gate, &live, &target, question, departure, flight).await,
        None => rendered(turned_away(&gate, &live, &question)),
    };
    access::tell(&gate, &live, &question, response.status().as_u16(), false);
    let fields = response.headers_mut();
    fields.insert(REQUEST_ID, id.value());
    // Over HTTP/2 the connection says so itself.
    if visit.is_ending() && head.version < Version::HTTP_2 && !fields.contains_key(CONNECTION) {
        fields.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn serve<'a>(
    gate: &Gate,
    live: &'a Arc<Live>,
    target: &'a str,
    question: Question<'a>,
    departure: Departure<'a>,
    flight: Flight,
) -> Response<Payload> {
    let (path, query) = match read(departure.head, target) {
        Some(Target::Path { path, query }) => (path, query),
        // The server as a whole is the gate: there is nothing to be said of it.
        Some(Target::Asterisk) => return bare(StatusCode::NO_CONTENT),
        None => {
            return rendered(question.invalid(gate, live, Invalid::Target).answer);
        }
    };
    let question = Question { path: &path, query, ..question };
    if reserved::is_reserved(&path) {
        return own(live, &question);
    }
    let (judged, of) = if live.checking {
        judge_for(gate, live, &question).await
    } else {
        (Judged::Passes(Passage::open(question.rule(live))), None)
    };
    let passage = match judged {
        Judged::Passes(passage) => passage,
        Judged::Denied(refusal) => {
            report::denied(gate, live, &question, &refusal);
            return rendered(refusal.answer);
        }
        Judged::Preflight(fields) => {
            let mut response = bare(StatusCode::NO_CONTENT);
            put(response.headers_mut(), fields);
            return response;
        }
    };
    let awaited = Awaited::begin(gate, of);
    let journey = Journey { gate, live, question: &question, passage, held: flight };
    let forwarded = match &live.upstream {
        Some(upstream) => upstream.forward(departure, journey).await,
        None => Err(Trouble::OriginUnreachable),
    };
    match forwarded {
        Ok(response) => {
            awaited.came(response.status());
            response
        }
        Err(trouble) => {
            report::troubled(gate, live, &question, trouble);
            rendered(question.trouble(live, trouble))
        }
    }
}

/// What a request is told for which there is no place: nothing of it has been looked at.
pub(super) fn turned_away(gate: &Gate, live: &Live, question: &Question<'_>) -> Answer {
    gate.metrics.requests_refused.add();
    question.denied(gate, live, Denial::Unavailable).answer
}

/// The target as it was spelled.
fn spelled(uri: &Uri) -> Cow<'_, str> {
    match (uri.scheme(), uri.path_and_query()) {
        (None, Some(target)) => Cow::Borrowed(target.as_str()),
        _ => Cow::Owned(uri.to_string()),
    }
}

/// What is asked for; none if that can be read in more than one way.
fn read<'a>(head: &Parts, target: &'a str) -> Option<Target<'a>> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let host = hosts.next().map(HeaderValue::as_bytes);
    if hosts.next().is_some() || (host.is_none() && head.version == Version::HTTP_11) {
        return None;
    }
    path::target(head.method.as_str().as_bytes(), target.as_bytes(), host).ok()
}

/// What the gate itself answers, and no origin ever sees.
pub(crate) fn own(live: &Live, question: &Question<'_>) -> Response<Payload> {
    match question.published(live) {
        Ok(answer) => {
            let mut response = rendered(answer);
            // Over HTTP/2 nobody else leaves the body of a HEAD out, so its length is said here.
            let length = HeaderValue::from(live.policy.jwks().len());
            response.headers_mut().insert(CONTENT_LENGTH, length);
            response
        }
        Err(trouble) => rendered(question.trouble(live, trouble)),
    }
}

fn bare(status: StatusCode) -> Response<Payload> {
    let mut response = Response::new(Payload::none());
    *response.status_mut() = status;
    response
}
