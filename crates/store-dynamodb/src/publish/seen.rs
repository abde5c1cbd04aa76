//! What a change depends on, read after the head: so it is of the head's epoch, if that still stands when the change is
//! committed.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_core::{id::Id, limit::LimitScope, lookup::LookupId, stamp::Stamp};
use tollgate_ledger::{
    Allowance, CARRIERS_MAX, Change, Key, KeyState, LimitSpec, Object, QuotaSpec, Renumbered,
    Settings, Shared, Snapshot,
};

use super::{book::Book, fault::Fault};
use crate::{
    documents::{
        forms::{Holding, LimitForm, LimitId, Limits, carried, limit_id, read_key},
        item::{Damaged, Place, text},
        read::{Items, Reading},
    },
    layout::{KEY, SK, TENANT, key_name, limit_pk},
};

/// Who holds keys: a tenant, or one of its owners.
pub(crate) type HolderId = (String, Option<String>);

/// What was read for a change.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) book: Book,
    pub(crate) snapshot: Snapshot,
    pub(crate) holdings: BTreeMap<HolderId, Holding>,
    pub(crate) limits: Limits,
}

/// Where a holder's item is.
pub(crate) fn place_of((tenant, owner): &HolderId) -> Place {
    match owner {
        Some(owner) => Place::owner(tenant, owner),
        None => Place::tenant(tenant),
    }
}

/// Reads what `change` depends on, now that `book` has been read.
pub(crate) async fn look(reading: &Reading, book: Book, change: &Change) -> Result<Seen, Fault> {
    let snapshot = Snapshot {
        stamp: book.stamp(),
        key: None,
        lookup_taken: false,
        shared: vec![],
        holder_known: false,
        carriers: vec![],
    };
    let (holdings, limits) = (BTreeMap::new(), Limits::default());
    let mut seen = Seen { book, snapshot, holdings, limits };
    match change {
        Change::Create { id, settings, secret, .. } => {
            let before = key(reading, id).await?;
            seen.around(reading, before, Some(settings), Some(secret.lookup)).await?;
        }
        Change::Update { id, settings, .. } => {
            let before = key(reading, id).await?;
            seen.around(reading, before, Some(settings), None).await?;
        }
        Change::Rotate { id, secret, .. } => {
            let before = key(reading, id).await?;
            seen.around(reading, before, None, Some(secret.lookup)).await?;
        }
        Change::Disable { id } | Change::Enable { id } | Change::Revoke { id } => {
            let before = key(reading, id).await?;
            seen.around(reading, before, None, None).await?;
        }
        Change::RevokeSecret { lookup } => {
            let before = key_of(reading, *lookup).await?;
            seen.around(reading, before, None, None).await?;
        }
        Change::StopOwner { tenant, owner } | Change::ResumeOwner { tenant, owner } => {
            let owner = (tenant.clone(), Some(owner.clone()));
            seen.holders(reading, vec![owner.clone(), (tenant.clone(), None)]).await?;
            seen.snapshot.holder_known = seen.holding(&owner).keys > 0;
        }
        Change::StopTenant { tenant } | Change::ResumeTenant { tenant } => {
            let tenant = (tenant.clone(), None);
            seen.holders(reading, vec![tenant.clone()]).await?;
            seen.snapshot.holder_known = seen.holding(&tenant).keys > 0;
        }
        Change::Renumber { tenant, owner, spec } => {
            if let Some(object) = Object::at(spec.scope(), tenant, owner) {
                let id = (object.as_str().to_owned(), spec.name().to_owned());
                seen.carriers(reading, id, owner, spec).await?;
            }
        }
    }
    Ok(seen)
}

/// The document of a key as it stands, without the numbers of limits that it shares.
async fn key(reading: &Reading, id: &str) -> Result<Option<Key>, Fault> {
    if Id::new(id).is_err() {
        return Ok(None);
    }
    let item = reading.one(&Place::key(id)).await?;
    Ok(item.as_ref().map(read_key).transpose()?)
}

/// The same, of the key that has a secret.
async fn key_of(reading: &Reading, lookup: LookupId) -> Result<Option<Key>, Fault> {
    let Some(record) = reading.one(&Place::record(lookup)).await? else { return Ok(None) };
    let found = key(reading, text(&record, KEY)?).await?;
    // A secret that its key has forgotten is nobody's.
    Ok(found.filter(|key| key.secret(lookup).is_some()))
}

impl Seen {
    /// A holder: one that has no item has nothing.
    pub(crate) fn holding(&self, id: &HolderId) -> Holding {
        self.holdings.get(id).copied().unwrap_or_default()
    }

    /// Whether a key's owner and its tenant are stopped.
    pub(crate) fn stopped(&self, settings: &Settings) -> (bool, bool) {
        let owner = (settings.tenant.clone(), Some(settings.owner.clone()));
        let tenant = (settings.tenant.clone(), None);
        (self.holding(&owner).stopped.is_some(), self.holding(&tenant).stopped.is_some())
    }

    /// What stands around a key before and after its change.
    async fn around(
        &mut self,
        reading: &Reading,
        before: Option<Key>,
        after: Option<&Settings>,
        secret: Option<LookupId>,
    ) -> Result<(), Fault> {
        // What is out of bounds is refused, whatever there is.
        let after = after.filter(|settings| settings.check().is_ok());
        let settings = before.iter().map(|key| &key.settings).chain(after);
        let mut holders = BTreeSet::new();
        for settings in settings {
            holders.insert((settings.tenant.clone(), None));
            holders.insert((settings.tenant.clone(), Some(settings.owner.clone())));
        }
        let mine = before.as_ref().map(carried).unwrap_or_default();
        let wanted = after.map(Settings::shared).unwrap_or_default();
        let limits: BTreeSet<LimitId> = mine.iter().chain(&wanted).map(limit_id).collect();
        let mut places: Vec<Place> = holders.iter().map(place_of).collect();
        places.extend(limits.iter().map(|(object, name)| Place::limit(object, name)));
        places.extend(secret.map(Place::record));
        let items = reading.several(&places).await?;
        self.take_holders(&items, holders)?;
        for id in limits {
            let Some(item) = items.get(&Place::limit(&id.0, &id.1)) else { continue };
            self.limits.0.insert(id, LimitForm::read(item)?);
        }
        self.snapshot.lookup_taken =
            secret.is_some_and(|lookup| items.contains_key(&Place::record(lookup)));
        self.snapshot.shared = self.shared(&mine, wanted);
        if let Some(mut key) = before {
            self.limits.complete(&mut key).map_err(|_| Fault::Damaged("limit"))?;
            self.snapshot.key = Some(key);
        }
        Ok(())
    }

    /// What others than the key, which carries `mine`, carry of what it is to carry.
    fn shared(&self, mine: &[Shared], wanted: Vec<Shared>) -> Vec<Shared> {
        let mine: BTreeSet<LimitId> = mine.iter().map(limit_id).collect();
        let in_force = |shared: Shared| {
            let id = limit_id(&shared);
            let form = self.limits.0.get(&id)?;
            let others = form.carriers.saturating_sub(u64::from(mine.contains(&id)));
            let LimitForm { allowance, changed, .. } = *form;
            (others > 0).then_some(Shared { allowance, changed, ..shared })
        };
        wanted.into_iter().filter_map(in_force).collect()
    }

    async fn holders(&mut self, reading: &Reading, holders: Vec<HolderId>) -> Result<(), Fault> {
        let named = |text: &String| Id::new(text).is_ok();
        let sound = |(tenant, owner): &HolderId| named(tenant) && owner.as_ref().is_none_or(named);
        let holders: Vec<HolderId> = holders.into_iter().filter(sound).collect();
        let places: Vec<Place> = holders.iter().map(place_of).collect();
        let items = reading.several(&places).await?;
        self.take_holders(&items, holders)
    }

    fn take_holders(
        &mut self,
        items: &Items,
        holders: impl IntoIterator<Item = HolderId>,
    ) -> Result<(), Fault> {
        for holder in holders {
            let holding = Holding::read(items.get(&place_of(&holder)))?;
            self.holdings.insert(holder, holding);
        }
        Ok(())
    }

    /// Who carries a limit: all that a change of its numbers looks at of them is whose they are.
    async fn carriers(
        &mut self,
        reading: &Reading,
        id: LimitId,
        owner: &str,
        spec: &Renumbered,
    ) -> Result<(), Fault> {
        let Some(item) = reading.one(&Place::limit(&id.0, &id.1)).await? else { return Ok(()) };
        let form = LimitForm::read(&item)?;
        let most = CARRIERS_MAX.saturating_add(1);
        let prefix = key_name("");
        let items = reading.list(&limit_pk(&id.0, &id.1), &prefix, None, most).await?;
        for item in &items {
            let key = text(item, SK)?.strip_prefix(&prefix).ok_or(Damaged(SK))?;
            let bare = bare(key, (text(item, TENANT)?, owner), &form, spec);
            self.snapshot.carriers.push(bare);
        }
        self.limits.0.insert(id, form);
        Ok(())
    }
}

/// A key of which nothing is known but whose it is, and this limit of it.
fn bare(id: &str, (tenant, owner): (&str, &str), form: &LimitForm, spec: &Renumbered) -> Key {
    let (name, scope, changed) = (spec.name().to_owned(), spec.scope(), form.changed);
    let (mut limits, mut quotas) = (vec![], vec![]);
    match form.allowance {
        Allowance::Limit { burst, rate, period_ms } => {
            limits.push(LimitSpec { name, scope, burst, rate, period_ms, changed });
        }
        Allowance::Quota { count, period } => {
            quotas.push(QuotaSpec { name, scope, count, period, changed });
        }
    }
    let settings = Settings { limits, quotas, ..Settings::of(tenant, owner, "") };
    Key {
        id: id.to_owned(),
        name: None,
        created_ms: 0,
        state: KeyState::Active,
        settings,
        secrets: vec![],
        changed: Stamp::default(),
    }
}

/// The limit of a key that was given other numbers: what its item says afterwards.
pub(crate) fn given(key: &Key, spec: &Renumbered) -> Option<(Allowance, Stamp)> {
    let same = |scope: LimitScope, name: &String| scope == spec.scope() && name == spec.name();
    let limits = key.settings.limits.iter().filter(|one| same(one.scope, &one.name));
    let quotas = key.settings.quotas.iter().filter(|one| same(one.scope, &one.name));
    let limits = limits.map(|one| (Allowance::from(one), one.changed));
    limits.chain(quotas.map(|one| (Allowance::from(one), one.changed))).next()
}
