//! How each denial and each trouble looks from outside: one table for both status and words.

use tollgate_core::decision::Denial;

use super::{Invalid, Trouble};

/// What does not depend on the request.
#[derive(Clone, Copy)]
pub(super) struct Face {
    pub(super) status: u16,
    pub(super) challenge: Challenge,
    pub(super) title: &'static str,
    /// What it means for whoever made the request.
    pub(super) detail: &'static str,
}

/// What `WWW-Authenticate` says (RFC 6750).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Nothing: there is no such field.
    None,
    /// That a key is needed: who presented nothing is told of no error.
    Plain,
    /// What is wrong.
    Error(&'static str),
    /// That scopes are missing, and which are needed.
    Scopes,
}

/// The face of a denial.
pub(super) const fn of(denial: Denial) -> Face {
    let token = Challenge::Error("invalid_token");
    let (status, challenge, title, detail) = match denial {
        Denial::RequestInvalid => {
            (400, Challenge::Error("invalid_request"), "Request invalid", invalid(Invalid::Head))
        }
        Denial::CredentialMissing => {
            (401, Challenge::Plain, "Credential missing", "The request presents no API key.")
        }
        Denial::KeyInvalid => (401, token, "Key invalid", "The API key is not valid."),
        Denial::KeyRevoked => (
            401,
            token,
            "Key revoked",
            "The key has been revoked. Ask whoever issued it for a new one.",
        ),
        Denial::TenantDisabled => {
            (401, token, "Tenant disabled", "The tenant that the key belongs to is disabled.")
        }
        Denial::OwnerDisabled => {
            (401, token, "Owner disabled", "The owner of the key is disabled.")
        }
        Denial::KeyDisabled => (401, token, "Key disabled", "The key is disabled."),
        Denial::KeyExpired => {
            (401, token, "Key expired", "The key has expired. Ask whoever issued it for a new one.")
        }
        Denial::KeyNotYetValid => (401, token, "Key not yet valid", "The key is not valid yet."),
        Denial::IpDenied => {
            (403, Challenge::None, "Address denied", "The key may not be used from this address.")
        }
        Denial::CountryDenied => {
            (403, Challenge::None, "Country denied", "The key may not be used from this country.")
        }
        Denial::ScopeMissing { .. } => (
            403,
            Challenge::Scopes,
            "Scope missing",
            "The key lacks a scope that this request needs.",
        ),
        Denial::QuotaExhausted { .. } => {
            (429, Challenge::None, "Quota exhausted", "A quota of the key is used up.")
        }
        Denial::RateLimited { .. } => {
            (429, Challenge::None, "Rate limited", "A rate limit of the key is reached.")
        }
        Denial::Unavailable => {
            (503, Challenge::None, "Unavailable", "The request cannot be judged at the moment.")
        }
    };
    Face { status, challenge, title, detail }
}

/// What is told of each way to be [`Denial::RequestInvalid`].
pub(super) const fn invalid(cause: Invalid) -> &'static str {
    match cause {
        Invalid::Head => "The head of the request can be read in more than one way.",
        Invalid::Target => {
            "The target of the request can be read in more than one way: its path has dot or empty segments, a \
             backslash, a semicolon or a wrong or double escape, or its host or method is not what it should be."
        }
        Invalid::TwoKeys => "The request presents two different keys. Send one.",
        Invalid::Repeated => {
            "A header or parameter for keys is given twice, with different values. Send it once."
        }
        Invalid::List => {
            "A header for keys has a comma in it, as if it were a list. Send one value."
        }
        Invalid::Alias => {
            "The request has a header that an origin could take for Tollgate-Identity. Leave it out."
        }
    }
}

/// The face of a trouble, and its code.
pub(super) const fn of_trouble(trouble: Trouble) -> (Face, &'static str) {
    let (status, code, title, detail) = match trouble {
        Trouble::NotFound => (404, "not_found", "Not found", "There is nothing here."),
        Trouble::MethodNotAllowed => (
            405,
            "method_not_allowed",
            "Method not allowed",
            "This is read with GET and HEAD only.",
        ),
        Trouble::RequestTimeout => {
            (408, "request_timeout", "Request timeout", "The request did not arrive in time.")
        }
        Trouble::HeadTooLarge => (
            431,
            "head_too_large",
            "Head too large",
            "The request has too many or too large fields.",
        ),
        Trouble::OriginUnreachable => {
            (502, "origin_unreachable", "Origin unreachable", "The origin cannot be reached.")
        }
        Trouble::OriginTimeout => {
            (504, "origin_timeout", "Origin timeout", "The origin did not answer in time.")
        }
    };
    (Face { status, challenge: Challenge::None, title, detail }, code)
}
