//! Counting what becomes of requests by their keys, and sending away what was counted.

use tollgate_core::{lookup::LookupId, time::Reading};

use super::Engine;
use crate::{
    Answered, Demand, Inquiry, Question, counts::add, flights::Target, timers::Due, usage::Outcome,
};

/// How long an answer to a batch is waited for.
const DEADLINE_MS: u32 = 1_000;

/// How long it takes at first until a batch is repeated that was not answered, and at most. Half of it may be enough, and
/// an answer is made sense of for so long.
const REPEAT_MIN_MS: u64 = 2_000;
const REPEAT_MAX_MS: u64 = 60_000;

impl<W, T> Engine<W, T> {
    /// Counts what became of a request. `place` is that of the key's record, if one is held.
    #[inline]
    pub(super) fn tally(&mut self, inquiry: &Inquiry, place: Option<u32>, outcome: Outcome) {
        if !self.meter.is_on() {
            return;
        }
        let now = self.newest.wall;
        let route = inquiry.demand.route();
        let lookup = inquiry.genuine.lookup();
        if place.is_none() || !self.meter.again(lookup, route, outcome, now) {
            self.tally_first(inquiry, place, outcome);
        }
    }

    /// The same for a key that was not counted lately.
    #[cold]
    fn tally_first(&mut self, inquiry: &Inquiry, place: Option<u32>, outcome: Outcome) {
        let now = self.newest.wall;
        let lookup = inquiry.genuine.lookup();
        let record = place.and_then(|place| self.records.record(place));
        match record {
            Some(record) => {
                self.meter.first(lookup, &record, inquiry.demand.route(), outcome, now);
            }
            None => self.meter.rest(outcome, now),
        }
        self.report_soon();
    }

    /// Counts what an origin has answered to a request that passed, where requests are counted by their keys: the host
    /// forwards it, and says so once. Nothing is decided by it.
    pub fn answered(
        &mut self,
        lookup: LookupId,
        demand: &Demand,
        answered: Answered,
        now: Reading,
    ) {
        if !self.meter.is_on() {
            return;
        }
        let now = self.observe(now).wall;
        let Self { records, meter, .. } = self;
        let record = || records.record(records.find(lookup)?);
        meter.answered(lookup, record, demand.route(), answered, now);
        self.report_soon();
    }

    /// Sees to it that what was counted is sent in its time, or at once if there is little room.
    fn report_soon(&mut self) {
        if self.meter.is_crowded() {
            // Sent before there is no more room.
            self.report_in(0);
        } else if self.meter.due.is_none() {
            let every_ms = self.jittered(self.meter.every_ms());
            self.report_in(every_ms);
        }
    }

    /// Counts a request that is *unavailable* without another look at it.
    pub(super) fn tally_unavailable(&mut self, inquiry: &Inquiry) {
        let place = self.records.find(inquiry.genuine.lookup());
        let outcome = Outcome::denied(tollgate_core::decision::Denial::Unavailable);
        self.tally(inquiry, place, outcome);
    }

    /// The timer of what is counted has fired.
    pub(super) fn report_due(&mut self, at_ms: u64, now: Reading) {
        if self.meter.due == Some(at_ms) {
            self.report(now);
        }
    }

    /// Sends the next batch, or the last one again.
    fn report(&mut self, now: Reading) {
        self.meter.due = None;
        let Some(holder) = self.holder else {
            self.report_in(REPEAT_MIN_MS);
            return;
        };
        let Some(usage) = self.meter.next(holder) else { return };
        let (seq, tries) = (usage.seq(), self.meter.tries);
        self.meter.tries = tries.saturating_add(1);
        add(if tries == 0 {
            &mut self.counts.usage_errands
        } else {
            &mut self.counts.usage_repeats
        });
        self.ask(Target::Usage(seq), Question::Usage(usage), DEADLINE_MS, now);
        let pause_ms = REPEAT_MIN_MS.saturating_mul(1 << tries.min(5)).min(REPEAT_MAX_MS);
        let pause_ms = self.jittered(pause_ms);
        self.report_in(pause_ms);
    }

    /// A batch is kept: the next one is sent, if there is one.
    pub(super) fn reported(&mut self, seq: u64, now: Reading) {
        if !self.meter.kept(seq) {
            add(&mut self.counts.answers_ignored);
            return;
        }
        if self.meter.is_behind() {
            self.report(now);
        } else {
            self.meter.due = None;
            self.report_later();
        }
    }

    /// Sees to it that what is counted is sent some time.
    pub(super) fn report_later(&mut self) {
        if !self.meter.is_empty() && self.meter.due.is_none() {
            let pause_ms = if self.meter.is_open() { REPEAT_MIN_MS } else { self.meter.every_ms() };
            let pause_ms = self.jittered(pause_ms);
            self.report_in(pause_ms);
        }
    }

    fn report_in(&mut self, pause_ms: u64) {
        let at_ms = self.clock.saturating_add(pause_ms);
        self.meter.due = Some(at_ms);
        self.timers.set(at_ms, Due::Usage);
    }

    /// Whether something was counted that is not known to be kept: a timer sends it.
    #[must_use]
    pub fn counts_usage(&self) -> bool {
        !self.meter.is_empty()
    }

    /// The holder ends: sends what was counted and is not sent yet, and says whether something is not known to be kept.
    /// Called again until that is not so, or nobody can wait any longer.
    pub fn hand_over_usage(&mut self, now: Reading) -> bool {
        let now = self.observe(now);
        if self.is_due(now) {
            self.run_due(now);
        }
        if !self.meter.is_open() && !self.meter.is_empty() {
            self.report(now);
        }
        self.settle(now);
        !self.meter.is_empty()
    }
}
