//! What the control plane asks: each call one transaction.

use rusqlite::{Connection, TransactionBehavior};
use tollgate_control::{
    Balance, Books, BooksError, Counted, Counting, DocumentId, Documented, Done, Filed, Line, Page,
    Seen, Signed, Signer, Spending, Standing, Wanted, Work,
};
use tollgate_core::{lookup::LookupId, time::UnixMillis};
use tollgate_ledger::{Change, Conclusion, LedgerError};
use tollgate_store_sql::{
    Kept,
    books::{self, Worked},
};

use crate::{Store, fault::Fault, open, sql::Within};

impl Books for Store {
    fn caller(&mut self, lookup: LookupId) -> Result<Option<Seen>, LedgerError> {
        Ok(books::caller(&mut self.within(), lookup)?)
    }

    fn key(&mut self, id: &str) -> Result<Option<Filed>, LedgerError> {
        Ok(books::key(&mut self.within(), id)?)
    }

    fn keys(&mut self, wanted: &Wanted<'_>) -> Result<Page, LedgerError> {
        let deferred = TransactionBehavior::Deferred;
        let transaction = self.connection.transaction_with_behavior(deferred);
        let transaction = transaction.map_err(Fault::from)?;
        let page = books::page(&mut Within(&transaction), wanted)?;
        transaction.finish().map_err(Fault::from)?;
        Ok(page)
    }

    fn spend(
        &mut self,
        spending: &Spending<'_>,
        now: UnixMillis,
    ) -> Result<Vec<Balance>, BooksError> {
        let Self { connection, desk, repaired, .. } = self;
        let immediate = TransactionBehavior::Immediate;
        let transaction = connection.transaction_with_behavior(immediate).map_err(ledger)?;
        let spent = books::spend(&mut Within(&transaction), desk, spending, now)?;
        transaction.commit().map_err(ledger)?;
        *repaired = repaired.saturating_add(spent.repaired);
        Ok(spent.balances)
    }

    fn work(&mut self, work: &Work<'_>, now: UnixMillis) -> Result<Done, BooksError> {
        open::patient(&mut self.connection).map_err(ledger)?;
        let mut done = commit(&mut self.connection, &mut self.kept, work, now);
        // It ends: each time there is less of it.
        while is_full(&done) && only_takes_away(work) && self.give_up_ballast() {
            done = commit(&mut self.connection, &mut self.kept, work, now);
        }
        // Nothing is waited for longer than an answer may take, whatever became of the change.
        open::hurried(&mut self.connection).map_err(ledger)?;
        let Worked { done, told, .. } = done?;
        self.untold |= !told;
        if let Done::Made { stamp: Some(stamp), .. } = done {
            self.note(stamp);
        }
        Ok(done)
    }

    fn take_untold(&mut self) -> bool {
        std::mem::take(&mut self.untold)
    }

    fn document(&mut self, id: DocumentId<'_>) -> Result<Documented, LedgerError> {
        Ok(books::document(&mut self.within(), id)?)
    }

    fn documents(
        &mut self,
        after: DocumentId<'_>,
        limit: usize,
    ) -> Result<Vec<Documented>, LedgerError> {
        Ok(books::documents(&mut self.within(), after, limit)?)
    }

    fn carriers(&mut self, of: DocumentId<'_>, limit: usize) -> Result<Vec<Filed>, LedgerError> {
        Ok(books::carriers(&mut self.within(), of, limit)?)
    }

    fn usage(&mut self, wanted: &Counting<'_>) -> Result<Vec<Counted>, LedgerError> {
        Ok(tollgate_store_sql::usage(&mut self.within(), wanted)?)
    }

    fn audit(
        &mut self,
        tenant: Option<&str>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, LedgerError> {
        Ok(books::lines(&mut self.within(), tenant, after, limit)?)
    }

    fn standing(&mut self, tenant: Option<&str>) -> Result<Standing, LedgerError> {
        let deferred = TransactionBehavior::Deferred;
        let transaction =
            self.connection.transaction_with_behavior(deferred).map_err(Fault::from)?;
        let standing = books::standing(&mut Within(&transaction), tenant)?;
        transaction.finish().map_err(Fault::from)?;
        Ok(standing)
    }

    fn unchecked(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<String>, LedgerError> {
        Ok(books::unchecked(&mut self.within(), after, limit)?)
    }

    fn keep_checkpoint(&mut self, signed: &Signed<'_>) -> Result<(), LedgerError> {
        let immediate = TransactionBehavior::Immediate;
        let transaction =
            self.connection.transaction_with_behavior(immediate).map_err(Fault::from)?;
        books::keep_checkpoint(&mut Within(&transaction), signed)?;
        Ok(transaction.commit().map_err(Fault::from)?)
    }

    fn signers(&mut self) -> Result<Vec<Signer>, LedgerError> {
        Ok(books::signers(&mut self.within())?)
    }
}

fn ledger(error: rusqlite::Error) -> BooksError {
    BooksError::Ledger(Fault::from(error).into())
}

fn is_full(done: &Result<Worked, BooksError>) -> bool {
    let full = |error: &LedgerError| {
        matches!(error, LedgerError::Failed { conclusion: Conclusion::Full, .. })
    };
    matches!(done, Err(BooksError::Ledger(error)) if full(error))
}

/// Whether nobody is given anything by all that is done.
fn only_takes_away(work: &Work<'_>) -> bool {
    let mut acts = work.acts.iter();
    !work.acts.is_empty() && acts.all(|act| act.change.is_some_and(Change::takes_away))
}

/// One change with all that belongs to it: all of it or none.
fn commit(
    connection: &mut Connection,
    kept: &mut Option<Kept>,
    work: &Work<'_>,
    now: UnixMillis,
) -> Result<Worked, BooksError> {
    let immediate = TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(immediate).map_err(ledger)?;
    let mut worked = books::work(&mut Within(&transaction), kept, work, now)?;
    transaction.commit().map_err(ledger)?;
    if let Some(head) = worked.head.take() {
        *kept = Some(head);
    }
    Ok(worked)
}
