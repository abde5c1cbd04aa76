//! What was counted of requests: kept once, however often a batch comes, and added up by the hour.

use tollgate_core::{
    time::UnixMillis,
    usage::{LINES_MAX, Line, hour_of},
};

use crate::{Fault, Given, Row, Sql, statements};

/// For how long what was counted is kept.
pub const USAGE_KEPT_MS: u64 = 400 * DAY_MS;

/// For how long it is known, after a holder was last heard, which batches of it have come: whoever repeats one later is
/// counted twice.
pub const HEARD_KEPT_MS: u64 = 7 * DAY_MS;

/// The most rows that one read gives.
pub const USAGE_ROWS_MAX: usize = 1_000;

/// The most rows of each table that one sweep drops.
pub const USAGE_SWEEP_MAX: usize = 2 * LINES_MAX;

const DAY_MS: u64 = 24 * 3_600_000;

/// Keeps the lines of a batch, unless it or a later one of the same holder has come before; says whether it was new.
/// Within one transaction of the caller's, or a batch is kept in part.
///
/// # Errors
///
/// When the store fails: nothing of the batch may be kept then.
pub fn keep_usage<'l>(
    sql: &mut impl Sql,
    holder: &[u8; 16],
    seq: u64,
    lines: impl Iterator<Item = Line<'l>>,
    now: UnixMillis,
) -> Result<bool, Fault> {
    let before = sql.rows(statements::USAGE_HEARD, &[holder.into()])?;
    let before = before.first().map(|row| row.number(0)).transpose()?;
    let new = before.is_none_or(|before| before < seq);
    let highest = before.unwrap_or(0).max(seq);
    sql.rows(statements::USAGE_HEARD_KEPT, &[holder.into(), highest.into(), now.0.into()])?;
    if !new {
        return Ok(false);
    }
    // More leaves than comes, so that what is old goes also where nothing else tidies.
    sweep_usage(sql, now)?;
    for Line { hour, tenant, owner, key, route, code, count } in lines {
        let of = [tenant, owner, key, route, code].map(Given::Text);
        let [tenant, owner, key, route, code] = of;
        let row = [hour.into(), tenant, owner, key, route, code, count.into()];
        sql.rows(statements::USAGE_ADDED, &row)?;
    }
    Ok(true)
}

/// Which rows are read; what is none says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageWanted<'a> {
    /// From this hour on.
    pub from: u64,
    /// Before this one.
    pub until: u64,
    /// Of this tenant: the empty text is for what is counted by no key.
    pub tenant: Option<&'a str>,
    /// Of this owner.
    pub owner: Option<&'a str>,
    /// Of the key with this public id.
    pub key: Option<&'a str>,
    /// Under the route of this name.
    pub route: Option<&'a str>,
}

/// One row: a [`Line`] that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageRow {
    /// The hours since 1970.
    pub hour: u64,
    /// The key's tenant.
    pub tenant: String,
    /// Its owner.
    pub owner: String,
    /// Its public id.
    pub key: String,
    /// The route's name.
    pub route: String,
    /// What became of the requests.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// The rows that are wanted, in the order of their columns, behind `after`: at most [`USAGE_ROWS_MAX`], and fewer only if
/// there are no more.
///
/// # Errors
///
/// When the read fails.
pub fn usage(
    sql: &mut impl Sql,
    wanted: &UsageWanted<'_>,
    after: Option<&UsageRow>,
) -> Result<Vec<UsageRow>, Fault> {
    let UsageWanted { from, until, tenant, owner, key, route } = *wanted;
    let none = UsageRow { hour: from, ..UsageRow::default() };
    let last = after.unwrap_or(&none);
    let most = u64::try_from(USAGE_ROWS_MAX).unwrap_or(u64::MAX);
    let mut given = vec![from.into(), until.into(), last.hour.into()];
    let texts = [&last.tenant, &last.owner, &last.key, &last.route, &last.code];
    given.extend(texts.map(Given::from));
    given.push(most.into());
    given.extend([owner, key, route].map(|text| text.map_or(Given::Null, Given::Text)));
    let rows = match tenant {
        Some(tenant) => {
            given.push(Given::Text(tenant));
            sql.rows(statements::USAGE_OF_TENANT, &given)?
        }
        None => sql.rows(statements::USAGE, &given)?,
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<UsageRow, Fault> {
    let text = |column| row.text(column).map(str::to_owned);
    Ok(UsageRow {
        hour: row.number(0)?,
        tenant: text(1)?,
        owner: text(2)?,
        key: text(3)?,
        route: text(4)?,
        code: text(5)?,
        count: row.number(6)?,
    })
}

/// Drops what is too old, a bounded part of it at a time.
///
/// # Errors
///
/// When the store fails: nothing is lost by waiting.
pub fn sweep_usage(sql: &mut impl Sql, now: UnixMillis) -> Result<(), Fault> {
    let most = u64::try_from(USAGE_SWEEP_MAX).unwrap_or(u64::MAX).into();
    let heard = now.0.saturating_sub(HEARD_KEPT_MS);
    sql.rows(statements::USAGE_HEARD_LEAVES, &[heard.into(), most])?;
    let hour = hour_of(UnixMillis(now.0.saturating_sub(USAGE_KEPT_MS)));
    sql.rows(statements::USAGE_LEAVES, &[hour.into(), most])?;
    Ok(())
}
