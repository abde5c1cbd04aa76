//! The query of a request, read strictly: no name twice, and none that the operation does not know.

use super::{
    Desk,
    holders::{LIMIT_MAX, PAGE_DEFAULT},
};
use crate::{
    model::Words,
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::Refusal,
};

/// A refusal of one parameter.
pub(super) fn refused(name: &str, fault: Fault, rule: &'static str) -> Refusal {
    let mut findings = Findings::new();
    findings.push(Finding::parameter(name, fault, rule));
    Problem::found(Code::QueryInvalid, findings).into()
}

impl Desk<'_> {
    /// The parameters of the request, if `known` names all of them.
    pub(super) fn parameters(&self, known: &[&str]) -> Result<Words, Refusal> {
        let words = self.words()?;
        if let Some((name, _)) = words.iter().find(|(name, _)| !known.contains(name)) {
            return Err(refused(name, Fault::Unknown, "is no parameter here"));
        }
        Ok(words)
    }

    /// Refuses every parameter that `known` does not name.
    pub(super) fn no_parameters(&self, known: &[&str]) -> Result<(), Refusal> {
        self.parameters(known).map(drop)
    }

    fn words(&self) -> Result<Words, Refusal> {
        let mut findings = Findings::new();
        let words = Words::read(self.request.query.unwrap_or_default(), &mut findings);
        if findings.is_empty() {
            Ok(words)
        } else {
            Err(Problem::found(Code::QueryInvalid, findings).into())
        }
    }

    /// After what a page begins, and how many it has; `known` are the other parameters that there may be.
    pub(super) fn page(&self, known: &[&str]) -> Result<(Option<String>, usize), Refusal> {
        let known: Vec<&str> = known.iter().copied().chain(["after", "limit"]).collect();
        let words = self.parameters(&known)?;
        let limit = match words.text("limit") {
            None => PAGE_DEFAULT,
            Some(text) => {
                let digits = text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
                let limit = text.parse::<usize>().ok().filter(|_| digits);
                let limit = limit.filter(|limit| (1..=LIMIT_MAX).contains(limit));
                limit.ok_or_else(|| refused("limit", Fault::OutOfRange, "must be 1 to 999"))?
            }
        };
        Ok((words.text("after").map(str::to_owned), limit))
    }

    /// The tenant that is meant, if the caller may see it: its own unless another is named.
    pub(super) fn tenant_seen(&self) -> Result<String, Refusal> {
        let words = self.words()?;
        let tenant = words.text("tenant").unwrap_or_else(|| self.who.tenant()).to_owned();
        if self.who.sees(&tenant) { Ok(tenant) } else { Err(Code::TenantUnknown.into()) }
    }

    /// The tenant that is meant, if the caller may change what is in it.
    pub(super) fn tenant_changed(&self) -> Result<String, Refusal> {
        let tenant = self.tenant_seen()?;
        if self.who.changes(&tenant) { Ok(tenant) } else { Err(Code::Forbidden.into()) }
    }
}
