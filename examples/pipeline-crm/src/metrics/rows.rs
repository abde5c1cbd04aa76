//! Figures from the database: whole numbers, each computed where the rows are.

use rusqlite::{Row, named_params};

use super::{Content, Converted, OWNERS_MAX, Performed};
use crate::{money::Sum, store::Desk};

/// What is in each stage. There is a row for each currency in it, and one for a stage that is empty.
pub(super) fn contents(desk: &Desk<'_>) -> rusqlite::Result<Vec<Content>> {
    let mut stages: Vec<Content> = vec![];
    desk.rows(
        "SELECT s.id, s.name, s.kind, o.currency, count(o.id) AS count, sum(o.minor) AS minor
         FROM stages s LEFT JOIN opportunities o
           ON o.workspace = s.workspace AND o.stage = s.id AND o.archived_ms IS NULL
         WHERE s.workspace = :workspace
         GROUP BY s.id, o.currency ORDER BY s.position, o.currency",
        &[],
        |row| {
            let (id, count): (String, i64) = (row.get("id")?, row.get("count")?);
            let amount = if count > 0 { Some(sum(row)?) } else { None };
            match stages.last_mut().filter(|last| last.stage == id) {
                Some(last) => {
                    last.count = last.count.saturating_add(count);
                    last.amounts.extend(amount);
                }
                None => stages.push(Content {
                    stage: id,
                    name: row.get("name")?,
                    kind: row.get("kind")?,
                    count,
                    amounts: amount.into_iter().collect(),
                }),
            }
            Ok(())
        },
    )?;
    Ok(stages)
}

/// What became of those that were ever in each open stage.
pub(super) fn converted(desk: &Desk<'_>) -> rusqlite::Result<Vec<Converted>> {
    desk.rows(
        "SELECT s.id, s.name, count(o.id) AS reached,
                count(*) FILTER (WHERE n.kind = 'won') AS won,
                count(*) FILTER (WHERE n.kind = 'lost') AS lost
         FROM stages s
         LEFT JOIN visits v ON v.workspace = s.workspace AND v.stage = s.id
         LEFT JOIN opportunities o
           ON o.workspace = v.workspace AND o.id = v.opportunity AND o.archived_ms IS NULL
         LEFT JOIN stages n ON n.workspace = o.workspace AND n.id = o.stage
         WHERE s.workspace = :workspace AND s.kind = 'open'
         GROUP BY s.id ORDER BY s.position",
        &[],
        |row| {
            let (reached, won) = (row.get("reached")?, row.get("won")?);
            let won_permille = permille(won, reached);
            let (stage, name, lost) = (row.get("id")?, row.get("name")?, row.get("lost")?);
            Ok(Converted { stage, name, reached, won, lost, won_permille })
        },
    )
}

/// What was won in a period.
pub(super) fn won(desk: &Desk<'_>, from_ms: i64, to_ms: i64) -> rusqlite::Result<Vec<Sum>> {
    desk.rows(
        "SELECT o.currency, sum(o.minor) AS minor
         FROM opportunities o JOIN stages s ON s.workspace = o.workspace AND s.id = o.stage
         WHERE o.workspace = :workspace AND o.archived_ms IS NULL AND s.kind = 'won'
           AND o.closed_ms >= :from AND o.closed_ms < :to
         GROUP BY o.currency ORDER BY o.currency",
        named_params! {":from": from_ms, ":to": to_ms},
        sum,
    )
}

/// Whose opportunities ended in a period, and how.
pub(super) fn performed(
    desk: &Desk<'_>,
    from_ms: i64,
    to_ms: i64,
) -> rusqlite::Result<Vec<Performed>> {
    desk.rows(
        "SELECT o.created_by, count(*) AS ended, count(*) FILTER (WHERE s.kind = 'won') AS won,
                sum(o.closed_ms - o.created_ms) FILTER (WHERE s.kind = 'won') AS took_ms
         FROM opportunities o JOIN stages s ON s.workspace = o.workspace AND s.id = o.stage
         WHERE o.workspace = :workspace AND o.archived_ms IS NULL
           AND o.closed_ms >= :from AND o.closed_ms < :to
         GROUP BY o.created_by ORDER BY won DESC, o.created_by LIMIT :limit",
        named_params! {":from": from_ms, ":to": to_ms, ":limit": OWNERS_MAX},
        |row| {
            let (ended, won): (i64, i64) = (row.get("ended")?, row.get("won")?);
            let took_ms: Option<i64> = row.get("took_ms")?;
            Ok(Performed {
                owner: row.get("created_by")?,
                won,
                lost: ended.saturating_sub(won),
                won_permille: permille(won, ended),
                took_mean_ms: took_ms.and_then(|took_ms| took_ms.checked_div(won)),
            })
        },
    )
}

fn sum(row: &Row<'_>) -> rusqlite::Result<Sum> {
    Ok(Sum { minor: row.get("minor")?, currency: row.get("currency")? })
}

/// How many of each thousand, rounded down; nothing of nothing.
fn permille(part: i64, whole: i64) -> Option<i64> {
    part.saturating_mul(1000).checked_div(whole)
}
