//! The decision endpoint as Envoy asks it over gRPC: `envoy.service.auth.v3.Authorization/Check`.
//!
//! One message comes, one goes back, over HTTP/2 on the same listener as the other questions. What is decided is
//! decided where it is for all of them, by [`considered`].
//!
//! To Envoy an answer without a status is an allow. So whatever keeps us from answering ends the call with
//! another status than OK, and without a message; and since to somebody who asks over plain HTTP by mistake a 200
//! would be an allow, such an end is no 200 either.

mod asked;
mod messages;
#[cfg(test)]
mod tests;
mod told;

use std::{net::IpAddr, sync::Arc};

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Version,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, TE},
};
use prost::Message;
use tokio::time::timeout;
use tollgate_core::{decision::Denial, network::Address};
use tollgate_http::{
    address::{self, Trusted},
    answer::{Answer, Trouble},
};

use super::{
    access::{self, Note},
    body::Payload,
    decide::{self, considered},
    doors::Visit,
    flight::Flight,
    forward::REQUEST_ID,
    gate::Gate,
    ids::RequestId,
    judge::{Passage, Question, fields},
    live::Live,
};
use asked::{Asked, Unreadable};
use messages::{CheckRequest, CheckResponse};

/// The one method of the one service.
const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// What every message is called.
const KIND: &str = "application/grpc";

/// The longest message that is read. It has the fields of one request, and no body unless Envoy is set to send it.
const MESSAGE_BYTES_MAX: usize = 256 << 10;

/// What stands before a message: whether it is compressed, and how long it is.
const PREFIX_BYTES: usize = 5;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const REASON: HeaderName = HeaderName::from_static("grpc-message");

/// Why a call ends without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failed {
    /// The peer is not on the list.
    Stranger,
    /// Nothing is served under this name.
    Unknown,
    /// The message is compressed, which nobody agreed upon.
    Compressed,
    /// It is none, or there is not exactly one.
    Unreadable,
    /// It is longer than any that is read.
    TooLong,
    /// It took too long to come.
    TooSlow,
    /// It does not say which request it asks about.
    NoRequest,
}

impl Failed {
    /// The status of the call, that of HTTP, and the reason. The first is never 0, the second never 200.
    const fn statuses(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Stranger => ("7", StatusCode::FORBIDDEN, "this peer may not ask"),
            Self::Unknown => ("12", StatusCode::NOT_FOUND, "there is no such method"),
            Self::Compressed => ("12", StatusCode::NOT_IMPLEMENTED, "the message is compressed"),
            Self::Unreadable => ("13", StatusCode::BAD_REQUEST, "the message cannot be read"),
            Self::TooLong => ("8", StatusCode::PAYLOAD_TOO_LARGE, "the message is too long"),
            Self::TooSlow => ("4", StatusCode::REQUEST_TIMEOUT, "the message took too long"),
            Self::NoRequest => ("3", StatusCode::BAD_REQUEST, "the question lacks method or path"),
        }
    }

    fn response(self) -> Response<Payload> {
        let (code, status, reason) = self.statuses();
        let mut response = Response::new(Payload::none());
        *response.status_mut() = status;
        let fields = response.headers_mut();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(KIND));
        fields.insert(STATUS, HeaderValue::from_static(code));
        fields.insert(REASON, HeaderValue::from_static(reason));
        response
    }
}

/// Answers one question, in whichever of the two ways it is asked.
pub(crate) async fn answer(
    gate: Arc<Gate>,
    flight: Option<Flight>,
    trusted: Arc<Trusted>,
    request: Request<Incoming>,
    visit: Visit,
) -> Response<Payload> {
    // Kept until there is an answer.
    let Some(_flight) = flight else { return decide::turned_away(&gate, &request) };
    if !is_call(&request) {
        return decide::answer(gate, trusted, request, visit).await;
    }
    let id = gate.ids.next();
    let answered = call(&gate, &trusted, request, &visit, id).await;
    let mut response = answered.map_or_else(Failed::response, |answer| message(&answer));
    response.headers_mut().insert(REQUEST_ID, id.value());
    response
}

/// Whether this is a call, and no question about a request that happens to be one.
fn is_call(request: &Request<Incoming>) -> bool {
    let fields = request.headers();
    let kind = fields.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let kind = kind.and_then(|kind| kind.strip_prefix(KIND.as_bytes()));
    request.version() == Version::HTTP_2
        && matches!(kind, Some([] | [b'+' | b';', ..]))
        && fields.get(TE).is_some_and(|te| te == "trailers")
        && !decide::is_question(request.uri().path())
}

async fn call(
    gate: &Gate,
    trusted: &Trusted,
    request: Request<Incoming>,
    visit: &Visit,
    id: RequestId,
) -> Result<CheckResponse, Failed> {
    let peer = visit.peer.ip();
    if !trusted.contains(Address::new(peer)) {
        return Err(Failed::Stranger);
    }
    if request.method() != Method::POST || request.uri().path() != CHECK {
        return Err(Failed::Unknown);
    }
    let read = Limited::new(request.into_body(), PREFIX_BYTES.saturating_add(MESSAGE_BYTES_MAX));
    let body = timeout(visit.head, read.collect()).await.map_err(|_| Failed::TooSlow)?;
    let body = body.map_err(|error| {
        let long = error.downcast_ref::<LengthLimitError>().is_some();
        if long { Failed::TooLong } else { Failed::Unreadable }
    })?;
    let question = CheckRequest::decode(unwrapped(&body.to_bytes())?);
    let question = question.map_err(|_| Failed::Unreadable)?;
    let asked = asked::read(question).ok_or(Failed::NoRequest)?;
    Ok(check(gate, trusted, peer, &asked, id).await)
}

/// The one message that `body` is.
fn unwrapped(body: &Bytes) -> Result<Bytes, Failed> {
    let (prefix, message) = body.split_first_chunk::<PREFIX_BYTES>().ok_or(Failed::Unreadable)?;
    let [compressed, length @ ..] = prefix;
    match compressed {
        0 => {}
        1 => return Err(Failed::Compressed),
        _ => return Err(Failed::Unreadable),
    }
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Failed::TooLong)?;
    if length > MESSAGE_BYTES_MAX {
        return Err(Failed::TooLong);
    }
    if length != message.len() {
        return Err(Failed::Unreadable);
    }
    Ok(body.slice(PREFIX_BYTES..))
}

async fn check(
    gate: &Gate,
    trusted: &Trusted,
    peer: IpAddr,
    asked: &Asked,
    id: RequestId,
) -> CheckResponse {
    let live = gate.live();
    let nothing = HeaderMap::new();
    let head = asked.head.as_ref().unwrap_or(&nothing);
    let note = Note::begin(&live);
    let question = Question {
        id,
        method: &asked.method,
        path: "",
        query: None,
        head,
        // Envoy tells the nearest hop that it believes; one that we believe too may tell of another.
        address: asked.source.map(|source| address::client(source, fields(head), trusted)),
        country: address::country(peer, fields(head), live.country_header.as_deref(), trusted),
        note: &note,
    };
    let answered = passage(gate, &live, question, asked).await;
    let status = answered.as_ref().err().map_or(200, |answer| answer.status);
    access::tell(gate, &live, &question, status, answered.is_err());
    match answered {
        Ok(passage) => told::allowed(&live, head, &asked.target, passage),
        Err(answer) => told::refused(answer, id),
    }
}

async fn passage(
    gate: &Gate,
    live: &Live,
    question: Question<'_>,
    asked: &Asked,
) -> Result<Passage, Answer> {
    match asked.head {
        Err(Unreadable::TooMany) => Err(question.trouble(live, Trouble::HeadTooLarge)),
        Err(Unreadable::Wrong) => Err(question.denied(gate, live, Denial::RequestInvalid).answer),
        Ok(_) => considered(gate, live, question, &asked.target).await,
    }
}

/// An answer on the wire.
fn message(answer: &CheckResponse) -> Response<Payload> {
    let length = answer.encoded_len();
    let mut bytes = BytesMut::with_capacity(PREFIX_BYTES.saturating_add(length));
    bytes.put_u8(0);
    // Everything in it is bounded far below; what is not so would be no message.
    bytes.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    bytes.extend_from_slice(&answer.encode_to_vec());
    let trailers = HeaderMap::from_iter([(STATUS, HeaderValue::from_static("0"))]);
    let mut response = Response::new(Payload::message(bytes.freeze(), trailers));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(KIND));
    response
}
