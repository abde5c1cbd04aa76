//! The limits of routes: a configuration says their numbers, and the ledger when these last changed.

use rusqlite::TransactionBehavior;
use tollgate_core::{limit::Limit, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::LedgerError;
use tollgate_store_sql::{route_limits_changed, route_limits_known};

use crate::{Store, fault::Fault, open, sql::Within};

impl Store {
    /// When the numbers of each limit last changed, in the order given, whatever `changed` they bear.
    ///
    /// A limit is known by its name. Numbers or a scope that are not the last ones, or are new, change now: the
    /// ledger takes its next epoch, without an entry in the head, and that is durable before this returns. Where
    /// nothing differs nothing is written.
    ///
    /// # Errors
    ///
    /// When the store fails: nothing has changed then.
    pub fn route_limits(
        &mut self,
        wanted: &[Limit<'_>],
        now: UnixMillis,
    ) -> Result<Vec<Stamp>, LedgerError> {
        open::patient(&mut self.connection).map_err(Fault::from)?;
        let settled = settle(self, wanted, now);
        open::hurried(&mut self.connection).map_err(Fault::from)?;
        Ok(settled?)
    }
}

fn settle(store: &mut Store, wanted: &[Limit<'_>], now: UnixMillis) -> Result<Vec<Stamp>, Fault> {
    let read = store.connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
    let known = route_limits_known(&mut Within(&read), wanted)?;
    read.finish()?;
    if let Some(stamps) = known.into_iter().collect() {
        return Ok(stamps);
    }
    let Store { connection, kept, .. } = store;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (stamps, after) = route_limits_changed(&mut Within(&transaction), kept, wanted, now)?;
    transaction.commit()?;
    let reached = after.head().stamp();
    *kept = Some(after);
    // A note that cannot be written is written with the next change.
    store.note(reached);
    Ok(stamps)
}
