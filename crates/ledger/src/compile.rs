//! From documents to what a gate reads.

use core::fmt;

use tollgate_core::{
    decision::Denial,
    id::Id,
    key::Env,
    limit::{Limit, LimitScope, Numbers, NumbersError},
    lookup::LookupId,
    pepper::{PepperId, Peppers},
    record::{self, Absence, Draft, RecordError, State, TEXT_MAX},
    stamp::Stamp,
    time::UnixMillis,
};

use crate::{Key, KeyState, Settings};

/// A key, and what has been decided about its owner and its tenant: all from one consistent read.
#[derive(Clone, Copy, Debug)]
pub struct Effective<'a> {
    /// When the ledger was read.
    pub as_of: Stamp,
    /// The key.
    pub key: &'a Key,
    /// Whether its owner is stopped.
    pub owner_stopped: bool,
    /// Whether its tenant is stopped.
    pub tenant_stopped: bool,
}

/// Why a document gives no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// The key has no such secret.
    UnknownSecret,
    /// The document is out of bounds that it was within when it was made.
    Document,
    /// The record cannot be sealed.
    Record(RecordError),
}

impl CompileError {
    /// The stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownSecret => "secret_unknown",
            Self::Document => "document_damaged",
            Self::Record(error) => error.code(),
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSecret => f.write_str("the key has no such secret"),
            Self::Document => f.write_str("the document of a key is out of bounds"),
            Self::Record(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CompileError {}

/// The sealed record of the secret `lookup`: of key, owner and tenant together.
///
/// # Errors
///
/// See [`CompileError`].
pub fn compile(
    effective: &Effective<'_>,
    lookup: LookupId,
    peppers: &Peppers,
    pepper: PepperId,
) -> Result<Vec<u8>, CompileError> {
    let Effective { as_of, key, .. } = *effective;
    let Key { settings, .. } = key;
    let secret = key.secret(lookup).ok_or(CompileError::UnknownSecret)?;
    let (not_before, expires) = window(settings, secret.ends_ms);
    let draft = Draft {
        as_of,
        lookup,
        key: &key.id,
        tenant: &settings.tenant,
        owner: &settings.owner,
        env: Env::new(&settings.env).map_err(|_| CompileError::Document)?,
        state: effective.state(secret.revoked),
        not_before,
        expires,
        plan: settings.plan.as_deref(),
        scopes: &texts(&settings.scopes),
        limits: &limits(settings)?,
        quotas: &quotas(settings)?,
        ips_allowed: &texts(&settings.ips_allowed),
        ips_denied: &texts(&settings.ips_denied),
        countries_allowed: &texts(&settings.countries_allowed),
        countries_denied: &texts(&settings.countries_denied),
    };
    let mut room = vec![0; TEXT_MAX];
    let text = record::seal(&draft, peppers, pepper, &mut room).map_err(CompileError::Record)?;
    Ok(text.to_vec())
}

/// The sealed absence that says that nothing stood under `lookup`.
///
/// # Errors
///
/// See [`CompileError`].
pub fn compile_absence(
    as_of: Stamp,
    lookup: LookupId,
    peppers: &Peppers,
    pepper: PepperId,
) -> Result<Vec<u8>, CompileError> {
    let mut room = vec![0; TEXT_MAX];
    let absence = Absence { as_of, lookup };
    let text = record::seal_absence(absence, peppers, pepper, &mut room);
    text.map(<[u8]>::to_vec).map_err(CompileError::Record)
}

impl Effective<'_> {
    /// Why a gate that knows the pepper refuses the secret `lookup` at `now`, whatever is asked for; none if nothing
    /// about the key stands against it.
    #[must_use]
    pub fn denial(&self, lookup: LookupId, now: UnixMillis) -> Option<Denial> {
        let Some(secret) = self.key.secret(lookup) else { return Some(Denial::KeyInvalid) };
        let (not_before, expires) = window(&self.key.settings, secret.ends_ms);
        match self.state(secret.revoked) {
            State::Revoked => Some(Denial::KeyRevoked),
            State::TenantDisabled => Some(Denial::TenantDisabled),
            State::OwnerDisabled => Some(Denial::OwnerDisabled),
            State::Disabled => Some(Denial::KeyDisabled),
            State::Active if expires.is_some_and(|expires| now >= expires) => {
                Some(Denial::KeyExpired)
            }
            State::Active if not_before.is_some_and(|not_before| now < not_before) => {
                Some(Denial::KeyNotYetValid)
            }
            State::Active => None,
        }
    }

    /// The first that applies of what stands against the secret.
    const fn state(&self, secret_revoked: bool) -> State {
        if matches!(self.key.state, KeyState::Revoked) || secret_revoked {
            State::Revoked
        } else if self.tenant_stopped {
            State::TenantDisabled
        } else if self.owner_stopped {
            State::OwnerDisabled
        } else if matches!(self.key.state, KeyState::Disabled) {
            State::Disabled
        } else {
            State::Active
        }
    }
}

/// From when and until when a secret that ends at `ends_ms` is good.
fn window(settings: &Settings, ends_ms: Option<u64>) -> (Option<UnixMillis>, Option<UnixMillis>) {
    let expires = [settings.expires, ends_ms].into_iter().flatten().min();
    match (settings.not_before, expires) {
        // It ends before its key begins, so it is good never, which a record can say in one way only.
        (Some(not_before), Some(expires)) if expires <= not_before => (None, Some(UnixMillis(1))),
        (not_before, expires) => (not_before.map(UnixMillis), expires.map(UnixMillis)),
    }
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn limits(settings: &Settings) -> Result<Vec<Limit<'_>>, CompileError> {
    let all = settings.limits.iter();
    all.map(|spec| limit(&spec.name, spec.scope, spec.numbers(), spec.changed)).collect()
}

fn quotas(settings: &Settings) -> Result<Vec<Limit<'_>>, CompileError> {
    let all = settings.quotas.iter();
    all.map(|spec| limit(&spec.name, spec.scope, spec.numbers(), spec.changed)).collect()
}

fn limit(
    name: &str,
    scope: LimitScope,
    numbers: Result<Numbers, NumbersError>,
    changed: Stamp,
) -> Result<Limit<'_>, CompileError> {
    let name = Id::new(name).map_err(|_| CompileError::Document)?;
    let numbers = numbers.map_err(|_| CompileError::Document)?;
    Ok(Limit { name, scope, numbers, changed })
}
