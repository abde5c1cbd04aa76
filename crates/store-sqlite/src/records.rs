//! Records, compiled when they are read.

use rusqlite::Transaction;
use tollgate_core::{lookup::LookupId, pepper::Peppers, record::Expected, stamp::Stamp};
use tollgate_engine::{Fetched, OpenError, StoreError};
use tollgate_store_sql::{RecordFault, record};

use crate::{fault::Fault, sql::Within};

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
    let text = record(&mut Within(transaction), stamp, lookup, peppers);
    text.map_err(|fault| match fault {
        RecordFault::Read(fault) => Fault::from(fault).store(),
        RecordFault::Document => DOCUMENT,
        RecordFault::Record(error) => StoreError::Damaged(OpenError::Record(error)),
    })
}
