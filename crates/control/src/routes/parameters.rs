//! The query of a request, read strictly: no name twice, and none that the operation does not know.

use super::{
    Desk,
    holders::{LIMIT_MAX, PAGE_DEFAULT},
};
use crate::{
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::Refusal,
};

/// The longest query, in bytes.
const QUERY_MAX: usize = 4_096;

/// The most parameters.
const PARAMETERS_MAX: usize = 32;

fn refused(name: &str, fault: Fault, rule: &'static str) -> Refusal {
    let mut findings = Findings::new();
    findings.push(Finding::parameter(name, fault, rule));
    Problem::found(Code::QueryInvalid, findings).into()
}

/// The parameters of a query, decoded.
fn parameters(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let invalid = || Refusal::from(Code::QueryInvalid);
    let mut read: Vec<(String, String)> = vec![];
    if query.len() > QUERY_MAX {
        return Err(invalid());
    }
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
            return Err(invalid());
        };
        if read.iter().any(|(other, _)| *other == name) {
            return Err(refused(&name, Fault::Duplicate, "must be given once"));
        }
        if read.len() >= PARAMETERS_MAX {
            return Err(invalid());
        }
        read.push((name, value));
    }
    Ok(read)
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                let digits = std::str::from_utf8(digits).ok()?;
                u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

impl Desk<'_> {
    /// The parameters of the request, if `known` names all of them.
    pub(super) fn parameters(&self, known: &[&str]) -> Result<Vec<(String, String)>, Refusal> {
        let read = parameters(self.request.query.unwrap_or_default())?;
        match read.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(refused(name, Fault::Unknown, "is no parameter here")),
            None => Ok(read),
        }
    }

    /// Refuses every parameter that `known` does not name.
    pub(super) fn no_parameters(&self, known: &[&str]) -> Result<(), Refusal> {
        self.parameters(known).map(drop)
    }

    fn parameter(&self, name: &str) -> Result<Option<String>, Refusal> {
        let read = parameters(self.request.query.unwrap_or_default())?;
        Ok(read.into_iter().find(|(named, _)| named == name).map(|(_, value)| value))
    }

    /// After what a page begins, and how many it has; `known` are the other parameters that there may be.
    pub(super) fn page(&self, known: &[&str]) -> Result<(Option<String>, usize), Refusal> {
        let known: Vec<&str> = known.iter().copied().chain(["after", "limit"]).collect();
        self.no_parameters(&known)?;
        let limit = match self.parameter("limit")? {
            None => PAGE_DEFAULT,
            Some(text) => {
                let digits = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
                let limit = text.parse::<usize>().ok().filter(|_| digits);
                let limit = limit.filter(|limit| (1..=LIMIT_MAX).contains(limit));
                limit.ok_or_else(|| refused("limit", Fault::OutOfRange, "must be 1 to 999"))?
            }
        };
        Ok((self.parameter("after")?, limit))
    }

    /// The tenant that is meant, if the caller may see it: its own unless another is named.
    pub(super) fn tenant_seen(&self) -> Result<String, Refusal> {
        let tenant = self.parameter("tenant")?.unwrap_or_else(|| self.who.tenant().to_owned());
        if self.who.sees(&tenant) { Ok(tenant) } else { Err(Code::TenantUnknown.into()) }
    }

    /// The tenant that is meant, if the caller may change what is in it.
    pub(super) fn tenant_changed(&self) -> Result<String, Refusal> {
        let tenant = self.tenant_seen()?;
        if self.who.changes(&tenant) { Ok(tenant) } else { Err(Code::Forbidden.into()) }
    }
}
