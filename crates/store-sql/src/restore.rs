//! What makes an older copy of a ledger the ledger again.

use tollgate_core::stamp::Stamp;

use crate::{Fault, Sql, ledger, statements};

/// Begins a new incarnation, above the ledger's own and above what is noted outside it: nothing that was read before
/// is used in it. Every record is to be published anew.
///
/// # Errors
///
/// When the store fails: nothing of it may be kept then.
pub fn restored(sql: &mut impl Sql, noted: Option<Stamp>) -> Result<Stamp, Fault> {
    let (found, _) = ledger(sql)?;
    let highest = noted.map_or(found.incarnation, |noted| noted.incarnation.max(found.incarnation));
    let stamp = Stamp { incarnation: highest.saturating_add(1), epoch: found.epoch };
    sql.rows(statements::ENTRIES_LEAVE, &[])?;
    let moved = [stamp.incarnation.into(), stamp.epoch.into(), stamp.epoch.into()];
    sql.rows(statements::LEDGER_MOVES, &moved)?;
    sql.rows(statements::OUTBOX_ALL, &[stamp.epoch.into()])?;
    Ok(stamp)
}
