//! Opportunities in the database.

use rusqlite::{Row, named_params};

use super::{Change, Filter, New, Opportunity, Page};
use crate::{
    money::Money,
    problem::Problem,
    stages::{self, Kind, Stage},
    store::{Desk, new_id},
};

/// One of them; whoever is in another workspace is told what is told of one that never was.
pub(super) fn one(desk: &Desk<'_>, id: &str) -> Result<Opportunity, Problem> {
    desk.row(
        "SELECT o.*, s.kind FROM opportunities o JOIN stages s ON s.workspace = o.workspace AND s.id = o.stage
         WHERE o.workspace = :workspace AND o.id = :id",
        named_params! {":id": id},
        read,
    )?
    .ok_or(Problem::NotFound)
}

/// Those that a filter lets through, newest first, after the one that the cursor names.
///
/// What is made meanwhile is newer than every page but the first, so pages do not shift.
pub(super) fn page(desk: &Desk<'_>, filter: &Filter) -> Result<Page, Problem> {
    if let Some(cursor) = &filter.cursor {
        let unknown = |problem: &Problem| matches!(problem, Problem::NotFound);
        let told = |problem| {
            if unknown(&problem) {
                Problem::invalid("cursor", "is not one of this list")
            } else {
                problem
            }
        };
        one(desk, cursor).map_err(told)?;
    }
    let mut found = desk.rows(
        "SELECT o.*, s.kind FROM opportunities o JOIN stages s ON s.workspace = o.workspace AND s.id = o.stage
         WHERE o.workspace = :workspace AND (o.archived_ms IS NOT NULL) = :archived
           AND (:stage IS NULL OR o.stage = :stage) AND (:state IS NULL OR s.kind = :state)
           AND (:currency IS NULL OR o.currency = :currency)
           AND (:created_by IS NULL OR o.created_by = :created_by)
           AND (:cursor IS NULL OR o.seq <
               (SELECT seq FROM opportunities WHERE workspace = :workspace AND id = :cursor))
         ORDER BY o.seq DESC LIMIT :limit",
        named_params! {
            ":archived": filter.archived,
            ":stage": filter.stage,
            ":state": filter.state,
            ":currency": filter.currency,
            ":created_by": filter.created_by,
            ":cursor": filter.cursor,
            ":limit": filter.limit.and_one(),
        },
        read,
    )?;
    let more = found.len() > filter.limit.rows();
    found.truncate(filter.limit.rows());
    let next = found.last().filter(|_| more).map(|last| last.id.clone());
    Ok(Page { opportunities: found, next })
}

/// Makes one.
pub(super) fn add(
    desk: &Desk<'_>,
    new: &New,
    by: &str,
    now_ms: i64,
) -> Result<Opportunity, Problem> {
    let stage = match &new.stage {
        Some(id) => wanted(desk, id)?,
        None => stages::first_open(desk)?.ok_or(Problem::Conflict {
            code: "no_open_stage",
            detail: "There is no open stage to begin in: add one first.",
        })?,
    };
    let id = new_id("opp")?;
    desk.change(
        "INSERT INTO opportunities (workspace, id, version, title, customer, minor, currency, stage,
             created_by, created_ms, updated_ms, closed_ms)
         VALUES (:workspace, :id, 1, :title, :customer, :minor, :currency, :stage,
             :by, :now, :now, :closed)",
        named_params! {
            ":id": id,
            ":title": new.title,
            ":customer": new.customer,
            ":minor": new.amount.minor,
            ":currency": new.amount.currency,
            ":stage": stage.id,
            ":by": by,
            ":now": now_ms,
            ":closed": stage.kind.is_closed().then_some(now_ms),
        },
    )?;
    visit(desk, &id, &stage.id)?;
    one(desk, &id)
}

/// Changes what the change names, and nothing else.
pub(super) fn change(
    desk: &Desk<'_>,
    held: &Opportunity,
    change: &Change,
    now_ms: i64,
) -> Result<Opportunity, Problem> {
    let stage = match &change.stage {
        Some(id) => wanted(desk, id)?,
        None => wanted(desk, &held.stage)?,
    };
    desk.change(
        "UPDATE opportunities SET version = version + 1, updated_ms = :now,
             title = coalesce(:title, title), customer = coalesce(:customer, customer),
             minor = coalesce(:minor, minor), currency = coalesce(:currency, currency),
             stage = :stage, closed_ms = :closed
         WHERE workspace = :workspace AND id = :id",
        named_params! {
            ":id": held.id,
            ":now": now_ms,
            ":title": change.title,
            ":customer": change.customer,
            ":minor": change.amount.map(|amount| amount.minor),
            ":currency": change.amount.map(|amount| amount.currency),
            ":stage": stage.id,
            ":closed": closed(held.state, held.closed_ms, stage.kind, now_ms),
        },
    )?;
    visit(desk, &held.id, &stage.id)?;
    one(desk, &held.id)
}

/// Archives one, if it is not.
pub(super) fn archive(desk: &Desk<'_>, id: &str, now_ms: i64) -> Result<Opportunity, Problem> {
    desk.change(
        "UPDATE opportunities SET version = version + 1, updated_ms = :now, archived_ms = :now
         WHERE workspace = :workspace AND id = :id AND archived_ms IS NULL",
        named_params! {":id": id, ":now": now_ms},
    )?;
    one(desk, id)
}

/// When it was won or lost: that moment stays while it is what it was.
fn closed(from: Kind, closed_ms: Option<i64>, to: Kind, now_ms: i64) -> Option<i64> {
    if to == from { closed_ms } else { to.is_closed().then_some(now_ms) }
}

/// The stage that the caller names, which must be there.
fn wanted(desk: &Desk<'_>, id: &str) -> Result<Stage, Problem> {
    stages::one(desk, id)?.ok_or_else(|| Problem::invalid("stage", "there is no such stage"))
}

fn visit(desk: &Desk<'_>, id: &str, stage: &str) -> Result<(), Problem> {
    desk.change(
        "INSERT INTO visits (workspace, stage, opportunity) VALUES (:workspace, :stage, :id)
         ON CONFLICT DO NOTHING",
        named_params! {":id": id, ":stage": stage},
    )?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Opportunity> {
    Ok(Opportunity {
        id: row.get("id")?,
        version: row.get("version")?,
        title: row.get("title")?,
        customer: row.get("customer")?,
        amount: Money { minor: row.get("minor")?, currency: row.get("currency")? },
        stage: row.get("stage")?,
        state: row.get("kind")?,
        created_by: row.get("created_by")?,
        created_ms: row.get("created_ms")?,
        updated_ms: row.get("updated_ms")?,
        closed_ms: row.get("closed_ms")?,
        archived_ms: row.get("archived_ms")?,
    })
}
