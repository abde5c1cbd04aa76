//! Records, compiled when they are read.

use tollgate_core::{lookup::LookupId, pepper::Peppers, record::RecordError, stamp::Stamp};
use tollgate_ledger::{CompileError, Effective, Key, compile, compile_absence};

use crate::{Fault, Sql, statements};

/// Why there is no record: that one key is not answered for.
#[derive(Debug)]
pub enum RecordFault {
    /// The read failed.
    Read(Fault),
    /// The key's document is damaged.
    Document,
    /// The record cannot be sealed.
    Record(RecordError),
}

/// The effective record of a secret, or that there is none, as of `stamp`: sealed.
///
/// # Errors
///
/// See [`RecordFault`].
pub fn record(
    sql: &mut impl Sql,
    stamp: Stamp,
    lookup: LookupId,
    peppers: &Peppers,
) -> Result<Vec<u8>, RecordFault> {
    let found = effective(sql, lookup).map_err(RecordFault::Read)?;
    let text = match found {
        None => compile_absence(stamp, lookup, peppers, peppers.issuing()),
        Some((document, owner_stopped, tenant_stopped)) => {
            let key = Key::from_text(&document).ok_or(RecordFault::Document)?;
            let effective = Effective { as_of: stamp, key: &key, owner_stopped, tenant_stopped };
            compile(&effective, lookup, peppers, peppers.issuing())
        }
    };
    text.map_err(|error| match error {
        CompileError::Record(error) => RecordFault::Record(error),
        CompileError::UnknownSecret | CompileError::Document => RecordFault::Document,
    })
}

/// A key's document, and whether its owner and its tenant are stopped.
fn effective(sql: &mut impl Sql, lookup: LookupId) -> Result<Option<(String, bool, bool)>, Fault> {
    let rows = sql.rows(statements::EFFECTIVE, &[lookup.as_bytes().into()])?;
    let read = |row: &crate::Row| Ok((row.text(0)?.to_owned(), row.flag(1)?, row.flag(2)?));
    rows.first().map(read).transpose()
}
