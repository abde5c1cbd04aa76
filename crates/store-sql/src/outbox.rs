//! What replicas have not been told yet.

use tollgate_core::lookup::LookupId;

use crate::{Fault, Row, Sql, statements};

/// The most records that are published at once.
pub const PUBLISHED_MAX: usize = 50;

/// A row: one secret, or all of an owner or a tenant, as of an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// `lookup`, `owner` or `tenant`.
    pub kind: String,
    /// The tenant.
    pub tenant: String,
    /// Which secret or owner.
    pub id: String,
    /// As of when: a later change makes it another row.
    pub epoch: u64,
}

/// How far an owner or a tenant has been published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Of which row.
    pub row: OutboxRow,
    /// After which secret it goes on.
    pub after: LookupId,
}

/// What is to be published next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The secrets whose records are to be.
    pub lookups: Vec<LookupId>,
    /// What has been published once they are.
    pub rows: Vec<OutboxRow>,
    /// Where it goes on once they are; none if `rows` are done.
    pub cursor: Option<Cursor>,
}

/// The record of a secret is to be published as of `epoch`.
///
/// # Errors
///
/// When it cannot be written.
pub fn publish(
    sql: &mut impl Sql,
    lookup: LookupId,
    tenant: &str,
    epoch: u64,
) -> Result<(), Fault> {
    let id = lookup.to_string();
    let row = ["lookup".into(), tenant.into(), (&id).into(), epoch.into()];
    sql.rows(statements::OUTBOX_PUT, &row).map(drop)
}

/// What is to be published next, at most [`PUBLISHED_MAX`] records, in order of epochs; nothing if all has been.
///
/// # Errors
///
/// When the read fails.
pub fn due(sql: &mut impl Sql, cursor: Option<&Cursor>) -> Result<Due, Fault> {
    let most = u64::try_from(PUBLISHED_MAX).unwrap_or(u64::MAX);
    let rows = sql.rows(statements::OUTBOX, &[most.into()])?;
    let rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = rows.first() else { return Ok(Due::default()) };
    if first.kind != "lookup" {
        return holder(sql, first.clone(), cursor);
    }
    let mut due = Due::default();
    for row in rows.into_iter().take_while(|row| row.kind == "lookup") {
        due.lookups.push(LookupId::from_hex(&row.id).ok_or_else(|| Fault::damaged("outbox"))?);
        due.rows.push(row);
    }
    Ok(due)
}

/// A page of the secrets of an owner or a tenant.
fn holder(sql: &mut impl Sql, row: OutboxRow, cursor: Option<&Cursor>) -> Result<Due, Fault> {
    let most = u64::try_from(PUBLISHED_MAX).unwrap_or(u64::MAX);
    let after = cursor.filter(|cursor| cursor.row == row).map(|cursor| *cursor.after.as_bytes());
    // No secret is known by sixteen zeros, so the first comes after them.
    let after = after.unwrap_or_default();
    let tenant = row.tenant.as_str().into();
    let found = match row.kind.as_str() {
        "tenant" => {
            sql.rows(statements::SECRETS_OF_TENANT, &[tenant, (&after).into(), most.into()])
        }
        _ => {
            let owner = row.id.as_str().into();
            sql.rows(statements::SECRETS_OF_OWNER, &[tenant, (&after).into(), most.into(), owner])
        }
    }?;
    let lookup =
        |row: &Row| LookupId::from_hex(row.text(0)?).ok_or_else(|| Fault::damaged("secrets"));
    let lookups = found.iter().map(lookup).collect::<Result<Vec<_>, _>>()?;
    let whole = lookups.len() < PUBLISHED_MAX;
    let last = lookups.last().copied().filter(|_| !whole);
    let cursor = last.map(|after| Cursor { row: row.clone(), after });
    Ok(Due { lookups, rows: vec![row], cursor })
}

/// Rows have been published. One that has been written again since then stays.
///
/// # Errors
///
/// When it cannot be written.
pub fn published(sql: &mut impl Sql, rows: &[OutboxRow]) -> Result<(), Fault> {
    for OutboxRow { kind, tenant, id, epoch } in rows {
        let row = [kind.into(), tenant.into(), id.into(), (*epoch).into()];
        sql.rows(statements::OUTBOX_DONE, &row)?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<OutboxRow, Fault> {
    Ok(OutboxRow {
        kind: row.text(0)?.to_owned(),
        tenant: row.text(1)?.to_owned(),
        id: row.text(2)?.to_owned(),
        epoch: row.number(3)?,
    })
}
