//! The query of a request, read strictly: no name twice, and none that the operation does not know.

use super::{Desk, Operation};
use crate::{
    model::{Words, checked},
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::Refusal,
};

/// A refusal of one parameter.
pub(super) fn refused(name: &str, fault: Fault, rule: &'static str) -> Refusal {
    let mut findings = Findings::new();
    findings.push(Finding::parameter(name, fault, rule));
    Problem::found(Code::QueryInvalid, findings).into()
}

/// The query of a request, as its operation says that it may be.
pub(crate) fn read(operation: &Operation, query: Option<&str>) -> Result<Words, Refusal> {
    let Some(table) = operation.query else {
        let mut findings = Findings::new();
        let words = Words::read(query.unwrap_or_default(), &mut findings);
        if !findings.is_empty() {
            return Err(Problem::found(Code::QueryInvalid, findings).into());
        }
        return Ok(words);
    };
    Ok(checked(query, table)?)
}

impl Desk<'_> {
    /// The parameters of the request, if `known` names all of them.
    pub(super) fn parameters(&self, known: &[&str]) -> Result<&Words, Refusal> {
        if let Some((name, _)) = self.words.iter().find(|(name, _)| !known.contains(name)) {
            return Err(refused(name, Fault::Unknown, "is no parameter here"));
        }
        Ok(&self.words)
    }

    /// Refuses every parameter that `known` does not name.
    pub(super) fn no_parameters(&self, known: &[&str]) -> Result<(), Refusal> {
        self.parameters(known).map(drop)
    }

    /// The tenant that is meant, if the caller may see it: its own unless another is named.
    pub(super) fn tenant_seen(&self) -> Result<String, Refusal> {
        let tenant = self.words.text("tenant").unwrap_or_else(|| self.who.tenant()).to_owned();
        if self.who.sees(&tenant) { Ok(tenant) } else { Err(Code::TenantUnknown.into()) }
    }

    /// The tenant that is meant, if the caller may change what is in it.
    pub(super) fn tenant_changed(&self) -> Result<String, Refusal> {
        let tenant = self.tenant_seen()?;
        if self.who.changes(&tenant) { Ok(tenant) } else { Err(Code::Forbidden.into()) }
    }
}
