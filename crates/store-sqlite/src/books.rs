//! What the control plane asks: each call one transaction.

use rusqlite::{Connection, TransactionBehavior};
use tollgate_control::{
    Books, BooksError, Counted, Counting, Done, Filed, Line, Page, Seen, Wanted, Work,
};
use tollgate_core::{lookup::LookupId, time::UnixMillis};
use tollgate_ledger::{Conclusion, Holder, Ledger, LedgerError};
use tollgate_store_sql::{Kept, books};

use crate::{Store, fault::Fault, keys::takes_away, open, sql::Within};

impl Books for Store {
    fn caller(&mut self, lookup: LookupId) -> Result<Option<Seen>, LedgerError> {
        Ok(books::caller(&mut self.within(), lookup)?)
    }

    fn key(&mut self, id: &str) -> Result<Option<Filed>, LedgerError> {
        Ok(books::key(&mut self.within(), id)?)
    }

    fn keys(&mut self, wanted: &Wanted<'_>) -> Result<Page, LedgerError> {
        Ok(books::page(&mut self.within(), wanted)?)
    }

    fn work(&mut self, work: &Work<'_>, now: UnixMillis) -> Result<Done, BooksError> {
        open::patient(&mut self.connection).map_err(ledger)?;
        let mut done = commit(&mut self.connection, &mut self.kept, work, now);
        // It ends: each time there is less of it.
        while is_full(&done) && takes_away(work.change) && self.give_up_ballast() {
            done = commit(&mut self.connection, &mut self.kept, work, now);
        }
        // Nothing is waited for longer than an answer may take, whatever became of the change.
        open::hurried(&mut self.connection).map_err(ledger)?;
        let done = done?;
        if let Done::Made { stamp, .. } = done {
            self.note(stamp);
        }
        Ok(done)
    }

    fn tenants(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<Holder>, LedgerError> {
        Ledger::tenants(self, after, limit)
    }

    fn owners(
        &mut self,
        tenant: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Holder>, LedgerError> {
        Ledger::owners(self, tenant, after, limit)
    }

    fn usage(
        &mut self,
        wanted: &Counting<'_>,
        after: Option<&Counted>,
    ) -> Result<Vec<Counted>, LedgerError> {
        Ok(books::counted(&mut self.within(), wanted, after)?)
    }

    fn audit(&mut self, tenant: &str, after: u64, limit: usize) -> Result<Vec<Line>, LedgerError> {
        Ok(books::lines(&mut self.within(), tenant, after, limit)?)
    }
}

fn ledger(error: rusqlite::Error) -> BooksError {
    BooksError::Ledger(Fault::from(error).into())
}

fn is_full(done: &Result<Done, BooksError>) -> bool {
    let full = |error: &LedgerError| {
        matches!(error, LedgerError::Failed { conclusion: Conclusion::Full, .. })
    };
    matches!(done, Err(BooksError::Ledger(error)) if full(error))
}

/// One change with all that belongs to it: all of it or none.
fn commit(
    connection: &mut Connection,
    kept: &mut Option<Kept>,
    work: &Work<'_>,
    now: UnixMillis,
) -> Result<Done, BooksError> {
    let immediate = TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(immediate).map_err(ledger)?;
    let (done, head) = books::work(&mut Within(&transaction), kept, work, now)?;
    transaction.commit().map_err(ledger)?;
    if let Some(head) = head {
        *kept = Some(head);
    }
    Ok(done)
}
