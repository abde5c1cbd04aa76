//! Other numbers for a limit that several keys share.

use std::collections::BTreeSet;

use tollgate_core::{
    head::Subject,
    json::INTEGER_MAX,
    limit::{LimitScope, NumbersError},
    stamp::Stamp,
};

use super::{Commit, Outbox, Renumbered, Snapshot, name_of};
use crate::{
    Allowance, ChangeError, Key, Object, Shared,
    settings::{COUNT, NUMBERS, holds, id},
};

/// The most keys whose shared limit is given other numbers at once: they are written in one transaction, for which
/// leases wait.
pub const CARRIERS_MAX: usize = 10_000;

/// The most tenants whose keys carry a global limit that is given other numbers: each takes an entry of the head.
pub const TENANTS_MAX: usize = 256;

impl Renumbered {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Limit(spec) => &spec.name,
            Self::Quota(spec) => &spec.name,
        }
    }

    /// Whose requests it counts together.
    #[must_use]
    pub const fn scope(&self) -> LimitScope {
        match self {
            Self::Limit(spec) => spec.scope,
            Self::Quota(spec) => spec.scope,
        }
    }

    fn allowance(&self) -> Allowance {
        match self {
            Self::Limit(spec) => spec.into(),
            Self::Quota(spec) => spec.into(),
        }
    }

    fn check(&self) -> Result<(), ChangeError> {
        let fits = |numbers: Result<_, NumbersError>| numbers.is_ok();
        match self {
            Self::Limit(spec) => holds(fits(spec.numbers()), "limits", NUMBERS)?,
            Self::Quota(spec) => holds(fits(spec.numbers()), "quotas", COUNT)?,
        }
        Ok(())
    }
}

/// Gives every key that carries the limit its new numbers: one change, with one entry on whom the limit belongs to, or
/// of a global one on each tenant that has such keys.
pub(super) fn renumber(
    snapshot: &Snapshot,
    (tenant, owner): (&str, &str),
    spec: &Renumbered,
    stamp: Stamp,
) -> Result<Commit, ChangeError> {
    let object = object(spec.scope(), tenant, owner)?;
    spec.check()?;
    if snapshot.carriers.is_empty() {
        let (name, object) = (spec.name().to_owned(), object.as_str().to_owned());
        return Err(ChangeError::UnknownLimit { name, object });
    }
    let mut subjects = subjects(snapshot, spec.scope(), tenant, owner)?;
    if snapshot.carriers.len() > CARRIERS_MAX || subjects.len() > TENANTS_MAX {
        return Err(ChangeError::TooManyCarriers);
    }
    let entry = subjects.pop();
    // One epoch for each entry: the change is as of the last of them.
    let more = u64::try_from(subjects.len()).unwrap_or(u64::MAX);
    let epoch = stamp.epoch.checked_add(more).filter(|&epoch| epoch <= INTEGER_MAX);
    let stamp = Stamp { epoch: epoch.ok_or(ChangeError::Exhausted)?, ..stamp };
    let carriers = snapshot.carriers.iter();
    let others = carriers.map(|key| renumbered(key, &object, spec, stamp));
    let others = others.collect::<Result<Vec<_>, _>>()?;
    let outbox = match spec.scope() {
        LimitScope::Owner => {
            Outbox::Holder { tenant: tenant.to_owned(), owner: Some(owner.to_owned()) }
        }
        LimitScope::Key | LimitScope::Tenant | LimitScope::Ip | LimitScope::Global => {
            Outbox::Tenants(tenants(snapshot).into_iter().map(str::to_owned).collect())
        }
    };
    Ok(Commit { stamp, earlier: subjects, entry, key: None, others, stop: None, outbox })
}

/// What the limit belongs to, if no more is named than that takes.
fn object(scope: LimitScope, tenant: &str, owner: &str) -> Result<Object, ChangeError> {
    let own = "must be owner, tenant, ip or global: a limit of scope key is changed with its key";
    let (needs_tenant, needs_owner) = match scope {
        LimitScope::Key => (false, false),
        LimitScope::Owner => (true, true),
        LimitScope::Tenant | LimitScope::Ip => (true, false),
        LimitScope::Global => (false, false),
    };
    for (field, text, needed) in [("tenant", tenant, needs_tenant), ("owner", owner, needs_owner)] {
        if needed {
            id(field, text)?;
        } else {
            holds(text.is_empty(), field, "is not named for a limit of this scope")?;
        }
    }
    let object = Object::at(scope, tenant, owner);
    holds(object.is_some(), "scope", own)?;
    object.ok_or(ChangeError::UnknownKey)
}

fn subjects(
    snapshot: &Snapshot,
    scope: LimitScope,
    tenant: &str,
    owner: &str,
) -> Result<Vec<Subject>, ChangeError> {
    if scope == LimitScope::Owner {
        let subject = Subject::Owner { tenant: name_of(tenant)?, owner: name_of(owner)? };
        return Ok(vec![subject]);
    }
    let of = |tenant| Ok(Subject::Tenant { tenant: name_of(tenant)? });
    tenants(snapshot).into_iter().map(of).collect()
}

fn tenants(snapshot: &Snapshot) -> BTreeSet<&str> {
    snapshot.carriers.iter().map(|key| key.settings.tenant.as_str()).collect()
}

/// The key with the new numbers.
fn renumbered(
    key: &Key,
    object: &Object,
    spec: &Renumbered,
    stamp: Stamp,
) -> Result<Key, ChangeError> {
    let carries = |shared: &Shared| shared.object == *object && shared.name == spec.name();
    let unknown = || {
        let (name, object) = (spec.name().to_owned(), object.as_str().to_owned());
        ChangeError::UnknownLimit { name, object }
    };
    let before = key.settings.shared().into_iter().find(carries).ok_or_else(unknown)?;
    if !before.allowance.is_alike(spec.allowance()) {
        return Err(ChangeError::KindChanged { name: spec.name().to_owned() });
    }
    let changed = if before.allowance == spec.allowance() { before.changed } else { stamp };
    let mut key = Key { changed: stamp, ..key.clone() };
    match spec {
        Renumbered::Limit(spec) => {
            let limits = key.settings.limits.iter_mut();
            for limit in limits.filter(|one| one.scope == spec.scope && one.name == spec.name) {
                *limit = crate::LimitSpec { changed, ..spec.clone() };
            }
        }
        Renumbered::Quota(spec) => {
            let quotas = key.settings.quotas.iter_mut();
            for quota in quotas.filter(|one| one.scope == spec.scope && one.name == spec.name) {
                *quota = crate::QuotaSpec { changed, ..spec.clone() };
            }
        }
    }
    Ok(key)
}
