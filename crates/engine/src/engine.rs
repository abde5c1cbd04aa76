//! The engine itself.

use std::sync::Arc;

use tollgate_core::{
    decision::Denial,
    head::MaxStaleness,
    lease::{self, HolderId},
    time::Reading,
};

use crate::{
    Arrival, Counts, Decision, Errand, ErrandId, Inquiry, Pass, Refused, Reply, Signed, Standing,
    StoreError,
};

/// What a host sets.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For how long requests are decided from what was known when the authority cannot be reached.
    pub max_staleness: MaxStaleness,
    /// How long a record or a head is waited for: 50 embedded, 1,000 over a network.
    pub store_deadline_ms: u32,
    /// What the host can do after it has answered.
    pub host: lease::Host,
    /// Whether there is a replica to be asked for records before the authority is.
    pub replica: bool,
    /// The most bytes of cached records.
    pub records_bytes_max: usize,
    /// The most remembered absences: a segment of their own, so that they push out nothing good.
    pub absences_max: usize,
    /// The most purses.
    pub purses_max: usize,
    /// The most requests that wait at one time; beyond it they are answered *unavailable*.
    pub parked_max: usize,
    /// The most records that are asked for at one time.
    pub fetches_max: usize,
}

/// Everything a gate holds between requests. `W` is what the host wants back with a decision that had to wait.
#[derive(Debug)]
pub struct Engine<W> {
    settings: Settings,
    holder: Option<HolderId>,
    counts: Counts,
    errands: Vec<Errand>,
    decisions: Vec<(W, Decision)>,
}

impl<W> Engine<W> {
    /// An engine that holds nothing. `holder` is 128 random bits, drawn for it alone.
    #[must_use]
    pub fn new(settings: Settings, holder: HolderId) -> Self {
        Self {
            settings,
            holder: Some(holder),
            counts: Counts::default(),
            errands: Vec::new(),
            decisions: Vec::new(),
        }
    }

    /// Decides a request at once, or keeps it until it can be decided; then `waiter` is made.
    pub fn arrive(
        &mut self,
        _inquiry: Inquiry,
        _waiter: impl FnOnce() -> W,
        _now: Reading,
    ) -> Arrival {
        let denial = Denial::Unavailable;
        self.counts.deny(denial);
        Arrival::Decided(Decision::Deny(Refused {
            denial,
            packed: None,
            standing: Standing::default(),
        }))
    }

    /// What must be asked now: taken out after every other call.
    pub fn errands(&mut self) -> impl Iterator<Item = Errand> {
        self.errands.drain(..)
    }

    /// Takes in what came of an errand.
    pub fn deliver(&mut self, _id: ErrandId, _reply: Result<Reply, StoreError>, _now: Reading) {}

    /// Does what is due.
    pub fn tick(&mut self, _now: Reading) {}

    /// After how many milliseconds [`Engine::tick`] has something to do.
    pub fn wake_in(&mut self, _now: Reading) -> Option<u64> {
        None
    }

    /// What became of requests that waited: taken out after every other call.
    pub fn decisions(&mut self) -> impl Iterator<Item = (W, Decision)> {
        self.decisions.drain(..)
    }

    /// Whether a new holder id must be drawn: until then everything is *unavailable*.
    #[must_use]
    pub const fn needs_holder(&self) -> bool {
        self.holder.is_none()
    }

    /// Goes on under a new holder id: 128 random bits, never used before.
    pub const fn new_holder(&mut self, holder: HolderId) {
        self.holder = Some(holder);
    }

    /// Keeps a token with the record for which it was signed, if that is still held.
    pub fn keep(&mut self, _pass: &Pass, _signed: Arc<Signed>) {}

    /// What it has done so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Drops every record and absence. Tokens on lease stay: they are ours.
    pub const fn forget_all(&mut self) {
        let _ = self.settings;
    }
}
