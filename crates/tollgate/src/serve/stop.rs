//! The wish to stop, and waiting until everybody has.

use tokio::sync::{mpsc, watch};

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
