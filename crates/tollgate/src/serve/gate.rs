//! What every connection shares: one engine, what can be reloaded, and the way to the stores.
//!
//! The engine is held only for synchronous steps. Keys are proved and identities signed outside of it.

#[cfg(test)]
mod tests;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak},
    time::Duration,
};

use hyper::header::HeaderValue;
use serde_json::json;
use tokio::sync::{Notify, oneshot};
use tollgate_core::{lease::HolderId, lookup::LookupId, time::Reading};
use tollgate_engine::{
    Answered, Arrival, Counts, Demand, ErrandId, Inquiry, Reply, Settings, StoreError,
};

use super::{
    access::Rates,
    ids::RequestIds,
    live::Live,
    log::{Level, Log},
    metrics::Metrics,
    stores::Stores,
};
use crate::clock;

/// Tokens are kept as the values of fields, so that none is checked and copied for a request.
pub(crate) type Signed = tollgate_engine::Signed<HeaderValue>;
pub(crate) type Pass = tollgate_engine::Pass<HeaderValue>;
pub(crate) type Decision = tollgate_engine::Decision<HeaderValue>;
type Engine = tollgate_engine::Engine<Waiter, HeaderValue>;

/// Who waits for a decision.
pub(crate) type Waiter = oneshot::Sender<Decision>;

/// How often one step offers errands that could not be handed over: each time the engine may ask anew.
const OFFERS_MAX: usize = 4;

/// How many leases are handed back at one time: fewer than the store's inbox has room for.
const BACK_MAX: usize = 1_024;

/// The longest time between two ticks, and the shortest.
const TICK_MAX_MS: u64 = 1_000;
const TICK_MIN: Duration = Duration::from_millis(1);

/// One gate: shared by all of its listeners.
pub(crate) struct Gate {
    /// None while no holder id can be drawn: everything is *unavailable* then.
    engine: Mutex<Option<Engine>>,
    settings: Settings,
    live: RwLock<Arc<Live>>,
    stores: Stores,
    woken: Arc<Notify>,
    pub(crate) ids: RequestIds,
    pub(crate) metrics: Metrics,
    pub(crate) log: Log,
    /// How many requests the log may tell of.
    pub(crate) access: Rates,
}

impl Gate {
    /// A gate that decides by `live`, and asks `stores`.
    pub(crate) fn new(settings: Settings, live: Live, stores: Stores, log: Log) -> Self {
        Self {
            engine: Mutex::new(None),
            settings,
            live: RwLock::new(Arc::new(live)),
            stores,
            woken: Arc::new(Notify::new()),
            ids: RequestIds::new(),
            metrics: Metrics::default(),
            log,
            access: Rates::default(),
        }
    }

    /// What is in force now. A request takes it once, so that nothing changes under it.
    pub(crate) fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts `live` in force for every request that arrives from now on.
    pub(crate) fn replace(&self, live: Live) {
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(live);
    }

    /// Decides; none if something broke, which is *unavailable* and nothing else.
    pub(crate) async fn decide(&self, inquiry: Inquiry) -> Option<Decision> {
        let mut answer = None;
        let mut waiter = || {
            let (waiter, receiver) = oneshot::channel();
            answer = Some(receiver);
            waiter
        };
        let arrival = self.step(|engine, now| {
            let again = inquiry.clone();
            let arrival = engine.arrive(inquiry, &mut waiter, now);
            // The first request after a freeze finds it out: it is not the one to pay for that.
            if engine.needs_holder() && self.renew(engine) && matches!(arrival, Arrival::Decided(_))
            {
                return engine.arrive(again, &mut waiter, now);
            }
            arrival
        });
        match arrival? {
            Arrival::Decided(decision) => Some(decision),
            Arrival::Parked => answer?.await.ok(),
        }
    }

    /// Keeps a token that was signed for `pass`, so that it is used again.
    pub(crate) fn keep(&self, pass: &Pass, signed: Arc<Signed>) {
        self.step(|engine, _| engine.keep(pass, signed));
    }

    /// Counts what an origin has answered to a request of a key.
    pub(crate) fn answered(&self, lookup: LookupId, demand: &Demand, answered: Answered) {
        self.step(|engine, now| engine.answered(lookup, demand, answered, now));
    }

    /// Takes in what the stores answered.
    pub(crate) fn deliver(&self, replies: Vec<(ErrandId, Result<Reply, StoreError>)>) {
        self.step(|engine, now| {
            for (id, reply) in replies {
                engine.deliver(id, reply, now);
            }
        });
    }

    /// What the engine has done; none while there is none.
    pub(crate) fn counts(&self) -> Option<Counts> {
        self.step(|engine, _| *engine.counts())
    }

    /// Hands back what is on lease and nobody waits for; says how many purses still hold something, and how often nobody
    /// knows whether it arrived.
    pub(crate) fn hand_back(&self) -> (usize, usize) {
        self.step(|engine, now| engine.hand_back(BACK_MAX, now)).unwrap_or_default()
    }

    /// Sends what was counted of keys; says whether some of it is not known to be kept.
    pub(crate) fn hand_over_usage(&self) -> bool {
        self.step(Engine::hand_over_usage).unwrap_or(false)
    }

    /// Whether decisions can be made at all.
    pub(crate) fn is_able(&self) -> bool {
        self.step(|engine, _| !engine.needs_holder()).unwrap_or(false)
    }

    /// Does what is due, for as long as the gate lives.
    pub(crate) async fn keep_time(gate: Weak<Self>) {
        loop {
            let Some(now) = gate.upgrade() else { return };
            let wait = now.tick();
            let woken = Arc::clone(&now.woken);
            drop(now);
            let wait = Duration::from_millis(wait.min(TICK_MAX_MS)).max(TICK_MIN);
            // An errand has a deadline that may come before what was due next. However many there are,
            // there is one tick a millisecond.
            if tokio::time::timeout(wait, woken.notified()).await.is_ok() {
                tokio::time::sleep(TICK_MIN).await;
            }
        }
    }

    fn tick(&self) -> u64 {
        let due = self.step(|engine, now| {
            engine.tick(now);
            engine.wake_in(now)
        });
        due.flatten().unwrap_or(TICK_MAX_MS)
    }

    /// Runs one step of the engine, hands over what it asks for, and tells those that waited.
    ///
    /// None if the step panicked: the engine may then be in any state, so it is replaced by one that holds
    /// nothing, under a new holder id. Who waited for it is told by the loss of their sender.
    fn step<T>(&self, step: impl FnOnce(&mut Engine, Reading) -> T) -> Option<T> {
        let mut slot = self.lock();
        if slot.is_none() {
            *slot = holder().map(|holder| Engine::new(self.settings, holder));
        }
        let engine = slot.as_mut()?;
        let now = clock::read();
        let done = catch_unwind(AssertUnwindSafe(|| {
            let value = step(engine, now);
            self.settle(engine, now);
            value
        }));
        if done.is_err() || engine.needs_holder() {
            *slot = None;
        }
        done.ok()
    }

    /// Hands over what must be asked, tells what is decided, and draws a holder id if one is needed.
    fn settle(&self, engine: &mut Engine, now: Reading) {
        if engine.needs_holder() {
            self.renew(engine);
        }
        for _ in 0..OFFERS_MAX {
            let mut sent = false;
            let mut refused = Vec::new();
            for errand in engine.errands() {
                match self.stores.send(errand, now) {
                    Ok(()) => sent = true,
                    Err(id) => refused.push(id),
                }
            }
            if sent {
                self.woken.notify_one();
            }
            if refused.is_empty() {
                break;
            }
            for id in refused {
                engine.deliver(id, Err(StoreError::Refused), now);
            }
        }
        for (waiter, decision) in engine.decisions() {
            // Whoever waited may have gone away.
            drop(waiter.send(decision));
        }
    }

    /// Draws a new holder id; says whether that could be done.
    fn renew(&self, engine: &mut Engine) -> bool {
        let Some(holder) = holder() else { return false };
        engine.new_holder(holder);
        self.log.say(Level::Warn, "holder_renewed", json!({}));
        true
    }

    fn lock(&self) -> MutexGuard<'_, Option<Engine>> {
        self.engine.lock().unwrap_or_else(|poisoned| {
            self.engine.clear_poison();
            let mut slot = poisoned.into_inner();
            *slot = None;
            slot
        })
    }
}

/// 128 random bits; none if there is no randomness to be had.
fn holder() -> Option<HolderId> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).ok()?;
    Some(HolderId(id))
}
