//! Where a key may come from, and which fields and parameters are removed before the origin.
//!
//! A value is *ours* if it starts with the configured prefix, `_`, an accepted env, `_`. What is not ours is
//! somebody else's, and is judged only where nothing of ours stands beside it.

mod mention;
mod query;
mod search;

use std::{borrow::Cow, fmt};

use tollgate_core::key::Brand;

use crate::{
    Fields,
    answer::Invalid,
    text::{is_token, same, trim},
};

pub use mention::{carries_key, redact};
pub use query::query_without_key;
use search::Search;

/// The longest name of the configured header or parameter, in bytes.
pub const SOURCE_NAME_MAX: usize = 64;

/// The places besides `Authorization` and `X-API-Key` that are looked at, and whether the origin gets the key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// One more header, by its name.
    pub header: Option<Box<str>>,
    /// One parameter of the query, by its decoded name; none: a key there is ignored.
    pub query: Option<Box<str>>,
    /// Whether the origin sees the key.
    pub forward: bool,
}

/// A place that a key may come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFrom {
    /// `Authorization: Bearer`.
    Authorization,
    /// `X-API-Key`.
    XApiKey,
    /// The configured header.
    Header,
    /// The configured parameter of the query.
    Query,
}

/// What was found in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// Nothing that is meant for us.
    Missing,
    /// Something that can be read in more than one way, and why.
    Ambiguous(Invalid),
    /// Something that is meant to be a key and is none.
    Refused,
    /// One value that is ours; whether it is a key is still to be proved.
    Key(Presented<'a>),
}

/// A value that is ours.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented<'a> {
    /// What is to be proved.
    pub text: Cow<'a, [u8]>,
    /// The place where it stood first.
    pub from: KeyFrom,
}

/// Shows the place, and no byte of the text.
impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({:?})", self.from)
    }
}

/// A configured place cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourcesError {
    /// The header's name is no name of a field, or too long.
    WrongHeader,
    /// The header has another meaning already.
    TakenHeader,
    /// The parameter's name is empty, too long, or has characters that are not visible ASCII.
    WrongQuery,
}

impl fmt::Display for SourcesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongHeader => {
                "the header of the key is not the name of a field of at most 64 bytes"
            }
            Self::TakenHeader => "the header of the key has another meaning already",
            Self::WrongQuery => {
                "the parameter of the key is not 1 to 64 characters of visible ASCII"
            }
        })
    }
}

impl std::error::Error for SourcesError {}

/// Headers that cannot be the place of a key: they frame or route messages, or are places already.
const TAKEN: [&str; 14] = [
    "authorization",
    "x-api-key",
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "cookie",
    "referer",
    "origin",
    "proxy-authorization",
];

impl Sources {
    /// Whether every configured place can be one.
    ///
    /// # Errors
    ///
    /// See [`SourcesError`].
    pub fn check(&self) -> Result<(), SourcesError> {
        if let Some(header) = &self.header {
            if !is_token(header.as_bytes()) || header.len() > SOURCE_NAME_MAX {
                return Err(SourcesError::WrongHeader);
            }
            let name = header.as_bytes();
            let taken = TAKEN.iter().any(|taken| same(name, taken));
            if taken || crate::hygiene::is_identity(name) || crate::hygiene::is_forwarding(name) {
                return Err(SourcesError::TakenHeader);
            }
        }
        if let Some(query) = &self.query {
            let visible = query.bytes().all(|byte| byte.is_ascii_graphic());
            if query.is_empty() || query.len() > SOURCE_NAME_MAX || !visible {
                return Err(SourcesError::WrongQuery);
            }
        }
        Ok(())
    }

    /// The place that a field of this name is, if it is one.
    fn place(&self, name: &[u8]) -> Option<KeyFrom> {
        if same(name, "authorization") {
            Some(KeyFrom::Authorization)
        } else if same(name, "x-api-key") {
            Some(KeyFrom::XApiKey)
        } else if self.header.as_deref().is_some_and(|header| same(name, header)) {
            Some(KeyFrom::Header)
        } else {
            None
        }
    }
}

/// Looks for the one key that a request presents.
///
/// With `key_from` every other place is left alone. Takes time linear in what it looks at, reads a huge value
/// no further than it must, and allocates only for a parameter that is spelled with escapes.
pub fn find<'a>(
    fields: impl Fields<'a>,
    query: Option<&'a [u8]>,
    sources: &Sources,
    key_from: Option<KeyFrom>,
    brand: &Brand,
) -> Found<'a> {
    let looked_at = |place| key_from.is_none_or(|only| only == place);
    let mut search = Search::new(brand);
    for (name, value) in fields {
        if let Some(place) = sources.place(name).filter(|&place| looked_at(place)) {
            search.field(place, trim(value));
        }
    }
    if let (Some(name), Some(query)) = (&sources.query, query)
        && looked_at(KeyFrom::Query)
    {
        for value in query::values_of(query, name) {
            search.parameter(value);
        }
    }
    search.found()
}
