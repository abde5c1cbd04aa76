//! What must hold of every decision.

use tollgate_core::{head::ABSENCE_MAX_MS, record::State};

use super::World;
use crate::heads::gate::{Decided, Outcome};

/// How long after the last fault nothing of it is felt any more: what was lost is given up by then.
const SETTLED_US: u64 = 3_000_000;
/// How long a request may take in calm weather: a head, the store and the authority, one after the other.
const SLOWEST_US: u64 = 1_000_000;

impl World {
    pub(super) fn judge(&mut self, decided: &Decided) {
        let seed = self.settings.seed;
        let reachable = decided.came_us > self.fault_us + SETTLED_US && self.cut.is_empty();
        // A gate that was frozen does not for that reason use an old head; it is only late.
        assert!(
            !(reachable && decided.flagged),
            "flagged in calm weather: {decided:?} (seed {seed})"
        );
        let gate = &self.gates[decided.gate];
        let calm = reachable && decided.came_us > gate.frozen_until_us.max(gate.upset_us);
        if calm {
            let took_us = self.now_us - decided.came_us;
            self.tally.slowest_us = self.tally.slowest_us.max(took_us);
            assert!(took_us <= SLOWEST_US, "{decided:?} took {took_us} µs (seed {seed})");
        }
        self.tally.flagged += u64::from(decided.flagged);
        match decided.outcome {
            Outcome::Unavailable => {
                self.tally.unavailable += 1;
                assert!(!calm, "unavailable in calm weather: {decided:?} (seed {seed})");
            }
            Outcome::Says(verdict) => {
                let stale_ms = if decided.flagged { self.settings.max_staleness_ms } else { 1_000 };
                let bound_ms =
                    if verdict.is_none() { stale_ms.max(ABSENCE_MAX_MS) } else { stale_ms };
                assert!(
                    self.truth.was(decided.secret, verdict, bound_ms, self.now_us),
                    "{decided:?} contradicts the ledger: {:?} since {} ms (seed {seed})",
                    self.truth.now(decided.secret),
                    self.truth.since_ms(decided.secret, self.now_us),
                );
                match verdict {
                    None => self.tally.invalid += 1,
                    Some(State::Active) => self.tally.admitted += 1,
                    Some(_) => self.tally.refused += 1,
                }
            }
        }
    }
}
