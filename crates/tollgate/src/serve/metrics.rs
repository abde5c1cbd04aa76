//! What is counted, and how Prometheus reads it. Every label is one of a fixed few: nothing a client sends
//! becomes one.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tollgate_core::decision::Denial;
use tollgate_engine::Counts;

/// Upper ends of the histogram of deciding, in microseconds.
const BUCKETS_US: [u64; 12] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000, 50_000, 250_000];

/// What is counted outside of the engine.
#[derive(Default)]
pub(crate) struct Metrics {
    allowed: AtomicU64,
    public: AtomicU64,
    denied: [AtomicU64; Denial::CODES.len()],
    unproven: Mutex<BTreeMap<&'static str, u64>>,
    malformed: Mutex<BTreeMap<&'static str, u64>>,
    deciding_us: [AtomicU64; BUCKETS_US.len()],
    told_in: AtomicU64,
    told: AtomicU64,
    decided: AtomicU64,
    decided_us: AtomicU64,
    pub(crate) in_flight: Arc<Gauge>,
    pub(crate) requests_refused: Counter,
    pub(crate) connections: Gauge,
    pub(crate) connections_refused: Counter,
    pub(crate) origin_unreachable: Counter,
    pub(crate) origin_timeouts: Counter,
    pub(crate) origin_retries: Counter,
    pub(crate) reloads: Counter,
    pub(crate) reloads_failed: Counter,
    pub(crate) ballast: Known,
}

/// Only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

/// How many there are now.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicU64);

/// A number that is not known at first.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Option<u64>>);

impl Known {
    /// It is this now; says what it was.
    pub(crate) fn set(&self, number: u64) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(number)
    }

    fn number(&self) -> Option<u64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counter {
    /// One more.
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Gauge {
    /// One more.
    pub(crate) fn enter(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// One more, unless there are `most` already; says whether there is.
    pub(crate) fn enter_below(&self, most: u64) -> bool {
        let more = |count: u64| (count < most).then(|| count.saturating_add(1));
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// One less.
    pub(crate) fn leave(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Metrics {
    /// A request with a key passed.
    pub(crate) fn allow(&self) {
        self.allowed.fetch_add(1, Ordering::Relaxed);
    }

    /// A request that needs no key passed.
    pub(crate) fn pass(&self) {
        self.public.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was denied.
    pub(crate) fn deny(&self, denial: Denial) {
        let place = Denial::CODES.iter().position(|code| *code == denial.code());
        if let Some(count) = place.and_then(|place| self.denied.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was presented is not genuine; `code` is one of the few that say why, and only operators see it.
    pub(crate) fn unproven(&self, code: &'static str) {
        let mut unproven = self.unproven.lock().unwrap_or_else(PoisonError::into_inner);
        let count = unproven.entry(code).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// A request was malformed; `code` is one of the few that say how.
    pub(crate) fn malformed(&self, code: &'static str) {
        let mut malformed = self.malformed.lock().unwrap_or_else(PoisonError::into_inner);
        let count = malformed.entry(code).or_insert(0);
        *count = count.saturating_add(1);
    }

    /// How often requests were malformed, by how.
    pub(crate) fn malformed_so_far(&self) -> BTreeMap<&'static str, u64> {
        self.malformed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often what was presented was not genuine, by why.
    pub(crate) fn unproven_so_far(&self) -> BTreeMap<&'static str, u64> {
        self.unproven.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether one more single request may be told of in this second.
    pub(crate) fn may_tell(&self, second: u64, most: u64) -> bool {
        if self.told_in.swap(second, Ordering::Relaxed) != second {
            self.told.store(0, Ordering::Relaxed);
        }
        self.told.fetch_add(1, Ordering::Relaxed) < most
    }

    /// How many were denied so far, by code.
    pub(crate) fn denials(&self) -> [u64; Denial::CODES.len()] {
        std::array::from_fn(|place| {
            self.denied.get(place).map_or(0, |count| count.load(Ordering::Relaxed))
        })
    }

    /// A decision about a genuine key took so long.
    pub(crate) fn took(&self, us: u64) {
        self.decided.fetch_add(1, Ordering::Relaxed);
        self.decided_us.fetch_add(us, Ordering::Relaxed);
        let place = BUCKETS_US.iter().position(|&end| us <= end);
        if let Some(count) = place.and_then(|place| self.deciding_us.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Everything, as Prometheus reads it.
    pub(crate) fn render(&self, engine: &Counts) -> String {
        let mut page = Page(String::with_capacity(6_000));
        self.decisions(&mut page);
        self.traffic(&mut page);
        stores(&mut page, engine);
        held(&mut page, engine);
        if let Some(bytes) = self.ballast.number() {
            let help =
                "Room that is kept for revocations on a full disk: less than 1048576 is an alarm.";
            page.gauge("tollgate_store_ballast_bytes", help, bytes);
        }
        page.0
    }

    fn decisions(&self, page: &mut Page) {
        page.family("tollgate_decisions_total", "counter", "Requests decided, by code.");
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        page.labelled("tollgate_decisions_total", "code", "allowed", load(&self.allowed));
        page.labelled("tollgate_decisions_total", "code", "public", load(&self.public));
        for (code, count) in Denial::CODES.iter().zip(&self.denied) {
            page.labelled("tollgate_decisions_total", "code", code, load(count));
        }
        let name = "tollgate_unproven_total";
        page.family(name, "counter", "Credentials that were not genuine, by why.");
        for (code, count) in self.unproven_so_far() {
            page.labelled(name, "why", code, count);
        }
        let name = "tollgate_malformed_total";
        page.family(name, "counter", "Requests that could be read in more than one way, by how.");
        for (code, count) in self.malformed_so_far() {
            page.labelled(name, "how", code, count);
        }
        let name = "tollgate_deciding_seconds";
        page.family(
            name,
            "histogram",
            "How long deciding on genuine keys took, the store included.",
        );
        let mut below = 0_u64;
        for (end, count) in BUCKETS_US.iter().zip(&self.deciding_us) {
            below = below.saturating_add(load(count));
            let end = format!("{}.{:06}", end / 1_000_000, end % 1_000_000);
            page.labelled("tollgate_deciding_seconds_bucket", "le", &end, below);
        }
        let all = load(&self.decided).max(below);
        page.labelled("tollgate_deciding_seconds_bucket", "le", "+Inf", all);
        let us = load(&self.decided_us);
        let sum = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
        page.line(&format!("tollgate_deciding_seconds_sum {sum}"));
        page.line(&format!("tollgate_deciding_seconds_count {all}"));
    }

    fn traffic(&self, page: &mut Page) {
        page.gauge("tollgate_requests_in_flight", "Requests being served.", self.in_flight.count());
        page.gauge("tollgate_connections", "Connections open.", self.connections.count());
        for (name, help, count) in [
            (
                "tollgate_requests_refused_total",
                "Requests refused because too many were being served.",
                &self.requests_refused,
            ),
            (
                "tollgate_connections_refused_total",
                "Connections refused, or ended for another one, because there were too many.",
                &self.connections_refused,
            ),
            (
                "tollgate_origin_unreachable_total",
                "Requests that the origin did not take, or whose answer broke off.",
                &self.origin_unreachable,
            ),
            (
                "tollgate_origin_timeouts_total",
                "Requests that the origin did not answer in time.",
                &self.origin_timeouts,
            ),
            (
                "tollgate_origin_retries_total",
                "Requests sent once more because the origin was closing their connection.",
                &self.origin_retries,
            ),
            ("tollgate_reloads_total", "Configurations put in force.", &self.reloads),
            (
                "tollgate_reloads_failed_total",
                "Configurations that were wrong, so that the old one stayed.",
                &self.reloads_failed,
            ),
        ] {
            page.counter(name, help, count.count());
        }
    }
}

fn stores(page: &mut Page, engine: &Counts) {
    let name = "tollgate_verdicts_total";
    page.family(
        name,
        "counter",
        "Verdicts on genuine keys, by code, before anything else was refused.",
    );
    page.labelled(name, "code", "allowed", engine.allowed);
    for (code, count) in Denial::CODES.iter().zip(engine.denied) {
        page.labelled(name, "code", code, count);
    }
    let name = "tollgate_errands_total";
    page.family(name, "counter", "Questions to the store, by kind.");
    for (kind, count) in [
        ("head", engine.head_errands),
        ("record", engine.record_errands),
        ("replica", engine.replica_errands),
        ("lease", engine.lease_errands),
        ("lease_repeat", engine.lease_repeats),
        ("usage", engine.usage_errands),
        ("usage_repeat", engine.usage_repeats),
    ] {
        page.labelled(name, "kind", kind, count);
    }
    let name = "tollgate_store_errors_total";
    page.family(name, "counter", "Questions that the store did not answer, by reason.");
    for (code, count) in [
        ("store_unreachable", engine.store_unreachable),
        ("store_refused", engine.store_refused),
        ("record_damaged", engine.damaged_records),
        ("head_damaged", engine.damaged_heads),
        ("bucket_damaged", engine.damaged_buckets),
        ("other_damaged", engine.damaged_other),
    ] {
        page.labelled(name, "code", code, count);
    }
    for (name, help, count) in [
        ("tollgate_flagged_total", "Allowed while the store could not be reached.", engine.flagged),
        ("tollgate_record_hits_total", "Records held on arrival.", engine.record_hits),
        ("tollgate_record_misses_total", "Records asked for.", engine.record_misses),
        ("tollgate_absence_hits_total", "Absences held on arrival.", engine.absence_hits),
        (
            "tollgate_records_outdated_total",
            "Records older than they must be.",
            engine.records_outdated,
        ),
        ("tollgate_records_evicted_total", "Records that made room.", engine.records_evicted),
        ("tollgate_purses_evicted_total", "Purses that made room.", engine.purses_evicted),
        (
            "tollgate_leases_granted_total",
            "Answers about leases that counted.",
            engine.leases_granted,
        ),
        ("tollgate_answers_late_total", "Answers after their deadline.", engine.answers_late),
        (
            "tollgate_answers_ignored_total",
            "Answers that nothing open had asked for.",
            engine.answers_ignored,
        ),
        ("tollgate_head_failures_total", "Head reads that failed.", engine.head_failures),
        ("tollgate_freezes_total", "Times this process stood still.", engine.freezes),
        ("tollgate_restarts_total", "Times the ledger began anew.", engine.restarts),
        ("tollgate_twins_total", "Answers that somebody else uses our holder id.", engine.twins),
    ] {
        page.counter(name, help, count);
    }
}

fn held(page: &mut Page, engine: &Counts) {
    for (name, help, count) in [
        ("tollgate_parked", "Requests that wait for the store.", engine.parked),
        ("tollgate_records", "Records held.", engine.records),
        ("tollgate_record_bytes", "What they cost, all in.", engine.record_bytes),
        ("tollgate_absences", "Absences held.", engine.absences),
        ("tollgate_purses", "Purses held.", engine.purses),
    ] {
        page.gauge(name, help, count);
    }
}

struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn labelled(&mut self, name: &str, label: &str, value: &str, count: u64) {
        let _ = writeln!(self.0, "{name}{{{label}=\"{value}\"}} {count}");
    }

    fn counter(&mut self, name: &str, help: &str, count: u64) {
        self.family(name, "counter", help);
        let _ = writeln!(self.0, "{name} {count}");
    }

    fn gauge(&mut self, name: &str, help: &str, count: u64) {
        self.family(name, "gauge", help);
        let _ = writeln!(self.0, "{name} {count}");
    }
}
