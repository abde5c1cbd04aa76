//! What API Gateway asks: four kinds of events, told apart by what they are and never by a setting.

mod arn;
mod read;

use std::net::IpAddr;

pub use arn::{Arn, RESOURCE_MAX};

/// The most fields of a request, and their most bytes.
pub const FIELDS_MAX: usize = 128;
/// See [`FIELDS_MAX`].
pub const FIELD_BYTES_MAX: usize = 65_536;

/// The longest event, in bytes: API Gateway's own bounds are far below.
pub const EVENT_BYTES_MAX: usize = 262_144;

/// Which kind of event it is, and so which kind of answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A REST API's `TOKEN` authorizer: one field, of which only the value is told.
    Token,
    /// A REST API's `REQUEST` authorizer.
    Request,
    /// An HTTP API's authorizer with payload 1.0.
    Http1,
    /// An HTTP API's authorizer with payload 2.0.
    Http2,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Token, Self::Request, Self::Http1, Self::Http2];

    /// The name, for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Request => "request",
            Self::Http1 => "http_1.0",
            Self::Http2 => "http_2.0",
        }
    }
}

/// A request as an event tells of it.
#[derive(Clone)]
pub struct Event {
    /// Which kind it is.
    pub kind: Kind,
    /// What the request is for.
    pub arn: Arn,
    /// The method.
    pub method: String,
    /// The path without stage and base path, as it is spelled there.
    pub path: String,
    /// The query, spelled anew where the event has it decoded.
    pub query: Option<String>,
    /// The fields; none but the one that is told of in a `TOKEN` event.
    pub fields: Vec<(String, String)>,
    /// Whether there are too many fields, or they are too long.
    pub too_large: bool,
    /// The client's address, from the request's context only.
    pub address: Option<IpAddr>,
    /// The request's name, as API Gateway logs it.
    pub request: Option<String>,
}

// SECURITY: a key is among the fields, and may be in the query.
impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What of an event is set and not told.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The field that a `TOKEN` event tells of.
    pub token_header: String,
    /// What stands before the path under a domain of one's own.
    pub base_path: Option<String>,
}

/// An event that cannot be read in one way. It says which part, and nothing of what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

impl Event {
    /// Reads an event.
    ///
    /// # Errors
    ///
    /// When it is of no kind that is known, or a part that its kind has is missing or of another type.
    pub fn read(text: &str, setting: &Setting) -> Result<Self, Malformed> {
        read::event(text, setting)
    }

    /// The fields as everybody reads them.
    pub fn walk(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        self.fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))
    }
}
