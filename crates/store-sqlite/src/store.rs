//! One connection to a store, and the questions that it answers.

use std::{
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use rusqlite::{Connection, TransactionBehavior};
use tollgate_core::{lookup::LookupId, pepper::Peppers, stamp::Stamp, time::UnixMillis};
use tollgate_engine::{Errand, ErrandId, Question, Reply, StoreError, Tidings};
use tollgate_store_sql::{Desk, Kept, ledger, refresh};

use crate::{
    Access, OpenFailure, ballast,
    fault::Fault,
    leases::{self, HOLDERS, Lease},
    note, open, records,
    sql::Within,
};

/// The most errands that are answered from one transaction.
pub const BATCH_MAX: usize = 256;

/// A connection to a store. Each thread has its own; [`Store::beside`] makes another.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    pub(crate) place: Place,
    /// The head as it was last read, which is current while the ledger has not moved.
    pub(crate) kept: Option<Kept>,
    pub(crate) desk: Desk,
    /// How many buckets were repaired, since that was last asked.
    pub(crate) repaired: u64,
    /// Whether a change was made that the audit does not tell, since that was last asked.
    pub(crate) untold: bool,
}

/// Where a store is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    File(PathBuf),
    Memory(String),
}

/// Distinguishes the memory stores of one process.
static MEMORIES: AtomicU64 = AtomicU64::new(0);

impl Store {
    /// Opens the store in the file at `path`.
    ///
    /// # Errors
    ///
    /// See [`OpenFailure`]: above all when the file is an older copy of the store.
    pub fn open(path: &Path, access: Access) -> Result<Self, OpenFailure> {
        let noted = open::noted(path)?;
        let mut store = Self::new(open::file(path, access)?, Place::File(path.to_owned()));
        let stamp = store.reached()?;
        open::compare(noted, stamp)?;
        open::settle(&mut store.connection)?;
        // A note that cannot be written is written with the next change; a read-only disk serves.
        store.note(stamp);
        // Nor is there a need for ballast to serve.
        let _ = ballast::provide(path);
        Ok(store)
    }

    /// A new store in memory, for development: it ends with its last connection.
    ///
    /// # Errors
    ///
    /// When there is no memory.
    pub fn memory() -> Result<Self, OpenFailure> {
        let number = MEMORIES.fetch_add(1, Ordering::Relaxed);
        let name = format!("tollgate-{}-{number}", process::id());
        Ok(Self::new(open::memory(&name)?, Place::Memory(name)))
    }

    /// Another connection to the same store, for another thread.
    ///
    /// # Errors
    ///
    /// See [`OpenFailure`].
    pub fn beside(&self) -> Result<Self, OpenFailure> {
        match &self.place {
            Place::File(path) => Self::open(path, Access::ReadWrite),
            Place::Memory(name) => Ok(Self::new(open::memory(name)?, self.place.clone())),
        }
    }

    fn new(connection: Connection, place: Place) -> Self {
        Self { connection, place, kept: None, desk: Desk::new(HOLDERS), repaired: 0, untold: false }
    }

    /// Answers errands: their leases in one durable transaction, each batch of what was counted in one of its own,
    /// everything else from one read.
    ///
    /// The replies come in the order of the errands, one for each.
    pub fn answer(
        &mut self,
        errands: &[Errand],
        peppers: &Peppers,
        now: UnixMillis,
    ) -> Vec<(ErrandId, Result<Reply, StoreError>)> {
        let mut replies = Vec::with_capacity(errands.len());
        for batch in errands.chunks(BATCH_MAX) {
            let leases: Vec<Lease<'_>> = batch.iter().filter_map(Lease::of).collect();
            let mut leased = self.leases(&leases, now).into_iter();
            let mut read = self.reads(batch, peppers).into_iter();
            for errand in batch {
                let next = match errand.question {
                    Question::Lease { .. } => leased.next(),
                    Question::Usage(ref batch) => Some(self.keep_usage(batch, now)),
                    Question::Head | Question::Record { .. } => read.next(),
                };
                replies.push((errand.id, next.unwrap_or(Err(StoreError::Unreachable))));
            }
        }
        replies
    }

    /// How many buckets were found more than ten seconds ahead of the clock, and repaired, since this was last asked: a
    /// clock was wrong, which belongs in a log.
    pub const fn take_repaired(&mut self) -> u64 {
        std::mem::replace(&mut self.repaired, 0)
    }

    /// The sealed record of a secret, or that there is none, for whoever looks into a store.
    ///
    /// # Errors
    ///
    /// When the store fails, or what it keeps of the key gives no record.
    pub fn record(&mut self, lookup: LookupId, peppers: &Peppers) -> Result<Vec<u8>, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Deferred);
        let transaction = transaction.map_err(|error| Fault::from(error).store())?;
        let found = ledger(&mut Within(&transaction)).map_err(|fault| Fault::from(fault).store());
        let (stamp, _) = found?;
        records::text(&transaction, stamp, lookup, peppers)
    }

    fn leases(&mut self, asks: &[Lease<'_>], now: UnixMillis) -> Vec<Result<Reply, StoreError>> {
        if asks.is_empty() {
            return vec![];
        }
        match leases::exchange(self, asks, now) {
            Ok(answers) => answers,
            Err(fault) => asks.iter().map(|_| Err(fault.store())).collect(),
        }
    }

    /// Reads the records and heads of `batch`, all as of one moment.
    fn reads(&mut self, batch: &[Errand], peppers: &Peppers) -> Vec<Result<Reply, StoreError>> {
        let reads =
            |errand: &&Errand| matches!(errand.question, Question::Head | Question::Record { .. });
        let wanted: Vec<&Errand> = batch.iter().filter(reads).collect();
        if wanted.is_empty() {
            return vec![];
        }
        match self.read(&wanted, peppers) {
            Ok(replies) => replies,
            Err(fault) => wanted.iter().map(|_| Err(fault.store())).collect(),
        }
    }

    fn read(
        &mut self,
        wanted: &[&Errand],
        peppers: &Peppers,
    ) -> Result<Vec<Result<Reply, StoreError>>, Fault> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let head = refresh(&mut Within(&transaction), &mut self.kept)?.head();
        let replies = wanted.iter().map(|errand| {
            let tidings = Tidings::from(head.answer(errand.since, 0));
            match errand.question {
                Question::Record { expected, .. } => {
                    let stamp = head.stamp();
                    let fetched = records::fetch(&transaction, stamp, expected, peppers)?;
                    Ok(Reply::Record(Some(fetched), Some(tidings)))
                }
                Question::Head | Question::Lease { .. } | Question::Usage(_) => {
                    Ok(Reply::Head(tidings))
                }
            }
        });
        let replies = replies.collect();
        transaction.finish()?;
        Ok(replies)
    }

    /// How far the ledger has come.
    pub(crate) fn reached(&mut self) -> Result<Stamp, Fault> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
        let (stamp, _) = ledger(&mut Within(&transaction))?;
        transaction.finish()?;
        Ok(stamp)
    }

    /// Makes what is missing of the [ballast](crate::BALLAST_BYTES), if there is room; says how many bytes there are. None
    /// for a store in memory, which needs none.
    pub fn keep_ballast(&self) -> Option<u64> {
        let Place::File(path) = &self.place else { return None };
        // What keeps it from being made is what its size says.
        let _ = ballast::provide(path);
        Some(ballast::held(path))
    }

    /// Gives up a part of the ballast; says whether there was any.
    pub(crate) fn give_up_ballast(&self) -> bool {
        match &self.place {
            Place::File(path) => ballast::give_up(path),
            Place::Memory(_) => false,
        }
    }

    /// The connection, for steps that need no transaction of their own.
    pub(crate) const fn within(&self) -> Within<'_> {
        Within(&self.connection)
    }

    /// Notes an epoch outside the database; says whether that is done.
    pub(crate) fn note(&self, stamp: Stamp) -> bool {
        match &self.place {
            Place::File(path) => note::write(path, stamp).is_ok(),
            Place::Memory(_) => true,
        }
    }
}
