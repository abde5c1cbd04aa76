//! What a host brings, and what it carries back.

use std::fmt;

use tollgate_core::network::Address;

use crate::{
    problem::{Code, Problem},
    reply,
};

/// The longest body that is read, in bytes.
pub const BODY_MAX: usize = 65_536;

/// One request. Its body is whole: a host reads no more than [`BODY_MAX`] and one byte, so that what is too long is
/// seen to be.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method, as it was sent.
    pub method: &'a str,
    /// The path, as it was sent.
    pub path: &'a str,
    /// The query, without its `?`.
    pub query: Option<&'a str>,
    /// The fields, in the order received.
    pub fields: &'a [(&'a [u8], &'a [u8])],
    /// The body.
    pub body: &'a [u8],
    /// Who sent it, as far as that can be believed.
    pub address: Option<Address>,
    /// What the host calls the request.
    pub id: &'a str,
}

/// Shows the method alone: a path may be a secret that was put there by mistake, and fields are.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, {:?})", self.method, self.id)
    }
}

/// The answer to one request.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The fields, by their names in lower case.
    pub fields: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The stable name of the refusal, where it is one.
    pub code: Option<&'static str>,
    /// What an operator should know: the code of what failed in the store. It belongs in a log.
    pub trouble: Option<&'static str>,
    /// Whose key asked, once it has proved itself and was let in; what it may do is another matter. It belongs in a log.
    pub by: Option<By>,
}

/// Whose key asked: the names that a log may have, and nothing of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// The public id of the key.
    pub key: String,
    /// Its owner.
    pub owner: String,
    /// Its tenant.
    pub tenant: String,
}

/// Shows the status alone: a body may hold a secret that is shown once.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

impl Response {
    /// The answer that refuses, of a host that cannot ask the service.
    #[must_use]
    pub fn problem(code: Code, id: &str) -> Self {
        reply::problem(&Problem::new(code), id)
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(named, _)| *named == name).map(|(_, value)| value.as_str())
    }
}
