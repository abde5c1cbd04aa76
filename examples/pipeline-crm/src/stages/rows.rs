//! Stages in the database. Their positions are 0, 1, 2 and so on after every change.

use std::collections::HashSet;

use rusqlite::{Row, named_params};

use super::{New, Removed, STAGES_MAX, Stage};
use crate::{
    problem::Problem,
    store::{Desk, new_id},
};

/// All of them, in their order.
pub(super) fn all(desk: &Desk<'_>) -> rusqlite::Result<Vec<Stage>> {
    desk.rows("SELECT * FROM stages WHERE workspace = :workspace ORDER BY position", &[], read)
}

/// One of them.
pub(crate) fn one(desk: &Desk<'_>, id: &str) -> rusqlite::Result<Option<Stage>> {
    let sql = "SELECT * FROM stages WHERE workspace = :workspace AND id = :id";
    desk.row(sql, named_params! {":id": id}, read)
}

/// Where an opportunity begins unless it is said.
pub(crate) fn first_open(desk: &Desk<'_>) -> rusqlite::Result<Option<Stage>> {
    desk.row(
        "SELECT * FROM stages WHERE workspace = :workspace AND kind = 'open' ORDER BY position LIMIT 1",
        &[],
        read,
    )
}

/// Adds one at its place; those from there on move up.
pub(super) fn add(desk: &Desk<'_>, new: &New) -> Result<Stage, Problem> {
    let held = all(desk)?;
    if held.len() >= STAGES_MAX {
        let detail = "There are as many stages as there may be.";
        return Err(Problem::Conflict { code: "too_many_stages", detail });
    }
    let end = i64::try_from(held.len()).unwrap_or(i64::MAX);
    let position = new.position.unwrap_or(end);
    if !(0..=end).contains(&position) {
        return Err(Problem::invalid("position", format!("must be 0 to {end}")));
    }
    if held.iter().any(|stage| stage.name == new.name.as_str()) {
        let detail = "There is a stage of this name.";
        return Err(Problem::Conflict { code: "name_taken", detail });
    }
    desk.change(
        "UPDATE stages SET position = position + 1 WHERE workspace = :workspace AND position >= :position",
        named_params! {":position": position},
    )?;
    let id = new_id("stg")?;
    desk.change(
        "INSERT INTO stages (workspace, id, name, kind, position)
         VALUES (:workspace, :id, :name, :kind, :position)",
        named_params! {":id": id, ":name": new.name, ":kind": new.kind, ":position": position},
    )?;
    one(desk, &id)?.ok_or(Problem::NotFound)
}

/// Gives all of them another order. Whoever names others than there are has read an older list.
pub(super) fn put_in_order(desk: &Desk<'_>, ids: &[String]) -> Result<Vec<Stage>, Problem> {
    let named: HashSet<&str> = ids.iter().map(String::as_str).collect();
    if named.len() != ids.len() {
        return Err(Problem::invalid("stages", "names a stage twice"));
    }
    let held = all(desk)?;
    if named != held.iter().map(|stage| stage.id.as_str()).collect() {
        let detail = "The stages are not those that were named: list them again.";
        return Err(Problem::Conflict { code: "stages_changed", detail });
    }
    for (position, id) in (0_i64..).zip(ids) {
        desk.change(
            "UPDATE stages SET position = :position WHERE workspace = :workspace AND id = :id",
            named_params! {":id": id, ":position": position},
        )?;
    }
    Ok(all(desk)?)
}

/// Removes one, after its opportunities were moved, archived ones too. One that has some is not removed unless it is
/// said where they go.
pub(super) fn remove(
    desk: &Desk<'_>,
    id: &str,
    move_to: Option<&str>,
    now_ms: i64,
) -> Result<Removed, Problem> {
    let stage = one(desk, id)?.ok_or(Problem::NotFound)?;
    let moved = match move_to {
        Some(to) => {
            let to = one(desk, to)?.filter(|to| to.id != stage.id);
            let to =
                to.ok_or_else(|| Problem::invalid("move_to", "there is no such other stage"))?;
            move_all(desk, &stage, &to, now_ms)?
        }
        None if has_some(desk, id)? => {
            let detail = "It has opportunities: say with move_to which stage they go to.";
            return Err(Problem::Conflict { code: "stage_in_use", detail });
        }
        None => 0,
    };
    desk.change(
        "DELETE FROM stages WHERE workspace = :workspace AND id = :id",
        named_params! {":id": id},
    )?;
    desk.change(
        "UPDATE stages SET position = position - 1 WHERE workspace = :workspace AND position > :position",
        named_params! {":position": stage.position},
    )?;
    Ok(Removed { moved, stages: all(desk)? })
}

fn has_some(desk: &Desk<'_>, id: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM opportunities WHERE workspace = :workspace AND stage = :id LIMIT 1";
    Ok(desk.row(sql, named_params! {":id": id}, |_| Ok(()))?.is_some())
}

/// Each is changed as if it had been moved by itself: its version goes up, and it was closed when its kind changed.
fn move_all(desk: &Desk<'_>, from: &Stage, to: &Stage, now_ms: i64) -> rusqlite::Result<usize> {
    desk.change(
        "INSERT INTO visits (workspace, stage, opportunity)
         SELECT workspace, :to, id FROM opportunities WHERE workspace = :workspace AND stage = :from
         ON CONFLICT DO NOTHING",
        named_params! {":from": from.id, ":to": to.id},
    )?;
    desk.change(
        "UPDATE opportunities SET stage = :to, version = version + 1, updated_ms = :now,
             closed_ms = CASE WHEN :same THEN closed_ms ELSE :closed END
         WHERE workspace = :workspace AND stage = :from",
        named_params! {
            ":from": from.id,
            ":to": to.id,
            ":now": now_ms,
            ":same": from.kind == to.kind,
            ":closed": to.kind.is_closed().then_some(now_ms),
        },
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<Stage> {
    Ok(Stage {
        id: row.get("id")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        position: row.get("position")?,
    })
}
