//! The ledger: each change one transaction.

use rusqlite::{Connection, TransactionBehavior};
use tollgate_core::{lookup::LookupId, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{
    Change, Commit, Conclusion, Holder, Key, Ledger, LedgerError, Page, Receipt, Stopped,
};
use tollgate_store_sql::{self as sql, Kept};

use crate::{Store, fault::Fault, open, sql::Within};

impl Ledger for Store {
    fn change(&mut self, change: &Change, now: UnixMillis) -> Result<Receipt, LedgerError> {
        open::patient(&mut self.connection).map_err(Fault::from)?;
        let mut changed = commit(&mut self.connection, &mut self.kept, change, now);
        // It ends: each time there is less of it.
        while is_full(&changed) && change.takes_away() && self.give_up_ballast() {
            changed = commit(&mut self.connection, &mut self.kept, change, now);
        }
        // Nothing is waited for longer than an answer may take, whatever became of the change.
        open::hurried(&mut self.connection).map_err(Fault::from)?;
        let Commit { stamp, key, others, .. } = changed?;
        Ok(Receipt { stamp, key, others: others.len(), noted: self.note(stamp) })
    }

    fn key(&mut self, id: &str) -> Result<Option<Key>, LedgerError> {
        Ok(sql::key(&mut self.within(), id)?)
    }

    fn key_of(&mut self, lookup: LookupId) -> Result<Option<Key>, LedgerError> {
        Ok(sql::key_of(&mut self.within(), lookup)?)
    }

    fn keys(
        &mut self,
        after: Option<&str>,
        limit: usize,
        tenant: Option<&str>,
    ) -> Result<Page, LedgerError> {
        Ok(sql::keys(&mut self.within(), after, limit, tenant)?)
    }

    fn stamp(&mut self) -> Result<Stamp, LedgerError> {
        Ok(self.reached()?)
    }

    fn stopped(&mut self, tenant: &str, owner: &str) -> Result<Stopped, LedgerError> {
        Ok(sql::stopped(&mut self.within(), tenant, owner)?)
    }

    fn tenants(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<Holder>, LedgerError> {
        Ok(sql::tenants(&mut self.within(), after, limit)?)
    }

    fn owners(
        &mut self,
        tenant: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Holder>, LedgerError> {
        Ok(sql::owners(&mut self.within(), tenant, after, limit)?)
    }

    fn peppers_in_use(&mut self, now: UnixMillis) -> Result<[u64; 16], LedgerError> {
        Ok(sql::peppers_in_use(&mut self.within(), now)?)
    }
}

fn is_full(changed: &Result<Commit, LedgerError>) -> bool {
    matches!(changed, Err(LedgerError::Failed { conclusion: Conclusion::Full, .. }))
}

/// One change, its epoch, its entry and its outbox: all of them or none.
fn commit(
    connection: &mut Connection,
    kept: &mut Option<Kept>,
    change: &Change,
    now: UnixMillis,
) -> Result<Commit, LedgerError> {
    let immediate = TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(immediate).map_err(Fault::from)?;
    let (commit, after) = sql::change(&mut Within(&transaction), kept, change, now)?;
    transaction.commit().map_err(Fault::from)?;
    *kept = Some(after);
    Ok(commit)
}
