//! The wish to stop, and waiting until everybody has.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::gate::Gate;

/// How often leases are handed back while the gate stops: what requests under way do not use goes back too.
const BACK_EVERY: Duration = Duration::from_millis(5);

/// For how long the end of the program waits for the store to take the last of them, whatever is left of the time to
/// drain.
const BACK_LAST: Duration = Duration::from_millis(250);

/// For how long it waits at most, if there is more time than that.
const BACK_MAX: Duration = Duration::from_secs(2);

/// Who is asked to stop holds one of these; all of them gone means that everybody has stopped.
#[derive(Clone)]
pub(crate) struct Stop {
    asked: watch::Receiver<bool>,
    _alive: mpsc::Sender<()>,
}

/// Who asks.
pub(crate) struct Stopper {
    ask: watch::Sender<bool>,
    alive: mpsc::Sender<()>,
    gone: mpsc::Receiver<()>,
}

/// The end of a gate: until when requests may finish, and the leases that go back meanwhile.
pub(crate) struct Ending {
    gate: Arc<Gate>,
    until: Instant,
    handing_back: JoinHandle<()>,
}

impl Ending {
    /// Begins to hand back what `gate` has on lease; requests may go on for `drain`.
    pub(crate) fn begin(gate: &Arc<Gate>, drain: Duration) -> Self {
        let (gate, kept) = (Arc::clone(gate), Arc::clone(gate));
        let handing_back = tokio::spawn(async move {
            loop {
                let _ = kept.hand_back();
                sleep(BACK_EVERY).await;
            }
        });
        let now = Instant::now();
        Self { gate, until: now.checked_add(drain).unwrap_or(now), handing_back }
    }

    /// Waits until the time to drain is over.
    pub(crate) async fn drained(&self) {
        sleep_until(self.until).await;
    }

    /// How many leases are not back.
    pub(crate) fn left(&self) -> usize {
        let (held, lost) = self.gate.hand_back();
        held.saturating_add(lost)
    }

    /// Waits until everything is back and what was counted is kept, but not for ever; says how many leases are lost.
    pub(crate) async fn handed_back(&self) -> usize {
        let rest = self.until.saturating_duration_since(Instant::now());
        let back = async {
            while self.gate.hand_back().0 > 0 || self.gate.hand_over_usage() {
                sleep(BACK_EVERY).await;
            }
        };
        // However far that came: what is still held then is counted.
        let _ = timeout(rest.clamp(BACK_LAST, BACK_MAX), back).await;
        self.left()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.handing_back.abort();
    }
}

impl Stopper {
    /// Nobody is asked yet.
    pub(crate) fn new() -> Self {
        let (ask, _) = watch::channel(false);
        let (alive, gone) = mpsc::channel(1);
        Self { ask, alive, gone }
    }

    /// One more who is to be asked, and waited for.
    pub(crate) fn watched(&self) -> Stop {
        Stop { asked: self.ask.subscribe(), _alive: self.alive.clone() }
    }

    /// Whether everybody is asked, for whoever need not be waited for.
    pub(crate) fn asked(&self) -> watch::Receiver<bool> {
        self.ask.subscribe()
    }

    /// Asks everybody.
    pub(crate) fn ask(&self) {
        self.ask.send_replace(true);
    }

    /// Waits until everybody has stopped, asked or not.
    pub(crate) async fn gone(self) {
        let Self { ask: _asking, alive, mut gone } = self;
        drop(alive);
        // Nothing is ever sent: this ends when the last one is gone.
        let _ = gone.recv().await;
    }
}

impl Stop {
    /// Waits until asked to stop.
    pub(crate) async fn asked(&mut self) {
        // The asking side is only dropped after it has asked.
        let _ = self.asked.wait_for(|&asked| asked).await;
    }

    /// Whether asked to stop.
    pub(crate) fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }
}
