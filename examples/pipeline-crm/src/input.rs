//! What callers send, read strictly: a field that nobody asked for is a mistake, and each mistake names its field.

use std::error::Error;

use axum::{
    Json,
    extract::{
        FromRequest, FromRequestParts, Path, Query, Request,
        rejection::{JsonRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use rusqlite::{ToSql, types::ToSqlOutput};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use crate::problem::Problem;

/// The largest body, in bytes.
pub const BODY_MAX: usize = 16 * 1024;
/// The most rows of a page.
pub const PAGE_MAX: u32 = 100;
/// The rows of a page, unless it is said.
const PAGE_USUAL: u32 = 20;

/// A body, read whole and in one way.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = Json::<T>::from_request(request, state).await;
        read.map(|Json(body)| Self(body)).map_err(|refused| of_body(&refused))
    }
}

fn of_body(refused: &JsonRejection) -> Problem {
    match refused.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::TooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::NotJson,
        _ => mistake::<serde_json::Error>(refused)
            .filter(|_| matches!(refused, JsonRejection::JsonDataError(_)))
            .unwrap_or(Problem::Malformed),
    }
}

/// The query of a target. A parameter that is given twice is a mistake too.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        read.map(|Query(params)| Self(params)).map_err(|refused| of_query(&refused))
    }
}

fn of_query(refused: &QueryRejection) -> Problem {
    mistake::<serde::de::value::Error>(refused)
        .unwrap_or_else(|| Problem::invalid("", "the query cannot be read"))
}

/// Which field it was: what serde says, with the way to it.
fn mistake<E: Error + 'static>(refused: &(dyn Error + 'static)) -> Option<Problem> {
    let mut cause = Some(refused);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<serde_path_to_error::Error<E>>() {
            return Some(Problem::invalid(&found.path().to_string(), found.inner()));
        }
        cause = error.source();
    }
    None
}

/// The id in a path. One that cannot be an id names nothing.
#[derive(Debug)]
pub struct Named(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|_| Problem::NotFound)
    }
}

/// The version that the caller has read, from `If-Match`.
#[derive(Clone, Copy, Debug)]
pub struct Seen(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let tag = only(&parts.headers).ok_or(Problem::Unconditional)?;
        // What is no tag of ours is of no version that there is.
        let version = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        version.and_then(|version| version.parse().ok()).map(Self).ok_or(Problem::Changed)
    }
}

fn only(fields: &HeaderMap) -> Option<&str> {
    let mut values = fields.get_all(header::IF_MATCH).iter();
    values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
}

/// How many rows a page has: 1 to [`PAGE_MAX`].
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u32")]
pub struct PageLen(u32);

impl PageLen {
    /// The number.
    pub fn rows(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// One more, which tells whether there is a next page.
    pub fn and_one(self) -> u32 {
        self.0.saturating_add(1)
    }
}

impl Default for PageLen {
    fn default() -> Self {
        Self(PAGE_USUAL)
    }
}

impl TryFrom<u32> for PageLen {
    type Error = String;

    fn try_from(rows: u32) -> Result<Self, String> {
        let good = (1..=PAGE_MAX).contains(&rows);
        good.then_some(Self(rows)).ok_or_else(|| format!("must be 1 to {PAGE_MAX}"))
    }
}

/// A line of text: 1 to `MAX` characters, none of them a control character, no blank at either end.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> TryFrom<String> for Line<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let len = text.chars().count();
        if len == 0 || len > MAX {
            return Err(format!("must have 1 to {MAX} characters"));
        }
        if text.trim() != text || text.chars().any(char::is_control) {
            return Err("must be one line, with no blank at either end".into());
        }
        Ok(Self(text))
    }
}

impl<const MAX: usize> ToSql for Line<MAX> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl<const MAX: usize> Line<MAX> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A field that may be left out and is not null when it is there.
///
/// # Errors
///
/// What the field's own type says.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    field: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(field).map(Some)
}
