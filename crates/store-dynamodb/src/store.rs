//! The questions that the two tables answer.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use aws_sdk_dynamodb::Client;
use tollgate_core::{pepper::Peppers, stamp::Stamp, time::Reading, usage::Line};
use tollgate_engine::{Errand, ErrandId, Question, Reply, StoreError};

use crate::{
    Link,
    call::Deadline,
    clock::{Clock, Listener},
    join::join_all,
    layout::Tables,
};

/// The two tables, for a gate. One is shared by everybody in a process who asks.
#[derive(Debug)]
pub struct Store {
    link: Link,
    pub(crate) tables: Tables,
    pub(crate) clock: Arc<Clock>,
    client: Mutex<Client>,
    /// As of when all records were when the head was read last.
    known: Mutex<Option<Stamp>>,
    pub(crate) repaired: AtomicU64,
}

impl Store {
    /// The tables behind `link`. `clock` reads both clocks of the host, as they are.
    #[must_use]
    pub fn new(link: Link, tables: Tables, clock: fn() -> Reading) -> Self {
        let clock = Arc::new(Clock::new(clock, link.dates()));
        let client = Mutex::new(link.client_with(Listener(Arc::clone(&clock))));
        let (known, repaired) = (Mutex::default(), AtomicU64::new(0));
        Self { link, tables, clock, client, known, repaired }
    }

    /// Opens a connection and reads the head over it, so that the first request need not wait for that.
    ///
    /// # Errors
    ///
    /// When there is no answer within `deadline_ms`, or no head.
    pub async fn connect(&self, deadline_ms: u32) -> Result<(), StoreError> {
        let deadline = Deadline::new(&self.clock, deadline_ms);
        self.head_item(&deadline).await.map(drop)
    }

    /// Begins anew after a freeze: the connections are dropped, and what was heard of the store's clock is forgotten.
    pub fn reconnect(&self) {
        self.clock.distrust();
        let client = self.link.client_with(Listener(Arc::clone(&self.clock)));
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }

    /// Answers errands: everything that is read in one batch, and beside it each lease on its own. The deadlines count
    /// from this call.
    ///
    /// The replies come in no certain order, one for each errand, and all at once: who would rather have each as it comes
    /// asks for each on its own.
    pub async fn answer(
        &self,
        errands: &[Errand],
        peppers: &Peppers,
    ) -> Vec<(ErrandId, Result<Reply, StoreError>)> {
        let leases = errands.iter().filter_map(|errand| match &errand.question {
            Question::Lease { bucket, ask } => Some(async move {
                let deadline = Deadline::new(&self.clock, errand.deadline_ms);
                let answer = self.exchange(bucket, ask, &deadline).await;
                (errand.id, answer.map(|answer| Reply::Lease(answer, None)))
            }),
            Question::Head | Question::Record { .. } | Question::Usage(_) => None,
        });
        let usages = errands.iter().filter_map(|errand| match &errand.question {
            Question::Usage(batch) => Some(async move {
                let lines: Vec<Line<'_>> = batch.lines().collect();
                let kept = self.keep(batch.holder(), batch.seq(), &lines, errand.deadline_ms);
                (errand.id, kept.await.map(|()| Reply::Usage))
            }),
            Question::Head | Question::Record { .. } | Question::Lease { .. } => None,
        });
        let reads = self.reads(errands, peppers);
        let (mut replies, leased, kept) = tokio::join!(reads, join_all(leases), join_all(usages));
        replies.extend(leased);
        replies.extend(kept);
        replies
    }

    /// How many buckets were found more than ten seconds ahead of the clock, and repaired, since this was last asked: a
    /// clock was wrong, which belongs in a log.
    pub fn take_repaired(&self) -> u64 {
        self.repaired.swap(0, Ordering::Relaxed)
    }

    pub(crate) fn client(&self) -> Client {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As of when every record is at least, for whoever reads it from now on.
    pub(crate) fn known(&self) -> Option<Stamp> {
        *self.known_now()
    }

    /// Takes in as of when every record is.
    pub(crate) fn learn(&self, written: Stamp) {
        let mut known = self.known_now();
        *known = (*known).max(Some(written));
    }

    fn known_now(&self) -> MutexGuard<'_, Option<Stamp>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
