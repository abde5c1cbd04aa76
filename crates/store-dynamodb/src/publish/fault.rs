//! Why the table gave nothing.

use std::{error::Error, fmt};

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use tollgate_ledger::{Conclusion, LedgerError};

use crate::documents::item::Damaged;

/// So much of what the table said is told, in characters.
const SAID_MAX: usize = 400;

/// The table gave nothing that can be used.
#[derive(Debug)]
pub(crate) enum Fault {
    /// An item is not what was written.
    Damaged(&'static str),
    /// It does not keep up: asking again may help.
    Busy(Said),
    /// IAM does not allow it, or the credentials are not good.
    Denied(Said),
    /// There is no such table.
    NoTable(Said),
    /// Anything else.
    Unreachable(Said),
}

/// What was said, in words.
#[derive(Debug)]
pub(crate) struct Said(String);

impl Said {
    pub(crate) fn new(text: impl fmt::Display) -> Self {
        let text = text.to_string();
        Self(text.chars().filter(|c| !c.is_control()).take(SAID_MAX).collect())
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Said {}

impl Fault {
    pub(crate) fn busy(why: &str) -> Self {
        Self::Busy(Said::new(why))
    }

    /// A request could not even be made.
    pub(crate) fn odd(error: impl fmt::Display) -> Self {
        Self::Unreachable(Said::new(error))
    }
}

/// What an operation's error comes to.
pub(crate) fn broken<E>(error: SdkError<E>) -> Fault
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let code = error.code().unwrap_or_default().to_owned();
    let said = match error.as_service_error().and_then(ProvideErrorMetadata::message) {
        Some(message) => Said::new(format_args!("{code}: {message}")),
        None if !code.is_empty() => Said::new(&code),
        None => Said::new(DisplayErrorContext(&error)),
    };
    match code.as_str() {
        "ThrottlingException"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "TransactionConflictException"
        | "TransactionCanceledException" => Fault::Busy(said),
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignatureException"
        | "MissingAuthenticationTokenException"
        | "ExpiredTokenException" => Fault::Denied(said),
        "ResourceNotFoundException" => Fault::NoTable(said),
        _ => Fault::Unreachable(said),
    }
}

impl From<Damaged> for Fault {
    fn from(Damaged(what): Damaged) -> Self {
        Self::Damaged(what)
    }
}

impl From<Fault> for LedgerError {
    fn from(fault: Fault) -> Self {
        let failed = |conclusion, source: Said| {
            let source: Box<dyn Error + Send + Sync> = Box::new(source);
            Self::Failed { conclusion, source }
        };
        match fault {
            Fault::Damaged(what) => failed(
                Conclusion::Damaged,
                Said::new(format_args!("the item's {what} makes no sense")),
            ),
            Fault::Busy(said) => failed(Conclusion::Locked, said),
            Fault::Denied(said) => Self::Denied { source: Box::new(said) },
            Fault::NoTable(said) => failed(
                Conclusion::Unreachable,
                Said::new(format_args!(
                    "{said}: `tollgate init --target dynamodb` makes the tables"
                )),
            ),
            Fault::Unreachable(said) => failed(Conclusion::Unreachable, said),
        }
    }
}
