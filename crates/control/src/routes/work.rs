//! Changes on their way to the books.

use tollgate_core::stamp::Stamp;
use tollgate_ledger::Change;

use super::{Desk, mint::Named};
use crate::{
    Act, Carries, Done, Filed, Held, Work,
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::Refusal,
};

/// What a version is as `If-Match` says it; one that is larger than any is refused too.
pub(crate) const ETAG_PATTERN: &str = "^(\\*|\"[0-9]{1,20}\\.[0-9]{1,20}\")$";

/// A change of one key, and what else becomes of it.
pub(crate) struct Asked<'a> {
    pub(crate) change: &'a Change,
    pub(crate) key: Option<&'a str>,
    pub(crate) tenant: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) expected: Option<Stamp>,
    pub(crate) name: Option<Option<&'a str>>,
    pub(crate) details: Option<&'a str>,
    pub(crate) carries: Option<Carries<'a>>,
    pub(crate) held: &'a [Held<'a>],
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
            carries: None,
            held: &[],
            retry: None,
        }
    }
}

impl Desk<'_> {
    /// Makes a change, with all that belongs to it.
    pub(crate) fn work(&mut self, asked: &Asked<'_>) -> Result<Done, Refusal> {
        let Asked { change, key, tenant, subject, expected, name, details, carries, held, .. } =
            *asked;
        let told = self.told(tenant, subject);
        let retry = asked.retry.as_ref().map(|(named, salt)| named.retry(*salt));
        let change = Some(change);
        let act = Act { change, key, expected, name, details, carries, ..Act::of(told) };
        let work = Work { caller: &self.who.caller, held, acts: &[act], retry };
        Ok(self.books.work(&work, self.now)?)
    }

    /// The version that the request says the key has; none if it says none, or any.
    pub(crate) fn if_match(&self) -> Result<Match, Refusal> {
        let Some(value) = self.field("if-match")? else { return Ok(Match::Unsaid) };
        if value == "*" {
            return Ok(Match::Any);
        }
        let stamp = unquoted(value).and_then(|text| text.split_once('.')).and_then(
            |(incarnation, epoch)| {
                let number = |text: &str| {
                    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                    text.parse::<u64>().ok().filter(|_| digits)
                };
                Some(Stamp { incarnation: number(incarnation)?, epoch: number(epoch)? })
            },
        );
        match stamp {
            Some(stamp) => Ok(Match::Version(stamp)),
            None => Err(no_version()),
        }
    }
}

fn no_version() -> Refusal {
    let mut findings = Findings::new();
    let rule = "must be one version as an ETag gave it, or *";
    findings.push(Finding::header("if-match", Fault::Malformed, rule));
    Problem::found(Code::RequestInvalid, findings).into()
}

fn unquoted(value: &str) -> Option<&str> {
    value.strip_prefix('"').and_then(|text| text.strip_suffix('"'))
}

/// How often a change is made again that is put over what somebody else has changed meanwhile.
pub(crate) const ATTEMPTS_MAX: usize = 8;

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
    tag(filed.key.changed)
}

/// A version as an `ETag`.
pub(crate) fn tag(Stamp { incarnation, epoch }: Stamp) -> String {
    format!("\"{incarnation}.{epoch}\"")
}
