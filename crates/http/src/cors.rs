//! Preflights: answered, forwarded without identity, or treated as any other request.

use std::fmt;

use crate::{
    Fields,
    text::{is_token, push_number, same},
};

/// The most origins, methods or headers that one route lists.
pub const LISTED_MAX: usize = 64;

/// The longest origin, method or header in such a list, in bytes.
pub const ITEM_MAX: usize = 256;

/// The longest that a browser is told to remember an answer, in seconds.
pub const MAX_AGE_MAX_S: u32 = 86_400;

/// What becomes of preflights on a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cors {
    /// They need a key, as every request does; browsers never send one, so they are refused.
    #[default]
    Refuse,
    /// They reach the origin without a key and without an identity.
    Forward,
    /// The gate answers them, and tells browsers on every other answer whether a page may read it.
    Answer(Allowed),
}

/// What pages may do on a route.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The origins, or `*`.
    pub origins: Box<[Box<str>]>,
    /// The methods; none: the one that is asked about.
    pub methods: Box<[Box<str>]>,
    /// The headers that a page may send: the one that carries the key among them.
    pub headers: Box<[Box<str>]>,
    /// For how long a browser may remember, in seconds.
    pub max_age_s: u32,
}

/// What a route says of preflights cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorsError {
    /// No origin is listed.
    NoOrigin,
    /// An origin is neither `*` nor `scheme://host` with or without a port.
    WrongOrigin,
    /// A method or a header is no name.
    WrongName,
    /// A list is too long, or an item is.
    TooLong,
    /// The age is above [`MAX_AGE_MAX_S`].
    WrongMaxAge,
}

impl fmt::Display for CorsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoOrigin => "no origin is listed",
            Self::WrongOrigin => "an origin is * or scheme://host, with a port if it has one",
            Self::WrongName => "a method or header is not a name",
            Self::TooLong => "at most 64 origins, methods and headers of at most 256 bytes",
            Self::WrongMaxAge => "a preflight is remembered for at most 86400 seconds",
        })
    }
}

impl std::error::Error for CorsError {}

impl Allowed {
    /// Whether all of it can be used.
    ///
    /// # Errors
    ///
    /// See [`CorsError`].
    pub fn check(&self) -> Result<(), CorsError> {
        let lists = [&self.origins, &self.methods, &self.headers];
        let mut items = lists.into_iter().flatten();
        if lists.iter().any(|list| list.len() > LISTED_MAX)
            || items.any(|item| item.len() > ITEM_MAX)
        {
            return Err(CorsError::TooLong);
        }
        if self.origins.is_empty() {
            return Err(CorsError::NoOrigin);
        }
        if !self.origins.iter().all(|origin| is_origin(origin)) {
            return Err(CorsError::WrongOrigin);
        }
        let mut names = self.methods.iter().chain(&self.headers);
        // A `*` is a name, but it is not one here: it would not cover `Authorization`.
        if !names.all(|name| is_token(name.as_bytes()) && &**name != "*") {
            return Err(CorsError::WrongName);
        }
        if self.max_age_s > MAX_AGE_MAX_S { Err(CorsError::WrongMaxAge) } else { Ok(()) }
    }

    /// What is answered to a page of `origin` as its `Access-Control-Allow-Origin`, if it is listed.
    fn admits(&self, origin: &str) -> Option<String> {
        let listed = |text: &str| self.origins.iter().any(|listed| &**listed == text);
        if listed("*") {
            Some(String::from("*"))
        } else {
            listed(origin).then(|| String::from(origin))
        }
    }
}

fn is_origin(text: &str) -> bool {
    let host = |host: &str| {
        !host.is_empty()
            && host.bytes().all(|byte| {
                byte.is_ascii_lowercase()
                    || byte.is_ascii_digit()
                    || matches!(byte, b'-' | b'.' | b':' | b'[' | b']' | b'_')
            })
    };
    let scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme.bytes().all(|byte| {
                byte.is_ascii_lowercase()
                    || byte.is_ascii_digit()
                    || matches!(byte, b'+' | b'-' | b'.')
            })
    };
    text == "*" || text.split_once("://").is_some_and(|(first, rest)| scheme(first) && host(rest))
}

/// A browser's question whether a page may send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preflight<'a> {
    /// The page's origin.
    pub origin: &'a str,
    /// The method of the request: its rule is the one that is asked.
    pub method: &'a str,
}

/// The preflight that a request is, if it is one: `OPTIONS` with exactly one `Origin` and exactly one
/// `Access-Control-Request-Method`.
pub fn preflight<'a>(method: &[u8], fields: impl Fields<'a>) -> Option<Preflight<'a>> {
    if method != b"OPTIONS" {
        return None;
    }
    let asked = only(fields.clone(), "access-control-request-method")?;
    let origin = only(fields, "origin")?;
    let visible = |byte: &u8| byte.is_ascii_graphic();
    if !is_token(asked) || origin.is_empty() || !origin.iter().all(visible) {
        return None;
    }
    Some(Preflight { origin: str::from_utf8(origin).ok()?, method: str::from_utf8(asked).ok()? })
}

/// The value of the only field of this name.
fn only<'a>(fields: impl Fields<'a>, name: &str) -> Option<&'a [u8]> {
    let mut values = fields.filter(|(other, _)| same(other, name)).map(|(_, value)| value);
    let first = values.next()?;
    values.next().is_none().then_some(first)
}

/// The fields of the answer to a preflight on a route that [answers](Cors::Answer) them; its status is 204.
///
/// A page of another origin is told nothing, and its browser refuses it.
#[must_use]
pub fn answer(allowed: &Allowed, asked: Preflight<'_>) -> Vec<(&'static str, String)> {
    let varies = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    let mut fields = vec![("vary", String::from(varies))];
    let Some(origin) = allowed.admits(asked.origin) else {
        return fields;
    };
    let methods = if allowed.methods.is_empty() {
        String::from(asked.method)
    } else {
        listed(&allowed.methods)
    };
    fields.push(("access-control-allow-origin", origin));
    fields.push(("access-control-allow-methods", methods));
    if !allowed.headers.is_empty() {
        fields.push(("access-control-allow-headers", listed(&allowed.headers)));
    }
    let mut age = String::new();
    push_number(&mut age, allowed.max_age_s.into());
    fields.push(("access-control-max-age", age));
    fields
}

/// The fields of every other answer on such a route, denials included: whether the page may read it.
pub fn fields<'a>(allowed: &Allowed, request: impl Fields<'a>) -> Vec<(&'static str, String)> {
    let mut fields = vec![("vary", String::from("Origin"))];
    let origin = only(request, "origin").and_then(|origin| str::from_utf8(origin).ok());
    if let Some(origin) = origin.and_then(|origin| allowed.admits(origin)) {
        fields.push(("access-control-allow-origin", origin));
        let exposed = "RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate";
        fields.push(("access-control-expose-headers", String::from(exposed)));
    }
    fields
}

/// Whether a field of the origin's answer is one that the gate writes where it answers for CORS.
#[must_use]
pub fn is_answer_field(name: &[u8]) -> bool {
    let start = b"access-control-";
    name.get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start))
}

fn listed(items: &[Box<str>]) -> String {
    let mut listed = String::new();
    for item in items {
        if !listed.is_empty() {
            listed.push_str(", ");
        }
        listed.push_str(item);
    }
    listed
}
