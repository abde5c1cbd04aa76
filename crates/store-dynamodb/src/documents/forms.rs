//! What stands in the items of owners, tenants, keys, secrets and limits.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tollgate_core::{limit::Period, lookup::LookupId, stamp::Stamp};
use tollgate_ledger::{Allowance, Key, KeyState, Object, Shared};

use super::item::{Damaged, Draft, Item, Place, number, number_if_any, text};
use crate::layout::{
    CARRIERS, DOCUMENT, EPOCH, INCARNATION, KEY, KEYS, LIMITS, OWNER, OWNERS_STOPPED, STOPPED,
    TENANT, TEXT,
};

/// A tenant or an owner: one that has no item has no key and is not stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    /// How many keys it has.
    pub(crate) keys: u64,
    /// Since when it is stopped; none if it is not.
    pub(crate) stopped: Option<u64>,
    /// Of a tenant: how many of its owners are stopped.
    pub(crate) owners_stopped: u64,
}

impl Holding {
    pub(crate) fn read(item: Option<&Item>) -> Result<Self, Damaged> {
        let Some(item) = item else { return Ok(Self::default()) };
        Ok(Self {
            keys: number(item, KEYS)?,
            stopped: number_if_any(item, STOPPED)?,
            owners_stopped: number_if_any(item, OWNERS_STOPPED)?.unwrap_or(0),
        })
    }

    pub(crate) fn write(self, place: &Place) -> Item {
        let draft =
            Draft::at(place).number(KEYS, self.keys).number(OWNERS_STOPPED, self.owners_stopped);
        match self.stopped {
            Some(at) => draft.number(STOPPED, at).item(),
            None => draft.item(),
        }
    }

    /// Nothing stands in it that the lack of it would not say.
    pub(crate) const fn is_blank(self) -> bool {
        self.keys == 0 && self.stopped.is_none() && self.owners_stopped == 0
    }
}

/// A key's document as it stands: without the numbers of limits that it shares.
pub(crate) fn read_key(item: &Item) -> Result<Key, Damaged> {
    Key::from_text(text(item, DOCUMENT)?).ok_or(Damaged(DOCUMENT))
}

pub(crate) fn write_key(key: &Key) -> Item {
    Draft::at(&Place::key(&key.id))
        .text(DOCUMENT, key.to_text())
        .text(TENANT, &key.settings.tenant)
        .text(OWNER, &key.settings.owner)
        .item()
}

/// Which limit: what it belongs to, and its name.
pub(crate) type LimitId = (String, String);

/// What a limit that keys share is identified by.
pub(crate) fn limit_id(shared: &Shared) -> LimitId {
    (shared.object.as_str().to_owned(), shared.name.clone())
}

/// The limits that a key carries and that count beyond it: a revoked key carries none.
pub(crate) fn carried(key: &Key) -> Vec<Shared> {
    match key.state {
        KeyState::Revoked => vec![],
        KeyState::Active | KeyState::Disabled => key.settings.shared(),
    }
}

/// A limit that keys share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LimitForm {
    pub(crate) allowance: Allowance,
    /// When these numbers last changed.
    pub(crate) changed: Stamp,
    /// When they were last given: a version of every key that carried it then.
    pub(crate) given: Stamp,
    pub(crate) carriers: u64,
}

impl LimitForm {
    pub(crate) fn read(item: &Item) -> Result<Self, Damaged> {
        let document = serde_json::from_str(text(item, DOCUMENT)?).ok();
        let form = document.and_then(|document: Value| {
            let number = |name: &str| document.get(name)?.as_u64();
            let allowance = match document.get("period").and_then(Value::as_str) {
                None => Allowance::Limit {
                    burst: number("burst")?,
                    rate: number("rate")?,
                    period_ms: number("period_ms")?,
                },
                Some(word) => Allowance::Quota {
                    count: number("count")?,
                    period: Period::ALL.into_iter().find(|period| period.as_str() == word)?,
                },
            };
            Some((allowance, stamp(document.get("changed")?)?, stamp(document.get("given")?)?))
        });
        let (allowance, changed, given) = form.ok_or(Damaged(DOCUMENT))?;
        Ok(Self { allowance, changed, given, carriers: number(item, CARRIERS)? })
    }

    pub(crate) fn write(&self, (object, name): &LimitId) -> Item {
        let of = |stamp: Stamp| json!([stamp.incarnation, stamp.epoch]);
        let (changed, given) = (of(self.changed), of(self.given));
        let document = match self.allowance {
            Allowance::Limit { burst, rate, period_ms } => json!({
                "burst": burst, "rate": rate, "period_ms": period_ms, "changed": changed, "given": given,
            }),
            Allowance::Quota { count, period } => json!({
                "count": count, "period": period.as_str(), "changed": changed, "given": given,
            }),
        };
        Draft::at(&Place::limit(object, name))
            .text(DOCUMENT, document.to_string())
            .number(CARRIERS, self.carriers)
            .item()
    }
}

fn stamp(value: &Value) -> Option<Stamp> {
    let [incarnation, epoch] = value.as_array()?.as_slice() else { return None };
    Some(Stamp { incarnation: incarnation.as_u64()?, epoch: epoch.as_u64()? })
}

/// Limits that keys share, as they were read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limits(pub(crate) BTreeMap<LimitId, LimitForm>);

impl Limits {
    /// Puts the numbers in force into a key as it was read. Fails if one is not here: that one stays as it is.
    pub(crate) fn complete(&self, key: &mut Key) -> Result<(), LimitId> {
        let (mut newest, mut missing) = (key.changed, Ok(()));
        for shared in carried(key) {
            let id = limit_id(&shared);
            let Some(form) = self.0.get(&id) else {
                missing = Err(id);
                continue;
            };
            newest = newest.max(form.given);
            put(key, &shared, form);
        }
        key.changed = newest;
        missing
    }
}

fn put(key: &mut Key, shared: &Shared, form: &LimitForm) {
    let (tenant, owner) = (key.settings.tenant.clone(), key.settings.owner.clone());
    let same = |scope, name: &String| {
        *name == shared.name && Object::at(scope, &tenant, &owner).as_ref() == Some(&shared.object)
    };
    match form.allowance {
        Allowance::Limit { burst, rate, period_ms } => {
            for limit in key.settings.limits.iter_mut().filter(|one| same(one.scope, &one.name)) {
                (limit.burst, limit.rate, limit.period_ms) = (burst, rate, period_ms);
                limit.changed = form.changed;
            }
        }
        Allowance::Quota { count, period } => {
            for quota in key.settings.quotas.iter_mut().filter(|one| same(one.scope, &one.name)) {
                (quota.count, quota.period, quota.changed) = (count, period, form.changed);
            }
        }
    }
}

/// A record as it stands in its item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordForm {
    pub(crate) key: String,
    pub(crate) tenant: String,
    pub(crate) owner: String,
    pub(crate) limits: Vec<LimitId>,
}

impl RecordForm {
    pub(crate) fn of(key: &Key) -> Self {
        Self {
            key: key.id.clone(),
            tenant: key.settings.tenant.clone(),
            owner: key.settings.owner.clone(),
            limits: carried(key).iter().map(limit_id).collect(),
        }
    }

    pub(crate) fn read(item: &Item) -> Result<Self, Damaged> {
        let own = |name| text(item, name).map(str::to_owned);
        let limits = serde_json::from_str(text(item, LIMITS)?).map_err(|_| Damaged(LIMITS))?;
        Ok(Self { key: own(KEY)?, tenant: own(TENANT)?, owner: own(OWNER)?, limits })
    }

    pub(crate) fn write(&self, lookup: LookupId, sealed: &[u8], as_of: Stamp) -> Item {
        Draft::at(&Place::record(lookup))
            .text(TEXT, String::from_utf8_lossy(sealed))
            .number(INCARNATION, as_of.incarnation)
            .number(EPOCH, as_of.epoch)
            .text(KEY, &self.key)
            .text(TENANT, &self.tenant)
            .text(OWNER, &self.owner)
            .text(LIMITS, json!(self.limits).to_string())
            .item()
    }
}
