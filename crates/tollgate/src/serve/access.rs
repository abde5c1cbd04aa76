//! The line that the log has for a request: who asked for what, and what became of it.
//!
//! What is not proved costs an attacker nothing, so it has so many lines a second and no more; how many
//! requests were left out is told. No line has a query, a header, or a byte of a presented key.

#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use serde_json::{Map, Value, json};
use tollgate_control::By;
use tollgate_core::{key::Brand, network::Address};
use tollgate_gate::rate::{PROVEN_MAX, Rate, UNPROVEN_MAX};
use tollgate_http::{credential, route::Rule};

use super::{
    gate::{Decision, Gate},
    ids::RequestId,
    judge::Question,
    live::Live,
    log::{Level, Log},
};
use crate::{clock, config::Logged, wire::Violation};

/// The longest path and the longest method that are logged.
const PATH_SHOWN_MAX: usize = 256;
const METHOD_SHOWN_MAX: usize = 32;

/// What is learnt of a request while it is served, for its line.
pub(crate) struct Note {
    logged: Logged,
    begun_us: u64,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    fields: Map<String, Value>,
    /// Whether the gate itself refused or failed it.
    refused: bool,
    /// The last word on its key.
    decision: Option<Decision>,
    /// Whether it is known whose it is without one.
    named: bool,
}

/// How many lines of each kind there were, and how many were left out.
#[derive(Default)]
pub(crate) struct Rates {
    unproven: Rate,
    proven: Rate,
}

impl Rates {
    /// Says how many requests were left out since this was last said, if any were.
    pub(crate) fn tell(&self, log: &Log) {
        let [unproven, proven] = [&self.unproven, &self.proven].map(Rate::take_left_out);
        if unproven > 0 || proven > 0 {
            let about = json!({ "unproven": unproven, "proven": proven });
            log.say(Level::Warn, "requests_left_out", about);
        }
    }
}

impl Note {
    /// Of a request that has just come.
    pub(crate) fn begin(live: &Live) -> Self {
        let begun_us = if live.logged == Logged::Off { 0 } else { clock::micros() };
        Self { logged: live.logged, begun_us, known: Mutex::default() }
    }

    /// It passes: `code` says why.
    pub(crate) fn passed(
        &self,
        live: &Live,
        asked: &Question<'_>,
        rule: &Rule,
        code: &'static str,
    ) {
        if self.logged == Logged::All {
            let mut known = self.known();
            known.place(live, asked, Some(rule));
            known.put("code", code);
        }
    }

    /// The gate refused it, or failed, and said so with `status`.
    pub(crate) fn refused(
        &self,
        live: &Live,
        asked: &Question<'_>,
        rule: Option<&Rule>,
        code: &'static str,
        status: u16,
    ) {
        if self.logged != Logged::Off {
            let mut known = self.known();
            known.place(live, asked, rule);
            known.put("code", code);
            known.put("status", status);
            known.refused = true;
        }
    }

    /// Its key was decided on.
    pub(crate) fn decided(&self, decision: Decision) {
        if self.logged != Logged::Off {
            self.known().decision = Some(decision);
        }
    }

    /// It came to the management API, where `by` was let in, or nobody.
    pub(crate) fn managed(&self, by: Option<&By>) {
        if self.logged == Logged::Off {
            return;
        }
        let mut known = self.known();
        known.put("listener", "control");
        if let Some(By { key, owner, tenant }) = by {
            known.name(&[("key", key), ("owner", owner), ("tenant", tenant)]);
            known.named = true;
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.into(), value.into());
    }

    /// What was asked for, as far as it could be read.
    fn place(&mut self, live: &Live, asked: &Question<'_>, rule: Option<&Rule>) {
        let brand = live.policy.brand();
        self.put("method", shown(asked.method.as_str(), METHOD_SHOWN_MAX, brand));
        if !asked.path.is_empty() {
            self.put("path", shown(asked.path, PATH_SHOWN_MAX, brand));
        }
        if let Some(name) = rule.and_then(|rule| live.route(rule)) {
            self.put("route", name);
        }
        if let Some(address) = asked.address {
            self.put("address", address.to_string());
        }
    }

    /// Whose key it was; says whether that is known.
    fn name_holder(&mut self) -> bool {
        let decision = self.decision.take();
        let record = decision.as_ref().and_then(|decision| match decision {
            Decision::Allow(pass) => pass.record(),
            Decision::Deny(refused) => refused.record(),
        });
        let Some(record) = record else { return self.named };
        let (key, owner, tenant) =
            (record.key.as_str(), record.owner.as_str(), record.tenant.as_str());
        self.name(&[("key", key), ("owner", owner), ("tenant", tenant)]);
        true
    }

    fn name(&mut self, names: &[(&str, &str)]) {
        for (name, id) in names {
            self.put(name, *id);
        }
    }
}

/// Writes the line of the request `asked`, if it is to have one. `status` is what was answered; the gate may
/// have `failed` it without a word on why.
pub(crate) fn tell(gate: &Gate, live: &Live, asked: &Question<'_>, status: u16, failed: bool) {
    let note = asked.note;
    let mut known = note.known();
    let refused = known.refused || failed;
    if note.logged == Logged::Off || (note.logged == Logged::Refused && !refused) {
        return;
    }
    let proven = known.name_holder();
    if note.logged == Logged::Refused && !gate.access.admits(proven) {
        return;
    }
    if !known.fields.contains_key("method") {
        known.place(live, asked, None);
    }
    if !known.fields.contains_key("status") {
        known.put("status", status);
    }
    known.put("took_us", clock::micros().saturating_sub(note.begun_us));
    write(gate, asked.id, std::mem::take(&mut known.fields));
}

/// Writes the line of a request that was refused before anybody read it.
pub(crate) fn tell_malformed(gate: &Gate, id: RequestId, violation: Violation, peer: SocketAddr) {
    if gate.live().logged == Logged::Off || !gate.access.admits(false) {
        return;
    }
    let mut known = Known::default();
    known.put("malformed", violation.code());
    known.put("address", Address::new(peer.ip()).to_string());
    write(gate, id, known.fields);
}

impl Rates {
    fn admits(&self, proven: bool) -> bool {
        let (rate, most) =
            if proven { (&self.proven, PROVEN_MAX) } else { (&self.unproven, UNPROVEN_MAX) };
        rate.allows(clock::read().mono_ms / 1_000, most)
    }
}

fn write(gate: &Gate, id: RequestId, mut fields: Map<String, Value>) {
    fields.insert("request".into(), id.to_string().into());
    gate.log.say_request(Value::Object(fields));
}

/// What a client sent, fit for a log: no key, nothing that is not printable ASCII, and not too long.
///
/// SECURITY: a path or a method may hold a key that somebody put there by mistake.
fn shown(text: &str, most: usize, brand: &Brand) -> String {
    let fit = |symbol: char| symbol.is_ascii_graphic() || symbol == '…';
    let printable = |symbol| if fit(symbol) { symbol } else { '?' };
    let redacted = credential::redact(text, brand);
    redacted.chars().take(most).map(printable).collect()
}
