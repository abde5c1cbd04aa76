//! What the control plane keeps beside the ledger: each change of a key, its details, its audit row and its retry in
//! one step.

mod audit;
mod retry;

pub use audit::lines;
pub use retry::{RETRIES_MAX, RETRIES_SWEEP_MAX, RETRY_KEPT_MS};

use tollgate_control::{BooksError, Counted, Counting, Done, Filed, Page, Seen, Wanted, Work};
use tollgate_core::{lookup::LookupId, time::UnixMillis};
use tollgate_ledger::{ChangeError, Key, LABEL_MAX, LedgerError, PAGE_MAX, Stopped};

use crate::{Fault, Given, Kept, Row, Sql, UsageRow, UsageWanted, keys, statements};

/// Whoever holds a secret.
///
/// # Errors
///
/// When the read fails.
pub fn caller(sql: &mut impl Sql, lookup: LookupId) -> Result<Option<Seen>, Fault> {
    let rows = sql.rows(statements::EFFECTIVE, &[lookup.as_bytes().into()])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let stopped = Stopped { owner: row.flag(1)?, tenant: row.flag(2)? };
    Ok(Some(Seen { key: document(row)?, stopped }))
}

/// A key as it is filed.
///
/// # Errors
///
/// When the read fails.
pub fn key(sql: &mut impl Sql, id: &str) -> Result<Option<Filed>, Fault> {
    sql.rows(statements::FILED, &[id.into()])?.first().map(filed).transpose()
}

/// Some keys in the order of their ids, at most [`PAGE_MAX`].
///
/// # Errors
///
/// When the read fails.
pub fn page(sql: &mut impl Sql, wanted: &Wanted<'_>) -> Result<Page, Fault> {
    let limit = wanted.limit.clamp(1, PAGE_MAX);
    // One more than asked for is enough to know whether there are more.
    let most = u64::try_from(limit.saturating_add(1)).unwrap_or(u64::MAX);
    let mut given = vec![Given::Text(wanted.after.unwrap_or("")), Given::Number(most)];
    let rows = match wanted.tenant {
        Some(tenant) => {
            given.push(Given::Text(tenant));
            sql.rows(statements::FILED_OF_TENANT, &given)?
        }
        None => sql.rows(statements::FILED_AFTER, &given)?,
    };
    let mut keys = rows.iter().map(filed).collect::<Result<Vec<_>, _>>()?;
    let more = keys.len() > limit;
    keys.truncate(limit);
    let next = keys.last().filter(|_| more).map(|filed| filed.key.id.clone());
    Ok(Page { keys, next })
}

/// One change with all that belongs to it: all of it or none. Gives the head too that is to be kept once that is
/// durable, if anything was changed.
///
/// # Errors
///
/// See [`BooksError`]: nothing of it may be kept then.
pub fn work(
    sql: &mut impl Sql,
    kept: &mut Option<Kept>,
    work: &Work<'_>,
    now: UnixMillis,
) -> Result<(Done, Option<Kept>), BooksError> {
    // SECURITY: whoever was revoked since it was admitted changes nothing any more.
    if caller(sql, work.caller.lookup)?.as_ref() != Some(&work.caller.seen) {
        return Err(BooksError::CallerChanged);
    }
    if let Some(retry) = &work.retry
        && let Some((id, salt)) = retry::found(sql, retry, now)?
    {
        let filed = key(sql, &id)?.ok_or_else(|| Fault::damaged("retries"))?;
        return Ok((Done::Before { filed, salt }, None));
    }
    let before = match work.key {
        Some(id) => key(sql, id)?,
        None => None,
    };
    if let (Some(expected), Some(before)) = (work.expected, &before)
        && before.key.changed != expected
    {
        let refused = ChangeError::OtherVersion { found: before.key.changed };
        return Err(LedgerError::from(refused).into());
    }
    let (mut commit, head) = keys::change(sql, kept, work.change, now)?;
    if let (Some(name), Some(key)) = (work.name, &mut commit.key) {
        key.name = name.filter(|name| name.len() <= LABEL_MAX).map(str::to_owned);
        keys::write_document(sql, key)?;
    }
    if let (Some(details), Some(key)) = (work.details, &commit.key) {
        sql.rows(statements::DETAILS_KEPT, &[(&key.id).into(), details.into()])?;
    }
    let after = match &commit.key {
        Some(after) => key(sql, &after.id)?,
        None => None,
    };
    let actor = &work.caller.seen.key;
    audit::append(sql, &work.told, actor, (work.change, before.as_ref(), after.as_ref()), now)?;
    if let (Some(retry), Some(after)) = (&work.retry, &after) {
        retry::keep(sql, retry, &after.key.id, now)?;
    }
    Ok((Done::Made { stamp: commit.stamp, filed: after }, Some(head)))
}

/// What was counted, as [`usage`](crate::usage()) gives it.
///
/// # Errors
///
/// When the read fails.
pub fn counted(
    sql: &mut impl Sql,
    wanted: &Counting<'_>,
    after: Option<&Counted>,
) -> Result<Vec<Counted>, Fault> {
    let Counting { from, until, tenant, owner, key, route } = *wanted;
    let wanted = UsageWanted { from, until, tenant: Some(tenant), owner, key, route };
    let after = after.cloned().map(|counted| {
        let Counted { hour, tenant, owner, key, route, code, count } = counted;
        UsageRow { hour, tenant, owner, key, route, code, count }
    });
    let rows = crate::usage(sql, &wanted, after.as_ref())?;
    let read = |row: UsageRow| {
        let UsageRow { hour, tenant, owner, key, route, code, count } = row;
        Counted { hour, tenant, owner, key, route, code, count }
    };
    Ok(rows.into_iter().map(read).collect())
}

fn filed(row: &Row) -> Result<Filed, Fault> {
    let details = row.optional_text(1)?.map(str::to_owned);
    let stopped = Stopped { owner: row.flag(2)?, tenant: row.flag(3)? };
    Ok(Filed { key: document(row)?, stopped, details })
}

fn document(row: &Row) -> Result<Key, Fault> {
    Key::from_text(row.text(0)?).ok_or_else(|| Fault::damaged("keys"))
}

/// Bytes as they are kept.
fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
