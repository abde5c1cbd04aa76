//! Records, compiled when they are read.

use rusqlite::{OptionalExtension, Transaction};
use tollgate_core::{lookup::LookupId, pepper::Peppers, record::Expected, stamp::Stamp};
use tollgate_engine::{Fetched, OpenError, StoreError};
use tollgate_ledger::{CompileError, Effective, Key, compile, compile_absence};

use crate::{fault::Fault, statements};

const DOCUMENT: StoreError = StoreError::Damaged(OpenError::Other("document_damaged"));

/// What a store answers to a question for a record.
///
/// # Errors
///
/// As [`text`], and when the record is of another env than the key says.
pub(crate) fn fetch(
    transaction: &Transaction<'_>,
    stamp: Stamp,
    expected: Expected,
    peppers: &Peppers,
) -> Result<Fetched, StoreError> {
    let text = text(transaction, stamp, expected.lookup, peppers)?;
    let opened = Fetched::open(&text, expected, peppers);
    opened.map_err(|error| StoreError::Damaged(OpenError::Record(error)))
}

/// The effective record of a secret, or that there is none, as of `stamp`: sealed.
///
/// # Errors
///
/// When the read fails or the key's document gives no record: that one key is not answered for.
pub(crate) fn text(
    transaction: &Transaction<'_>,
    stamp: Stamp,
    lookup: LookupId,
    peppers: &Peppers,
) -> Result<Vec<u8>, StoreError> {
    let found = effective(transaction, lookup).map_err(|fault| fault.store())?;
    let text = match found {
        None => compile_absence(stamp, lookup, peppers, peppers.issuing()),
        Some((document, owner_stopped, tenant_stopped)) => {
            let key = Key::from_text(&document).ok_or(DOCUMENT)?;
            let effective = Effective { as_of: stamp, key: &key, owner_stopped, tenant_stopped };
            compile(&effective, lookup, peppers, peppers.issuing())
        }
    };
    text.map_err(|error| match error {
        CompileError::Record(error) => StoreError::Damaged(OpenError::Record(error)),
        CompileError::UnknownSecret | CompileError::Document => DOCUMENT,
    })
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
