//! How a command fails: what is said, and how the process ends.

use std::{borrow::Cow, io, path::Path};

use serde_json::json;
use tollgate_ledger::{ChangeError, LedgerError};
use tollgate_store_sqlite::OpenFailure;

use crate::{config::ConfigError, exit::Exit, secrets::SecretsError};

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    code: Cow<'static, str>,
    message: String,
}

impl Failure {
    /// Something broke: `code` names it for good.
    pub(crate) fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, code: code.into(), message: message.into() }
    }

    /// What was typed is wrong.
    pub(crate) fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, code: code.into(), message: message.into() }
    }

    /// Nothing was typed that would change anything.
    pub(crate) fn nothing_to_change() -> Self {
        Self::usage("change_missing", "say what is to change: `--help` lists what can")
    }

    /// What is there does not allow it.
    pub(crate) fn refused(code: &'static str, message: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, code: code.into(), message: message.into() }
    }

    /// What the system refuses; unless it is that whoever reads what is said has gone.
    fn io(kind: io::ErrorKind, message: String) -> Self {
        if kind == io::ErrorKind::BrokenPipe {
            return Self::failed(CLOSED, "the output was closed");
        }
        Self::failed("io", message)
    }

    /// What a management API said, under its own code.
    pub(super) fn told(exit: Exit, code: String, message: String) -> Self {
        Self { exit, code: code.into(), message }
    }

    /// The same, of the file at `path`.
    pub(crate) fn of(self, path: &Path) -> Self {
        Self { message: format!("{}: {}", path.display(), self.message), ..self }
    }

    /// The same, with what to do next.
    pub(crate) fn next(self, next: &str) -> Self {
        Self { message: format!("{}\n{next}", self.message), ..self }
    }

    /// What is said.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Says why on standard error.
    pub(super) fn say(&self, json: bool) -> Exit {
        if self.code == CLOSED {
            // Whoever reads has read enough, as with `tollgate keys list | head`.
            return Exit::Done;
        }
        let message = veiled(&self.message);
        if json {
            eprintln!("{}", json!({ "error": { "code": self.code, "message": message } }));
        } else {
            for line in message.lines() {
                eprintln!("tollgate: {line}");
            }
        }
        self.exit
    }
}

const CLOSED: &str = "output_closed";

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::io(error.kind(), error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let whole = format!("{error:#}");
        if let Some(error) = error.downcast_ref::<ConfigError>() {
            return Self::failed("config_invalid", error.to_string());
        }
        match error.downcast_ref::<io::Error>() {
            Some(error) => Self::io(error.kind(), whole),
            None => Self::failed("failed", whole),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::failed("config_invalid", error.to_string())
    }
}

impl From<SecretsError> for Failure {
    fn from(error: SecretsError) -> Self {
        Self::failed("secrets_unusable", error.to_string())
    }
}

impl From<OpenFailure> for Failure {
    fn from(error: OpenFailure) -> Self {
        let failure = Self::failed(error.code(), chain(&error));
        if matches!(error, OpenFailure::Missing) {
            return failure.next("`tollgate init` makes one");
        }
        failure
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let message = chain(&error);
        match error {
            LedgerError::Refused(ChangeError::Settings(_)) => Self::usage(error.code(), message),
            LedgerError::Refused(_) => Self::refused(error.code(), message),
            LedgerError::Denied { .. } => Self::refused(error.code(), message),
            LedgerError::Failed { .. } | LedgerError::Unknown { .. } => {
                Self::failed(error.code(), message)
            }
        }
    }
}

/// An error and what it came from; what a message repeats of its source is left out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        source = error.source();
    }
    message
}

/// From how many letters and digits in a row on a word may be a secret: the body of a key has 50 with its check, a
/// pepper 64; a lookup id has 32.
const SECRET_MIN: usize = 40;

/// `text` without any word that may be a secret: somebody may have put one where a name belongs.
pub(super) fn veiled(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut word = String::new();
    // A blank at the end ends the last word.
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() {
            word.push(c);
            continue;
        }
        shown.push_str(if word.len() >= SECRET_MIN { "…" } else { &word });
        word.clear();
        shown.push(c);
    }
    shown.pop();
    shown
}

#[cfg(test)]
mod tests {
    use super::veiled;

    #[test]
    fn a_word_that_may_be_a_secret_is_not_repeated() {
        let body = "1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5";
        assert_eq!(veiled(&format!("no command 'tg_live_{body}'")), "no command 'tg_live_…'");
        assert_eq!(veiled(&"0f".repeat(32)), "…");
        assert_eq!(
            veiled("2ccbc0e2728b2154939a868ede964808."),
            "2ccbc0e2728b2154939a868ede964808."
        );
        assert_eq!(veiled(""), "");
    }
}
