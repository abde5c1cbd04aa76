//! The keys that are held, how old they may be, and when they are fetched again.
//!
//! * Younger than `fresh_ms`: used.
//! * Older: used, and fetched again behind the requests.
//! * Older than `max_age_ms` without a good answer: not used any more.
//! * A `kid` that is not known: fetched again, at most once in `refetch_ms`, whoever asks.
//!
//! A good answer replaces all keys. So a key that the gate has removed goes with the next answer, and if none comes
//! with its `max_age_ms`. Nothing is fetched here, and no lock is held while somebody waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, futures::OwnedNotified};
use tollgate_core::time::Reading;

use crate::keys::Keys;

/// With no key in hand nothing can be served, so that is tried again sooner.
const RETRY_MS: u64 = 1_000;

/// What the module says of times.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ages {
    pub(crate) fresh_ms: u64,
    pub(crate) max_age_ms: u64,
    pub(crate) refetch_ms: u64,
    pub(crate) deadline_ms: u64,
}

/// Keys that are fetched when they are needed. At most one fetch is under way.
#[derive(Debug)]
pub(crate) struct Cache {
    ages: Ages,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<(Arc<Keys>, Reading)>,
    tried: Option<Reading>,
    flight: Option<(Flight, Arc<Notify>)>,
    flights: u64,
}

/// A fetch that is under way: whoever was told of it brings its answer to [`Cache::land`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Flight {
    number: u64,
    began: Reading,
}

/// What comes of a look.
#[derive(Debug)]
pub(crate) struct Look {
    /// The keys that may be used now.
    pub(crate) keys: Option<Arc<Keys>>,
    /// What to wait for if they are not enough.
    pub(crate) wait: Option<OwnedNotified>,
    /// The fetch that this look is to start.
    pub(crate) start: Option<Flight>,
}

impl Cache {
    pub(crate) fn new(ages: Ages) -> Self {
        Self { ages, state: Mutex::default() }
    }

    /// The keys that may be used at `at`, for a token that names `kid`.
    pub(crate) fn look(&self, kid: &str, at: Reading) -> Look {
        let mut state = self.state();
        if state
            .tried
            .is_some_and(|tried| at.since(tried) > self.ages.deadline_ms.saturating_add(RETRY_MS))
        {
            // Whatever holds it up, it does not stand in the way.
            state.flight = None;
        }
        let usable = |came: &Reading| at.since(*came) < self.ages.max_age_ms;
        let held = state.held.as_ref().filter(|(_, came)| usable(came));
        let (keys, came) = held.map(|(keys, came)| (Arc::clone(keys), *came)).unzip();
        let enough = keys.as_ref().is_some_and(|keys| keys.mark(kid).is_some());
        let due = self.is_due(state.tried, came, enough, at);
        let start = (due && state.flight.is_none()).then(|| state.take_off(at));
        let wait = state.flight.as_ref().filter(|_| !enough);
        // Made under the lock: what lands from now on wakes it.
        let wait = wait.map(|(_, landed)| Arc::clone(landed).notified_owned());
        Look { keys, wait, start }
    }

    fn is_due(
        &self,
        tried: Option<Reading>,
        came: Option<Reading>,
        enough: bool,
        at: Reading,
    ) -> bool {
        let waited = |least| tried.is_none_or(|tried| at.since(tried) >= least);
        match came {
            None => waited(RETRY_MS),
            Some(came) if enough && at.since(came) < self.ages.fresh_ms => false,
            Some(_) => waited(self.ages.refetch_ms),
        }
    }

    /// The end of a fetch, with what it has brought; whoever waits for it looks again.
    pub(crate) fn land(&self, flight: Flight, found: Option<Keys>) {
        let mut state = self.state();
        // One that was given up may bring what a later one has replaced.
        if !state.flight.as_ref().is_some_and(|(under_way, _)| *under_way == flight) {
            return;
        }
        if let Some(found) = found {
            // As old as the question: the gate may have answered it at once.
            state.held = Some((Arc::new(found), flight.began));
        }
        if let Some((_, landed)) = state.flight.take() {
            landed.notify_waiters();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_off(&mut self, at: Reading) -> Flight {
        self.flights = self.flights.wrapping_add(1);
        let flight = Flight { number: self.flights, began: at };
        self.tried = Some(at);
        self.flight = Some((flight, Arc::default()));
        flight
    }
}

#[cfg(test)]
mod tests;
