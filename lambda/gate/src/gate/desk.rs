//! The engine and the errands that are under way, within one invocation.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tollgate_core::{lease::HolderId, time::Reading};
use tollgate_engine::{
    Arrival, Decision, Engine, Errand, ErrandId, Inquiry, Pass, Question, Reply, Signed, StoreError,
};
use tollgate_gate::Policy;
use tollgate_native::clock;

use super::Patience;
use crate::{About, Log, Replies, Stores};

/// The longest time between two ticks, and the shortest, in milliseconds.
const TICK_MAX_MS: u64 = 1_000;
const TICK_MIN_MS: u64 = 1;

/// The engine, and what it asked for.
pub(super) struct Desk<S> {
    engine: Engine<u64>,
    stores: Arc<S>,
    under_way: JoinSet<Replies>,
    open: Vec<ErrandId>,
    /// The number of the request at hand: what is decided of an earlier one concerns nobody.
    ticket: u64,
    log: Log,
}

impl<S: Stores> Desk<S> {
    pub(super) fn new(engine: Engine<u64>, stores: Arc<S>, log: Log) -> Self {
        Self { engine, stores, under_way: JoinSet::new(), open: vec![], ticket: 0, log }
    }

    /// Decides; none if that takes longer than `patience`.
    ///
    /// Nothing runs once the event is answered, so what the engine asked for besides is waited for as well: renewals of
    /// a head that is half a second old, and of leases that are half spent.
    pub(super) async fn decide(
        &mut self,
        inquiry: Inquiry,
        policy: &Arc<Policy>,
        patience: Patience,
    ) -> Option<Decision> {
        let end = Instant::now().checked_add(Duration::from_millis(patience.0))?;
        self.ticket = self.ticket.wrapping_add(1);
        let mut decision = self.arrive(inquiry);
        loop {
            let told = self.settle(policy);
            decision = decision.or(told);
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || (decision.is_some() && self.under_way.is_empty()) {
                break;
            }
            self.wait(left).await;
        }
        self.forsake();
        decision
    }

    /// Asks the store outside of the engine.
    pub(super) fn ask(
        &self,
        errand: Errand,
        policy: &Arc<Policy>,
    ) -> impl Future<Output = Replies> {
        bounded(self.stores.as_ref(), vec![errand], policy)
    }

    pub(super) fn keep(&mut self, pass: &Pass, signed: Arc<Signed>) {
        self.engine.keep(pass, signed);
    }

    fn arrive(&mut self, inquiry: Inquiry) -> Option<Decision> {
        let (ticket, now) = (self.ticket, clock::read());
        let again = inquiry.clone();
        let mut arrival = self.engine.arrive(inquiry, || ticket, now);
        // The first request after a freeze finds it out: it is not the one to pay for that.
        if self.thaw() && matches!(arrival, Arrival::Decided(_)) {
            arrival = self.engine.arrive(again, || ticket, now);
        }
        match arrival {
            Arrival::Decided(decision) => Some(decision),
            Arrival::Parked => None,
        }
    }

    /// After a freeze: a new holder id, and connections that nobody has left alone. Says whether there was one.
    fn thaw(&mut self) -> bool {
        if !self.engine.needs_holder() {
            return false;
        }
        self.stores.reconnect();
        let Some(holder) = holder() else { return false };
        self.engine.new_holder(holder);
        self.log.say("info", "holder_renewed", json!({}));
        true
    }

    /// After every call of the engine: sends its errands, and says what was decided of the request at hand.
    fn settle(&mut self, policy: &Arc<Policy>) -> Option<Decision> {
        self.thaw();
        let errands: Vec<Errand> = self.engine.errands().collect();
        self.open.extend(errands.iter().map(|errand| errand.id));
        // What is read is read together. So is what is leased: of several limits that refuse, the first is named.
        let is_lease = |errand: &Errand| matches!(errand.question, Question::Lease { .. });
        let (leases, reads): (Vec<_>, Vec<_>) = errands.into_iter().partition(is_lease);
        for batch in [reads, leases].into_iter().filter(|batch| !batch.is_empty()) {
            self.under_way.spawn(bounded(self.stores.as_ref(), batch, policy));
        }
        let ticket = self.ticket;
        let mut told = self.engine.decisions().filter(|(of, _)| *of == ticket);
        let mine = told.next().map(|(_, decision)| decision);
        drop(told);
        mine
    }

    /// Waits for an answer, for what is due, or for as long as there is.
    async fn wait(&mut self, left: Duration) {
        let due_ms = self.engine.wake_in(clock::read()).unwrap_or(TICK_MAX_MS);
        let due = Duration::from_millis(due_ms.clamp(TICK_MIN_MS, TICK_MAX_MS)).min(left);
        if self.under_way.is_empty() {
            tokio::time::sleep(due).await;
            return self.engine.tick(clock::read());
        }
        match timeout(due, self.under_way.join_next()).await {
            Ok(Some(Ok(replies))) => {
                for (id, reply) in replies {
                    self.deliver(id, reply, clock::read());
                }
            }
            // Whatever else there is to know, the engine knows by its deadlines.
            Ok(Some(Err(_)) | None) | Err(_) => self.engine.tick(clock::read()),
        }
    }

    fn deliver(&mut self, id: ErrandId, reply: Result<Reply, StoreError>, now: Reading) {
        self.open.retain(|open| *open != id);
        if let Err(error) = &reply {
            let level = if matches!(error, StoreError::Damaged(_)) { "error" } else { "warn" };
            let facts = json!({ "code": error.code() });
            self.log.say_request(About::Failed, level, "store_failed", facts);
        }
        self.engine.deliver(id, reply, now);
    }

    /// Gives up what is still under way: it would go on in the next invocation, which may be hours away.
    fn forsake(&mut self) {
        self.under_way.abort_all();
        self.under_way = JoinSet::new();
        let now = clock::read();
        for id in std::mem::take(&mut self.open) {
            self.engine.deliver(id, Err(StoreError::Unreachable), now);
        }
        // What that came to is for nobody: errands among it are asked for again when they are due.
        self.settle_nothing(now);
    }

    fn settle_nothing(&mut self, now: Reading) {
        let _: usize = self.engine.decisions().count();
        let unsent: Vec<ErrandId> = self.engine.errands().map(|errand| errand.id).collect();
        for id in unsent {
            self.engine.deliver(id, Err(StoreError::Refused), now);
        }
        let _: usize = self.engine.errands().count();
    }
}

/// Answers within the errands' deadlines, in their order: what has none by then failed.
fn bounded<S: Stores>(
    stores: &S,
    errands: Vec<Errand>,
    policy: &Arc<Policy>,
) -> impl Future<Output = Replies> + Send + 'static {
    let deadline_ms = errands.iter().map(|errand| errand.deadline_ms).max().unwrap_or_default();
    let asked: Vec<ErrandId> = errands.iter().map(|errand| errand.id).collect();
    let answer = stores.answer(errands, Arc::clone(policy));
    async move {
        let deadline = Duration::from_millis(deadline_ms.into());
        let mut replies = timeout(deadline, answer).await.unwrap_or_default();
        let mut reply = |id: &ErrandId| {
            let at = replies.iter().position(|(answered, _)| answered == id);
            at.map_or((*id, Err(StoreError::Unreachable)), |at| replies.swap_remove(at))
        };
        asked.iter().map(&mut reply).collect()
    }
}

/// 128 random bits; none if there is no randomness to be had.
pub(super) fn holder() -> Option<HolderId> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).ok()?;
    Some(HolderId(id))
}
