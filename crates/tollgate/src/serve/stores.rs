//! The threads that ask the store: one for heads and records, one for leases, and one that tidies.
//!
//! Each takes what has gathered while it was busy in one go, so that many leases share one commit.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Weak,
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::Duration,
};

use serde_json::json;
use tollgate_core::{
    pepper::Peppers,
    time::{Reading, UnixMillis},
};
use tollgate_engine::{Errand, ErrandId, Question, Reply, StoreError};
use tollgate_store_sqlite::{BALLAST_BYTES, SWEEP_MAX, Store};

use super::{gate::Gate, log::Level, report};
use crate::clock;

/// How many errands wait for a thread at most; beyond it the store is as good as unreachable.
const WAITING_MAX: usize = 4_096;

/// How many errands are asked in one go at most.
const BATCH_MAX: usize = 256;

/// How often at most it is said that buckets were repaired.
const REPAIRS_TOLD_EVERY_MS: u64 = 1_000;

/// How often the store is tidied, when there is something to tidy and when there is not.
const TIDY_BUSY: Duration = Duration::from_millis(50);
const TIDY_IDLE: Duration = Duration::from_secs(5);

/// Answers to a batch of errands.
pub(crate) type Replies = Vec<(ErrandId, Result<Reply, StoreError>)>;

/// Where errands are answered.
///
/// # If an implementation is wrong
///
/// * It answers **late** or not at all: the engine's deadline has passed, and the requests are 503.
/// * It **panics**: the batch is unanswered, and the next one finds it opened anew.
pub(crate) trait Authority {
    /// Answers `errands`, what they change being durable before this returns.
    fn answer(&mut self, errands: &[Errand], peppers: &Peppers, now: UnixMillis) -> Replies;

    /// Forgets a bounded part of what nobody would miss; says whether there may be more.
    ///
    /// # Errors
    ///
    /// When the store fails: nothing is lost by waiting.
    fn tidy(&mut self, now: UnixMillis) -> Result<bool, StoreError>;

    /// How many buckets a clock that was wrong had left ahead of the time, and have been repaired since this was last
    /// asked.
    fn repaired(&mut self) -> u64 {
        0
    }

    /// Makes what is missing of the ballast; says how many bytes there are. None if there is no need for any.
    fn ballast(&mut self) -> Option<u64> {
        None
    }
}

impl Authority for Store {
    fn answer(&mut self, errands: &[Errand], peppers: &Peppers, now: UnixMillis) -> Replies {
        Self::answer(self, errands, peppers, now)
    }

    fn tidy(&mut self, now: UnixMillis) -> Result<bool, StoreError> {
        Ok(self.sweep(now)?.looked_at >= SWEEP_MAX)
    }

    fn repaired(&mut self) -> u64 {
        self.take_repaired()
    }

    fn ballast(&mut self) -> Option<u64> {
        self.keep_ballast()
    }
}

/// The way to the threads.
pub(crate) struct Stores {
    reads: SyncSender<Sent>,
    leases: SyncSender<Sent>,
    /// What was counted has a thread of its own: no lease waits for it.
    usage: SyncSender<Sent>,
}

/// What the threads take from.
pub(crate) struct Inboxes {
    reads: Receiver<Sent>,
    leases: Receiver<Sent>,
    usage: Receiver<Sent>,
}

struct Sent {
    errand: Errand,
    at: Reading,
}

impl Stores {
    /// The way there, and where it ends.
    pub(crate) fn new() -> (Self, Inboxes) {
        let (reads, reads_inbox) = mpsc::sync_channel(WAITING_MAX);
        let (leases, leases_inbox) = mpsc::sync_channel(WAITING_MAX);
        let (usage, usage_inbox) = mpsc::sync_channel(WAITING_MAX);
        let inboxes = Inboxes { reads: reads_inbox, leases: leases_inbox, usage: usage_inbox };
        (Self { reads, leases, usage }, inboxes)
    }

    /// Hands `errand` to its thread.
    ///
    /// # Errors
    ///
    /// When too many wait already, or the thread is gone: says which errand will not be answered.
    pub(crate) fn send(&self, errand: Errand, at: Reading) -> Result<(), ErrandId> {
        let to = match &errand.question {
            Question::Head | Question::Record { .. } => &self.reads,
            Question::Lease { .. } => &self.leases,
            Question::Usage(_) => &self.usage,
        };
        let id = errand.id;
        to.try_send(Sent { errand, at }).map_err(|_| id)
    }
}

impl Inboxes {
    /// Starts the threads, and one that tidies; they end with the gate. `open` opens the store once for each,
    /// and again after it has panicked.
    ///
    /// # Errors
    ///
    /// When the store cannot be opened, or there is no thread.
    pub(crate) fn attend<A: Authority + Send + 'static>(
        self,
        gate: &Weak<Gate>,
        open: impl Fn() -> Result<A, StoreError> + Clone + Send + 'static,
    ) -> io::Result<()> {
        // All of them now: when file descriptors are scarce, it is not the store that lacks them.
        let opened = || open().map_err(|error| io::Error::other(error.code())).map(Some);
        let inboxes = [("reads", self.reads), ("leases", self.leases), ("usage", self.usage)];
        for (name, inbox) in inboxes {
            let (gate, open, store) = (gate.clone(), open.clone(), opened()?);
            let mut desk = Desk { gate, open, store, told: None };
            let attend = move || inbox.iter().all(|first| desk.serve(&inbox, first));
            thread::Builder::new().name(name.into()).spawn(attend)?;
        }
        let store = opened()?;
        let mut desk = Desk { gate: gate.clone(), open, store, told: None };
        let tidy = move || {
            let mut rest = desk.look_at_ballast();
            while let Some(wait) = rest {
                thread::sleep(wait);
                rest = desk.tidy();
            }
        };
        thread::Builder::new().name("tidy".into()).spawn(tidy)?;
        Ok(())
    }
}

/// What one thread works with.
struct Desk<A, O> {
    gate: Weak<Gate>,
    open: O,
    store: Option<A>,
    /// When it was last said that buckets were repaired.
    told: Option<Reading>,
}

impl<A: Authority, O: Fn() -> Result<A, StoreError>> Desk<A, O> {
    /// Answers `first` and everything that has gathered behind it, unless the gate is gone.
    fn serve(&mut self, inbox: &Receiver<Sent>, first: Sent) -> bool {
        let Some(gate) = self.gate.upgrade() else { return false };
        let now = clock::read();
        let gathered = std::iter::once(first).chain(inbox.try_iter()).take(BATCH_MAX);
        // Nobody waits any more for what is overdue: what is not asked cannot be late either.
        let (batch, overdue): (Vec<_>, Vec<_>) =
            gathered.partition(|sent| now.since(sent.at) <= u64::from(sent.errand.deadline_ms));
        let errands: Vec<_> = batch.into_iter().map(|sent| sent.errand).collect();
        let mut replies = self.ask(&gate, &errands, now.wall);
        for (id, reply) in &replies {
            if let Err(error @ StoreError::Damaged(_)) = reply {
                let asked = errands.iter().find(|errand| errand.id == *id);
                report::damaged(&gate, error, asked.map(|errand| &errand.question));
            }
        }
        let unanswered = overdue.iter().map(|sent| sent.errand.id);
        replies.extend(unanswered.map(|id| (id, Err(StoreError::Unreachable))));
        gate.deliver(replies);
        self.tell_repairs(&gate, now);
        true
    }

    /// Asks the store; whatever goes wrong is an answer too.
    fn ask(&mut self, gate: &Gate, errands: &[Errand], now: UnixMillis) -> Replies {
        if errands.is_empty() {
            return Replies::new();
        }
        let live = gate.live();
        let asked = self
            .guarded(gate, |store| Ok(store.answer(errands, live.policy.prover().peppers(), now)));
        asked.unwrap_or_else(|error| {
            errands.iter().map(|errand| (errand.id, Err(error.clone()))).collect()
        })
    }

    /// Says that buckets were repaired, at most once a second.
    fn tell_repairs(&mut self, gate: &Gate, now: Reading) {
        if self.told.is_some_and(|told| now.since(told) < REPAIRS_TOLD_EVERY_MS) {
            return;
        }
        let buckets = self.store.as_mut().map_or(0, Authority::repaired);
        if buckets > 0 {
            self.told = Some(now);
            gate.log.say(Level::Error, "clock_was_ahead", json!({ "buckets_repaired": buckets }));
        }
    }

    /// Keeps the ballast, and says so when some is missing; says for how long to wait before the next time, unless the
    /// gate is gone.
    fn look_at_ballast(&mut self) -> Option<Duration> {
        let gate = self.gate.upgrade()?;
        let held = self.guarded(&gate, |store| Ok(store.ballast())).ok().flatten();
        if let Some(bytes) = held {
            let before = gate.metrics.ballast.set(bytes);
            let about = json!({ "bytes": bytes, "whole": BALLAST_BYTES });
            if bytes < BALLAST_BYTES && before != Some(bytes) {
                gate.log.say(Level::Error, "ballast_spent", about);
            } else if bytes >= BALLAST_BYTES && before.is_some_and(|before| before < BALLAST_BYTES)
            {
                gate.log.say(Level::Info, "ballast_whole", about);
            }
        }
        Some(TIDY_IDLE)
    }

    /// Tidies a little; says for how long to wait before the next time, unless the gate is gone.
    fn tidy(&mut self) -> Option<Duration> {
        let gate = self.gate.upgrade()?;
        let now = clock::read().wall;
        self.look_at_ballast()?;
        Some(match self.guarded(&gate, |store| store.tidy(now)) {
            Ok(true) => TIDY_BUSY,
            Ok(false) | Err(_) => TIDY_IDLE,
        })
    }

    /// Opens the store if it is not open. A panic leaves it in a state that nobody vouches for: it is
    /// dropped, and opened anew the next time.
    fn guarded<T>(
        &mut self,
        gate: &Gate,
        step: impl FnOnce(&mut A) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Self { store, open, .. } = self;
        let done = catch_unwind(AssertUnwindSafe(|| {
            step(match store {
                Some(store) => store,
                None => store.insert(open()?),
            })
        }));
        done.unwrap_or_else(|_| {
            self.store = None;
            gate.log.say(Level::Error, "store_panicked", json!({}));
            Err(StoreError::Unreachable)
        })
    }
}
