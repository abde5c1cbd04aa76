//! The ledger: each change one transaction.

use rusqlite::{
    Connection, OptionalExtension, Params, Row, Transaction, TransactionBehavior, params,
};
use tollgate_core::{lookup::LookupId, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{
    CARRIERS_MAX, Change, Commit, Conclusion, Holder, Key, KeyState, Ledger, LedgerError, Object,
    Outbox, PAGE_MAX, Page, Receipt, Settings, Shared, Snapshot, Stopped, apply,
};

use crate::{
    Store,
    fault::Fault,
    head::{self, Kept},
    open, statements,
};

impl Ledger for Store {
    fn change(&mut self, change: &Change, now: UnixMillis) -> Result<Receipt, LedgerError> {
        open::patient(&mut self.connection).map_err(Fault::from)?;
        let mut changed = commit(&mut self.connection, &mut self.kept, change, now);
        // It ends: each time there is less of it.
        while is_full(&changed) && takes_away(change) && self.give_up_ballast() {
            changed = commit(&mut self.connection, &mut self.kept, change, now);
        }
        // Nothing is waited for longer than an answer may take, whatever became of the change.
        open::hurried(&mut self.connection).map_err(Fault::from)?;
        let Commit { stamp, key, others, .. } = changed?;
        Ok(Receipt { stamp, key, others: others.len(), noted: self.note(stamp) })
    }

    fn key(&mut self, id: &str) -> Result<Option<Key>, LedgerError> {
        Ok(one(&self.connection, statements::KEY, [id])?)
    }

    fn key_of(&mut self, lookup: LookupId) -> Result<Option<Key>, LedgerError> {
        Ok(one(&self.connection, statements::KEY_OF, [lookup.as_bytes()])?)
    }

    fn keys(
        &mut self,
        after: Option<&str>,
        limit: usize,
        tenant: Option<&str>,
    ) -> Result<Page, LedgerError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let after = after.unwrap_or("");
        // One more than asked for is enough to know whether there are more.
        let rows = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        let mut keys = match tenant {
            None => all(&self.connection, statements::KEYS, params![after, rows])?,
            Some(tenant) => {
                all(&self.connection, statements::KEYS_OF_TENANT, params![after, rows, tenant])?
            }
        };
        let more = keys.len() > limit;
        keys.truncate(limit);
        let next = keys.last().filter(|_| more).map(|key| key.id.clone());
        Ok(Page { keys, next })
    }

    fn stamp(&mut self) -> Result<Stamp, LedgerError> {
        Ok(self.reached()?)
    }

    fn stopped(&mut self, tenant: &str, owner: &str) -> Result<Stopped, LedgerError> {
        Ok(stopped(&self.connection, tenant, owner)?)
    }

    fn tenants(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<Holder>, LedgerError> {
        let row = params![after.unwrap_or(""), limit.clamp(1, PAGE_MAX)];
        Ok(holders(&self.connection, statements::TENANTS, row)?)
    }

    fn owners(
        &mut self,
        tenant: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Holder>, LedgerError> {
        let row = params![tenant, after.unwrap_or(""), limit.clamp(1, PAGE_MAX)];
        Ok(holders(&self.connection, statements::OWNERS, row)?)
    }

    fn peppers_in_use(&mut self, now: UnixMillis) -> Result<[u64; 16], LedgerError> {
        Ok(peppers(&self.connection, now)?)
    }
}

fn is_full(changed: &Result<Commit, LedgerError>) -> bool {
    matches!(changed, Err(LedgerError::Failed { conclusion: Conclusion::Full, .. }))
}

/// Whether a change gives nobody anything: it is worth the last room there is.
const fn takes_away(change: &Change) -> bool {
    match change {
        Change::Disable { .. }
        | Change::Revoke { .. }
        | Change::RevokeSecret { .. }
        | Change::StopOwner { .. }
        | Change::StopTenant { .. } => true,
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Renumber { .. }
        | Change::Rotate { .. }
        | Change::Enable { .. }
        | Change::ResumeOwner { .. }
        | Change::ResumeTenant { .. } => false,
    }
}

/// One change, its epoch, its entry and its outbox: all of them or none.
fn commit(
    connection: &mut Connection,
    kept: &mut Option<Kept>,
    change: &Change,
    now: UnixMillis,
) -> Result<Commit, LedgerError> {
    let immediate = TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(immediate).map_err(Fault::from)?;
    let before = head::refresh(&transaction, kept)?;
    let snapshot = snapshot(&transaction, before.head.stamp(), change)?;
    let commit = apply(&snapshot, change, now)?;
    let mut after = before.clone();
    after.age(now);
    for &subject in &commit.earlier {
        after.record(Some(subject), now);
    }
    if after.record(commit.entry, now) != commit.stamp {
        return Err(Fault::damaged("ledger").into());
    }
    after.write(before, &transaction)?;
    write(&transaction, &commit, now)?;
    transaction.commit().map_err(Fault::from)?;
    *kept = Some(after);
    Ok(commit)
}

/// All that the change depends on.
fn snapshot(
    transaction: &Transaction<'_>,
    stamp: Stamp,
    change: &Change,
) -> Result<Snapshot, Fault> {
    let mut snapshot = Snapshot {
        stamp,
        key: None,
        lookup_taken: false,
        shared: vec![],
        holder_known: false,
        carriers: vec![],
    };
    match change {
        Change::Create { id, settings, secret, .. } => {
            snapshot.key = one(transaction, statements::KEY, [id])?;
            snapshot.lookup_taken = taken(transaction, secret.lookup)?;
            snapshot.shared = carried(transaction, id, settings)?;
        }
        Change::Renumber { tenant, owner, spec } => {
            if let Some(object) = Object::at(spec.scope(), tenant, owner) {
                // One more than may be changed is enough to know that there are too many.
                let row = params![object.as_str(), spec.name(), CARRIERS_MAX.saturating_add(1)];
                snapshot.carriers = all(transaction, statements::CARRIERS, row)?;
            }
        }
        Change::Update { id, settings, .. } => {
            snapshot.key = one(transaction, statements::KEY, [id])?;
            snapshot.shared = carried(transaction, id, settings)?;
        }
        Change::Rotate { id, secret, .. } => {
            snapshot.key = one(transaction, statements::KEY, [id])?;
            snapshot.lookup_taken = taken(transaction, secret.lookup)?;
        }
        Change::Disable { id } | Change::Enable { id } | Change::Revoke { id } => {
            snapshot.key = one(transaction, statements::KEY, [id])?;
        }
        Change::RevokeSecret { lookup } => {
            snapshot.key = one(transaction, statements::KEY_OF, [lookup.as_bytes()])?;
        }
        Change::StopOwner { tenant, owner } | Change::ResumeOwner { tenant, owner } => {
            snapshot.holder_known = yes(transaction, statements::OWNER_KNOWN, [tenant, owner])?;
        }
        Change::StopTenant { tenant } | Change::ResumeTenant { tenant } => {
            snapshot.holder_known = yes(transaction, statements::TENANT_KNOWN, [tenant])?;
        }
    }
    Ok(snapshot)
}

/// What other keys carry under the names and objects of `settings`.
fn carried(
    transaction: &Transaction<'_>,
    id: &str,
    settings: &Settings,
) -> Result<Vec<Shared>, Fault> {
    let mut shared = vec![];
    for mine in settings.shared() {
        let carrier = params![mine.object.as_str(), mine.name, id];
        let Some(key) = one(transaction, statements::CARRIER, carrier)? else { continue };
        let same = |other: &Shared| other.object == mine.object && other.name == mine.name;
        let theirs = key.settings.shared().into_iter().find(same);
        shared.push(theirs.ok_or_else(|| Fault::damaged("shared"))?);
    }
    Ok(shared)
}

fn write(transaction: &Transaction<'_>, commit: &Commit, now: UnixMillis) -> Result<(), Fault> {
    if let Some(key) = &commit.key {
        write_key(transaction, key)?;
        run(transaction, statements::SHARED_LEAVES, [&key.id])?;
        for shared in commit.shared() {
            let row = params![shared.object.as_str(), shared.name, key.id];
            run(transaction, statements::SHARED_KEPT, row)?;
        }
    }
    for key in &commit.others {
        write_document(transaction, key)?;
    }
    if let Some(stop) = &commit.stop {
        let (tenant, owner) = (stop.tenant.as_str(), stop.owner.as_deref().unwrap_or(""));
        match stop.stopped {
            true => run(transaction, statements::STOP, params![tenant, owner, now.0])?,
            false => run(transaction, statements::RESUME, [tenant, owner])?,
        }
    }
    let epoch = commit.stamp.epoch;
    match &commit.outbox {
        Outbox::Secrets(lookups) => {
            let tenant = commit.key.as_ref().map_or("", |key| &key.settings.tenant);
            for lookup in lookups {
                let row = params!["lookup", tenant, lookup.to_string(), epoch];
                run(transaction, statements::OUTBOX_PUT, row)?;
            }
        }
        Outbox::Tenants(tenants) => {
            for tenant in tenants {
                run(transaction, statements::OUTBOX_PUT, params!["tenant", tenant, "", epoch])?;
            }
        }
        Outbox::Holder { tenant, owner } => {
            let kind = if owner.is_some() { "owner" } else { "tenant" };
            let row = params![kind, tenant, owner.as_deref().unwrap_or(""), epoch];
            run(transaction, statements::OUTBOX_PUT, row)?;
        }
    }
    Ok(())
}

fn write_document(transaction: &Transaction<'_>, key: &Key) -> Result<(), Fault> {
    let Key { id, settings, .. } = key;
    let row = params![id, settings.tenant, settings.owner, key.to_text()];
    run(transaction, statements::KEY_KEPT, row)
}

fn write_key(transaction: &Transaction<'_>, key: &Key) -> Result<(), Fault> {
    let Key { id, .. } = key;
    write_document(transaction, key)?;
    run(transaction, statements::SECRETS_LEAVE, [id])?;
    for secret in &key.secrets {
        let revoked = secret.revoked || key.state == KeyState::Revoked;
        let lookup = secret.lookup.as_bytes();
        let row = params![lookup, id, secret.pepper, secret.ends_ms, revoked];
        run(transaction, statements::SECRET_KEPT, row)?;
    }
    Ok(())
}

fn stopped(connection: &Connection, tenant: &str, owner: &str) -> Result<Stopped, Fault> {
    let mut statement = connection.prepare_cached(statements::STOPPED)?;
    let row = |row: &Row<'_>| Ok(Stopped { owner: row.get(0)?, tenant: row.get(1)? });
    Ok(statement.query_row([tenant, owner], row)?)
}

fn holders(
    connection: &Connection,
    statement: &str,
    row: impl Params,
) -> Result<Vec<Holder>, Fault> {
    let mut statement = connection.prepare_cached(statement)?;
    let read = |row: &Row<'_>| {
        let since: Option<u64> = row.get(3)?;
        Ok(Holder {
            name: row.get(0)?,
            keys: row.get(1)?,
            stopped: row.get(2)?,
            since: since.map(UnixMillis),
            owners_stopped: row.get(4)?,
        })
    };
    let holders = statement.query_map(row, read)?.collect::<Result<_, _>>();
    Ok(holders?)
}

fn peppers(connection: &Connection, now: UnixMillis) -> Result<[u64; 16], Fault> {
    let mut counts = [0; 16];
    let mut statement = connection.prepare_cached(statements::PEPPERS)?;
    let mut rows = statement.query([now.0])?;
    while let Some(row) = rows.next()? {
        let place = counts.get_mut(row.get::<_, usize>(0)?);
        *place.ok_or_else(|| Fault::damaged("secrets"))? = row.get(1)?;
    }
    Ok(counts)
}

fn taken(connection: &Connection, lookup: LookupId) -> Result<bool, Fault> {
    yes(connection, statements::SECRET_TAKEN, [lookup.as_bytes()])
}

fn yes(connection: &Connection, statement: &str, row: impl Params) -> Result<bool, Fault> {
    Ok(connection.prepare_cached(statement)?.query_row(row, |row| row.get(0))?)
}

fn run(connection: &Connection, statement: &str, row: impl Params) -> Result<(), Fault> {
    connection.prepare_cached(statement)?.execute(row)?;
    Ok(())
}

fn one(connection: &Connection, statement: &str, row: impl Params) -> Result<Option<Key>, Fault> {
    let mut statement = connection.prepare_cached(statement)?;
    let document: Option<String> = statement.query_row(row, |row| row.get(0)).optional()?;
    document.map(|document| read(&document)).transpose()
}

fn all(connection: &Connection, statement: &str, row: impl Params) -> Result<Vec<Key>, Fault> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query(row)?;
    let mut keys = vec![];
    while let Some(row) = rows.next()? {
        keys.push(read(&row.get::<_, String>(0)?)?);
    }
    Ok(keys)
}

fn read(document: &str) -> Result<Key, Fault> {
    Key::from_text(document).ok_or_else(|| Fault::damaged("keys"))
}
