//! Requests that wait: kept while somebody asks what became of them, and never more than there is room for.

use super::{Code, Host, Limits, Outside};

/// The most requests that wait at one time, in one isolate.
const PARKED_MAX: usize = 2_000;

/// What the engine of an isolate keeps to where nothing is set.
pub(super) const BASE: tollgate_engine::Settings = tollgate_engine::Settings {
    store_deadline_ms: 1_000,
    replica: true,
    records_bytes_max: 16 << 20,
    absences_max: 4_096,
    purses_max: 16_384,
    parked_max: PARKED_MAX,
    fetches_max: 256,
    ..tollgate_engine::Settings::EMBEDDED
};

/// The most bytes of requests that wait at one time.
const PARKED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// After how many milliseconds a request that nobody asks about is forgotten.
const FORSAKEN_MS: u64 = 5_000;

/// How often that is looked for, in milliseconds: everybody who waits looks at the time, every few milliseconds.
const SWEEP_EVERY_MS: u64 = 500;

/// A request that waits.
pub(super) struct Parked {
    pub(super) id: String,
    pub(super) text: Box<[u8]>,
    /// Whether the engine has it.
    pub(super) judged: bool,
    /// When somebody last asked what became of it.
    pub(super) seen_ms: u64,
}

impl<O: Outside> Host<O> {
    /// Keeps a request that waits, if there is room: what one client may send in vain is bounded.
    pub(super) fn park(&mut self, ticket: u32, id: String, text: &[u8], now_ms: u64) -> Code {
        let held: usize = self.parked.iter().map(|parked| parked.text.len()).sum();
        if self.parked.len() >= PARKED_MAX || held.saturating_add(text.len()) > PARKED_BYTES_MAX {
            return self.unavailable(text, &id);
        }
        let judged = matches!(self.limits, Limits::Known);
        let parked = Parked { id, text: text.into(), judged, seen_ms: now_ms };
        self.parked.put(ticket.into(), parked);
        Code::Waiting
    }

    /// Drops what nobody has asked about for a while: its client is gone.
    pub(super) fn sweep(&mut self, now_ms: u64) {
        if now_ms < self.swept_ms.saturating_add(SWEEP_EVERY_MS) {
            return;
        }
        self.swept_ms = now_ms;
        let since = |parked: &Parked| now_ms.saturating_sub(parked.seen_ms);
        self.parked.keep(|_, parked| since(parked) < FORSAKEN_MS);
        self.decided.keep(|ticket, _| self.parked.has(ticket));
    }
}
