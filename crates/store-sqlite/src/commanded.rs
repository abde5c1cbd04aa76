//! The ledger for whoever may run the command where the store is: every change is told in the audit.

use rusqlite::TransactionBehavior;
use tollgate_control::{Act, Books, Caller, Told, Work};
use tollgate_core::{lookup::LookupId, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{
    Change, Conclusion, Holder, Key, Ledger, LedgerError, Page, Receipt, Stopped,
};
use tollgate_store_sql::books;

use crate::{Store, fault::Fault, open, sql::Within};

/// A store whose changes are told as the command's own. Everything else is that of the store.
#[derive(Debug)]
pub struct Commanded<'s>(pub &'s mut Store);

impl Commanded<'_> {
    /// Tells in the chain of the deployment's own acts what was done outside the store; says whether that is kept.
    #[must_use]
    pub fn tell(&mut self, operation: &'static str, subject: &str, now: UnixMillis) -> bool {
        let told = Told { tenant: "", operation, subject, from: None, request: "" };
        let acts = [Act::of(told)];
        let work = Work { caller: &Caller::Command, held: &[], acts: &acts, retry: None };
        self.0.work(&work, now).is_ok()
    }

    fn commit(&mut self, change: &Change, now: UnixMillis) -> Result<Receipt, LedgerError> {
        let immediate = TransactionBehavior::Immediate;
        let transaction = self.0.connection.transaction_with_behavior(immediate);
        let transaction = transaction.map_err(Fault::from)?;
        let done = books::command(&mut Within(&transaction), &mut self.0.kept, change, now)?;
        transaction.commit().map_err(Fault::from)?;
        self.0.kept = Some(done.head);
        self.0.untold |= !done.told;
        let (stamp, key, others) = (done.commit.stamp, done.commit.key, done.commit.others.len());
        Ok(Receipt { stamp, key, others, noted: true })
    }
}

impl Ledger for Commanded<'_> {
    fn change(&mut self, change: &Change, now: UnixMillis) -> Result<Receipt, LedgerError> {
        open::patient(&mut self.0.connection).map_err(Fault::from)?;
        let mut changed = self.commit(change, now);
        // It ends: each time there is less of it.
        while is_full(&changed) && change.takes_away() && self.0.give_up_ballast() {
            changed = self.commit(change, now);
        }
        // Nothing is waited for longer than an answer may take, whatever became of the change.
        open::hurried(&mut self.0.connection).map_err(Fault::from)?;
        let receipt = changed?;
        Ok(Receipt { noted: self.0.note(receipt.stamp), ..receipt })
    }

    fn key(&mut self, id: &str) -> Result<Option<Key>, LedgerError> {
        Ledger::key(self.0, id)
    }

    fn key_of(&mut self, lookup: LookupId) -> Result<Option<Key>, LedgerError> {
        self.0.key_of(lookup)
    }

    fn keys(
        &mut self,
        after: Option<&str>,
        limit: usize,
        tenant: Option<&str>,
    ) -> Result<Page, LedgerError> {
        Ledger::keys(self.0, after, limit, tenant)
    }

    fn stamp(&mut self) -> Result<Stamp, LedgerError> {
        self.0.stamp()
    }

    fn stopped(&mut self, tenant: &str, owner: &str) -> Result<Stopped, LedgerError> {
        self.0.stopped(tenant, owner)
    }

    fn tenants(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<Holder>, LedgerError> {
        Ledger::tenants(self.0, after, limit)
    }

    fn owners(
        &mut self,
        tenant: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Holder>, LedgerError> {
        Ledger::owners(self.0, tenant, after, limit)
    }

    fn peppers_in_use(&mut self, now: UnixMillis) -> Result<[u64; 16], LedgerError> {
        self.0.peppers_in_use(now)
    }
}

fn is_full(changed: &Result<Receipt, LedgerError>) -> bool {
    matches!(changed, Err(LedgerError::Failed { conclusion: Conclusion::Full, .. }))
}
