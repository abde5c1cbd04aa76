//! What the log says of requests: those that failed by our fault one by one, the others in numbers.

use std::{collections::BTreeMap, sync::Weak, time::Duration};

use serde_json::json;
use tollgate_core::decision::Denial;
use tollgate_engine::{Question as Asked, StoreError};
use tollgate_gate::Refusal;
use tollgate_http::{answer::Trouble, credential};

use super::{gate::Gate, judge::Question, live::Live, log::Level};
use crate::clock;

/// How often refusals are summed up.
const SUMMARY_EVERY: Duration = Duration::from_secs(10);

/// How many single requests a second are told of at most: an outage concerns every one of them.
const SINGLE_MAX: u64 = 10;

/// The longest path that is logged.
const PATH_SHOWN_MAX: usize = 256;

/// Says that a request was denied, if that is our fault.
pub(crate) fn denied(gate: &Gate, live: &Live, question: &Question<'_>, refusal: &Refusal) {
    if refusal.denial == Denial::Unavailable {
        single(gate, live, question, ("unavailable", refusal.answer.status), None);
    }
}

/// Says that the origin gave no answer.
pub(crate) fn troubled(gate: &Gate, live: &Live, question: &Question<'_>, trouble: Trouble) {
    let (event, status) = match trouble {
        Trouble::OriginTimeout => {
            gate.metrics.origin_timeouts.add();
            ("origin_timeout", 504)
        }
        Trouble::OriginUnreachable => {
            gate.metrics.origin_unreachable.add();
            ("origin_unreachable", 502)
        }
        Trouble::NotFound
        | Trouble::MethodNotAllowed
        | Trouble::HeadTooLarge
        | Trouble::RequestTimeout => return,
    };
    // One that was reached and did not answer in time has nothing to do with how the last connection failed.
    let why = live.upstream.as_ref().filter(|_| trouble == Trouble::OriginUnreachable);
    let why = why.and_then(|upstream| upstream.why());
    single(gate, live, question, (event, status), why);
}

fn single(
    gate: &Gate,
    live: &Live,
    question: &Question<'_>,
    (event, status): (&str, u16),
    why: Option<Box<str>>,
) {
    if !gate.metrics.may_tell(clock::read().mono_ms / 1_000, SINGLE_MAX) {
        return;
    }
    // SECURITY: a path may hold a key that somebody put there by mistake; the query is left out altogether.
    let path = credential::redact(question.path, live.policy.brand());
    let path: String = path.chars().take(PATH_SHOWN_MAX).collect();
    let mut about = json!({
        "request": question.id.to_string(),
        "method": question.method.as_str(),
        "path": path,
        "status": status,
    });
    if let (Some(why), Some(about)) = (why, about.as_object_mut()) {
        about.insert("why".to_owned(), String::from(why).into());
    }
    gate.log.say(Level::Warn, event, about);
}

/// Says that the store gave something that cannot be: for whom, by the name that it is kept under.
pub(crate) fn damaged(gate: &Gate, error: &StoreError, asked: Option<&Asked>) {
    if !gate.metrics.may_tell(clock::read().mono_ms / 1_000, SINGLE_MAX) {
        return;
    }
    let (kind, name) = match asked {
        Some(Asked::Record { expected, .. }) => ("record", Some(expected.lookup.to_string())),
        Some(Asked::Lease { bucket, .. }) => ("bucket", Some(bucket.to_string())),
        Some(Asked::Head) => ("head", None),
        Some(Asked::Usage(_)) => ("usage", None),
        None => ("reply", None),
    };
    let about = json!({ "code": error.code(), "of": kind, "name": name });
    gate.log.say(Level::Error, "store_damaged", about);
}

/// Sums up refusals for as long as the gate lives: codes and numbers, nothing that anybody sent.
pub(crate) async fn summarise(gate: Weak<Gate>) {
    let mut before = Sums::default();
    loop {
        tokio::time::sleep(SUMMARY_EVERY).await;
        let Some(gate) = gate.upgrade() else { return };
        let now = Sums::of(&gate);
        let (codes, unproven) = now.since(&before);
        if !codes.is_empty() {
            let about = json!({ "codes": codes, "unproven": unproven });
            gate.log.say(Level::Info, "refusals", about);
        }
        let outage = now.outage(&before);
        if !outage.is_empty() {
            gate.log.say(Level::Warn, "store_failing", json!(outage));
        }
        gate.access.tell(&gate.log);
        before = now;
    }
}

#[derive(Default)]
struct Sums {
    codes: BTreeMap<&'static str, u64>,
    unproven: BTreeMap<&'static str, u64>,
    outage: BTreeMap<&'static str, u64>,
}

impl Sums {
    fn of(gate: &Gate) -> Self {
        let codes = Denial::CODES.into_iter().zip(gate.metrics.denials()).collect();
        let counts = gate.counts().unwrap_or_default();
        let outage = BTreeMap::from([
            ("allowed_flagged", counts.flagged),
            ("head_failures", counts.head_failures),
            ("store_unreachable", counts.store_unreachable),
            ("store_refused", counts.store_refused),
        ]);
        Self { codes, unproven: gate.metrics.unproven_so_far(), outage }
    }

    /// What the store could not do since, and what was decided without it.
    fn outage(&self, before: &Self) -> BTreeMap<&str, u64> {
        grown(&self.outage, &before.outage)
    }

    fn since(&self, before: &Self) -> (BTreeMap<&str, u64>, BTreeMap<&str, u64>) {
        (grown(&self.codes, &before.codes), grown(&self.unproven, &before.unproven))
    }
}

fn grown<'a>(
    now: &BTreeMap<&'a str, u64>,
    before: &BTreeMap<&'a str, u64>,
) -> BTreeMap<&'a str, u64> {
    let grown = now
        .iter()
        .map(|(code, count)| (*code, count.saturating_sub(before.get(code).copied().unwrap_or(0))));
    grown.filter(|(_, count)| *count > 0).collect()
}
