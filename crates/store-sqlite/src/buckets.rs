//! Going through all buckets, a page at a time.

use rusqlite::{Connection, params};
use tollgate_store_sql::statements;

use crate::fault::Fault;

/// How many buckets are one page.
const PAGE: i64 = 256;

/// The names and states of the buckets after a name; none after the last.
pub(crate) fn page(connection: &Connection, after: &str) -> Result<Vec<(String, Vec<u8>)>, Fault> {
    let mut statement = connection.prepare_cached(statements::BUCKETS)?;
    let rows = statement.query_map(params![after, PAGE], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
