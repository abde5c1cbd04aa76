//! A holder with requests of its own: what a gate does with its purse, and nothing else.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use tollgate_core::{
    lease::{Ask, HolderId, Host, Purse, Queue, Received, Spend, Tick},
    limit::Numbers,
    stamp::Stamp,
    time::Reading,
};
use tollgate_engine::{Errand, ErrandId, Question, Reply, StoreError};
use tollgate_store_dynamodb::Store;

use super::ring::ring;

/// How often it looks whether requests have come.
const STEP_MS: u64 = 2;

/// What became of a holder's requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// When each one that passed did, on the clock of the test.
    pub(crate) admitted: Vec<Reading>,
    pub(crate) refused: u64,
    pub(crate) unavailable: u64,
    /// The longest time between two looks: what a machine that stops did to it.
    pub(crate) longest_step_ms: u64,
}

/// Whose requests come at a steady rate for a while.
pub(crate) struct Holder {
    pub(crate) store: Arc<Store>,
    pub(crate) bucket: Arc<str>,
    pub(crate) id: HolderId,
    pub(crate) numbers: Numbers,
    pub(crate) host: Host,
    /// Requests in a thousand seconds.
    pub(crate) demand: u64,
    pub(crate) clock: fn() -> Reading,
}

type Flight = Pin<Box<dyn Future<Output = Result<Reply, StoreError>> + Send>>;

/// Asks a store for one lease.
pub(crate) async fn lease(
    store: Arc<Store>,
    bucket: Arc<str>,
    ask: Ask,
    deadline_ms: u32,
) -> Result<Reply, StoreError> {
    let (id, since) = (ErrandId(1), Stamp::default());
    let errand = Errand { id, question: Question::Lease { bucket, ask }, since, deadline_ms };
    let mut replies = store.answer(&[errand], ring()).await;
    assert_eq!(replies.len(), 1);
    replies.remove(0).1
}

impl Holder {
    /// Lets requests come for so long.
    pub(crate) async fn run(self, millis: u64) -> Outcome {
        let changed = Stamp { incarnation: 1, epoch: 1 };
        let mut purse = Purse::new(self.numbers, changed, self.host, 0);
        let (mut outcome, mut waiting, mut come) = (Outcome::default(), 0_u32, 0_u64);
        let mut flights: Vec<Flight> = vec![];
        let start = (self.clock)();
        let mut last = start;
        loop {
            let now = (self.clock)();
            outcome.longest_step_ms = outcome.longest_step_ms.max(now.since(last));
            last = now;
            let passed = now.since(start);
            if passed >= millis {
                return outcome;
            }
            match purse.tick(now) {
                Tick::Quiet => {}
                Tick::Repeat(ask) => flights.push(self.send(ask)),
                Tick::Overdue => {
                    outcome.unavailable += u64::from(waiting);
                    waiting = 0;
                }
            }
            // Holders that begin together do not ask together.
            let phase = u64::from(self.id.0[0]) * 137_003 % 1_000_000;
            let due = (passed * self.demand + phase) / 1_000_000;
            waiting += u32::try_from(due - come).unwrap();
            come = due;
            waiting = self.spend(&mut purse, waiting, now, &mut outcome);
            let queue = Queue { tokens: waiting, largest: waiting.min(1) };
            if let Some(ask) = purse.ask(self.id, queue, now) {
                flights.push(self.send(ask));
            }
            let arrived = tokio::time::timeout(Duration::from_millis(STEP_MS), first(&mut flights));
            let Ok(reply) = arrived.await else { continue };
            let now = (self.clock)();
            if let Ok(Reply::Lease(answer, _)) = reply {
                let received = purse.receive(&answer, now);
                assert_ne!(received, Received::Twin);
            }
        }
    }

    /// Lets those pass that can, and says how many still wait.
    fn spend(&self, purse: &mut Purse, waiting: u32, now: Reading, outcome: &mut Outcome) -> u32 {
        for passed in 0..waiting {
            match purse.spend(1, now) {
                Spend::Taken => outcome.admitted.push(super::time::now()),
                Spend::Refused(_) => outcome.refused += 1,
                Spend::Ask => return waiting - passed,
            }
        }
        0
    }

    fn send(&self, ask: Ask) -> Flight {
        let deadline_ms = ask.deadline.millis();
        Box::pin(lease(Arc::clone(&self.store), Arc::clone(&self.bucket), ask, deadline_ms))
    }
}

/// The first that arrives.
async fn first(flights: &mut Vec<Flight>) -> Result<Reply, StoreError> {
    std::future::poll_fn(|context| {
        for place in 0..flights.len() {
            if let std::task::Poll::Ready(reply) = flights[place].as_mut().poll(context) {
                drop(flights.swap_remove(place));
                return std::task::Poll::Ready(reply);
            }
        }
        std::task::Poll::Pending
    })
    .await
}
