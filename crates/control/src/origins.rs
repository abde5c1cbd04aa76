//! Which pages of the web may ask: those of the origins that a deployment names, and no others.
//!
//! A key is shown in a header field that a page sets itself, so there is nothing that a browser adds on its own:
//! `Access-Control-Allow-Credentials` is never answered.

use std::fmt;

use tollgate_http::cors::{self, Allowed, CorsError};

use crate::{Request, Response, routes};

/// What a page may read of an answer beside what every page may.
const EXPOSED: &str = "ETag, Location, Retry-After, WWW-Authenticate";

/// What a page may send.
const SENT: [&str; 5] =
    ["Authorization", "X-API-Key", "Content-Type", "If-Match", "Idempotency-Key"];

/// For how long a browser remembers that, in seconds.
const REMEMBERED_S: u32 = 600;

/// The origins whose pages may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Allowed);

/// Why an origin cannot be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginError {
    /// It stands for all or for none: any page that somebody opens could ask.
    Everybody,
    /// It is no `scheme://host`, with a port if it has one.
    Malformed,
    /// There are more than [`cors::LISTED_MAX`], or one is longer than [`cors::ITEM_MAX`].
    TooMany,
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Everybody => {
                "would let any page that an administrator opens ask: name the origins of your own pages"
            }
            Self::Malformed => "is not scheme://host, with a port if it has one, in lower case",
            Self::TooMany => "is too long, or one of more than 64",
        })
    }
}

impl std::error::Error for OriginError {}

impl Origins {
    /// These origins; none: no page may ask.
    ///
    /// # Errors
    ///
    /// See [`OriginError`].
    pub fn new<'o>(origins: impl IntoIterator<Item = &'o str>) -> Result<Self, OriginError> {
        let origins: Box<[Box<str>]> = origins.into_iter().map(Into::into).collect();
        if origins.iter().any(|origin| matches!(&**origin, "*" | "null")) {
            return Err(OriginError::Everybody);
        }
        let headers = SENT.into_iter().map(Into::into).collect();
        let allowed = Allowed { origins, methods: [].into(), headers, max_age_s: REMEMBERED_S };
        match allowed.check() {
            Ok(()) | Err(CorsError::NoOrigin) => Ok(Self(allowed)),
            Err(CorsError::TooLong) => Err(OriginError::TooMany),
            Err(CorsError::WrongOrigin | CorsError::WrongName | CorsError::WrongMaxAge) => {
                Err(OriginError::Malformed)
            }
        }
    }

    /// The origins.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.origins.iter().map(|origin| &**origin)
    }

    /// The answer to a browser that asks whether a page may send a request, if it is one that is answered: of an origin
    /// that is named, for a path that there is. Everything else is a request as any other.
    pub(crate) fn preflight(&self, request: &Request<'_>) -> Option<Response> {
        let asked = cors::preflight(request.method.as_bytes(), request.fields.iter().copied())?;
        if !self.0.origins.iter().any(|origin| **origin == *asked.origin) {
            return None;
        }
        let methods = routes::methods(request.path)?.into_iter().map(Into::into).collect();
        let allowed = Allowed { methods, ..self.0.clone() };
        let mut fields = cors::answer(&allowed, asked);
        fields.push(("cache-control", "no-store".to_owned()));
        Some(Response { status: 204, fields, body: vec![], code: None, trouble: None, by: None })
    }

    /// Says in the answer to any other request whether a page may read it.
    pub(crate) fn mark(&self, request: &Request<'_>, response: &mut Response) {
        if self.0.origins.is_empty() {
            return;
        }
        for (name, value) in cors::fields(&self.0, request.fields.iter().copied()) {
            let exposes = name == "access-control-expose-headers";
            response.fields.push((name, if exposes { EXPOSED.to_owned() } else { value }));
        }
    }
}
