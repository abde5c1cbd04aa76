//! What was counted of requests: kept once, however often a batch comes, and added up by the hour.

use tollgate_control::{Apart, Counted, Counting, model::tables};
use tollgate_core::{
    lookup::LookupId,
    time::UnixMillis,
    usage::{ANSWERS_MAX, Kind, Line, Use, hour_of},
};

use crate::{Fault, Given, Row, Sql, statements};

/// For how long what was counted is kept.
pub const USAGE_KEPT_MS: u64 = 400 * DAY_MS;

/// For how long it is known, after a holder was last heard, which batches of it have come: whoever repeats one later is
/// counted twice.
pub const HEARD_KEPT_MS: u64 = 7 * DAY_MS;

/// The most rows that one read gives: one more than an answer may have, which is how it is known that they are too many.
pub const USAGE_ROWS_MAX: usize = tables::USAGE_ROWS_MAX + 1;

/// The most rows of each table that one sweep drops.
pub const USAGE_SWEEP_MAX: usize = 2 * ANSWERS_MAX;

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
    keep_all(sql, holder, seq, (lines, std::iter::empty(), std::iter::empty()), now)
}

/// The same with what origins answered, and with when secrets were last used: none of them later than `now`, whatever
/// the clock of a gate says.
///
/// # Errors
///
/// As [`keep_usage`].
pub fn keep_all<'l>(
    sql: &mut impl Sql,
    holder: &[u8; 16],
    seq: u64,
    (lines, answers, uses): (
        impl Iterator<Item = Line<'l>>,
        impl Iterator<Item = (Kind, Line<'l>)>,
        impl Iterator<Item = Use>,
    ),
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
    for (kind, Line { hour, tenant, owner, key, route, code, count }) in answers {
        let of = [tenant, owner, key, route, kind.as_str(), code].map(Given::Text);
        let [tenant, owner, key, route, kind, word] = of;
        let row = [hour.into(), tenant, owner, key, route, kind, word, count.into()];
        sql.rows(statements::ANSWERED_ADDED, &row)?;
    }
    for Use { lookup, at } in uses {
        let at = at.min(now);
        sql.rows(statements::USED, &[lookup.as_bytes().into(), at.0.into()])?;
    }
    Ok(true)
}

/// What is wanted of the first hour that has any, in the order of its columns: at most [`USAGE_ROWS_MAX`] rows, and
/// fewer only if there are no more. Nothing if there is no such hour.
///
/// # Errors
///
/// When the read fails, or a sum is above 2⁶³−1.
pub fn usage(sql: &mut impl Sql, wanted: &Counting<'_>) -> Result<Vec<Counted>, Fault> {
    let mut from = wanted.from;
    while let Some(hour) = first_hour(sql, wanted, from)? {
        let rows = of_hour(sql, wanted, hour)?;
        if !rows.is_empty() {
            return Ok(rows);
        }
        from = hour.saturating_add(1);
    }
    Ok(vec![])
}

/// The first hour from `from` on that anything is kept of, whoever it is of in the tenant.
fn first_hour(sql: &mut impl Sql, wanted: &Counting<'_>, from: u64) -> Result<Option<u64>, Fault> {
    let [all, of_tenant] = match wanted.kind {
        Kind::Code => [statements::USAGE_HOUR, statements::USAGE_HOUR_OF_TENANT],
        Kind::Status | Kind::Took => {
            [statements::ANSWERED_HOUR, statements::ANSWERED_HOUR_OF_TENANT]
        }
    };
    let mut given = vec![from.into(), wanted.until.into()];
    given.extend(wanted.tenant.map(Given::Text));
    let statement = if wanted.tenant.is_some() { of_tenant } else { all };
    let rows = sql.rows(statement, &given)?;
    rows.first().map_or(Ok(None), |row| row.optional(0))
}

fn of_hour(sql: &mut impl Sql, wanted: &Counting<'_>, hour: u64) -> Result<Vec<Counted>, Fault> {
    let Counting { kind, tenant, owner, key, route, by, .. } = *wanted;
    let most = u64::try_from(USAGE_ROWS_MAX).unwrap_or(u64::MAX);
    let mut given = vec![hour.into()];
    given.extend(Apart::ALL.map(|apart| Given::Number(by.contains(&apart).into())));
    given.extend([owner, key, route].map(|text| text.map_or(Given::Null, Given::Text)));
    given.push(most.into());
    let [all, of_tenant] = match kind {
        Kind::Code => [statements::USAGE, statements::USAGE_OF_TENANT],
        Kind::Status | Kind::Took => {
            given.push(Given::Text(kind.as_str()));
            [statements::ANSWERED, statements::ANSWERED_OF_TENANT]
        }
    };
    given.extend(tenant.map(Given::Text));
    let statement = if tenant.is_some() { of_tenant } else { all };
    sql.rows(statement, &given)?.iter().map(|row| read(hour, row)).collect()
}

fn read(hour: u64, row: &Row) -> Result<Counted, Fault> {
    let text = |column| row.text(column).map(str::to_owned);
    Ok(Counted {
        hour,
        tenant: text(0)?,
        owner: text(1)?,
        key: text(2)?,
        route: text(3)?,
        word: text(4)?,
        count: row.number(5)?,
        rows: row.number(6)?,
    })
}

/// When secrets were last used, as a row says it of a key.
pub(crate) fn uses(told: Option<&str>) -> Result<Vec<(LookupId, UnixMillis)>, Fault> {
    let read = |told: &str| {
        let (lookup, at) = told.split_once(' ')?;
        Some((LookupId::from_hex(lookup)?, UnixMillis(at.parse().ok()?)))
    };
    let told = told.unwrap_or_default().split(',').filter(|told| !told.is_empty());
    told.map(|told| read(told).ok_or_else(|| Fault::damaged("uses"))).collect()
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
    sql.rows(statements::ANSWERED_LEAVES, &[hour.into(), most])?;
    Ok(())
}
