//! The limits of routes: a configuration says their numbers, and the ledger when these last changed.

use tollgate_core::{
    limit::{Limit, Numbers, Refill},
    stamp::Stamp,
    time::UnixMillis,
};

use crate::{Fault, Kept, Sql, head, statements};

/// The stamps of those limits whose scope and numbers are the last ones.
///
/// # Errors
///
/// When the read fails.
pub fn route_limits_known(
    sql: &mut impl Sql,
    wanted: &[Limit<'_>],
) -> Result<Vec<Option<Stamp>>, Fault> {
    let mut stamp = |limit: &Limit<'_>| {
        let numbers = spelled(limit.numbers);
        let is = [limit.name.as_str().into(), limit.scope.as_str().into(), (&numbers).into()];
        let rows = sql.rows(statements::ROUTE_LIMIT, &is)?;
        let read =
            |row: &crate::Row| Ok(Stamp { incarnation: row.number(0)?, epoch: row.number(1)? });
        rows.first().map(read).transpose()
    };
    wanted.iter().map(&mut stamp).collect()
}

/// Writes those that are not the last ones, all of them as of the next epoch; gives the stamps of all, and the head
/// that is to be kept once that is durable.
///
/// # Errors
///
/// When the store fails: nothing of it may be kept then.
pub fn route_limits_changed(
    sql: &mut impl Sql,
    kept: &mut Option<Kept>,
    wanted: &[Limit<'_>],
    now: UnixMillis,
) -> Result<(Vec<Stamp>, Kept), Fault> {
    let before = head::refresh(sql, kept)?;
    let mut after = before.clone();
    // Another process may have written them while this one waited.
    let known = route_limits_known(sql, wanted)?;
    if let Some(stamps) = known.iter().copied().collect() {
        return Ok((stamps, after));
    }
    after.age(now);
    let next = after.record(None, now);
    after.write(before, sql)?;
    for (limit, _) in wanted.iter().zip(&known).filter(|(_, known)| known.is_none()) {
        let numbers = spelled(limit.numbers);
        let [name, scope] = [limit.name.as_str(), limit.scope.as_str()].map(Into::into);
        let row = [name, scope, (&numbers).into(), next.incarnation.into(), next.epoch.into()];
        sql.rows(statements::ROUTE_LIMIT_KEPT, &row)?;
    }
    Ok((known.into_iter().map(|stamp| stamp.unwrap_or(next)).collect(), after))
}

/// The same for a deployment that was made at `deployed`, which may be one of several that are at work at one time: of
/// each limit the numbers are those that the newest of them says.
///
/// An older one changes nothing. For numbers that are not the last ones it is given the lowest stamp there is, so that
/// every bucket which knows a newer one goes by that, and tells it so. A deployment that does not say when it was made
/// is the oldest.
///
/// # Errors
///
/// When the store fails: nothing of it may be kept then.
pub fn route_limits_deployed(
    sql: &mut impl Sql,
    kept: &mut Option<Kept>,
    wanted: &[Limit<'_>],
    deployed: UnixMillis,
    now: UnixMillis,
) -> Result<Vec<Stamp>, Fault> {
    // None was made in the future: it would be the newest until then.
    let deployed = deployed.min(now);
    let (mut own, mut newer) = (vec![], vec![]);
    for limit in wanted {
        let rows = sql.rows(statements::DEPLOYED, &[limit.name.as_str().into()])?;
        let said = rows.first().map(|row| row.number(0)).transpose()?.unwrap_or(0);
        if said <= deployed.0 {
            own.push(*limit);
            newer.push(said < deployed.0);
        }
    }
    // What nobody newer has said is as it would be alone.
    let mut stamps = route_limits_known(sql, wanted)?;
    let (settled, _) = route_limits_changed(sql, kept, &own, now)?;
    for ((limit, newer), stamp) in own.iter().zip(newer).zip(settled) {
        if newer {
            let row = [limit.name.as_str().into(), deployed.0.into()];
            sql.rows(statements::DEPLOYED_KEPT, &row)?;
        }
        for (_, place) in wanted.iter().zip(&mut stamps).filter(|(other, _)| *other == limit) {
            *place = Some(stamp);
        }
    }
    Ok(stamps.into_iter().map(Option::unwrap_or_default).collect())
}

/// Numbers in their one spelling.
fn spelled(numbers: Numbers) -> String {
    let burst = numbers.burst();
    match numbers.refill() {
        Refill::Steady { rate, period_ms } => format!("{burst},{rate}/{period_ms}ms"),
        Refill::Each(period) => format!("{burst}/{}", period.as_str()),
    }
}
