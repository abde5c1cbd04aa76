//! What was counted of requests: kept in one durable transaction for each batch, and read.

use rusqlite::TransactionBehavior;
use tollgate_control::{Counted, Counting};
use tollgate_core::time::UnixMillis;
use tollgate_engine::{Reply, StoreError, Usage};
use tollgate_store_sql::{keep_all, usage};

use crate::{Store, fault::Fault, sql::Within};

impl Store {
    /// What was counted, as [`tollgate_store_sql::usage`] gives it: an hour at a time.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn usage(&mut self, wanted: &Counting<'_>) -> Result<Vec<Counted>, StoreError> {
        usage(&mut self.within(), wanted).map_err(|fault| Fault::from(fault).store())
    }

    /// Keeps a batch; one that has come before is answered as it was then.
    pub(crate) fn keep_usage(
        &mut self,
        batch: &Usage,
        now: UnixMillis,
    ) -> Result<Reply, StoreError> {
        self.kept_usage(batch, now).map_err(|fault| fault.store())?;
        Ok(Reply::Usage)
    }

    fn kept_usage(&mut self, batch: &Usage, now: UnixMillis) -> Result<(), Fault> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let holder = batch.holder().0;
        let counted = (batch.lines(), batch.answers(), batch.uses());
        keep_all(&mut Within(&transaction), &holder, batch.seq(), counted, now)?;
        transaction.commit()?;
        Ok(())
    }
}
