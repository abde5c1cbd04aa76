//! Who did what: one line for each change, within the change's own step.

use tollgate_audit::{Actor, Chain, Document, Entry, Hash, Image};
use tollgate_control::{Filed, Line, Told};
use tollgate_core::{id::Id, json::from_hex, time::UnixMillis};
use tollgate_ledger::{Change, Key, PAGE_MAX};

use crate::{Fault, Given, Row, Sql, statements};

/// The key `actor` has made a change. What the audit cannot say must not be done.
pub(super) fn append(
    sql: &mut impl Sql,
    told: &Told<'_>,
    actor: &Key,
    (change, before, after): (&Change, Option<&Filed>, Option<&Filed>),
    now: UnixMillis,
) -> Result<(), Fault> {
    let unspeakable = || Fault::damaged("audit");
    let id = |text| Id::new(text).map_err(|_| unspeakable());
    let (before, after) = match stopped(change) {
        Some(stopped) => (Image::nothing(), Image::of(&stopped)),
        None => (image(before), image(after)),
    };
    let actor = Actor::Key(id(&actor.id)?);
    let entry = Entry {
        at: now,
        actor,
        operation: id(told.operation)?,
        subject: id(told.subject)?,
        before,
        after,
        from: told.from,
        request: Id::new(told.request).ok(),
    };
    let mut chain = chain(sql, told.tenant)?;
    let appended = chain.append(&entry).map_err(|_| unspeakable())?;
    let (number, at) = (appended.number, appended.at.0);
    let actor = actor.to_string();
    let [tenant, actor, operation, subject, line] =
        [told.tenant, &actor, told.operation, told.subject, &appended.line].map(Given::Text);
    let row = [tenant, number.into(), at.into(), actor, operation, subject, line];
    sql.rows(statements::AUDIT_KEPT, &row)?;
    let hash = appended.hash.to_string();
    sql.rows(statements::CHAIN_MOVES, &[tenant, number.into(), (&hash).into(), at.into()])?;
    Ok(())
}

/// The lines of a chain after a number, at most [`PAGE_MAX`] whatever the limit.
///
/// # Errors
///
/// When the read fails.
pub fn lines(
    sql: &mut impl Sql,
    tenant: &str,
    after: u64,
    limit: usize,
) -> Result<Vec<Line>, Fault> {
    let most = u64::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(u64::MAX);
    let rows = sql.rows(statements::AUDIT, &[tenant.into(), after.into(), most.into()])?;
    let read = |row: &Row| Ok(Line { number: row.number(0)?, text: row.text(1)?.to_owned() });
    rows.iter().map(read).collect()
}

/// Where the chain of a tenant stands.
fn chain<'t>(sql: &mut impl Sql, tenant: &'t str) -> Result<Chain<'t>, Fault> {
    let damaged = || Fault::damaged("chains");
    let new = Chain::new(Some(Id::new(tenant).map_err(|_| damaged())?));
    let rows = sql.rows(statements::CHAIN, &[tenant.into()])?;
    let Some(row) = rows.first() else { return Ok(new) };
    let hash = from_hex(row.text(1)?.as_bytes()).ok_or_else(damaged)?;
    let (number, at) = (row.number(0)?, UnixMillis(row.number(2)?));
    Ok(Chain { number, hash: Hash::from_bytes(hash), at, ..new })
}

fn image(filed: Option<&Filed>) -> Image {
    filed.map_or_else(Image::nothing, Image::of)
}

/// What a stop or the end of one leaves.
struct Stopped(bool);

impl Document for Stopped {
    fn document(&self) -> serde_json::Value {
        serde_json::json!({ "stopped": self.0 })
    }
}

const fn stopped(change: &Change) -> Option<Stopped> {
    match change {
        Change::StopOwner { .. } | Change::StopTenant { .. } => Some(Stopped(true)),
        Change::ResumeOwner { .. } | Change::ResumeTenant { .. } => Some(Stopped(false)),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Renumber { .. }
        | Change::Rotate { .. }
        | Change::Disable { .. }
        | Change::Enable { .. }
        | Change::Revoke { .. }
        | Change::RevokeSecret { .. } => None,
    }
}
