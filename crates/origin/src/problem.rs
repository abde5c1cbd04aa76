//! Refusals, and the answers that a client gets: the same bodies as the gate's own.

use std::{error::Error, fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use tollgate_core::decision::Denial;
use tollgate_http::{
    answer::{Answer, Context, Invalid, denied, invalid},
    rate::Style,
};
use tollgate_identity::Refusal;

use crate::verifier::Inner;

/// Why a request is not served: for operators, never for clients. Holds no byte of what was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is no identity.
    Missing,
    /// There are two, or one under another spelling of the header's name.
    Ambiguous,
    /// The token was refused.
    Refused(Refusal),
    /// The token was used before.
    Replayed,
    /// There is no room to remember that it was used.
    ReplayFull,
    /// The gate's keys could not be had.
    NoKeys,
    /// The key holds no scope that covers what is required.
    ScopeMissing,
    /// The program is wrong: nothing was verified, or what it requires is no scope.
    Internal,
}

impl Reason {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ambiguous => "ambiguous",
            Self::Refused(refusal) => refusal.code(),
            Self::Replayed => "replayed",
            Self::ReplayFull => "replay_full",
            Self::NoKeys => "no_keys",
            Self::ScopeMissing => "scope_missing",
            Self::Internal => "internal",
        }
    }

    /// What a client is told: as the gate would have said it.
    fn denial(self) -> Denial {
        match self {
            Self::Missing => Denial::CredentialMissing,
            Self::Ambiguous => Denial::RequestInvalid,
            Self::Refused(_) | Self::Replayed => Denial::KeyInvalid,
            Self::ScopeMissing => Denial::ScopeMissing { required: 0 },
            Self::ReplayFull | Self::NoKeys | Self::Internal => Denial::Unavailable,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The answer to a request that is not served.
///
/// A handler may return it: with the feature `axum` it is a response, and [`into_response`](Self::into_response) makes
/// one for every other framework.
#[derive(Clone, Debug)]
pub struct Problem(Box<Told>);

#[derive(Clone, Debug)]
struct Told {
    code: &'static str,
    reason: Reason,
    answer: Answer,
}

impl Problem {
    /// The program is wrong: nothing was verified. What should have verified is not there to say more.
    pub(crate) fn internal() -> Self {
        const BODY: &str = "{\"type\":\"about:blank\",\"title\":\"Internal error\",\"status\":500,\
            \"detail\":\"The request cannot be served because of a mistake in the origin.\",\"code\":\"internal\"}\n";
        let fields = [("content-type", "application/problem+json"), ("cache-control", "no-store")];
        let fields = fields.map(|(name, value)| (name, value.to_owned())).to_vec();
        let answer = Answer { status: 500, fields, body: BODY.to_owned() };
        Self(Box::new(Told { code: "internal", reason: Reason::Internal, answer }))
    }

    /// The status that the client is told.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.answer.status
    }

    /// The code that the client is told.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Why, for operators.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// The fields of the answer, names in lower case.
    #[must_use]
    pub fn fields(&self) -> &[(&'static str, String)] {
        &self.0.answer.fields
    }

    /// The body of the answer; empty for `HEAD`.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.0.answer.body
    }

    /// The answer over HTTP.
    #[must_use]
    pub fn into_response(self) -> Response<Full<Bytes>> {
        let Answer { status, fields, body } = self.0.answer;
        let mut response = Response::new(Full::from(body));
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }

    /// The answer of a Lambda proxy integration.
    #[must_use]
    pub fn into_proxied(self) -> Value {
        let Answer { status, fields, body } = self.0.answer;
        let headers: serde_json::Map<_, _> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        json!({"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": false})
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the request was refused: {}", self.0.reason)
    }
}

impl Error for Problem {}

/// What of a request an answer depends on.
#[derive(Clone)]
pub(crate) struct Asked {
    verifier: Arc<Inner>,
    request_id: Option<[u8; ID_LEN]>,
    head: bool,
}

/// How long the gate's name of a request is, in hexadecimal digits.
const ID_LEN: usize = 16;

impl Asked {
    /// What is known of a request: `names` are the values of its `X-Request-Id`.
    pub(crate) fn new<'a>(
        verifier: Arc<Inner>,
        mut names: impl Iterator<Item = &'a [u8]>,
        method: &[u8],
    ) -> Self {
        let first = names.next().filter(|_| names.next().is_none());
        let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let request_id = first
            .and_then(|name| <[u8; ID_LEN]>::try_from(name).ok())
            .filter(|name| name.iter().all(digit));
        Self { verifier, request_id, head: method == b"HEAD" }
    }

    /// The answer to this request, which is refused.
    pub(crate) fn refuse(&self, reason: Reason) -> Problem {
        self.tell(reason, &[])
    }

    /// The answer to this request, whose key lacks one of the scopes that are `required`.
    pub(crate) fn lacks(&self, required: &[&str]) -> Problem {
        self.tell(Reason::ScopeMissing, required)
    }

    /// The answer to this request, of which the program asks what makes no sense.
    pub(crate) fn mistaken(&self) -> Problem {
        self.verifier.note(Reason::Internal);
        Problem::internal()
    }

    fn tell(&self, reason: Reason, required: &[&str]) -> Problem {
        self.verifier.note(reason);
        let name = match self.request_id {
            Some(name) => name.map(char::from).into_iter().collect(),
            None => made_up(),
        };
        let required: Vec<Box<str>> = required.iter().map(|&scope| scope.into()).collect();
        let context = Context {
            realm: self.verifier.realm(),
            request_id: &format!("urn:tollgate:request:{name}"),
            head: self.head,
            required: &required,
            record: None,
            limits: &[],
            left: &[],
            style: Style::Off,
        };
        let denial = reason.denial();
        let answer = if denial == Denial::RequestInvalid {
            invalid(Invalid::Alias, &context)
        } else {
            denied(denial, &context)
        };
        Problem(Box::new(Told { code: denial.code(), reason, answer }))
    }
}

/// A name for a request that has none of the gate's: nothing else of the request is repeated.
fn made_up() -> String {
    let mut random = [0; ID_LEN / 2];
    // Without randomness the name says nothing, and nothing depends on it.
    if getrandom::fill(&mut random).is_err() {
        random.fill(0);
    }
    random.iter().map(|byte| format!("{byte:02x}")).collect()
}
