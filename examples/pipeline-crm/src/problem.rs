//! What a caller is told instead of an answer: RFC 9457, in the shape that the gate's own refusals have.
//!
//! Who is nobody, or may not, is told so by the verifier ([`May`](crate::workspace::May)); this is about the rest.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// The longest sentence about a mistake, in characters: it may repeat what was sent.
const DETAIL_MAX: usize = 200;

/// Why there is no answer.
#[derive(Debug)]
pub enum Problem {
    /// There is nothing of that name in this workspace, whether or not there is in another.
    NotFound,
    /// The path is known, the method is not.
    MethodNotAllowed,
    /// The body is no JSON.
    Malformed,
    /// The body is larger than bodies may be.
    TooLarge,
    /// The body is not said to be JSON.
    NotJson,
    /// What was sent can be read, and is not what is asked for.
    Invalid(Mistake),
    /// What was asked for does not go with what is there.
    Conflict {
        /// A word for programs.
        code: &'static str,
        /// A sentence for people.
        detail: &'static str,
    },
    /// Somebody has changed it since the caller read it.
    Changed,
    /// A change must say which version it is of.
    Unconditional,
    /// More is asked of the database than it can answer.
    Busy,
    /// Something here is broken. The cause is for the log, not for the caller.
    Broken(rusqlite::Error),
}

/// What is wrong with which field.
#[derive(Debug, Serialize)]
pub struct Mistake {
    field: String,
    detail: String,
}

/// What all problems have in common; `errors` names the field, where it is a field.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Mistake],
}

impl Problem {
    /// What is wrong with a field.
    pub fn invalid(field: &str, detail: impl ToString) -> Self {
        let detail = detail.to_string().chars().take(DETAIL_MAX).collect();
        Self::Invalid(Mistake { field: field.into(), detail })
    }

    /// Status, code, title and a sentence, for each of them in one place.
    const fn words(&self) -> (StatusCode, &'static str, &'static str, &'static str) {
        match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "not_found",
                "Not found",
                "There is nothing here of that name.",
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "Method not allowed",
                "This path is not asked so.",
            ),
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                "malformed",
                "Malformed",
                "The body is not one JSON value.",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "Too large",
                "The body is larger than bodies may be here.",
            ),
            Self::NotJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "Not JSON",
                "Send the body as application/json.",
            ),
            Self::Invalid(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "Invalid",
                "A field is not what is asked for; errors says which, and why.",
            ),
            Self::Conflict { code, detail } => (StatusCode::CONFLICT, code, "Conflict", detail),
            Self::Changed => (
                StatusCode::PRECONDITION_FAILED,
                "changed",
                "Changed",
                "It was changed since you read it: read it again.",
            ),
            Self::Unconditional => (
                StatusCode::PRECONDITION_REQUIRED,
                "if_match_missing",
                "If-Match missing",
                "Send the ETag of what you change as If-Match.",
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Busy",
                "Too much is asked at once: try again.",
            ),
            Self::Broken(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "broken",
                "Broken",
                "Something is broken here, and nothing was changed.",
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, title, detail) = self.words();
        let errors: &[_] =
            if let Self::Invalid(mistake) = &self { std::slice::from_ref(mistake) } else { &[] };
        if let Self::Broken(cause) = &self {
            eprintln!("pipeline-crm: {cause}");
        }
        let body =
            Body { r#type: "about:blank", title, status: status.as_u16(), detail, code, errors };
        let mut response = (status, Json(&body)).into_response();
        let fields = response.headers_mut();
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Self::Busy = &self {
            fields.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(cause: rusqlite::Error) -> Self {
        Self::Broken(cause)
    }
}
