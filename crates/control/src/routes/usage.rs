//! What was counted of requests, added up.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tollgate_core::usage::{HOUR_MS, Kind, TOOK};

use super::{
    Desk,
    ask::{COLUMNS, KINDS},
    parameters::refused,
};
use crate::{
    Apart, Counted, Counting, Response, csv,
    model::tables::USAGE_ROWS_MAX,
    problem::Fault,
    reply::{Refusal, json as reply},
};

/// From so many kept rows on, no further hour is added up for one answer: others wait for it.
pub(crate) const READ_MAX: u64 = 5_000_000;

/// The hours that are shown where nothing is said.
const HOURS_USUAL: u64 = 24;

/// The most hours that are shown: what is kept.
const HOURS_MAX: u64 = 400 * 24;

/// What every operation here may be asked, and what those beside it of which key.
const OF_KEY: [&str; 6] = ["from", "until", "step", "by", "route", "format"];
const OF_TENANT: [&str; 9] =
    ["tenant", "from", "until", "step", "by", "owner", "key", "route", "format"];

/// What is asked for.
struct Asked {
    from: u64,
    until: u64,
    day: bool,
    kind: Kind,
    by: Vec<&'static str>,
    csv: bool,
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
        return Err(refused("from", Fault::Conflict, "must be before until, by at most 400 days"));
    }
    let day = match text("step").as_deref() {
        None | Some("hour") => false,
        Some("day") => true,
        Some(_) => return Err(malformed("step", "must be hour or day")),
    };
    let (kind, by) = apart(text("by").as_deref().unwrap_or("code"));
    let csv = text("format").as_deref() == Some("csv");
    let (owner, key, route) = (text("owner"), text("key"), text("route"));
    Ok(Asked { from, until, day, kind, by, csv, owner, key, route })
}

/// What is counted, and what rows are told apart by: words that were read by the rule of their parameter. Decisions are
/// counted where nothing else is said.
fn apart(words: &str) -> (Kind, Vec<&'static str>) {
    let (mut counted, mut by) = (Kind::Code, vec![]);
    for word in words.split(',') {
        let kind = KINDS.into_iter().find(|kind| kind.as_str() == word);
        counted = kind.unwrap_or(counted);
        let column = COLUMNS.into_iter().find(|column| *column == word);
        by.extend(column.or(kind.map(Kind::as_str)));
    }
    (counted, by)
}

/// What was counted in a tenant.
pub(super) fn of_tenant(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let asked = asked(desk, &OF_TENANT)?;
    let tenant = desk.tenant_seen()?;
    answer(desk, &asked, &tenant)
}

/// What was counted of one key.
pub(super) fn of_key(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let asked = asked(desk, &OF_KEY)?;
    let filed = desk.seen()?;
    answer(desk, &Asked { key: Some(filed.key.id), ..asked }, &filed.key.settings.tenant)
}

/// What was counted of the key that asks.
pub(super) fn own(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let asked = asked(desk, &OF_KEY)?;
    let (key, tenant) = (Some(desk.who.id().to_owned()), desk.who.tenant().to_owned());
    answer(desk, &Asked { key, ..asked }, &tenant)
}

/// Rows by when they begin and by what they are told apart by: words of time in the order of time.
type Rows = BTreeMap<(u64, Vec<(usize, String)>), u64>;

fn answer(desk: &mut Desk<'_>, asked: &Asked, tenant: &str) -> Result<Response, Refusal> {
    let rows = added_up(desk, asked, tenant)?;
    if asked.csv {
        let head = ["at"].into_iter().chain(asked.by.iter().copied()).chain(["count"]);
        let mut table = csv::Table::new(head);
        for ((at, apart), count) in rows {
            let (at, count) = (at.to_string(), count.to_string());
            let apart = apart.iter().map(|(_, text)| text.as_str());
            table.row([at.as_str()].into_iter().chain(apart).chain([count.as_str()]));
        }
        return Ok(table.response("usage.csv"));
    }
    let row = |((at, apart), count): ((u64, Vec<(usize, String)>), u64)| {
        let mut row = Map::new();
        row.insert("at".to_owned(), at.into());
        for (column, (_, text)) in asked.by.iter().zip(apart) {
            row.insert((*column).to_owned(), text.into());
        }
        row.insert("count".to_owned(), count.into());
        Value::Object(row)
    };
    let rows: Vec<Value> = rows.into_iter().map(row).collect();
    let ms = |hour: u64| hour.saturating_mul(HOUR_MS);
    Ok(reply(200, &json!({ "from": ms(asked.from), "until": ms(asked.until), "rows": rows })))
}

fn added_up(desk: &mut Desk<'_>, asked: &Asked, tenant: &str) -> Result<Rows, Refusal> {
    let Asked { from, until, day, kind, by, owner, key, route, .. } = asked;
    let apart: Vec<Apart> = by.iter().filter_map(|column| told_by(column)).collect();
    let mut wanted = Counting {
        from: *from,
        until: *until,
        kind: *kind,
        tenant: Some(tenant),
        owner: owner.as_deref(),
        key: key.as_deref(),
        route: route.as_deref(),
        by: &apart,
    };
    let mut rows = Rows::new();
    let mut read = 0_u64;
    loop {
        let hour = desk.books.usage(&wanted)?;
        let Some(last) = hour.last() else { return Ok(rows) };
        wanted.from = last.hour.saturating_add(1);
        for line in &hour {
            let at = if *day { line.hour.saturating_sub(line.hour % 24) } else { line.hour };
            let apart = by.iter().map(|column| of(line, column)).collect();
            let count = rows.entry((at.saturating_mul(HOUR_MS), apart)).or_default();
            *count = count.saturating_add(line.count);
            read = read.saturating_add(line.rows);
        }
        if read > READ_MAX || rows.len() > USAGE_ROWS_MAX {
            let rule = "must be later: too many rows would be added up";
            return Err(refused("from", Fault::Conflict, rule));
        }
    }
}

/// What the books tell rows apart by for a column: all of them are of one tenant.
fn told_by(column: &str) -> Option<Apart> {
    match column {
        "tenant" => None,
        "owner" => Some(Apart::Owner),
        "key" => Some(Apart::Key),
        "route" => Some(Apart::Route),
        _ => Some(Apart::Word),
    }
}

/// What a line says in a column, and its place before other words there.
fn of(line: &Counted, column: &str) -> (usize, String) {
    let text = match column {
        "tenant" => &line.tenant,
        "owner" => &line.owner,
        "key" => &line.key,
        "route" => &line.route,
        _ => &line.word,
    };
    let place = TOOK.iter().position(|took| column == Kind::Took.as_str() && took == text);
    (place.unwrap_or(0), text.clone())
}
