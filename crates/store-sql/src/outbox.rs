//! What replicas have not been told yet.

use tollgate_core::lookup::LookupId;

use crate::{Fault, Row, Sql, statements};

/// The most secrets that are published at once, one by one.
pub const SECRETS_AT_ONCE: usize = 50;

/// The most keys of an owner or a tenant that are published at once, each with all of its secrets.
pub const KEYS_AT_ONCE: usize = 12;

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
    /// After which key it goes on.
    pub after: String,
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

/// What is to be published next, in order of epochs; nothing if all has been. That is at most [`SECRETS_AT_ONCE`]
/// secrets, or those of at most [`KEYS_AT_ONCE`] keys of an owner or a tenant.
///
/// # Errors
///
/// When the read fails.
pub fn due(sql: &mut impl Sql, cursor: Option<&Cursor>) -> Result<Due, Fault> {
    let most = u64::try_from(SECRETS_AT_ONCE).unwrap_or(u64::MAX);
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

/// A page of the keys of an owner or a tenant.
fn holder(sql: &mut impl Sql, row: OutboxRow, cursor: Option<&Cursor>) -> Result<Due, Fault> {
    let most = u64::try_from(KEYS_AT_ONCE).unwrap_or(u64::MAX);
    let after = cursor.filter(|cursor| cursor.row == row).map_or("", |cursor| &cursor.after);
    let mut given = vec![row.tenant.as_str().into(), after.into(), most.into()];
    let found = if row.kind == "tenant" {
        sql.rows(statements::SECRETS_OF_TENANT, &given)?
    } else {
        given.push(row.id.as_str().into());
        sql.rows(statements::SECRETS_OF_OWNER, &given)?
    };
    let mut due = Due::default();
    let (mut keys, mut last) = (0_usize, "");
    for found in &found {
        let key = found.text(0)?;
        if key != last {
            (keys, last) = (keys.saturating_add(1), key);
        }
        let lookup = LookupId::from_hex(found.text(1)?);
        due.lookups.push(lookup.ok_or_else(|| Fault::damaged("secrets"))?);
    }
    // Every key has a secret, so fewer keys than were asked for are the last.
    let more = keys >= KEYS_AT_ONCE;
    due.cursor = more.then(|| Cursor { row: row.clone(), after: last.to_owned() });
    due.rows.push(row);
    Ok(due)
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
