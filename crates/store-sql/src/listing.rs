//! What keys are listed by: a narrow table beside their documents, which triggers keep in step.
//!
//! Triggers and not this program: a program of a version before, which goes on meanwhile, writes keys too, and knows
//! nothing of it. What was there before the table is brought over in small steps, each a transaction of its own, so
//! that whoever else writes the store waits for none of them for long. A step that is not made today is made at the
//! next start.

use crate::{Fault, Sql, statements};

/// The most keys that one step brings over.
pub const BROUGHT_AT_ONCE: u64 = 500;

/// What a list chooses and orders by, as a document says it. A damaged one is the business of its key alone.
macro_rules! read {
    ($document:literal) => {
        concat!(
            "coalesce(iif(json_valid(",
            $document,
            "), ",
            $document,
            " ->> '$.settings.env', ''), ''),
            coalesce(iif(json_valid(",
            $document,
            "), ",
            $document,
            " ->> '$.state', ''), ''),
            coalesce(iif(json_valid(",
            $document,
            "), ",
            $document,
            " ->> '$.name', ''), ''),
            CAST(coalesce(iif(json_valid(",
            $document,
            "), ",
            $document,
            " ->> '$.created_ms', 0), 0) AS INTEGER),
            CAST(coalesce(iif(json_valid(",
            $document,
            "), ",
            $document,
            " ->> '$.settings.expires', 9007199254740992), 9007199254740992) AS INTEGER)"
        )
    };
}

/// Some keys are listed that were there before the table was.
pub(crate) const BROUGHT: &str = concat!(
    "INSERT INTO listed (tenant, id, owner, env, state, name, created_ms, ends_ms)
    SELECT tenant, id, owner, ",
    read!("document"),
    "
    FROM keys WHERE id > ?1 ORDER BY id LIMIT ?2 ON CONFLICT DO NOTHING"
);

/// The table, what keeps it in step, and how far it has been filled.
pub(crate) const TENTH: &[&str] = &[
    "CREATE TABLE listed (
        tenant TEXT NOT NULL,
        id TEXT NOT NULL,
        owner TEXT NOT NULL,
        env TEXT NOT NULL,
        state TEXT NOT NULL,
        name TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        ends_ms INTEGER NOT NULL,
        PRIMARY KEY (tenant, id)
    ) STRICT, WITHOUT ROWID",
    concat!(
        "CREATE TRIGGER listed_comes AFTER INSERT ON keys BEGIN
        INSERT INTO listed (tenant, id, owner, env, state, name, created_ms, ends_ms)
        VALUES (new.tenant, new.id, new.owner, ",
        read!("new.document"),
        "); END"
    ),
    // A key that is not listed yet is brought over as it is then. What lists do not look at is not written again.
    concat!(
        "CREATE TRIGGER listed_changes AFTER UPDATE ON keys BEGIN
        UPDATE listed SET (owner, env, state, name, created_ms, ends_ms)
            = (new.owner, ",
        read!("new.document"),
        ")
        WHERE tenant = new.tenant AND id = new.id
        AND (owner, env, state, name, created_ms, ends_ms)
            IS NOT (new.owner, ",
        read!("new.document"),
        "); END"
    ),
    "CREATE TRIGGER listed_leaves AFTER DELETE ON keys BEGIN
        DELETE FROM listed WHERE tenant = old.tenant AND id = old.id;
    END",
    // After which key it goes on, and how many steps of INDEXES are made; none before all keys are listed.
    "CREATE TABLE listing (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        after TEXT NOT NULL,
        filled INTEGER NOT NULL CHECK (filled IN (0, 1)),
        made INTEGER NOT NULL CHECK (made >= 0)
    ) STRICT",
    "INSERT INTO listing (one, after, filled, made) VALUES (1, '', 0, 0)",
];

/// What is made once all keys are listed, one by one. Those that begin with a tenant have all that a list chooses by.
pub const INDEXES: [&str; 8] = [
    "CREATE INDEX listed_by_created ON listed (tenant, created_ms, id, owner, env, state, ends_ms)",
    "CREATE INDEX listed_by_name ON listed (tenant, name, id, owner, env, state, ends_ms)",
    "CREATE INDEX listed_by_end ON listed (tenant, ends_ms, id, owner, env, state)",
    "CREATE INDEX listed_by_env ON listed (tenant, env, id)",
    "CREATE INDEX listed_by_state ON listed (tenant, state, id)",
    "CREATE INDEX all_by_created ON listed (created_ms, id)",
    "CREATE INDEX all_by_name ON listed (name, id)",
    "CREATE INDEX all_by_end ON listed (ends_ms, id)",
];

/// Brings the lists nearer to what they should be, and says whether there is more to do. A transaction of the caller's;
/// all of it is one where there are no more than [`BROUGHT_AT_ONCE`] keys.
///
/// # Errors
///
/// When a statement fails: nothing of the step may be kept then.
pub fn bring(sql: &mut impl Sql) -> Result<bool, Fault> {
    let rows = sql.rows(statements::LISTING, &[])?;
    let row = rows.first().ok_or_else(|| Fault::damaged("listing"))?;
    let (after, filled, made) = (row.text(0)?, row.flag(1)?, row.number(2)?);
    if filled {
        let made = usize::try_from(made).unwrap_or(usize::MAX);
        let Some(index) = INDEXES.get(made) else { return Ok(false) };
        sql.rows(index, &[])?;
        sql.rows(statements::LISTING_MADE, &[])?;
        return Ok(made.saturating_add(1) < INDEXES.len());
    }
    let most = BROUGHT_AT_ONCE.into();
    sql.rows(BROUGHT, &[after.into(), most])?;
    // The last that was brought, if there are as many as were asked for.
    if let Some(last) = sql.rows(statements::LISTED_LAST, &[after.into(), most])?.first() {
        sql.rows(statements::LISTING_MOVES, &[last.text(0)?.into()])?;
        return Ok(true);
    }
    sql.rows(statements::LISTING_FILLED, &[])?;
    if after.is_empty() {
        for index in INDEXES {
            sql.rows(index, &[])?;
            sql.rows(statements::LISTING_MADE, &[])?;
        }
        return Ok(false);
    }
    Ok(true)
}

/// Whether there is anything to do for [`bring`].
///
/// # Errors
///
/// When the read fails.
pub fn is_behind(sql: &mut impl Sql) -> Result<bool, Fault> {
    let rows = sql.rows(statements::LISTING, &[])?;
    let row = rows.first().ok_or_else(|| Fault::damaged("listing"))?;
    let made = usize::try_from(row.number(2)?).unwrap_or(usize::MAX);
    Ok(!row.flag(1)? || made < INDEXES.len())
}
