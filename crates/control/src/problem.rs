//! What a caller is told who is refused: one table of codes, one shape of bodies.
//!
//! The bodies are those of the gate (RFC 9457: type, title, status, detail, instance, code), with one more member for
//! what is wrong with a body or a query: `errors`, each with its place. What proves a caller is refused in the gate's
//! own words, by `tollgate_http::answer::denied`; a code that both have has one status and one title.

mod code;
mod finding;

use serde::Serialize;
use tollgate_ledger::{ChangeError, LedgerError, SettingsError};

pub use code::Code;
pub use finding::{Fault, Finding, Findings, POINTER_BYTES_MAX, PROBLEMS_MAX, Place, Pointer};

/// The type of a problem that its status says all about.
const ABOUT_BLANK: &str = "about:blank";

/// The media type of a problem's body.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One refusal, as it is answered.
///
/// # Security
///
/// The detail and the findings say what would be right and where; no value of the request is repeated in them. The
/// names of fields that a caller sent are, in pointers, so they belong in an answer and in no log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which one.
    pub code: Code,
    /// What it means for whoever asked, as a sentence.
    pub detail: String,
    /// What is wrong with the body or the query, at most [`PROBLEMS_MAX`].
    pub errors: Vec<Finding>,
}

/// The members of a body, in the order of the gate's.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    instance: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Finding],
}

impl Problem {
    /// The problem of a code, with what it means in general.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, detail: code.detail().to_owned(), errors: vec![] }
    }

    /// The problem of a code, with what it means here: a sentence without a value of the request.
    #[must_use]
    pub fn with(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: vec![] }
    }

    /// The problem of a code that is about these places; there may be more than are listed.
    #[must_use]
    pub fn found(code: Code, findings: Findings) -> Self {
        let more = findings.more();
        let mut problem = Self { errors: findings.into_list(), ..Self::new(code) };
        if more {
            problem.detail.push_str(" More is wrong than is listed.");
        }
        problem
    }

    /// Its status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.code.status()
    }

    /// Its body: one line, as `application/problem+json`. The instance is the request's id.
    #[must_use]
    pub fn body(&self, instance: &str) -> String {
        let body = Body {
            r#type: ABOUT_BLANK,
            title: self.code.title(),
            status: self.code.status(),
            detail: &self.detail,
            instance,
            code: self.code.as_str(),
            errors: &self.errors,
        };
        // Strings, numbers and lists: there is nothing in a problem that JSON could not say.
        let mut text = serde_json::to_string(&body).unwrap_or_default();
        text.push('\n');
        text
    }
}

impl From<&ChangeError> for Problem {
    fn from(error: &ChangeError) -> Self {
        let code = Code::of(error);
        let errors = match error {
            ChangeError::Settings(error) => vec![Finding::from(error)],
            ChangeError::Fixed { field } => {
                vec![Finding::at(field, Fault::NotAllowed, "cannot change: create another key")]
            }
            ChangeError::IdentityTooLong { .. } => {
                vec![Finding::at("scopes", Fault::TooMany, "make the identity too long")]
            }
            ChangeError::UnknownKey
            | ChangeError::KeyExists
            | ChangeError::LookupTaken
            | ChangeError::UnknownSecret
            | ChangeError::Revoked
            | ChangeError::KindChanged { .. }
            | ChangeError::OtherNumbers { .. }
            | ChangeError::OtherVersion { .. }
            | ChangeError::UnknownLimit { .. }
            | ChangeError::TooManyCarriers
            | ChangeError::TooManySecrets
            | ChangeError::GraceTooLong
            | ChangeError::UnknownOwner
            | ChangeError::UnknownTenant
            | ChangeError::Clock
            | ChangeError::Exhausted => vec![],
        };
        // What names a limit or a field repeats what the caller sent.
        let named = matches!(
            error,
            ChangeError::OtherNumbers { .. }
                | ChangeError::UnknownLimit { .. }
                | ChangeError::KindChanged { .. }
                | ChangeError::Settings(_)
        );
        let detail = if named { code.detail().to_owned() } else { sentence(&error.to_string()) };
        Self { code, detail, errors }
    }
}

impl From<&LedgerError> for Problem {
    fn from(error: &LedgerError) -> Self {
        match error {
            LedgerError::Refused(error) => error.into(),
            // What an operator should conclude is logged; whoever asked can only ask again.
            LedgerError::Failed { .. } | LedgerError::Denied { .. } => Self::new(Code::Unavailable),
            LedgerError::Unknown { .. } => Self::new(Code::ChangeUnknown),
        }
    }
}

impl From<&SettingsError> for Finding {
    /// The place `limits[1].rate` is the pointer `/limits/1/rate`.
    fn from(error: &SettingsError) -> Self {
        let mut pointer = Pointer::root();
        for part in error.field().split(['.', '[']) {
            pointer.push(part.trim_end_matches(']'));
        }
        Self::new(&pointer, Fault::Conflict, error.rule().to_owned())
    }
}

/// A fragment as a sentence.
fn sentence(fragment: &str) -> String {
    let mut symbols = fragment.chars();
    let mut sentence: String = symbols.next().into_iter().flat_map(char::to_uppercase).collect();
    sentence.push_str(symbols.as_str());
    sentence.push('.');
    sentence
}
