//! What was counted of requests, added up.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tollgate_core::usage::HOUR_MS;

use super::{Desk, parameters::refused};
use crate::{
    Counted, Counting, Response,
    problem::Fault,
    reply::{Refusal, json as reply},
};

/// The most rows that are added up for one answer.
pub(crate) const COUNTED_MAX: usize = 50_000;

/// The most rows of one answer.
pub(crate) const ROWS_MAX: usize = 5_000;

/// The hours that are shown where nothing is said.
const HOURS_USUAL: u64 = 24;

/// The most hours that are shown: what is kept.
const HOURS_MAX: u64 = 400 * 24;

/// What rows can be told apart by.
const COLUMNS: [&str; 5] = ["tenant", "owner", "key", "route", "code"];

const PARAMETERS: [&str; 8] = ["tenant", "from", "until", "step", "by", "owner", "key", "route"];

/// What is asked for.
struct Asked {
    from: u64,
    until: u64,
    day: bool,
    by: Vec<&'static str>,
    owner: Option<String>,
    key: Option<String>,
    route: Option<String>,
}

fn malformed(name: &str, rule: &'static str) -> Refusal {
    refused(name, Fault::Malformed, rule)
}

fn asked(desk: &Desk<'_>, known: &[&str]) -> Result<Asked, Refusal> {
    let given = desk.parameters(known)?;
    let text = |name: &str| given.text(name).map(str::to_owned);
    let instant = |name: &str, usual: u64| match text(name) {
        None => Ok(usual),
        Some(text) => {
            let digits = text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit());
            let ms = text.parse::<u64>().ok().filter(|_| digits);
            ms.ok_or_else(|| malformed(name, "must be milliseconds since 1970"))
        }
    };
    // The hour that has begun is among them.
    let until = instant("until", desk.now.0)?.div_ceil(HOUR_MS);
    let usual = until.saturating_sub(HOURS_USUAL).saturating_mul(HOUR_MS);
    let from = instant("from", usual)?.checked_div(HOUR_MS).unwrap_or(0);
    if from >= until || until.saturating_sub(from) > HOURS_MAX {
        return Err(malformed("from", "must be before until, by at most 400 days"));
    }
    let day = match text("step").as_deref() {
        None | Some("hour") => false,
        Some("day") => true,
        Some(_) => return Err(malformed("step", "must be hour or day")),
    };
    let mut by = vec![];
    for word in text("by").as_deref().unwrap_or("code").split(',') {
        let column = COLUMNS.into_iter().find(|column| *column == word);
        let rule = "must be some of tenant, owner, key, route, code, with commas between them";
        let column = column.filter(|column| !by.contains(column));
        by.push(column.ok_or_else(|| malformed("by", rule))?);
    }
    let (owner, key, route) = (text("owner"), text("key"), text("route"));
    Ok(Asked { from, until, day, by, owner, key, route })
}

/// What was counted in a tenant.
pub(super) fn of_tenant(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let asked = asked(desk, &PARAMETERS)?;
    let tenant = desk.tenant_seen()?;
    answer(desk, &asked, &tenant)
}

/// What was counted of one key.
pub(super) fn of_key(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let asked = asked(desk, &["from", "until", "step", "by", "route"])?;
    let filed = desk.seen()?;
    answer(desk, &Asked { key: Some(filed.key.id), ..asked }, &filed.key.settings.tenant)
}

/// What was counted of the key that asks.
pub(super) fn own(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let asked = asked(desk, &["from", "until", "step", "by", "route"])?;
    let (key, tenant) = (Some(desk.who.id().to_owned()), desk.who.tenant().to_owned());
    answer(desk, &Asked { key, ..asked }, &tenant)
}

fn answer(desk: &mut Desk<'_>, asked: &Asked, tenant: &str) -> Result<Response, Refusal> {
    let Asked { from, until, day, by, owner, key, route } = asked;
    let wanted = Counting {
        from: *from,
        until: *until,
        tenant,
        owner: owner.as_deref(),
        key: key.as_deref(),
        route: route.as_deref(),
    };
    let mut rows: BTreeMap<(u64, Vec<String>), u64> = BTreeMap::new();
    let (mut last, mut counted) = (None::<Counted>, 0_usize);
    loop {
        let page = desk.books.usage(&wanted, last.as_ref())?;
        if page.is_empty() {
            break;
        }
        counted = counted.saturating_add(page.len());
        for line in &page {
            let at = if *day { line.hour.saturating_sub(line.hour % 24) } else { line.hour };
            let apart = by.iter().map(|column| of(line, column).to_owned()).collect();
            let count = rows.entry((at.saturating_mul(HOUR_MS), apart)).or_default();
            *count = count.saturating_add(line.count);
        }
        if counted > COUNTED_MAX || rows.len() > ROWS_MAX {
            return Err(malformed("from", "must be later: too many rows would be added up"));
        }
        last = page.into_iter().next_back();
    }
    let rows: Vec<Value> = rows
        .into_iter()
        .map(|((at, apart), count)| {
            let mut row = Map::new();
            row.insert("at".to_owned(), at.into());
            for (column, text) in by.iter().zip(apart) {
                row.insert((*column).to_owned(), text.into());
            }
            row.insert("count".to_owned(), count.into());
            Value::Object(row)
        })
        .collect();
    let ms = |hour: &u64| hour.saturating_mul(HOUR_MS);
    Ok(reply(200, &json!({ "from": ms(from), "until": ms(until), "rows": rows })))
}

fn of<'l>(line: &'l Counted, column: &str) -> &'l str {
    match column {
        "tenant" => &line.tenant,
        "owner" => &line.owner,
        "key" => &line.key,
        "route" => &line.route,
        _ => &line.code,
    }
}
