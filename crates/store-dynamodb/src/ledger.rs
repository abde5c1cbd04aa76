//! The ledger as commands ask for it.

use tollgate_core::{id::Id, lookup::LookupId, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Change, Holder, Key, Ledger, LedgerError, PAGE_MAX, Page, Receipt, Stopped};

use crate::{
    documents::{
        forms::{Holding, LimitForm, Limits, carried, limit_id, read_key},
        item::{Damaged, Item, Place, text},
        read::Reading,
    },
    layout::{KEY, KEYS, SK, TENANTS, key_name, owner_sk, tenant_name},
    publish::{Publisher, book::stamp_of, empty, fault::Fault},
};

impl Ledger for Publisher {
    fn change(&mut self, change: &Change, now: UnixMillis) -> Result<Receipt, LedgerError> {
        self.wait(async |this| this.make(change, now).await)
    }

    fn key(&mut self, id: &str) -> Result<Option<Key>, LedgerError> {
        let found = self.wait(async |this| this.reading.keys(vec![id.to_owned()]).await)?;
        Ok(found.into_iter().next())
    }

    fn key_of(&mut self, lookup: LookupId) -> Result<Option<Key>, LedgerError> {
        let found = self.wait(async |this| {
            let Some(record) = this.reading.one(&Place::record(lookup)).await? else {
                return Ok::<_, Fault>(vec![]);
            };
            this.reading.keys(vec![text(&record, KEY)?.to_owned()]).await
        })?;
        Ok(found.into_iter().next().filter(|key| key.secret(lookup).is_some()))
    }

    fn keys(
        &mut self,
        after: Option<&str>,
        limit: usize,
        tenant: Option<&str>,
    ) -> Result<Page, LedgerError> {
        if tenant.is_some_and(|tenant| !named(tenant)) {
            return Ok(Page { keys: vec![], next: None });
        }
        let limit = limit.clamp(1, PAGE_MAX);
        let pk = tenant.map_or_else(|| KEYS.to_owned(), tenant_name);
        Ok(self.wait(async |this| this.reading.page(&pk, after, limit).await)?)
    }

    fn stamp(&mut self) -> Result<Stamp, LedgerError> {
        let head = self.wait(async |this| this.reading.one(&Place::head()).await)?;
        Ok(stamp_of(&head.ok_or_else(empty)?).map_err(Fault::from)?)
    }

    fn stopped(&mut self, tenant: &str, owner: &str) -> Result<Stopped, LedgerError> {
        if !named(tenant) || !named(owner) {
            return Ok(Stopped::default());
        }
        let (owner, tenant) = (Place::owner(tenant, owner), Place::tenant(tenant));
        let both = [owner.clone(), tenant.clone()];
        let found = self.wait(async |this| this.reading.several(&both).await)?;
        let stopped = |place| Ok(Holding::read(found.get(place))?.stopped.is_some());
        let stopped = |place| stopped(place).map_err(|damaged: Damaged| Fault::from(damaged));
        Ok(Stopped { owner: stopped(&owner)?, tenant: stopped(&tenant)? })
    }

    fn tenants(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<Holder>, LedgerError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let (prefix, after) = (tenant_name(""), after.map(tenant_name));
        let found = self.wait(async |this| {
            let listed = this.reading.list(TENANTS, &prefix, after.as_deref(), limit).await?;
            listed.iter().map(|item| holder(item, &prefix)).collect::<Result<Vec<_>, Fault>>()
        });
        Ok(found?)
    }

    fn owners(
        &mut self,
        tenant: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Holder>, LedgerError> {
        if !named(tenant) {
            return Ok(vec![]);
        }
        let limit = limit.clamp(1, PAGE_MAX);
        let (pk, prefix, after) = (tenant_name(tenant), owner_sk(""), after.map(owner_sk));
        let found = self.wait(async |this| {
            let listed = this.reading.list(&pk, &prefix, after.as_deref(), limit).await?;
            listed.iter().map(|item| holder(item, &prefix)).collect::<Result<Vec<_>, Fault>>()
        });
        Ok(found?)
    }

    /// Looks at every key: there is no list by peppers.
    fn peppers_in_use(&mut self, now: UnixMillis) -> Result<[u64; 16], LedgerError> {
        let mut counts = [0_u64; 16];
        let mut after: Option<String> = None;
        loop {
            let page = self.keys(after.as_deref(), PAGE_MAX, None)?;
            for key in page.keys.iter().filter(|key| key.living(now) > 0) {
                for secret in key.secrets.iter().filter(|secret| secret.lives(now)) {
                    let place = counts.get_mut(usize::from(secret.pepper));
                    let count = place.ok_or(Fault::Damaged("document"))?;
                    *count = count.saturating_add(1);
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(counts),
            }
        }
    }
}

/// Whether anybody may be called so: of whoever may not there is nothing, and a table may refuse to look.
fn named(text: &str) -> bool {
    Id::new(text).is_ok()
}

/// The name of an item of a list.
fn name(item: &Item, prefix: &str) -> Result<String, Fault> {
    Ok(text(item, SK)?.strip_prefix(prefix).ok_or(Damaged(SK))?.to_owned())
}

fn holder(item: &Item, prefix: &str) -> Result<Holder, Fault> {
    let Holding { keys, stopped, owners_stopped } = Holding::read(Some(item))?;
    Ok(Holder {
        name: name(item, prefix)?,
        keys,
        stopped: stopped.is_some(),
        since: stopped.map(UnixMillis),
        owners_stopped,
    })
}

impl Reading {
    /// A page of a list of keys.
    async fn page(&self, pk: &str, after: Option<&str>, limit: usize) -> Result<Page, Fault> {
        let (prefix, after) = (key_name(""), after.map(key_name));
        // One more than asked for is enough to know whether there are more.
        let more = limit.saturating_add(1);
        let mut listed = self.list(pk, &prefix, after.as_deref(), more).await?;
        let more = listed.len() > limit;
        listed.truncate(limit);
        let ids = listed.iter().map(|item| name(item, &prefix)).collect::<Result<Vec<_>, _>>()?;
        let next = ids.last().filter(|_| more).cloned();
        // The list of all keys is that of their documents; others say only which they are.
        let keys = match pk {
            KEYS => self.completed(listed.iter()).await?,
            _ => self.keys(ids).await?,
        };
        Ok(Page { keys, next })
    }

    /// The keys of some ids that there are, in their order, with the numbers in force.
    async fn keys(&self, ids: Vec<String>) -> Result<Vec<Key>, Fault> {
        let ids: Vec<String> = ids.into_iter().filter(|id| named(id)).collect();
        let places: Vec<Place> = ids.iter().map(|id| Place::key(id)).collect();
        let items = self.several(&places).await?;
        self.completed(places.iter().filter_map(|place| items.get(place))).await
    }

    /// The keys of some documents, with the numbers in force.
    async fn completed(&self, items: impl Iterator<Item = &Item>) -> Result<Vec<Key>, Fault> {
        let mut keys = items.map(read_key).collect::<Result<Vec<_>, _>>()?;
        let mut wanted: Vec<_> = keys.iter().flat_map(carried).map(|one| limit_id(&one)).collect();
        wanted.sort();
        wanted.dedup();
        let places: Vec<Place> =
            wanted.iter().map(|(object, name)| Place::limit(object, name)).collect();
        let items = self.several(&places).await?;
        let mut limits = Limits::default();
        for (id, place) in wanted.into_iter().zip(&places) {
            let Some(item) = items.get(place) else { continue };
            limits.0.insert(id, LimitForm::read(item)?);
        }
        for key in &mut keys {
            // A limit that has left since the key was read has the numbers that the key says.
            let _left = limits.complete(key);
        }
        Ok(keys)
    }
}
