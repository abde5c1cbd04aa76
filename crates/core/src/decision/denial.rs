//! Every way in which a caller is refused, in the order in which they are looked for.

use core::fmt;

use crate::bucket::Wait;

/// Why a request is refused.
///
/// | denial | when |
/// |---|---|
/// | [`RequestInvalid`](Self::RequestInvalid) | what was presented can be read in more than one way |
/// | [`CredentialMissing`](Self::CredentialMissing) | nothing was presented |
/// | [`KeyInvalid`](Self::KeyInvalid) | malformed, mistyped, forged or unknown: one answer for all |
/// | [`KeyRevoked`](Self::KeyRevoked) … [`KeyNotYetValid`](Self::KeyNotYetValid) | proved, but not valid now |
/// | [`IpDenied`](Self::IpDenied) … [`ScopeMissing`](Self::ScopeMissing) | valid, but not for this request |
/// | [`QuotaExhausted`](Self::QuotaExhausted), [`RateLimited`](Self::RateLimited) | allowed, but not now |
/// | [`Unavailable`](Self::Unavailable) | we cannot tell; never the caller's fault |
///
/// How a denial looks on the wire is for the HTTP layer, in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Two different keys of ours, or a header that can be read in more than one way.
    RequestInvalid,
    /// Nothing was presented.
    CredentialMissing,
    /// The key is malformed, mistyped, forged, or unknown to the ledger.
    KeyInvalid,
    /// The key, or this secret of it, is revoked for good.
    KeyRevoked,
    /// The tenant is stopped.
    TenantDisabled,
    /// The owner is stopped.
    OwnerDisabled,
    /// The key is switched off.
    KeyDisabled,
    /// The key's last instant has passed.
    KeyExpired,
    /// The key's first instant has not come.
    KeyNotYetValid,
    /// The key may not be used from this address.
    IpDenied,
    /// The key may not be used from this country.
    CountryDenied,
    /// The key lacks a scope.
    ScopeMissing {
        /// The place of the first scope that is missing among those required.
        required: usize,
    },
    /// A quota is spent.
    QuotaExhausted {
        /// The place of that quota among the record's quotas.
        quota: usize,
        /// When the request could pass, if nobody else spends.
        wait: Wait,
    },
    /// A limit is reached.
    RateLimited {
        /// The place of that limit among the record's limits and then the route's.
        limit: usize,
        /// When the request could pass, if nobody else spends.
        wait: Wait,
    },
    /// What is needed for a decision cannot be had.
    Unavailable,
}

impl Denial {
    /// The codes of all denials, in the order in which they are looked for.
    pub const CODES: [&'static str; 15] = [
        "request_invalid",
        "credential_missing",
        "key_invalid",
        "key_revoked",
        "tenant_disabled",
        "owner_disabled",
        "key_disabled",
        "key_expired",
        "key_not_yet_valid",
        "ip_denied",
        "country_denied",
        "scope_missing",
        "quota_exhausted",
        "rate_limited",
        "unavailable",
    ];

    /// The denial's stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::RequestInvalid => "request_invalid",
            Self::CredentialMissing => "credential_missing",
            Self::KeyInvalid => "key_invalid",
            Self::KeyRevoked => "key_revoked",
            Self::TenantDisabled => "tenant_disabled",
            Self::OwnerDisabled => "owner_disabled",
            Self::KeyDisabled => "key_disabled",
            Self::KeyExpired => "key_expired",
            Self::KeyNotYetValid => "key_not_yet_valid",
            Self::IpDenied => "ip_denied",
            Self::CountryDenied => "country_denied",
            Self::ScopeMissing { .. } => "scope_missing",
            Self::QuotaExhausted { .. } => "quota_exhausted",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable => "unavailable",
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
