//! What is done now and then: buckets that nothing would miss are forgotten, old entries leave the head, and
//! what was counted long ago goes.

use rusqlite::{TransactionBehavior, params};
use tollgate_core::{lease::Forget, time::UnixMillis};
use tollgate_engine::StoreError;
use tollgate_store_sql::{Unreadable, age, statements, sweep_usage};

use crate::{Store, buckets, fault::Fault, sql::Within};

/// The most buckets that one sweep looks at.
pub const SWEEP_MAX: usize = 64;

/// The most damaged buckets that are named at once.
pub const DAMAGED_MAX: usize = 100;

/// A bucket that cannot be forgotten now or never is looked at after so long.
const LATER_MS: u64 = 24 * 3_600_000;

/// What a sweep has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many buckets were looked at: [`SWEEP_MAX`] if there may be more.
    pub looked_at: usize,
    /// How many of them were forgotten.
    pub forgotten: usize,
    /// How many of them are damaged: they stay as they are.
    pub damaged: usize,
}

impl Store {
    /// Forgets buckets that are full with nothing out and what was counted long ago, and lets old entries leave the head.
    ///
    /// # Errors
    ///
    /// When the store fails: nothing has happened then, and nothing is lost by waiting.
    pub fn sweep(&mut self, now: UnixMillis) -> Result<Swept, StoreError> {
        self.swept(now).map_err(|fault| fault.store())
    }

    /// The names of buckets whose state is damaged, at most [`DAMAGED_MAX`]: for whoever decides what becomes of
    /// them. Goes through all buckets, without keeping anybody waiting.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn damaged_buckets(&mut self) -> Result<Vec<String>, StoreError> {
        self.damaged().map_err(|fault| fault.store())
    }

    fn damaged(&mut self) -> Result<Vec<String>, Fault> {
        let Self { connection, desk, .. } = self;
        let mut damaged = vec![];
        let mut page = buckets::page(connection, "")?;
        while let Some((last, _)) = page.last() {
            let next = buckets::page(connection, last)?;
            for (name, state) in page {
                if damaged.len() < DAMAGED_MAX && !desk.reads(&state) {
                    damaged.push(name);
                }
            }
            page = next;
        }
        Ok(damaged)
    }

    fn swept(&mut self, now: UnixMillis) -> Result<Swept, Fault> {
        let Self { connection, kept, desk, .. } = self;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let after = age(&mut Within(&transaction), kept, now)?;
        let mut due = transaction.prepare_cached(statements::BUCKETS_DUE)?;
        let most = i64::try_from(SWEEP_MAX).unwrap_or(i64::MAX);
        let rows = due.query_map(params![now.0, most], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows: Vec<(String, Vec<u8>)> = rows.collect::<Result<_, _>>()?;
        drop(due);
        let mut swept = Swept { looked_at: rows.len(), ..Swept::default() };
        let mut later = transaction.prepare_cached(statements::BUCKET_LATER)?;
        let mut forget = transaction.prepare_cached(statements::BUCKET_FORGOTTEN)?;
        for (name, state) in rows {
            let look = desk.forget(&state, now).unwrap_or_else(|Unreadable| {
                swept.damaged = swept.damaged.saturating_add(1);
                Forget::Never
            });
            match look {
                Forget::Now => {
                    swept.forgotten = swept.forgotten.saturating_add(1);
                    forget.execute([name])?;
                }
                Forget::At(at) => {
                    // At its earliest in a moment, so that one bucket is not looked at over and over.
                    later.execute(params![name, at.max(now.plus(1)).0])?;
                }
                Forget::Never => {
                    later.execute(params![name, now.plus(LATER_MS).0])?;
                }
            }
        }
        drop((later, forget));
        sweep_usage(&mut Within(&transaction), now)?;
        transaction.commit()?;
        *kept = Some(after);
        Ok(swept)
    }
}
