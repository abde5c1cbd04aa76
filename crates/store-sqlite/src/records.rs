//! Records, compiled when they are read.

use rusqlite::{OptionalExtension, Transaction};
use tollgate_core::{lookup::LookupId, pepper::Peppers, record::Expected, stamp::Stamp};
use tollgate_engine::{Fetched, OpenError, StoreError};
use tollgate_ledger::{CompileError, Effective, Key, compile, compile_absence};

use crate::{fault::Fault, statements};

const DOCUMENT: StoreError = StoreError::Damaged(OpenError::Other("document_damaged"));

/// The effective record of a secret, or that there is none, as of `stamp`.
///
/// # Errors
///
/// When the read fails or the key's document gives no record: that one key is not answered for.
pub(crate) fn fetch(
    transaction: &Transaction<'_>,
    stamp: Stamp,
    expected: Expected,
    peppers: &Peppers,
) -> Result<Fetched, StoreError> {
    let found = effective(transaction, expected.lookup).map_err(|fault| fault.store())?;
    let text = match found {
        None => compile_absence(stamp, expected.lookup, peppers, peppers.issuing()),
        Some((document, owner_stopped, tenant_stopped)) => {
            let key = Key::from_text(&document).ok_or(DOCUMENT)?;
            let effective = Effective { as_of: stamp, key: &key, owner_stopped, tenant_stopped };
            compile(&effective, expected.lookup, peppers, peppers.issuing())
        }
    };
    let text = text.map_err(|error| match error {
        CompileError::Record(error) => StoreError::Damaged(OpenError::Record(error)),
        CompileError::UnknownSecret | CompileError::Document => DOCUMENT,
    })?;
    let opened = Fetched::open(&text, expected, peppers);
    opened.map_err(|error| StoreError::Damaged(OpenError::Record(error)))
}

/// A key's document, and whether its owner and its tenant are stopped.
fn effective(
    transaction: &Transaction<'_>,
    lookup: LookupId,
) -> Result<Option<(String, bool, bool)>, Fault> {
    let mut statement = transaction.prepare_cached(statements::EFFECTIVE)?;
    let row =
        statement.query_row([lookup.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    Ok(row.optional()?)
}
