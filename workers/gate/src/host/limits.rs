//! The limits of routes: nothing is judged by them before the ledger has said since when they have their numbers.

use tollgate_core::{stamp::Stamp, time::UnixMillis};
use tollgate_gate::setup::{Changed, Setup};
use tollgate_store_cloudflare::{frame::parts, message, place};

use super::{
    Code, Host, Outside,
    parking::{BASE, Parked},
    stores::Sent,
};

/// The number of the errand that asks for the limits of routes: the engine's are below it.
pub(super) const ERRAND: u64 = (1 << 53) - 1;

/// How long it is waited for.
const DEADLINE_MS: u32 = 1_000;

/// How long nobody asks again after it has failed.
pub(super) const PAUSE_MS: u64 = 250;

/// What is known of the limits of routes.
pub(super) enum Limits {
    /// Since when they have their numbers; or there are none.
    Known,
    /// The ledger is being asked.
    Asked,
    /// It is to be asked: not before this time, in milliseconds.
    Unknown(u64),
}

impl<O: Outside> Host<O> {
    /// A request of which nothing is decided: it waits for the engine, or for the limits of routes.
    pub(super) fn still(&mut self, ticket: u32, now_ms: u64) -> Code {
        if !self.parked.has(ticket.into()) {
            return Code::Nothing;
        }
        let waits = |parked: &Parked| parked.judged || now_ms < parked.again_ms;
        if self.parked.get(ticket.into()).is_none_or(waits) {
            return Code::Waiting;
        }
        if matches!(self.limits, Limits::Asked) {
            return Code::Waiting;
        }
        let Some(mut parked) = self.parked.take(ticket.into()) else { return Code::Nothing };
        parked.judged = matches!(self.limits, Limits::Known);
        let code = self.judge(&parked.text, &parked.id, ticket, now_ms);
        if code == Code::Waiting {
            self.parked.put(ticket.into(), parked);
        }
        self.settle();
        code
    }

    /// What becomes of a request with a genuine key while it is not known since when the limits of routes have their
    /// numbers: it waits for the ledger to say so, or is answered *unavailable* if that has just failed.
    pub(super) fn await_limits(&mut self, text: &[u8], id: &str, now_ms: u64) -> Code {
        if matches!(self.limits, Limits::Unknown(at_ms) if now_ms < at_ms) {
            return self.unavailable(text, id);
        }
        Code::Waiting
    }

    /// Asks since when the limits of routes have their numbers, if that is not known and somebody waits for it; not in the
    /// pause after a failure, in which everybody who waited is told so.
    pub(super) fn ask_for_limits(&mut self) {
        let now_ms = self.newest_ms;
        if !matches!(self.limits, Limits::Unknown(at_ms) if now_ms >= at_ms)
            || self.parked.len() == 0
        {
            return;
        }
        let limits = self.limits_of_routes.iter();
        let limits: Vec<_> = limits.filter_map(|limit| limit.limit(Stamp::default())).collect();
        let mut message = vec![];
        if message::write_limits(&limits, &mut message).is_err() {
            return;
        }
        let Ok(message) = String::from_utf8(message) else { return };
        let (number, deadline) = (ERRAND.to_string(), DEADLINE_MS.to_string());
        self.line(&[&number, "limits", &deadline, place::LEDGER, &message]);
        self.sent.put(ERRAND, Sent::Limits);
        self.limits = Limits::Asked;
    }

    /// Takes in since when they have: then everything that waited can be judged.
    pub(super) fn settle_limits(&mut self, text: &[u8], now_ms: u64) {
        let stamps = parts(text).and_then(|[changed]| message::read_changed(changed));
        let stamps = stamps.ok().filter(|stamps| stamps.len() == self.limits_of_routes.len());
        self.limits = Limits::Unknown(now_ms.saturating_add(PAUSE_MS));
        let Some(stamps) = stamps else { return };
        let names = self.limits_of_routes.iter().map(|limit| limit.name.clone());
        self.changed = Changed(names.zip(stamps).collect());
        if let Ok(setup) = Setup::read(&self.settings, BASE, &self.changed, UnixMillis(now_ms)) {
            self.policy = setup.policy;
            self.limits = Limits::Known;
        }
    }
}
