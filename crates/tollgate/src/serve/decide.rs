//! The decision endpoint: nginx, Traefik, Caddy and Envoy ask whether a request may pass.
//!
//! The request that is asked about is told in fields, so only peers on a list are answered, and a question
//! that does not say what it is about is answered with a failure, which no proxy takes for an allow.

use std::{net::IpAddr, sync::Arc};

use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue},
};
use tollgate_core::{decision::Denial, network::Address};
use tollgate_http::{
    address::{self, Trusted},
    answer::Trouble,
    answer::{Answer, Invalid},
    credential,
    hygiene::{IDENTITY_FIELD, cache::NO_STORE, is_identity},
    path::{self, Target},
    reserved,
};

use super::{
    access::{self, Note},
    body::Payload,
    doors::Visit,
    forward::REQUEST_ID,
    gate::Gate,
    ids::RequestId,
    judge::{Judged, Passage, Question, fields, judge, put, rendered},
    live::Live,
    proxy, report,
};

const IDENTITY: HeaderName = HeaderName::from_static(IDENTITY_FIELD);

/// Tells Envoy which fields the origin must not see.
const REMOVE: HeaderName = HeaderName::from_static("x-envoy-auth-headers-to-remove");

/// The path before that of the request, as Envoy puts it there.
const ENVOY: &str = "/envoy";

/// Who asks, by the path of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    /// `auth_request`: takes 401 and 403 only.
    Nginx,
    /// Traefik and Caddy: pass on whatever is answered.
    Forward,
    /// `ext_authz` over HTTP.
    Envoy,
}

/// Answers one question.
pub(crate) async fn answer(
    gate: Arc<Gate>,
    trusted: Arc<Trusted>,
    request: Request<Incoming>,
    visit: Visit,
) -> Response<Payload> {
    let live = gate.live();
    let id = gate.ids.next();
    let (peer, note) = (visit.peer.ip(), Note::begin(&live));
    let question = blank(&request, id, &note);
    let mut response = if trusted.contains(Address::new(peer)) {
        asked(&gate, &live, &trusted, peer, &request, question).await
    } else {
        plain(StatusCode::FORBIDDEN, "this peer may not ask\n")
    };
    let status = response.status();
    access::tell(&gate, &live, &question, status.as_u16(), !status.is_success());
    response.headers_mut().insert(REQUEST_ID, id.value());
    response
}

/// What somebody is told for whose question there is no place.
pub(crate) fn turned_away(gate: &Gate, request: &Request<Incoming>) -> Response<Payload> {
    let (live, id) = (gate.live(), gate.ids.next());
    let note = Note::begin(&live);
    let question = blank(request, id, &note);
    let answer = proxy::turned_away(gate, &live, &question);
    access::tell(gate, &live, &question, answer.status, true);
    let mut response = match asker(request.uri().path()) {
        Some(asker) => refused(asker, answer),
        None => rendered(answer),
    };
    response.headers_mut().insert(REQUEST_ID, id.value());
    response
}

/// A question of which nothing has been read yet.
fn blank<'a>(request: &'a Request<Incoming>, id: RequestId, note: &'a Note) -> Question<'a> {
    Question {
        id,
        method: request.method(),
        path: "",
        query: None,
        head: request.headers(),
        address: None,
        country: None,
        note,
    }
}

async fn asked(
    gate: &Gate,
    live: &Live,
    trusted: &Trusted,
    peer: IpAddr,
    request: &Request<Incoming>,
    question: Question<'_>,
) -> Response<Payload> {
    let here = request.uri().path();
    if reserved::is_reserved(here) {
        return proxy::own(live, &Question { path: here, ..question });
    }
    let Some((asker, method, target)) = about(request) else {
        return match asker(here) {
            Some(_) => {
                plain(StatusCode::INTERNAL_SERVER_ERROR, "the question lacks method or URI\n")
            }
            None => rendered(question.trouble(live, Trouble::NotFound)),
        };
    };
    let head = request.headers();
    let question = Question {
        method: &method,
        address: client(peer, head, trusted),
        country: address::country(peer, fields(head), live.country_header.as_deref(), trusted),
        ..question
    };
    // Envoy is told which fields to take away; with the others another spelling would reach the origin.
    if asker != Asker::Envoy && head.keys().any(is_alias) {
        return refused(asker, question.invalid(gate, live, Invalid::Alias).answer);
    }
    match considered(gate, live, question, &target).await {
        Ok(passage) => passes(live, head, passage),
        Err(answer) => refused(asker, answer),
    }
}

/// Whether the request that `question` is about may pass; `target` is how the client spelled it.
///
/// # Errors
///
/// The answer that its client is to be given instead.
pub(super) async fn considered(
    gate: &Gate,
    live: &Live,
    question: Question<'_>,
    target: &str,
) -> Result<Passage, Answer> {
    let invalid = || question.invalid(gate, live, Invalid::Target).answer;
    let read = path::target(question.method.as_str().as_bytes(), target.as_bytes(), None);
    let (path, query) = match read {
        Ok(Target::Path { path, query }) => (path, query),
        Ok(Target::Asterisk) | Err(_) => return Err(invalid()),
    };
    let question = Question { path: &path, query, ..question };
    if reserved::is_reserved(&path) {
        return Err(question.trouble(live, Trouble::NotFound));
    }
    let rule = question.rule(live);
    // What is bound is what the origin sees, and here that is how the client spelled it.
    if rule.bind && !target.starts_with(&*path) {
        return Err(invalid());
    }
    let judged = if live.checking {
        judge(gate, live, &question).await
    } else {
        Judged::Passes(Passage::open(rule))
    };
    match judged {
        Judged::Passes(passage) => Ok(passage),
        Judged::Denied(refusal) => {
            report::denied(gate, live, &question, &refusal);
            Err(refusal.answer)
        }
        // Nobody who asks here can be told to answer in the origin's place.
        Judged::Preflight(_) => Err(question.denied(gate, live, Denial::CredentialMissing).answer),
    }
}

/// Whether somebody asks at this path, or for what the gate itself publishes there.
pub(super) fn is_question(path: &str) -> bool {
    asker(path).is_some() || reserved::is_reserved(path)
}

fn asker(path: &str) -> Option<Asker> {
    match path {
        "/nginx" => Some(Asker::Nginx),
        "/forward" => Some(Asker::Forward),
        _ => path.strip_prefix(ENVOY).filter(|rest| rest.starts_with('/')).map(|_| Asker::Envoy),
    }
}

/// Who asks, and about which method and target; none if that is not said exactly once.
fn about(request: &Request<Incoming>) -> Option<(Asker, Method, String)> {
    let asker = asker(request.uri().path())?;
    let (method, target) = match asker {
        Asker::Nginx => ("x-original-method", "x-original-uri"),
        Asker::Forward => ("x-forwarded-method", "x-forwarded-uri"),
        Asker::Envoy => {
            let target = request.uri().path_and_query()?.as_str().strip_prefix(ENVOY)?;
            return Some((asker, request.method().clone(), target.to_owned()));
        }
    };
    let method = Method::from_bytes(only(request.headers(), method)?).ok()?;
    let target = str::from_utf8(only(request.headers(), target)?).ok()?;
    Some((asker, method, target.to_owned()))
}

/// The value of the only field of this name.
fn only<'a>(head: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = head.get_all(name).iter();
    let first = values.next().filter(|_| values.next().is_none())?;
    Some(first.as_bytes()).filter(|value| !value.is_empty())
}

/// The client's address, as those who ask tell it; unknown if they tell none. Their own is never the client's.
fn client(peer: IpAddr, head: &HeaderMap, trusted: &Trusted) -> Option<Address> {
    Some(address::client(peer, fields(head), trusted))
        .filter(|address| *address != Address::new(peer))
}

fn passes(live: &Live, head: &HeaderMap, passage: Passage) -> Response<Payload> {
    let mut response = Response::new(Payload::none());
    let to = response.headers_mut();
    to.insert(CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
    put(to, passage.extra);
    let names = removed(live, head, passage.identity.is_some()).join(",");
    if let Ok(names) = HeaderValue::try_from(names) {
        to.insert(REMOVE, names);
    }
    if let Some(identity) = passage.identity {
        to.insert(IDENTITY, identity.value().clone());
    }
    response
}

/// The names of the fields that the origin must not see: those that carry a key, and other spellings of ours;
/// and ours itself, unless it is written over.
pub(super) fn removed<'a>(live: &Live, head: &'a HeaderMap, written: bool) -> Vec<&'a str> {
    let (sources, brand) = (live.policy.sources(), live.policy.brand());
    let mut names = if written { vec![] } else { vec![IDENTITY_FIELD] };
    for (name, value) in head {
        let alias = is_alias(name);
        let name = name.as_str();
        let carries = credential::carries_key(name.as_bytes(), value.as_bytes(), sources, brand);
        if (carries || alias) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether some origin could read `name` as that of the identity, and no proxy replaces it.
fn is_alias(name: &HeaderName) -> bool {
    is_identity(name.as_str().as_bytes()) && name != IDENTITY_FIELD
}

fn refused(asker: Asker, answer: Answer) -> Response<Payload> {
    rendered(if asker == Asker::Nginx { answer.for_auth_request() } else { answer })
}

fn plain(status: StatusCode, text: &'static str) -> Response<Payload> {
    let mut response = Response::new(Payload::text(text));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
