//! The truth: what was committed when, and what may be said of it how much later.

use tollgate_core::{
    head::{Entry, Head, Places, Subject},
    stamp::Stamp,
};

use super::tables::{Tables, Verdict};

/// How much clocks drift at most, in parts per million: every stated bound is longer by so much.
pub const DRIFT_PPM: u64 = 500;
/// Each of the clocks that an age passes through cuts off up to a millisecond of it.
const CUT_OFF_US: u64 = 4_000;

/// Every commit, and every judgement.
#[derive(Clone, Debug)]
pub struct Truth {
    facts: Vec<Vec<Fact>>,
    changes: Vec<(Stamp, Option<Subject>)>,
    newest: Stamp,
}

#[derive(Clone, Copy, Debug)]
struct Fact {
    at_us: u64,
    stamp: Stamp,
    verdict: Verdict,
}

impl Truth {
    /// The truth of a ledger that begins now.
    #[must_use]
    pub fn new(tables: &Tables, stamp: Stamp, now_us: u64) -> Self {
        let mut truth = Self {
            facts: vec![Vec::new(); tables.secrets()],
            changes: Vec::new(),
            newest: Stamp::default(),
        };
        truth.record(tables, stamp, None, now_us);
        truth
    }

    /// Something was committed, or a restore began a new incarnation.
    ///
    /// # Panics
    ///
    /// If the stamp has been used before.
    pub fn record(&mut self, tables: &Tables, stamp: Stamp, subject: Option<Subject>, now_us: u64) {
        assert!(stamp > self.newest, "{stamp:?} is used after {:?}", self.newest);
        self.newest = stamp;
        self.changes.push((stamp, subject));
        for (secret, facts) in self.facts.iter_mut().enumerate() {
            let verdict = tables.verdict(secret);
            let same = facts.last().is_some_and(|fact| {
                fact.verdict == verdict && fact.stamp.incarnation == stamp.incarnation
            });
            if !same {
                facts.push(Fact { at_us: now_us, stamp, verdict });
            }
        }
    }

    /// What is true of a secret now.
    #[must_use]
    pub fn now(&self, secret: usize) -> Verdict {
        self.facts[secret].last().and_then(|fact| fact.verdict)
    }

    /// For how long that has been so, in milliseconds.
    #[must_use]
    pub fn since_ms(&self, secret: usize, now_us: u64) -> u64 {
        self.facts[secret].last().map_or(0, |fact| (now_us - fact.at_us) / 1_000)
    }

    /// Whether `verdict` was true of `secret` at some moment within `bound_ms` before `now_us`, as a
    /// clock may measure it that drifts.
    #[must_use]
    pub fn was(&self, secret: usize, verdict: Verdict, bound_ms: u64, now_us: u64) -> bool {
        let bound_us = bound_ms * (1_000 + DRIFT_PPM * 2 / 1_000) + CUT_OFF_US;
        let from_us = now_us.saturating_sub(bound_us);
        for fact in self.facts[secret].iter().rev() {
            if fact.verdict == verdict {
                return true;
            }
            if fact.at_us < from_us {
                return false;
            }
        }
        false
    }

    /// Judges a record that somebody was given: it must be what was committed as of its stamp.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn judge_record(&self, secret: usize, as_of: Stamp, verdict: Verdict) {
        assert!(as_of <= self.newest, "a record as of {as_of:?}, which is not committed");
        let facts = self.facts[secret].iter().rev();
        let fact = facts
            .filter(|fact| fact.stamp.incarnation == as_of.incarnation)
            .find(|fact| fact.stamp <= as_of);
        let committed = fact.expect("an incarnation there was").verdict;
        assert_eq!(verdict, committed, "secret {secret} as of {as_of:?} was never committed so");
    }

    /// Judges a reader's head: complete from its floor to its epoch.
    ///
    /// # Panics
    ///
    /// If a change between is missing.
    pub fn judge_head<S: Places>(&self, head: &Head<S>) {
        assert!(head.stamp() <= self.newest, "a head ahead of the ledger");
        for (stamp, subject) in self.changes.iter().rev() {
            if stamp.incarnation != head.stamp().incarnation || stamp.epoch <= head.floor() {
                if stamp.incarnation > head.stamp().incarnation {
                    continue;
                }
                break;
            }
            let Some(subject) = subject else { continue };
            let covers = |entry: &Entry| {
                let tenant = Subject::Tenant { tenant: *subject.tenant() };
                entry.epoch >= stamp.epoch && (entry.subject == *subject || entry.subject == tenant)
            };
            assert!(
                stamp.epoch > head.stamp().epoch || head.entries().iter().any(covers),
                "{subject:?} changed at {stamp:?}, and a head at {:?} above {} does not tell",
                head.stamp(),
                head.floor()
            );
        }
    }
}
