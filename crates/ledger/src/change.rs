//! The changes: one pure function of what is and what is asked for.

mod renumber;
mod settled;
mod stops;

use tollgate_core::{
    head::{Name, Subject},
    id::Id,
    json::INTEGER_MAX,
    lookup::LookupId,
    stamp::Stamp,
    time::UnixMillis,
};

use crate::{
    ChangeError, Key, KeyState, LimitSpec, QuotaSpec, Secret, Settings, Shared,
    settings::{check_name, holds, id},
};
use renumber::renumber;
pub use renumber::{CARRIERS_MAX, TENANTS_MAX};
use settled::settled;
use stops::stop;

/// The most secrets of one key that are good at the same time.
pub const SECRETS_MAX: usize = 4;

/// The most secrets that a key's document remembers: of those that are good no more the oldest are forgotten.
pub const SECRETS_KEPT_MAX: usize = 16;

/// The longest grace of a rotation: 366 days.
pub const GRACE_MAX_MS: u64 = 366 * 86_400_000;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new key with its first secret.
    Create {
        /// Its public id.
        id: String,
        /// What people call it.
        name: Option<String>,
        /// What it may do.
        settings: Settings,
        /// Its first secret.
        secret: Secret,
    },
    /// Other settings in the place of all of them.
    Update {
        /// The key.
        id: String,
        /// What it may do from now on.
        settings: Settings,
        /// The version of the key that the settings were made from: of another one nothing is changed. None is for
        /// whoever means to replace whatever is there.
        expected: Option<Stamp>,
    },
    /// Other numbers for a limit or a quota that keys share: it is one bucket's, so they change in all of them.
    Renumber {
        /// Whose it is; empty if it is global.
        tenant: String,
        /// Whose it is; empty unless it is an owner's.
        owner: String,
        /// Its name, its scope and its new numbers.
        spec: Renumbered,
    },
    /// One more secret, and an end for the others.
    Rotate {
        /// The key.
        id: String,
        /// The new secret.
        secret: Secret,
        /// For how long the others are still good.
        grace_ms: u64,
    },
    /// The key is switched off until it is enabled.
    Disable {
        /// The key.
        id: String,
    },
    /// A key that was disabled is switched on.
    Enable {
        /// The key.
        id: String,
    },
    /// The key ends, for good.
    Revoke {
        /// The key.
        id: String,
    },
    /// One secret ends, for good; the key's others do not.
    RevokeSecret {
        /// The secret.
        lookup: LookupId,
    },
    /// All keys of an owner are switched off until it is resumed.
    StopOwner {
        /// Whose owner it is.
        tenant: String,
        /// The owner.
        owner: String,
    },
    /// The end of a stop.
    ResumeOwner {
        /// Whose owner it is.
        tenant: String,
        /// The owner.
        owner: String,
    },
    /// All keys of a tenant are switched off until it is resumed.
    StopTenant {
        /// The tenant.
        tenant: String,
    },
    /// The end of a stop.
    ResumeTenant {
        /// The tenant.
        tenant: String,
    },
}

impl Change {
    /// Whether it gives nobody anything: it is worth the last room there is, and is made where nothing else is.
    #[must_use]
    pub const fn takes_away(&self) -> bool {
        match self {
            Self::Disable { .. }
            | Self::Revoke { .. }
            | Self::RevokeSecret { .. }
            | Self::StopOwner { .. }
            | Self::StopTenant { .. } => true,
            Self::Create { .. }
            | Self::Update { .. }
            | Self::Renumber { .. }
            | Self::Rotate { .. }
            | Self::Enable { .. }
            | Self::ResumeOwner { .. }
            | Self::ResumeTenant { .. } => false,
        }
    }
}

/// A limit or a quota with other numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renumbered {
    /// A limit.
    Limit(LimitSpec),
    /// A quota.
    Quota(QuotaSpec),
}

/// All that a change depends on, from one consistent read within the change's own transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// How far the ledger has come.
    pub stamp: Stamp,
    /// The key that the change names, by its id or by a secret.
    pub key: Option<Key>,
    /// Whether the change's new secret is some key's already.
    pub lookup_taken: bool,
    /// What *other* keys that are not revoked carry under the names and objects of the change's settings.
    pub shared: Vec<Shared>,
    /// Whether any key has the owner or the tenant that the change names.
    pub holder_known: bool,
    /// The keys that carry the limit that the change gives other numbers, one more than [`CARRIERS_MAX`] at most.
    pub carriers: Vec<Key>,
}

/// What is to be committed together, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The epoch of the change.
    pub stamp: Stamp,
    /// The entries of the epochs just before this one, which belong to the same change.
    pub earlier: Vec<Subject>,
    /// The entry of the head; none if nothing older can exist of what is new.
    pub entry: Option<Subject>,
    /// The key afterwards.
    pub key: Option<Key>,
    /// Other keys afterwards: what they may do has changed, and neither their secrets nor what they carry.
    pub others: Vec<Key>,
    /// The stop or the end of one.
    pub stop: Option<Stop>,
    /// What is to be published again.
    pub outbox: Outbox,
}

/// A stop of an owner or a tenant, or the end of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The tenant.
    pub tenant: String,
    /// The owner; none if it is about the whole tenant.
    pub owner: Option<String>,
    /// Whether it is stopped from now on.
    pub stopped: bool,
}

/// What is to be published again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outbox {
    /// The records of these secrets.
    Secrets(Vec<LookupId>),
    /// The records of all secrets of an owner's or a tenant's keys, at a bounded rate.
    Holder {
        /// The tenant.
        tenant: String,
        /// The owner; none if it is about the whole tenant.
        owner: Option<String>,
    },
    /// The records of all secrets of these tenants' keys, likewise.
    Tenants(Vec<String>),
}

impl Commit {
    /// What the key carries afterwards that counts beyond it: nothing if it is revoked.
    #[must_use]
    pub fn shared(&self) -> Vec<Shared> {
        let carries = self.key.as_ref().filter(|key| key.state != KeyState::Revoked);
        carries.map_or_else(Vec::new, |key| key.settings.shared())
    }
}

/// What becomes of the ledger when `change` is made at `now`.
///
/// A change that finds everything as it wants it takes an epoch all the same: whoever asks twice wants to be sure.
///
/// # Errors
///
/// When the change is refused, with what to do about it: see [`ChangeError`].
pub fn apply(snapshot: &Snapshot, change: &Change, now: UnixMillis) -> Result<Commit, ChangeError> {
    if now.0 == 0 || now.0.saturating_add(GRACE_MAX_MS) > INTEGER_MAX {
        return Err(ChangeError::Clock);
    }
    let Stamp { incarnation, epoch } = snapshot.stamp;
    let epoch = epoch.checked_add(1).filter(|&epoch| epoch <= INTEGER_MAX);
    let stamp = Stamp { incarnation, epoch: epoch.ok_or(ChangeError::Exhausted)? };
    let (entry, key) = match change {
        Change::Create { id, name, settings, secret } => {
            (None, create(snapshot, id, name.as_deref(), settings, secret, stamp, now)?)
        }
        Change::Update { settings, expected, .. } => {
            let key = usable(snapshot)?;
            if expected.is_some_and(|expected| expected != key.changed) {
                return Err(ChangeError::OtherVersion { found: key.changed });
            }
            (Some(subject_of(&key)?), update(snapshot, key, settings, stamp)?)
        }
        Change::Rotate { secret, grace_ms, .. } => rotate(snapshot, secret, *grace_ms, now)?,
        Change::Renumber { tenant, owner, spec } => {
            return renumber(snapshot, (tenant, owner), spec, stamp);
        }
        Change::Disable { .. } => with_state(usable(snapshot)?, KeyState::Disabled)?,
        Change::Enable { .. } => with_state(usable(snapshot)?, KeyState::Active)?,
        Change::Revoke { .. } => with_state(known(snapshot)?, KeyState::Revoked)?,
        Change::RevokeSecret { lookup } => revoke_secret(snapshot, *lookup)?,
        Change::StopOwner { tenant, owner } | Change::ResumeOwner { tenant, owner } => {
            let stopped = matches!(change, Change::StopOwner { .. });
            return stop(snapshot, tenant, Some(owner), stopped, stamp);
        }
        Change::StopTenant { tenant } | Change::ResumeTenant { tenant } => {
            let stopped = matches!(change, Change::StopTenant { .. });
            return stop(snapshot, tenant, None, stopped, stamp);
        }
    };
    let outbox = Outbox::Secrets(key.secrets.iter().map(|secret| secret.lookup).collect());
    let key = Some(Key { changed: stamp, ..key });
    Ok(Commit { stamp, earlier: vec![], entry, key, others: vec![], stop: None, outbox })
}

fn create(
    snapshot: &Snapshot,
    key_id: &str,
    name: Option<&str>,
    settings: &Settings,
    secret: &Secret,
    stamp: Stamp,
    now: UnixMillis,
) -> Result<Key, ChangeError> {
    id("id", key_id)?;
    if let Some(name) = name {
        check_name(name)?;
    }
    if snapshot.key.is_some() {
        return Err(ChangeError::KeyExists);
    }
    Ok(Key {
        id: key_id.to_owned(),
        name: name.map(str::to_owned),
        created_ms: now.0,
        state: KeyState::Active,
        settings: settled(snapshot, key_id, None, settings, stamp)?,
        secrets: vec![fresh(snapshot, secret, now)?],
        changed: stamp,
    })
}

fn update(
    snapshot: &Snapshot,
    key: Key,
    settings: &Settings,
    stamp: Stamp,
) -> Result<Key, ChangeError> {
    let before = &key.settings;
    for (field, before, after) in
        [("tenant", &before.tenant, &settings.tenant), ("env", &before.env, &settings.env)]
    {
        if before != after {
            return Err(ChangeError::Fixed { field });
        }
    }
    let settings = settled(snapshot, &key.id, Some(before), settings, stamp)?;
    Ok(Key { settings, ..key })
}

/// Adds a secret, and gives the others an end that is never later than the one they had.
fn rotate(
    snapshot: &Snapshot,
    secret: &Secret,
    grace_ms: u64,
    now: UnixMillis,
) -> Result<(Option<Subject>, Key), ChangeError> {
    let mut key = usable(snapshot)?;
    if grace_ms > GRACE_MAX_MS {
        return Err(ChangeError::GraceTooLong);
    }
    if key.living(now) >= SECRETS_MAX {
        return Err(ChangeError::TooManySecrets);
    }
    let secret = fresh(snapshot, secret, now)?;
    let end = now.plus(grace_ms).0;
    let mut changed = vec![];
    for old in key.secrets.iter_mut().filter(|old| !old.revoked) {
        if old.ends_ms.is_none_or(|ends_ms| ends_ms > end) {
            old.ends_ms = Some(end);
            changed.push(old.lookup);
        }
    }
    key.secrets.push(secret);
    while key.secrets.len() > SECRETS_KEPT_MAX {
        // No more than four of them are good, so there is always one to forget.
        let Some(dead) = key.secrets.iter().position(|secret| !secret.lives(now)) else { break };
        key.secrets.remove(dead);
    }
    // Of the new secret nothing older exists. One entry per change: several ends are told as the key's.
    let entry = match *changed {
        [] => None,
        [lookup] => Some(Subject::Lookup { tenant: name_of(&key.settings.tenant)?, lookup }),
        [..] => Some(subject_of(&key)?),
    };
    Ok((entry, key))
}

fn with_state(mut key: Key, state: KeyState) -> Result<(Option<Subject>, Key), ChangeError> {
    key.state = state;
    Ok((Some(subject_of(&key)?), key))
}

fn revoke_secret(
    snapshot: &Snapshot,
    lookup: LookupId,
) -> Result<(Option<Subject>, Key), ChangeError> {
    let mut key = snapshot.key.clone().ok_or(ChangeError::UnknownSecret)?;
    let secret = key.secrets.iter_mut().find(|secret| secret.lookup == lookup);
    secret.ok_or(ChangeError::UnknownSecret)?.revoked = true;
    let tenant = name_of(&key.settings.tenant)?;
    Ok((Some(Subject::Lookup { tenant, lookup }), key))
}

fn known(snapshot: &Snapshot) -> Result<Key, ChangeError> {
    snapshot.key.clone().ok_or(ChangeError::UnknownKey)
}

/// The key, unless it is revoked: that is for good.
fn usable(snapshot: &Snapshot) -> Result<Key, ChangeError> {
    let key = known(snapshot)?;
    if key.state == KeyState::Revoked { Err(ChangeError::Revoked) } else { Ok(key) }
}

/// The secret as it is added.
fn fresh(snapshot: &Snapshot, secret: &Secret, now: UnixMillis) -> Result<Secret, ChangeError> {
    holds(secret.pepper < 16, "secret.pepper", "must be 0 to 15")?;
    if snapshot.lookup_taken {
        return Err(ChangeError::LookupTaken);
    }
    let Secret { lookup, pepper, .. } = *secret;
    Ok(Secret { lookup, pepper, created_ms: now.0, ends_ms: None, revoked: false })
}

fn subject_of(key: &Key) -> Result<Subject, ChangeError> {
    Ok(Subject::Key { tenant: name_of(&key.settings.tenant)?, key: name_of(&key.id)? })
}

fn name_of(text: &str) -> Result<Name, ChangeError> {
    id("id", text)?;
    Id::new(text).map(Name::new).map_err(|_| ChangeError::UnknownKey)
}
