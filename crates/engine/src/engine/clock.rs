//! Time: what passed, what is due, and what a freeze undoes.

use tollgate_core::{lease::Watch, time::Reading};

use super::Engine;
use crate::{Decision, counts::add, timers::Due};

/// How often purses that nobody uses are looked for.
const SWEEP_MS: u64 = 1_000;

impl<W, T> Engine<W, T> {
    /// Takes a reading as the clocks gave it, and gives the one to go by.
    pub(super) fn observe(&mut self, taken: Reading) -> Reading {
        let watch = match &mut self.watch {
            Some(watch) => watch,
            none => {
                self.newest = taken;
                none.insert(Watch::new(taken))
            }
        };
        let frozen = watch.frozen(taken);
        let now = watch.steady();
        self.clock = self.clock.saturating_add(now.since(self.newest));
        self.newest = now;
        if frozen {
            self.thaw();
        }
        now
    }

    /// The host was frozen: what was leased may have been leased to others since, what was asked was answered
    /// long ago or never, and how old the head is nobody can tell.
    fn thaw(&mut self) {
        add(&mut self.counts.freezes);
        self.holder = None;
        self.reader.distrust();
        self.head = None;
        self.head_queue.clear();
        self.purses.void();
        self.purses.forget_queues();
        self.fetches.clear();
        self.flights.clear();
        self.errands.clear();
        self.timers.clear();
        self.sweeping = false;
        self.meter.due = None;
        let parked: Vec<_> = self.lot.empty().collect();
        for parked in parked {
            self.tally_unavailable(&parked.inquiry);
            self.decisions.push_back((parked.waiter, Decision::unavailable(&mut self.counts)));
        }
        self.sweep_later();
        self.report_later();
        self.gauge();
    }

    /// Whether anything may be due.
    #[inline]
    pub(super) fn is_due(&mut self, now: Reading) -> bool {
        self.timers.next().is_some_and(|at_ms| at_ms <= self.clock)
            || self.lot.left_ms(now) == Some(0)
    }

    pub(super) fn run_due(&mut self, now: Reading) {
        while let Some((at_ms, due)) = self.timers.pop(self.clock) {
            match due {
                Due::Head => self.head_due(at_ms, now),
                Due::Fetch(place) => self.fetch_due(place, at_ms, now),
                Due::Purse(place) => self.purse_due(place, at_ms, now),
                Due::Usage => self.report_due(at_ms, now),
                Due::Sweep => {
                    self.sweeping = false;
                    self.purses.sweep(self.clock, now);
                    self.sweep_later();
                }
            }
        }
        while let Some(ticket) = self.lot.overdue(now) {
            self.give_up(ticket);
        }
    }

    /// Looks for purses that nobody uses, as long as there are any.
    pub(super) fn sweep_later(&mut self) {
        if !self.sweeping && self.purses.len() > 0 {
            self.sweeping = true;
            self.timers.set(self.clock.saturating_add(SWEEP_MS), Due::Sweep);
        }
    }
}
