//! Who changes the ledger: one transaction for each change, on condition that the head is still the one that was read.

mod begin;
pub(crate) mod book;
pub(crate) mod fault;
mod outbox;
mod seen;
mod send;
mod written;

use std::{fmt, io, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    config::{retry::RetryConfig, timeout::TimeoutConfig},
};
use tokio::runtime::{Builder, Runtime};
use tollgate_core::{pepper::Peppers, time::UnixMillis};
use tollgate_ledger::{Change, LedgerError, Receipt, apply};

use crate::{Link, documents::read::Reading, layout::Tables};
pub use begin::{Standing, Tabled};
use book::Book;
use fault::{Fault, Said};
pub use outbox::Published;
use seen::look;
use send::{Sent, send};

/// So often a change is made again because another one came first.
const RACES_MAX: u32 = 200;

/// For how long one request may take, connecting included.
const REQUEST_MAX: Duration = Duration::from_secs(10);

/// The most items of one transaction.
const ITEMS_MAX: usize = 100;

/// The same of a DynamoDB Local as old as they are packaged: what is left over is written afterwards.
const ITEMS_MAX_LOCALLY: usize = 10;

/// The most keys whose records are written before a change is answered: the rest is left to whoever comes next.
const KEYS_WITH_A_CHANGE: usize = 100;

/// Where a publisher may be killed: between any two of these everything must be as it was, or be finished by the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Point {
    /// The head and the documents of a change have been read.
    Looked,
    /// A change is committed, and nobody has been told.
    Committed,
    /// It has been found that records are to be written.
    RowRead,
    /// One of them has been.
    RecordWritten,
    /// A page of them has been, and the row does not say so.
    RecordsWritten,
    /// It says so.
    RowMoved,
    /// A row is done and gone, and the head does not say so.
    RowGone,
    /// It says so.
    Settled,
}

impl Point {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Looked,
        Self::Committed,
        Self::RowRead,
        Self::RecordWritten,
        Self::RecordsWritten,
        Self::RowMoved,
        Self::RowGone,
        Self::Settled,
    ];
}

/// What is called at every [`Point`].
type Watcher = Box<dyn FnMut(Point) + Send>;

/// A ledger in a table.
pub struct Publisher {
    pub(crate) runtime: Option<Runtime>,
    pub(crate) reading: Reading,
    pub(crate) buckets: String,
    pub(crate) peppers: Option<Peppers>,
    pub(crate) book: Option<Book>,
    pub(crate) pace: Duration,
    items_max: usize,
    watcher: Option<Watcher>,
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("table", &self.reading.table).finish_non_exhaustive()
    }
}

impl Publisher {
    /// The ledger in `tables`, which are reached by `link`. Without peppers it can be read and changed, and records are left
    /// to be written by somebody who has them. Nothing is asked yet.
    ///
    /// # Errors
    ///
    /// When the system gives nothing to wait with.
    pub fn new(link: &Link, tables: &Tables, peppers: Option<Peppers>) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(REQUEST_MAX).build();
        // A transaction is repeated by its own rules, which know its token; every other request may be repeated.
        let config = link.client().config().to_builder().retry_config(RetryConfig::standard());
        let client = Client::from_conf(config.timeout_config(timeouts).build());
        let reading = Reading { client, table: tables.ledger.clone() };
        let buckets = tables.buckets.clone();
        let pace = outbox::PACE;
        let items_max = if link.is_plain() { ITEMS_MAX_LOCALLY } else { ITEMS_MAX };
        let runtime = Some(runtime);
        let (book, watcher) = (None, None);
        Ok(Self { runtime, reading, buckets, peppers, book, pace, items_max, watcher })
    }

    /// Calls `watcher` at every point that a crash may fall between: for tests, which kill the process there.
    pub fn watch(&mut self, watcher: impl FnMut(Point) + Send + 'static) {
        self.watcher = Some(Box::new(watcher));
    }

    pub(crate) fn at(&mut self, point: Point) {
        if let Some(watcher) = &mut self.watcher {
            watcher(point);
        }
    }

    /// Writes the records that changes have left to be written, of at most `most` keys.
    ///
    /// # Errors
    ///
    /// When the table cannot be reached; whoever tries again goes on where this ended.
    pub fn publish(&mut self, most: usize) -> Result<Published, LedgerError> {
        Ok(self.wait(async |this| this.drain(most).await)?)
    }

    /// Waits for what `work` does.
    pub(crate) fn wait<T, E: From<Fault>>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(runtime) = self.runtime.take() else {
            return Err(Fault::busy("the ledger is in use").into());
        };
        let done = runtime.block_on(work(self));
        self.runtime = Some(runtime);
        done
    }

    pub(crate) async fn make(
        &mut self,
        change: &Change,
        now: UnixMillis,
    ) -> Result<Receipt, LedgerError> {
        let receipt = self.commit(change, now).await?;
        self.at(Point::Committed);
        if self.book.as_ref().is_some_and(|book| book.pending > 0) {
            // The change is made, whatever becomes of the records: until they are written, gates read the documents.
            let _later = self.drain(KEYS_WITH_A_CHANGE).await;
        }
        Ok(receipt)
    }

    async fn commit(&mut self, change: &Change, now: UnixMillis) -> Result<Receipt, LedgerError> {
        for race in 0..RACES_MAX {
            if race > 0 {
                jitter(race).await;
            }
            let book = Book::read(&self.reading, self.book.take()).await?.ok_or_else(empty)?;
            let mut seen = look(&self.reading, book, change).await?;
            let commit = apply(&seen.snapshot, change, now)?;
            self.at(Point::Looked);
            let token = token();
            let peppers = self.peppers.as_ref();
            let how = (peppers, self.items_max);
            let ops = written::write(&mut seen, change, &commit, how, &token, now)?;
            let receipt = || Receipt {
                stamp: commit.stamp,
                key: commit.key.clone(),
                others: commit.others.len(),
                // A table that is put back has another name: nobody reads an older copy without being told to.
                noted: true,
            };
            match send(&self.reading, &ops, &token).await? {
                Sent::Done => {
                    self.book = Some(seen.book);
                    return Ok(receipt());
                }
                Sent::Busy | Sent::Lost => {}
                Sent::Doubtful => match self.fate(commit.stamp.epoch, &token).await {
                    Ok(Fate::Made) => return Ok(receipt()),
                    Ok(Fate::NotMade) => {}
                    Ok(Fate::Forgotten) => return Err(unknown(Said::new(FORGOTTEN))),
                    Err(fault) => return Err(unknown(Said::new(format_args!("{fault:?}")))),
                },
                Sent::Unknown(said) => match self.fate(commit.stamp.epoch, &token).await {
                    Ok(Fate::Made) => return Ok(receipt()),
                    Ok(Fate::NotMade | Fate::Forgotten) | Err(_) => return Err(unknown(said)),
                },
            }
        }
        Err(Fault::busy("other changes came first each time").into())
    }

    /// Whether the change of an epoch is the one that was made with `token`.
    async fn fate(&mut self, epoch: u64, token: &str) -> Result<Fate, Fault> {
        let Some(book) = Book::read(&self.reading, None).await? else { return Ok(Fate::Forgotten) };
        let fate = match book.made_with(epoch) {
            Some(made) if made == token => Fate::Made,
            Some(_) => Fate::NotMade,
            // Nobody has made it, so this one did not.
            None if book.stamp().epoch < epoch => Fate::NotMade,
            None => Fate::Forgotten,
        };
        self.book = Some(book);
        Ok(fate)
    }
}

const FORGOTTEN: &str = "too many other changes came since to tell";

enum Fate {
    Made,
    NotMade,
    /// So much has happened since that the head does not tell.
    Forgotten,
}

fn unknown(said: Said) -> LedgerError {
    LedgerError::Unknown { source: Box::new(said) }
}

pub(crate) fn empty() -> Fault {
    Fault::NoTable(Said::new("the table holds no ledger"))
}

/// What tells a transaction from every other.
pub(crate) fn token() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// A little while, so that two who were in each other's way are not again.
pub(crate) async fn jitter(race: u32) {
    let most_ms = 4_u64.saturating_mul(1 << race.min(5));
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=most_ms))).await;
}
