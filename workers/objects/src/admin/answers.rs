//! Why something was not done, as it is told.

use serde_json::json;
use tollgate_core::decision::Denial;
use tollgate_ledger::{ChangeError, LedgerError};
use tollgate_store_sql::Fault;

use super::Answer;

pub(super) fn refused(status: u32, code: &str, detail: &str) -> Answer {
    Answer { status, body: json!({ "code": code, "detail": detail }) }
}

/// Who may not is told as by a gate.
pub(super) fn denied(denial: Denial) -> Answer {
    let status = match denial {
        Denial::RequestInvalid => 400,
        Denial::CredentialMissing
        | Denial::KeyInvalid
        | Denial::KeyRevoked
        | Denial::TenantDisabled
        | Denial::OwnerDisabled
        | Denial::KeyDisabled
        | Denial::KeyExpired
        | Denial::KeyNotYetValid => 401,
        Denial::IpDenied | Denial::CountryDenied | Denial::ScopeMissing { .. } => 403,
        Denial::QuotaExhausted { .. } | Denial::RateLimited { .. } => 429,
        Denial::Unavailable => 503,
    };
    refused(status, denial.code(), "this key does not administer")
}

pub(super) fn failed(fault: Fault) -> Answer {
    refused(503, fault.conclusion.code(), &fault.conclusion.to_string())
}

pub(super) fn unchanged(error: LedgerError) -> Answer {
    let status = match &error {
        LedgerError::Failed { .. } | LedgerError::Denied { .. } | LedgerError::Unknown { .. } => {
            503
        }
        LedgerError::Refused(refused) => match refused {
            ChangeError::UnknownKey
            | ChangeError::UnknownSecret
            | ChangeError::UnknownOwner
            | ChangeError::UnknownTenant
            | ChangeError::UnknownLimit { .. } => 404,
            ChangeError::KeyExists
            | ChangeError::LookupTaken
            | ChangeError::Revoked
            | ChangeError::Fixed { .. }
            | ChangeError::KindChanged { .. }
            | ChangeError::OtherNumbers { .. }
            | ChangeError::OtherVersion { .. }
            | ChangeError::TooManyCarriers
            | ChangeError::TooManySecrets => 409,
            ChangeError::Settings(_)
            | ChangeError::IdentityTooLong { .. }
            | ChangeError::GraceTooLong => 422,
            ChangeError::Clock | ChangeError::Exhausted => 503,
        },
    };
    let mut answer = refused(status, error.code(), &error.to_string());
    if let (LedgerError::Refused(error), Some(body)) = (&error, answer.body.as_object_mut()) {
        body.insert("about".to_owned(), error.about());
    }
    answer
}
