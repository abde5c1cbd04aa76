//! Backups, and what makes an older copy of a store a store again.

use std::{fs::OpenOptions, path::Path};

use rusqlite::{Transaction, TransactionBehavior, params};
use tollgate_core::{stamp::Stamp, time::UnixMillis};
use tollgate_store_sql::{Desk, restored, statements};

use crate::{Access, HOLDERS, OpenFailure, Store, buckets, fault::Fault, note, open, sql::Within};

/// Copies a store that may be in use to a new file at `to`.
///
/// # Errors
///
/// When there is something at `to`, or the copy cannot be written.
pub fn backup(store: &Store, to: &Path) -> Result<(), OpenFailure> {
    let made = note::private(OpenOptions::new().write(true).create_new(true)).open(to);
    made.map_err(OpenFailure::File)?;
    let text =
        to.to_str().ok_or_else(|| OpenFailure::File(std::io::ErrorKind::InvalidInput.into()))?;
    store.connection.execute("VACUUM INTO ?1", [text])?;
    Ok(())
}

/// Makes the copy at `path` the store: a new incarnation, in which nothing that was read before is used.
///
/// No process may have the store open. What was changed after the copy was made is lost, revocations among it.
///
/// # Errors
///
/// See [`OpenFailure`].
pub fn restore(path: &Path, now: UnixMillis) -> Result<Stamp, OpenFailure> {
    let mut connection = open::file(path, Access::ReadWrite)?;
    open::settle(&mut connection)?;
    open::patient(&mut connection)?;
    let noted = open::noted(path)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stamp = restored(&mut Within(&transaction), noted).map_err(Fault::from)?;
    repair(&transaction, now)?;
    transaction.commit()?;
    // Before anything is answered: an epoch of the old incarnation is below this one for good.
    note::write(path, stamp).map_err(OpenFailure::Note)?;
    Ok(stamp)
}

/// Brings back the buckets whose instant no honest clock has written.
fn repair(transaction: &Transaction<'_>, now: UnixMillis) -> Result<(), Fault> {
    let mut desk = Desk::new(HOLDERS);
    let mut page = buckets::page(transaction, "")?;
    while let Some((last, _)) = page.last() {
        let next = buckets::page(transaction, last)?;
        for (name, state) in page {
            // What cannot be read stays as it is.
            let Ok(Some(state)) = desk.repair(&state, now) else { continue };
            let mut keep = transaction.prepare_cached(statements::BUCKET_KEPT)?;
            keep.execute(params![name, state, now.0])?;
        }
        page = next;
    }
    Ok(())
}
