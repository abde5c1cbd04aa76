//! What SQLite says, and what an operator should conclude.

use std::error::Error;

use rusqlite::ErrorCode;
use tollgate_engine::{OpenError, StoreError};
use tollgate_ledger::{Conclusion, LedgerError};

/// The store failed.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) conclusion: Conclusion,
    source: Box<dyn Error + Send + Sync>,
}

impl Fault {
    /// The rows of `table` are not what was written.
    pub(crate) fn damaged(table: &'static str) -> Self {
        tollgate_store_sql::Fault::damaged(table).into()
    }

    /// The same, as the engine is told it.
    pub(crate) const fn store(&self) -> StoreError {
        match self.conclusion {
            Conclusion::Locked | Conclusion::Full | Conclusion::ReadOnly => StoreError::Refused,
            Conclusion::Damaged => StoreError::Damaged(OpenError::Other("store_damaged")),
            Conclusion::Unreachable => StoreError::Unreachable,
        }
    }

    pub(crate) fn into_source(self) -> Box<dyn Error + Send + Sync> {
        self.source
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self { conclusion: conclude(&error), source: Box::new(error) }
    }
}

impl From<tollgate_store_sql::Fault> for Fault {
    fn from(fault: tollgate_store_sql::Fault) -> Self {
        let tollgate_store_sql::Fault { conclusion, source } = fault;
        Self { conclusion, source }
    }
}

impl From<Fault> for tollgate_store_sql::Fault {
    fn from(fault: Fault) -> Self {
        let Fault { conclusion, source } = fault;
        Self { conclusion, source }
    }
}

impl From<Fault> for LedgerError {
    fn from(fault: Fault) -> Self {
        Self::Failed { conclusion: fault.conclusion, source: fault.source }
    }
}

fn conclude(error: &rusqlite::Error) -> Conclusion {
    let Some(code) = error.sqlite_error_code() else {
        // A column of another type, a row that is missing.
        return Conclusion::Damaged;
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's list, which may grow")]
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Conclusion::Locked,
        ErrorCode::DiskFull => Conclusion::Full,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Conclusion::ReadOnly,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation => {
            Conclusion::Damaged
        }
        _ => Conclusion::Unreachable,
    }
}
