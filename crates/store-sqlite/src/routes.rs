//! The limits of routes: a configuration says their numbers, and the ledger when these last changed.

use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};
use tollgate_core::{
    limit::{Limit, Numbers, Refill},
    stamp::Stamp,
    time::UnixMillis,
};
use tollgate_ledger::LedgerError;

use crate::{
    Store,
    fault::Fault,
    head::{self, Kept},
    open, statements,
};

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
    let known = known(&read, wanted)?;
    read.finish()?;
    if let Some(stamps) = known.into_iter().collect() {
        return Ok(stamps);
    }
    let Store { connection, kept, .. } = store;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (stamps, after) = change(&transaction, kept, wanted, now)?;
    transaction.commit()?;
    let reached = after.head.stamp();
    *kept = Some(after);
    // A note that cannot be written is written with the next change.
    store.note(reached);
    Ok(stamps)
}

/// The stamps of those limits whose scope and numbers are the last ones.
fn known(transaction: &Transaction<'_>, wanted: &[Limit<'_>]) -> Result<Vec<Option<Stamp>>, Fault> {
    let mut statement = transaction.prepare_cached(statements::ROUTE_LIMIT)?;
    let row = |row: &Row<'_>| Ok(Stamp { incarnation: row.get(0)?, epoch: row.get(1)? });
    let mut stamp = |limit: &Limit<'_>| {
        let is = params![limit.name.as_str(), limit.scope.as_str(), spelled(limit.numbers)];
        Ok(statement.query_row(is, row).optional()?)
    };
    wanted.iter().map(&mut stamp).collect()
}

/// Writes what differs, all of it as of the next epoch.
fn change(
    transaction: &Transaction<'_>,
    kept: &mut Option<Kept>,
    wanted: &[Limit<'_>],
    now: UnixMillis,
) -> Result<(Vec<Stamp>, Kept), Fault> {
    let before = head::refresh(transaction, kept)?;
    let mut after = before.clone();
    // Another process may have written them while this one waited.
    let known = known(transaction, wanted)?;
    if let Some(stamps) = known.iter().copied().collect() {
        return Ok((stamps, after));
    }
    after.age(now);
    let next = after.record(None, now);
    after.write(before, transaction)?;
    let mut keep = transaction.prepare_cached(statements::ROUTE_LIMIT_KEPT)?;
    for (limit, _) in wanted.iter().zip(&known).filter(|(_, known)| known.is_none()) {
        let (name, scope) = (limit.name.as_str(), limit.scope.as_str());
        let numbers = spelled(limit.numbers);
        keep.execute(params![name, scope, numbers, next.incarnation, next.epoch])?;
    }
    Ok((known.into_iter().map(|stamp| stamp.unwrap_or(next)).collect(), after))
}

/// Numbers in their one spelling.
fn spelled(numbers: Numbers) -> String {
    let burst = numbers.burst();
    match numbers.refill() {
        Refill::Steady { rate, period_ms } => format!("{burst},{rate}/{period_ms}ms"),
        Refill::Each(period) => format!("{burst}/{}", period.as_str()),
    }
}
