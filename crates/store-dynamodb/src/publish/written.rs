//! What a change writes: one transaction.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use tollgate_core::{lookup::LookupId, pepper::Peppers, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Change, Commit, Effective, Key, Outbox, Shared, Stop, compile};

use super::{
    fault::Fault,
    outbox::Row,
    seen::{HolderId, Seen, given, place_of},
};
use crate::{
    documents::{
        forms::{Holding, LimitForm, LimitId, RecordForm, carried, limit_id, write_key},
        item::{Draft, Item, Place},
    },
    layout::{EPOCH, INCARNATION, PENDING, TENANT},
};

/// One item of a transaction.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// The head, if it is still the one of this stamp and with this much pending.
    Head(Item, Stamp, u64),
    /// The first head, if there is none.
    First(Item),
    Put(Item),
    Delete(Place),
}

impl Op {
    pub(crate) fn build(self, table: &str) -> Result<TransactWriteItem, Fault> {
        let put = |item: Item| Put::builder().table_name(table).set_item(Some(item));
        let whole = TransactWriteItem::builder();
        let number = |number: u64| AttributeValue::N(number.to_string());
        let whole = match self {
            Self::Head(item, stamp, pending) => {
                let condition = "#i = :i AND #e = :e AND #p = :p";
                let put = put(item)
                    .condition_expression(condition)
                    .expression_attribute_names("#i", INCARNATION)
                    .expression_attribute_names("#e", EPOCH)
                    .expression_attribute_names("#p", PENDING)
                    .expression_attribute_values(":i", number(stamp.incarnation))
                    .expression_attribute_values(":e", number(stamp.epoch))
                    .expression_attribute_values(":p", number(pending));
                whole.put(put.build().map_err(Fault::odd)?)
            }
            Self::First(item) => {
                let put = put(item).condition_expression("attribute_not_exists(pk)");
                whole.put(put.build().map_err(Fault::odd)?)
            }
            Self::Put(item) => whole.put(put(item).build().map_err(Fault::odd)?),
            Self::Delete(place) => {
                let delete =
                    Delete::builder().table_name(table).set_key(Some(place.key_item())).build();
                whole.delete(delete.map_err(Fault::odd)?)
            }
        };
        Ok(whole.build())
    }
}

/// The transaction of a commit, and the row of the outbox among it.
pub(crate) fn write(
    seen: &mut Seen,
    change: &Change,
    commit: &Commit,
    (peppers, items_max): (Option<&Peppers>, usize),
    token: &str,
    now: UnixMillis,
) -> Result<Vec<Op>, Fault> {
    let (before, pending) = (seen.book.stamp(), seen.book.pending);
    let mut ops = vec![];
    if let Some(key) = &commit.key {
        write_around(seen, commit, key, &mut ops);
    }
    if let Some(stop) = &commit.stop {
        write_stop(seen, stop, now, &mut ops);
    }
    if let Change::Renumber { spec, .. } = change
        && let Some((id, form)) = seen.limits.0.first_key_value()
        && let Some((allowance, changed)) = commit.others.first().and_then(|key| given(key, spec))
    {
        let form = LimitForm { allowance, changed, given: commit.stamp, ..*form };
        ops.push(Op::Put(form.write(id)));
    }
    seen.book.age(now);
    for &subject in &commit.earlier {
        seen.book.record(Some(subject), now);
    }
    if seen.book.record(commit.entry, now) != commit.stamp {
        return Err(Fault::Damaged("epoch"));
    }
    seen.book.remember(token);
    // The head last: how many pages it rewrites decides how many records there is room for, and what is left over sets
    // what is pending.
    let (_, fresh, gone) = seen.book.clone().lay_out();
    let taken = ops.len().saturating_add(fresh.len()).saturating_add(gone.len());
    // One for the head, and one for a row of the outbox.
    let room = items_max.saturating_sub(taken).saturating_sub(2);
    if let Some(row) = write_records(seen, commit, peppers, room, &mut ops)? {
        if seen.book.pending == 0 {
            seen.book.pending = commit.stamp.epoch;
        }
        ops.push(Op::Put(row.write(commit.stamp.epoch)));
    }
    let (head, fresh, gone) = seen.book.lay_out();
    ops.extend(fresh.into_iter().map(Op::Put));
    ops.extend(gone.into_iter().map(Op::Delete));
    ops.insert(0, Op::Head(head, before, pending));
    Ok(ops)
}

/// The records that there is room for, and what is left to be written afterwards.
fn write_records(
    seen: &Seen,
    commit: &Commit,
    peppers: Option<&Peppers>,
    room: usize,
    ops: &mut Vec<Op>,
) -> Result<Option<Row>, Fault> {
    let (lookups, key) = match (&commit.outbox, &commit.key) {
        (Outbox::Secrets(lookups), Some(key)) => (lookups, key),
        (Outbox::Secrets(_), None) => return Ok(None),
        (Outbox::Holder { tenant, owner }, _) => {
            return Ok(Some(Row::of_holders(vec![(tenant.clone(), owner.clone())])));
        }
        (Outbox::Tenants(tenants), _) => {
            let holders = tenants.iter().map(|tenant| (tenant.clone(), None));
            return Ok(Some(Row::of_holders(holders.collect())));
        }
    };
    let room = if peppers.is_some() { room } else { 0 };
    // The newest first: the older ones are those that have ended.
    let mut left = vec![];
    for (at, lookup) in lookups.iter().rev().enumerate() {
        match peppers.filter(|_| at < room) {
            None => left.push(*lookup),
            Some(peppers) => {
                let stopped = seen.stopped(&key.settings);
                ops.push(Op::Put(record(key, stopped, *lookup, commit.stamp, peppers)?));
            }
        }
    }
    Ok((!left.is_empty()).then(|| Row::of_secrets(left)))
}

/// The record item of a secret of `key`.
pub(crate) fn record(
    key: &Key,
    (owner_stopped, tenant_stopped): (bool, bool),
    lookup: LookupId,
    as_of: Stamp,
    peppers: &Peppers,
) -> Result<Item, Fault> {
    let effective = Effective { as_of, key, owner_stopped, tenant_stopped };
    let sealed = compile(&effective, lookup, peppers, peppers.issuing());
    let sealed = sealed.map_err(|_| Fault::Damaged("document"))?;
    Ok(RecordForm::of(key).write(lookup, &sealed, as_of))
}

/// The key's document, the lists that it stands in, and what it shares.
fn write_around(seen: &Seen, commit: &Commit, key: &Key, ops: &mut Vec<Op>) {
    let before = seen.snapshot.key.as_ref();
    let (id, tenant, owner) = (&key.id, &key.settings.tenant, &key.settings.owner);
    ops.push(Op::Put(write_key(key)));
    let list = |place: Place| Op::Put(Draft::at(&place).item());
    let moved = before.is_none_or(|before| before.settings.owner != *owner);
    let mut counts: BTreeMap<HolderId, Holding> = BTreeMap::new();
    if before.is_none() {
        let holder = (tenant.clone(), None);
        let holding = seen.holding(&holder);
        counts.insert(holder, Holding { keys: holding.keys.saturating_add(1), ..holding });
        ops.push(list(Place::key_of_tenant(tenant, id)));
    }
    if moved {
        ops.push(list(Place::key_of_owner(tenant, owner, id)));
        let holder = (tenant.clone(), Some(owner.clone()));
        let holding = seen.holding(&holder);
        counts.insert(holder, Holding { keys: holding.keys.saturating_add(1), ..holding });
    }
    if let Some(before) = before.filter(|_| moved) {
        let owner = &before.settings.owner;
        ops.push(Op::Delete(Place::key_of_owner(tenant, owner, id)));
        let holder = (tenant.clone(), Some(owner.clone()));
        let holding = seen.holding(&holder);
        counts.insert(holder, Holding { keys: holding.keys.saturating_sub(1), ..holding });
    }
    ops.extend(counts.iter().map(|(holder, holding)| hold(holder, *holding)));
    write_limits(seen, &before.map(carried).unwrap_or_default(), &commit.shared(), key, ops);
    // A secret that the key remembers no more leaves nothing behind.
    let forgotten = before.iter().flat_map(|before| &before.secrets);
    let forgotten = forgotten.filter(|secret| key.secret(secret.lookup).is_none());
    ops.extend(forgotten.map(|secret| Op::Delete(Place::record(secret.lookup))));
}

/// A holder's item, or that there is none any more.
fn hold(holder: &HolderId, holding: Holding) -> Op {
    let place = place_of(holder);
    if holding.is_blank() { Op::Delete(place) } else { Op::Put(holding.write(&place)) }
}

fn write_limits(seen: &Seen, was: &[Shared], is: &[Shared], key: &Key, ops: &mut Vec<Op>) {
    let was: BTreeSet<LimitId> = was.iter().map(limit_id).collect();
    let is: BTreeMap<LimitId, &Shared> = is.iter().map(|one| (limit_id(one), one)).collect();
    for id in &was {
        if is.contains_key(id) {
            continue;
        }
        ops.push(Op::Delete(Place::carrier(&id.0, &id.1, &key.id)));
        match seen.limits.0.get(id) {
            Some(form) if form.carriers > 1 => {
                let carriers = form.carriers.saturating_sub(1);
                ops.push(Op::Put(LimitForm { carriers, ..*form }.write(id)));
            }
            Some(_) | None => ops.push(Op::Delete(Place::limit(&id.0, &id.1))),
        }
    }
    for (id, shared) in is {
        let before = seen.limits.0.get(&id).copied();
        let Shared { allowance, changed, .. } = *shared;
        let (given, others) = before.map_or((Stamp::default(), 0), |f| (f.given, f.carriers));
        let mut carriers = others;
        if !was.contains(&id) {
            carriers = others.saturating_add(1);
            let place = Place::carrier(&id.0, &id.1, &key.id);
            ops.push(Op::Put(Draft::at(&place).text(TENANT, &key.settings.tenant).item()));
        }
        let form = LimitForm { allowance, changed, given, carriers };
        if before != Some(form) {
            ops.push(Op::Put(form.write(&id)));
        }
    }
}

fn write_stop(seen: &Seen, stop: &Stop, now: UnixMillis, ops: &mut Vec<Op>) {
    let Stop { tenant, owner, stopped } = stop;
    let holder = (tenant.clone(), owner.clone());
    let before = seen.holding(&holder);
    // Since when does not change if it is stopped a second time.
    let since = stopped.then(|| before.stopped.unwrap_or(now.0));
    let after = Holding { stopped: since, ..before };
    ops.push(hold(&holder, after));
    if owner.is_none() || before.stopped.is_some() == *stopped {
        return;
    }
    let whole = (tenant.clone(), None);
    let holding = seen.holding(&whole);
    let owners_stopped = match stopped {
        true => holding.owners_stopped.saturating_add(1),
        false => holding.owners_stopped.saturating_sub(1),
    };
    ops.push(hold(&whole, Holding { owners_stopped, ..holding }));
}
