//! Requests that wait: kept while somebody asks what became of them, and never more than there is room for.

use tollgate_core::decision::Denial;
use tollgate_engine::Decision;

use super::{Code, Host, Limits, Outside, limits::PAUSE_MS};

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

/// Whoever waits asks what became of it more often than this: where nobody has for so long, the isolate stood still.
const STOOD_STILL_MS: u64 = 250;

/// How often one request is judged again because the isolate stood still.
const AGAIN_MAX: u8 = 2;

/// A request that waits.
pub(super) struct Parked {
    pub(super) id: String,
    pub(super) text: Box<[u8]>,
    /// Whether the engine has it.
    pub(super) judged: bool,
    /// When somebody last asked what became of it.
    pub(super) seen_ms: u64,
    /// Whether the isolate stood still since it was last judged.
    stood_still: bool,
    /// How often it was judged again for that, and before when it is not.
    again: u8,
    pub(super) again_ms: u64,
}

impl<O: Outside> Host<O> {
    /// Keeps a request that waits, if there is room: what one client may send in vain is bounded.
    pub(super) fn park(&mut self, ticket: u32, id: String, text: &[u8], now_ms: u64) -> Code {
        let held: usize = self.parked.iter().map(|parked| parked.text.len()).sum();
        if self.parked.len() >= PARKED_MAX || held.saturating_add(text.len()) > PARKED_BYTES_MAX {
            return self.unavailable(text, &id);
        }
        let judged = matches!(self.limits, Limits::Known);
        let parked = Parked {
            id,
            text: text.into(),
            judged,
            seen_ms: now_ms,
            stood_still: false,
            again: 0,
            again_ms: 0,
        };
        self.parked.put(ticket.into(), parked);
        Code::Waiting
    }

    /// Notes that somebody asks what became of a request.
    ///
    /// Where the isolate stood still, deadlines have passed before what had long come was heard: that is no word of the
    /// stores. Who would be answered *unavailable* is judged again, once a read that failed keeps nobody from asking.
    pub(super) fn look(&mut self, ticket: u32, now_ms: u64) {
        let Some(parked) = self.parked.get_mut(ticket.into()) else { return };
        parked.stood_still |= now_ms.saturating_sub(parked.seen_ms) > STOOD_STILL_MS;
        parked.seen_ms = now_ms;
        let failed = match self.decided.get(ticket.into()) {
            Some(decision) => is_unavailable(decision),
            None => {
                !parked.judged && matches!(self.limits, Limits::Unknown(at_ms) if now_ms < at_ms)
            }
        };
        if parked.stood_still && parked.again < AGAIN_MAX && failed {
            self.decided.take(ticket.into());
            (parked.judged, parked.stood_still) = (false, false);
            parked.again = parked.again.saturating_add(1);
            parked.again_ms = now_ms.saturating_add(PAUSE_MS);
        }
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

const fn is_unavailable(decision: &Decision) -> bool {
    matches!(decision, Decision::Deny(refused) if matches!(refused.denial(), Denial::Unavailable))
}
