//! The tables. Each row belongs to a workspace, and its key begins with it.

use anyhow::ensure;
use rusqlite::Connection;

/// Says that a file is ours: `pcrm`.
const APPLICATION: i64 = 0x7063_726d;

/// A row refers to another one only within its workspace: the foreign keys have both columns.
///
/// `opportunities.seq` is the order of making, which pages go by. It counts those of all workspaces, so nobody is shown
/// it. A visit is the first time that an opportunity came to a stage.
const TABLES: &str = "
CREATE TABLE stages (
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('open', 'won', 'lost')),
    position INTEGER NOT NULL,
    PRIMARY KEY (workspace, id),
    UNIQUE (workspace, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE opportunities (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    customer TEXT NOT NULL,
    minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    stage TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    closed_ms INTEGER,
    archived_ms INTEGER,
    UNIQUE (workspace, id),
    FOREIGN KEY (workspace, stage) REFERENCES stages (workspace, id)
) STRICT;

CREATE INDEX opportunities_by_seq ON opportunities (workspace, seq);
CREATE INDEX opportunities_by_stage ON opportunities (workspace, stage, seq);

CREATE TABLE visits (
    workspace TEXT NOT NULL,
    stage TEXT NOT NULL,
    opportunity TEXT NOT NULL,
    PRIMARY KEY (workspace, stage, opportunity),
    FOREIGN KEY (workspace, stage) REFERENCES stages (workspace, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace, opportunity) REFERENCES opportunities (workspace, id)
) STRICT, WITHOUT ROWID;
";

/// Makes the tables in an empty file; another program's file is left alone.
pub(super) fn prepare(connection: &Connection) -> anyhow::Result<()> {
    let number = |pragma| connection.query_row(pragma, (), |row| row.get::<_, i64>(0));
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 2000;")?;
    if number("SELECT count(*) FROM sqlite_schema")? == 0 {
        let made = format!(
            "PRAGMA journal_mode = WAL; BEGIN; {TABLES} PRAGMA application_id = {APPLICATION}; COMMIT;"
        );
        connection.execute_batch(&made)?;
    }
    ensure!(number("PRAGMA application_id")? == APPLICATION, "this is another program's database");
    Ok(())
}
