//! Keys in an order, page by page: as much as a few looks into an index find.

use tollgate_control::{
    Page, Wanted,
    model::{Position, SortBy, Value},
};
use tollgate_core::json::INTEGER_MAX;
use tollgate_ledger::{KeyState, PAGE_MAX};

use crate::{
    Column, Fault, Given, Row, Sql,
    statements::lists::{FEW, ORDERS},
};

/// The most keys whose places one page looks at.
pub const LOOKED_AT_ONCE: u64 = 20_000;

/// So many keys, or fewer, are all found and then ordered. Of what is less rare a page is soon full anyway.
pub const FEW_MAX: u64 = 1_000;

/// What no name follows: a blob, which SQLite puts after every text.
const LAST: &[u8] = &[0];

/// Some keys after a place, at most [`PAGE_MAX`]. Everything from one moment: within a transaction of the caller's.
///
/// # Errors
///
/// When the read fails.
pub fn page(sql: &mut impl Sql, wanted: &Wanted<'_>) -> Result<Page, Fault> {
    let limit = wanted.limit.clamp(1, PAGE_MAX);
    let (mut places, ended, looked_at) = match few(sql, wanted)? {
        Some((places, looked_at)) => (places, None, looked_at),
        None => in_order(sql, wanted, limit)?,
    };
    let more = places.len() > limit;
    places.truncate(limit);
    let next = if more { places.last().cloned() } else { ended };
    let mut keys = Vec::with_capacity(places.len());
    for place in &places {
        keys.push(super::key(sql, &place.id)?.ok_or_else(|| Fault::damaged("listed"))?);
    }
    Ok(Page { keys, next, looked_at })
}

/// The chosen keys' places in their order, one more than wanted, and where it goes on if not all were looked at.
type Found = (Vec<Position>, Option<Position>, u64);

/// Goes through an index from the place on.
fn in_order(sql: &mut impl Sql, wanted: &Wanted<'_>, limit: usize) -> Result<Found, Fault> {
    let (page, end) = ORDERS.get(order(wanted)).copied().ok_or_else(|| Fault::damaged("listed"))?;
    let [value, id] = begin(wanted);
    let most = Given::Number(LOOKED_AT_ONCE);
    let [owner, env, state, before] = chosen(wanted);
    let rows = Given::Number(number(limit.saturating_add(1)));
    let tenant = wanted.tenant.map_or(Given::Null, Given::Text);
    let given = [value, id, most, owner, env, state, before, rows, tenant];
    let found = sql.rows(page, &given)?;
    let found = found.iter().map(position).collect::<Result<Vec<_>, _>>()?;
    if found.len() > limit {
        return Ok((found, None, number(limit)));
    }
    let given = [value, id, most, Given::Null, Given::Null, Given::Null, Given::Null, Given::Null];
    let ends = sql.rows(end, &[&given[..], &[tenant]].concat())?;
    let Some(last) = ends.first().filter(|_| ends.len() > 1).map(position).transpose()? else {
        let count = number(found.len());
        return Ok((found, None, count));
    };
    // Nothing that ends later is wanted.
    let past = match (&last.value, wanted.expiring_before) {
        (Value::Number(ends), Some(before)) => {
            wanted.sort.by == SortBy::Expires && !wanted.sort.descending && *ends >= before
        }
        (Value::Number(_) | Value::Text(_), _) => false,
    };
    Ok((found, Some(last).filter(|_| !past), LOOKED_AT_ONCE))
}

/// All the chosen that follow, in their order, where something that is wanted is rare; none if nothing is.
fn few(sql: &mut impl Sql, wanted: &Wanted<'_>) -> Result<Option<(Vec<Position>, u64)>, Fault> {
    let Some(tenant) = wanted.tenant else { return Ok(None) };
    let chosen = chosen(wanted);
    let most = Given::Number(FEW_MAX.saturating_add(1));
    let mut rarest = None;
    for (by, (count, all)) in chosen.into_iter().zip(FEW) {
        if by == Given::Null {
            continue;
        }
        let rows = sql.rows(count, &[Given::Text(tenant), by, most])?;
        let count = rows.first().ok_or_else(|| Fault::damaged("listed"))?.number(0)?;
        if count <= FEW_MAX && rarest.is_none_or(|(least, _, _)| count < least) {
            rarest = Some((count, by, all));
        }
    }
    let Some((count, by, all)) = rarest else { return Ok(None) };
    let [owner, env, state, before] = chosen;
    let given = [Given::Text(tenant), by, most, owner, env, state, before];
    let mut places = vec![];
    for row in sql.rows(all, &given)? {
        let id = row.text(0)?.to_owned();
        let value = match wanted.sort.by {
            SortBy::Id => Value::Text(String::new()),
            SortBy::Created => Value::Number(row.number(1)?),
            SortBy::Name => Value::Text(row.text(2)?.to_owned()),
            SortBy::Expires => Value::Number(row.number(3)?),
        };
        let place = Position { value, id };
        if wanted.after.is_none_or(|after| wanted.sort.compare(&place, after).is_gt()) {
            places.push(place);
        }
    }
    places.sort_by(|one, other| wanted.sort.compare(one, other));
    Ok(Some((places, count)))
}

/// Which of [`ORDERS`] is wanted.
fn order(wanted: &Wanted<'_>) -> usize {
    let by = match wanted.sort.by {
        SortBy::Id => 0,
        SortBy::Created => 2,
        SortBy::Name => 4,
        SortBy::Expires => 6,
    };
    let down = usize::from(wanted.sort.descending);
    let all = if wanted.tenant.is_some() { 0 } else { 8_usize };
    all.saturating_add(by).saturating_add(down)
}

/// The place that is begun after: before the first, if none is said.
fn begin<'g>(wanted: &'g Wanted<'_>) -> [Given<'g>; 2] {
    let (by, descending) = (wanted.sort.by, wanted.sort.descending);
    let before = wanted.expiring_before.filter(|_| by == SortBy::Expires && descending);
    if let Some(after) = wanted.after {
        let value = match &after.value {
            Value::Number(number) => match before {
                Some(before) if *number >= before => return [Given::Number(before), "".into()],
                Some(_) | None => Given::Number(*number),
            },
            Value::Text(text) => Given::Text(text),
        };
        return [value, Given::Text(&after.id)];
    }
    match (by, descending) {
        (SortBy::Id | SortBy::Name, false) => ["".into(), "".into()],
        (SortBy::Created | SortBy::Expires, false) => [Given::Number(0), "".into()],
        (SortBy::Id | SortBy::Name, true) => [Given::Bytes(LAST), Given::Bytes(LAST)],
        (SortBy::Created | SortBy::Expires, true) => {
            [Given::Number(before.unwrap_or(INTEGER_MAX.saturating_add(1))), "".into()]
        }
    }
}

/// What the keys are chosen by, in the order of [`FEW`].
fn chosen<'g>(wanted: &Wanted<'g>) -> [Given<'g>; 4] {
    let text = |text: Option<&'g str>| text.map_or(Given::Null, Given::Text);
    let state = wanted.state.map(|state| match state {
        KeyState::Active => "active",
        KeyState::Disabled => "disabled",
        KeyState::Revoked => "revoked",
    });
    [text(wanted.owner), text(wanted.env), text(state), wanted.expiring_before.into()]
}

fn position(row: &Row) -> Result<Position, Fault> {
    let value = match row.0.first() {
        Some(Column::Number(number)) => Value::Number(*number),
        Some(Column::Text(text)) => Value::Text(text.clone()),
        Some(Column::Null) | None => return Err(Fault::damaged("listed")),
    };
    Ok(Position { value, id: row.text(1)?.to_owned() })
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
