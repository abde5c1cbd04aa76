//! Changes on their way to the books.

use tollgate_core::stamp::Stamp;
use tollgate_ledger::Change;

use super::{Desk, mint::Named};
use crate::{
    Done, Filed, Work,
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::Refusal,
};

/// A change of one key, and what else becomes of it.
pub(crate) struct Asked<'a> {
    pub(crate) change: &'a Change,
    pub(crate) key: Option<&'a str>,
    pub(crate) tenant: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) expected: Option<Stamp>,
    pub(crate) name: Option<Option<&'a str>>,
    pub(crate) details: Option<&'a str>,
    pub(crate) retry: Option<(&'a Named, [u8; 32])>,
}

impl<'a> Asked<'a> {
    /// A change of `filed`, and of nothing beside what the ledger has.
    pub(crate) fn of(filed: &'a Filed, change: &'a Change, expected: Option<Stamp>) -> Self {
        Self {
            change,
            key: Some(&filed.key.id),
            tenant: &filed.key.settings.tenant,
            subject: &filed.key.id,
            expected,
            name: None,
            details: None,
            retry: None,
        }
    }
}

impl Desk<'_> {
    /// Makes a change, with all that belongs to it.
    pub(crate) fn work(&mut self, asked: &Asked<'_>) -> Result<Done, Refusal> {
        let Asked { change, key, tenant, subject, expected, name, details, .. } = *asked;
        let told = self.told(tenant, subject);
        let retry = asked.retry.as_ref().map(|(named, salt)| named.retry(*salt));
        let caller = &self.who.caller;
        let work = Work { caller, change, key, expected, name, details, told, retry };
        Ok(self.books.work(&work, self.now)?)
    }

    /// Makes a change of an owner or a tenant.
    pub(crate) fn make(
        &mut self,
        change: &Change,
        (tenant, subject): (&str, &str),
    ) -> Result<(), Refusal> {
        let asked = Asked {
            change,
            key: None,
            tenant,
            subject,
            expected: None,
            name: None,
            details: None,
            retry: None,
        };
        self.work(&asked).map(drop)
    }

    /// The version that the request says the key has; none if it says none, or any.
    pub(crate) fn if_match(&self) -> Result<Match, Refusal> {
        let Some(value) = self.field("if-match") else { return Ok(Match::Unsaid) };
        if value == "*" {
            return Ok(Match::Any);
        }
        let text = value.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let stamp = text.and_then(|text| text.split_once('.')).and_then(|(incarnation, epoch)| {
            let number = |text: &str| {
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                text.parse::<u64>().ok().filter(|_| digits)
            };
            Some(Stamp { incarnation: number(incarnation)?, epoch: number(epoch)? })
        });
        match stamp {
            Some(stamp) => Ok(Match::Version(stamp)),
            None => {
                let mut findings = Findings::new();
                let rule = "must be one version as an ETag gave it, or *";
                findings.push(Finding::header("if-match", Fault::Malformed, rule));
                Err(Problem::found(Code::RequestInvalid, findings).into())
            }
        }
    }
}

/// What a request says of the version that it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// Nothing.
    Unsaid,
    /// Whatever is there.
    Any,
    /// This one and no other.
    Version(Stamp),
}

impl Match {
    /// The version, if one is named.
    pub(crate) const fn version(self) -> Option<Stamp> {
        match self {
            Self::Version(stamp) => Some(stamp),
            Self::Unsaid | Self::Any => None,
        }
    }
}

/// The version of a key as an `ETag`.
pub(crate) fn etag(filed: &Filed) -> String {
    let Stamp { incarnation, epoch } = filed.key.changed;
    format!("\"{incarnation}.{epoch}\"")
}
