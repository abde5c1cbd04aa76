//! The ledger: each change one step.

use tollgate_core::{lookup::LookupId, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{
    CARRIERS_MAX, Change, Commit, Holder, Key, KeyState, LedgerError, Object, Outbox, PAGE_MAX,
    Page, Settings, Shared, Snapshot, Stopped, apply,
};

use crate::{Fault, Given, Kept, Sql, head, outbox::publish, statements};

/// One change, its epoch, its entry and its outbox: all of them or none. Gives the head too that is to be kept once
/// that is durable.
///
/// # Errors
///
/// When the change is refused or the store fails: nothing of it may be kept then.
pub fn change(
    sql: &mut impl Sql,
    kept: &mut Option<Kept>,
    change: &Change,
    now: UnixMillis,
) -> Result<(Commit, Kept), LedgerError> {
    let before = head::refresh(sql, kept)?;
    let snapshot = snapshot(sql, before.head.stamp(), change)?;
    let commit = apply(&snapshot, change, now)?;
    let mut after = before.clone();
    after.age(now);
    for &subject in &commit.earlier {
        after.record(Some(subject), now);
    }
    if after.record(commit.entry, now) != commit.stamp {
        return Err(Fault::damaged("ledger").into());
    }
    after.write(before, sql)?;
    write(sql, &commit, now)?;
    Ok((commit, after))
}

/// Lets the entries leave the head that are a day old; gives the head that is to be kept once that is durable.
///
/// # Errors
///
/// When the store fails: nothing of it may be kept then.
pub fn age(sql: &mut impl Sql, kept: &mut Option<Kept>, now: UnixMillis) -> Result<Kept, Fault> {
    let before = head::refresh(sql, kept)?;
    let mut after = before.clone();
    after.age(now);
    if after.head.floor() != before.head.floor() {
        after.write(before, sql)?;
    }
    Ok(after)
}

/// The key of an id.
///
/// # Errors
///
/// When the read fails.
pub fn key(sql: &mut impl Sql, id: &str) -> Result<Option<Key>, Fault> {
    one(sql, statements::KEY, &[id.into()])
}

/// The key that has a secret.
///
/// # Errors
///
/// When the read fails.
pub fn key_of(sql: &mut impl Sql, lookup: LookupId) -> Result<Option<Key>, Fault> {
    one(sql, statements::KEY_OF, &[lookup.as_bytes().into()])
}

/// The keys after an id, in the order of ids; at most [`PAGE_MAX`] whatever the limit.
///
/// # Errors
///
/// When the read fails.
pub fn keys(
    sql: &mut impl Sql,
    after: Option<&str>,
    limit: usize,
    tenant: Option<&str>,
) -> Result<Page, Fault> {
    let limit = limit.clamp(1, PAGE_MAX);
    let after = after.unwrap_or("").into();
    // One more than asked for is enough to know whether there are more.
    let rows = count(limit.saturating_add(1));
    let mut keys = match tenant {
        None => all(sql, statements::KEYS, &[after, rows])?,
        Some(tenant) => all(sql, statements::KEYS_OF_TENANT, &[after, rows, tenant.into()])?,
    };
    let more = keys.len() > limit;
    keys.truncate(limit);
    let next = keys.last().filter(|_| more).map(|key| key.id.clone());
    Ok(Page { keys, next })
}

/// Who of a tenant and one of its owners is stopped.
///
/// # Errors
///
/// When the read fails.
pub fn stopped(sql: &mut impl Sql, tenant: &str, owner: &str) -> Result<Stopped, Fault> {
    let rows = sql.rows(statements::STOPPED, &[tenant.into(), owner.into()])?;
    let row = rows.first().ok_or_else(|| Fault::damaged("stops"))?;
    Ok(Stopped { owner: row.flag(0)?, tenant: row.flag(1)? })
}

/// The tenants after one of them, in the order of their names; at most [`PAGE_MAX`] whatever the limit.
///
/// # Errors
///
/// When the read fails.
pub fn tenants(
    sql: &mut impl Sql,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Holder>, Fault> {
    let row = [after.unwrap_or("").into(), count(limit.clamp(1, PAGE_MAX))];
    holders(sql, statements::TENANTS, &row)
}

/// The owners of a tenant after one of them, in the order of their names; at most [`PAGE_MAX`] whatever the limit.
///
/// # Errors
///
/// When the read fails.
pub fn owners(
    sql: &mut impl Sql,
    tenant: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Holder>, Fault> {
    let row = [tenant.into(), after.unwrap_or("").into(), count(limit.clamp(1, PAGE_MAX))];
    holders(sql, statements::OWNERS, &row)
}

/// How many secrets that are still good at `now` were minted under each pepper.
///
/// # Errors
///
/// When the read fails.
pub fn peppers_in_use(sql: &mut impl Sql, now: UnixMillis) -> Result<[u64; 16], Fault> {
    let mut counts = [0; 16];
    for row in sql.rows(statements::PEPPERS, &[now.0.into()])? {
        let place = usize::try_from(row.number(0)?).ok().and_then(|place| counts.get_mut(place));
        *place.ok_or_else(|| Fault::damaged("secrets"))? = row.number(1)?;
    }
    Ok(counts)
}

/// All that the change depends on.
fn snapshot(sql: &mut impl Sql, stamp: Stamp, change: &Change) -> Result<Snapshot, Fault> {
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
            snapshot.key = one(sql, statements::KEY, &[id.into()])?;
            snapshot.lookup_taken = taken(sql, secret.lookup)?;
            snapshot.shared = carried(sql, id, settings)?;
        }
        Change::Renumber { tenant, owner, spec } => {
            if let Some(object) = Object::at(spec.scope(), tenant, owner) {
                // One more than may be changed is enough to know that there are too many.
                let most = count(CARRIERS_MAX.saturating_add(1));
                let row = [object.as_str().into(), spec.name().into(), most];
                snapshot.carriers = all(sql, statements::CARRIERS, &row)?;
            }
        }
        Change::Update { id, settings, .. } => {
            snapshot.key = one(sql, statements::KEY, &[id.into()])?;
            snapshot.shared = carried(sql, id, settings)?;
        }
        Change::Rotate { id, secret, .. } => {
            snapshot.key = one(sql, statements::KEY, &[id.into()])?;
            snapshot.lookup_taken = taken(sql, secret.lookup)?;
        }
        Change::Disable { id } | Change::Enable { id } | Change::Revoke { id } => {
            snapshot.key = one(sql, statements::KEY, &[id.into()])?;
        }
        Change::RevokeSecret { lookup } => {
            snapshot.key = one(sql, statements::KEY_OF, &[lookup.as_bytes().into()])?;
        }
        Change::StopOwner { tenant, owner } | Change::ResumeOwner { tenant, owner } => {
            snapshot.holder_known =
                yes(sql, statements::OWNER_KNOWN, &[tenant.into(), owner.into()])?;
        }
        Change::StopTenant { tenant } | Change::ResumeTenant { tenant } => {
            snapshot.holder_known = yes(sql, statements::TENANT_KNOWN, &[tenant.into()])?;
        }
    }
    Ok(snapshot)
}

/// What other keys carry under the names and objects of `settings`.
fn carried(sql: &mut impl Sql, id: &str, settings: &Settings) -> Result<Vec<Shared>, Fault> {
    let mut shared = vec![];
    for mine in settings.shared() {
        let carrier = [mine.object.as_str().into(), (&mine.name).into(), id.into()];
        let Some(key) = one(sql, statements::CARRIER, &carrier)? else { continue };
        let same = |other: &Shared| other.object == mine.object && other.name == mine.name;
        let theirs = key.settings.shared().into_iter().find(same);
        shared.push(theirs.ok_or_else(|| Fault::damaged("shared"))?);
    }
    Ok(shared)
}

fn write(sql: &mut impl Sql, commit: &Commit, now: UnixMillis) -> Result<(), Fault> {
    if let Some(key) = &commit.key {
        write_key(sql, key)?;
        run(sql, statements::SHARED_LEAVES, &[(&key.id).into()])?;
        for shared in commit.shared() {
            let row = [shared.object.as_str().into(), (&shared.name).into(), (&key.id).into()];
            run(sql, statements::SHARED_KEPT, &row)?;
        }
        if key.state == KeyState::Revoked {
            run(sql, statements::CARRIED_LEAVES, &[(&key.id).into()])?;
        }
    }
    for key in &commit.others {
        write_document(sql, key)?;
    }
    if let Some(stop) = &commit.stop {
        let (tenant, owner) = (stop.tenant.as_str(), stop.owner.as_deref().unwrap_or(""));
        match stop.stopped {
            true => run(sql, statements::STOP, &[tenant.into(), owner.into(), now.0.into()])?,
            false => run(sql, statements::RESUME, &[tenant.into(), owner.into()])?,
        }
    }
    let epoch = commit.stamp.epoch;
    match &commit.outbox {
        Outbox::Secrets(lookups) => {
            let tenant = commit.key.as_ref().map_or("", |key| &key.settings.tenant);
            for lookup in lookups {
                publish(sql, *lookup, tenant, epoch)?;
            }
        }
        Outbox::Tenants(tenants) => {
            for tenant in tenants {
                let row = ["tenant".into(), tenant.into(), "".into(), epoch.into()];
                run(sql, statements::OUTBOX_PUT, &row)?;
            }
        }
        Outbox::Holder { tenant, owner } => {
            let kind = if owner.is_some() { "owner" } else { "tenant" };
            let id = owner.as_deref().unwrap_or("");
            run(
                sql,
                statements::OUTBOX_PUT,
                &[kind.into(), tenant.into(), id.into(), epoch.into()],
            )?;
        }
    }
    Ok(())
}

/// A key's document is another one; its secrets and what it carries are not.
pub(crate) fn write_document(sql: &mut impl Sql, key: &Key) -> Result<(), Fault> {
    let Key { id, settings, .. } = key;
    let document = key.to_text();
    let row = [id, &settings.tenant, &settings.owner, &document].map(Into::into);
    run(sql, statements::KEY_KEPT, &row)
}

fn write_key(sql: &mut impl Sql, key: &Key) -> Result<(), Fault> {
    let Key { id, .. } = key;
    write_document(sql, key)?;
    run(sql, statements::SECRETS_LEAVE, &[id.into()])?;
    for secret in &key.secrets {
        let revoked = secret.revoked || key.state == KeyState::Revoked;
        let row = [
            secret.lookup.as_bytes().into(),
            id.into(),
            u64::from(secret.pepper).into(),
            secret.ends_ms.into(),
            u64::from(revoked).into(),
        ];
        run(sql, statements::SECRET_KEPT, &row)?;
    }
    run(sql, statements::USES_LEAVE, &[id.into()])
}

fn holders(
    sql: &mut impl Sql,
    statement: &'static str,
    row: &[Given<'_>],
) -> Result<Vec<Holder>, Fault> {
    let read = |row: &crate::Row| {
        Ok(Holder {
            name: row.text(0)?.to_owned(),
            keys: row.number(1)?,
            stopped: row.flag(2)?,
            since: row.optional(3)?.map(UnixMillis),
            owners_stopped: row.number(4)?,
        })
    };
    sql.rows(statement, row)?.iter().map(read).collect()
}

fn count(rows: usize) -> Given<'static> {
    Given::Number(u64::try_from(rows).unwrap_or(u64::MAX))
}

fn taken(sql: &mut impl Sql, lookup: LookupId) -> Result<bool, Fault> {
    yes(sql, statements::SECRET_TAKEN, &[lookup.as_bytes().into()])
}

fn yes(sql: &mut impl Sql, statement: &'static str, row: &[Given<'_>]) -> Result<bool, Fault> {
    sql.rows(statement, row)?.first().ok_or_else(|| Fault::damaged("keys"))?.flag(0)
}

fn run(sql: &mut impl Sql, statement: &'static str, row: &[Given<'_>]) -> Result<(), Fault> {
    sql.rows(statement, row).map(drop)
}

fn one(
    sql: &mut impl Sql,
    statement: &'static str,
    row: &[Given<'_>],
) -> Result<Option<Key>, Fault> {
    sql.rows(statement, row)?.first().map(read).transpose()
}

fn all(sql: &mut impl Sql, statement: &'static str, row: &[Given<'_>]) -> Result<Vec<Key>, Fault> {
    sql.rows(statement, row)?.iter().map(read).collect()
}

fn read(row: &crate::Row) -> Result<Key, Fault> {
    Key::from_text(row.text(0)?).ok_or_else(|| Fault::damaged("keys"))
}
