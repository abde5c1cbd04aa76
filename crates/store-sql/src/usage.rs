//! What was counted of requests: kept once, however often a batch comes, and added up by the hour.

use tollgate_control::{Counted, Counting};
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

/// The most rows that one read gives.
pub const USAGE_ROWS_MAX: usize = 1_000;

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

/// The rows that are wanted, in the order of their columns, behind `after`: at most [`USAGE_ROWS_MAX`], and fewer only if
/// there are no more.
///
/// # Errors
///
/// When the read fails.
pub fn usage(
    sql: &mut impl Sql,
    wanted: &Counting<'_>,
    after: Option<&Counted>,
) -> Result<Vec<Counted>, Fault> {
    let Counting { from, until, kind, tenant, owner, key, route } = *wanted;
    let none = Counted { hour: from, ..Counted::default() };
    let last = after.unwrap_or(&none);
    let most = u64::try_from(USAGE_ROWS_MAX).unwrap_or(u64::MAX);
    let mut given = vec![from.into(), until.into(), last.hour.into()];
    let texts = [&last.tenant, &last.owner, &last.key, &last.route, &last.word];
    given.extend(texts.map(Given::from));
    given.push(most.into());
    given.extend([owner, key, route].map(|text| text.map_or(Given::Null, Given::Text)));
    let [all, of_tenant] = match kind {
        Kind::Code => [statements::USAGE, statements::USAGE_OF_TENANT],
        Kind::Status | Kind::Took => {
            given.push(Given::Text(kind.as_str()));
            [statements::ANSWERED, statements::ANSWERED_OF_TENANT]
        }
    };
    given.extend(tenant.map(Given::Text));
    let statement = if tenant.is_some() { of_tenant } else { all };
    sql.rows(statement, &given)?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Counted, Fault> {
    let text = |column| row.text(column).map(str::to_owned);
    Ok(Counted {
        hour: row.number(0)?,
        tenant: text(1)?,
        owner: text(2)?,
        key: text(3)?,
        route: text(4)?,
        word: text(5)?,
        count: row.number(6)?,
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
