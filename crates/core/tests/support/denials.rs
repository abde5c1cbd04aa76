//! Every denial, once.

use tollgate_core::{bucket::Wait, decision::Denial};

/// All of them, in the order of their codes; what is spent comes back after `wait`.
pub(crate) const fn every(wait: Wait) -> [Denial; 15] {
    [
        Denial::RequestInvalid,
        Denial::CredentialMissing,
        Denial::KeyInvalid,
        Denial::KeyRevoked,
        Denial::TenantDisabled,
        Denial::OwnerDisabled,
        Denial::KeyDisabled,
        Denial::KeyExpired,
        Denial::KeyNotYetValid,
        Denial::IpDenied,
        Denial::CountryDenied,
        Denial::ScopeMissing { required: 0 },
        Denial::QuotaExhausted { quota: 0, wait },
        Denial::RateLimited { limit: 0, wait },
        Denial::Unavailable,
    ]
}
