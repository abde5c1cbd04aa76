//! The truth: exact buckets, and when each key was revoked.

use std::collections::BTreeMap;

use tollgate_core::limit::{Numbers, Refill};

/// One exact bucket, fed with every admission in true order.
#[derive(Debug)]
struct Exact {
    numbers: Numbers,
    credit: u128,
    at_ms: u64,
}

impl Exact {
    fn admits(&mut self, cost: u32, at_ms: u64) -> bool {
        let unit = u128::from(self.numbers.unit());
        let full = u128::from(self.numbers.burst()) * unit;
        if let Refill::Steady { rate, .. } = self.numbers.refill() {
            let gained = u128::from(at_ms - self.at_ms) * u128::from(rate);
            self.credit = (self.credit + gained).min(full);
        }
        self.at_ms = at_ms;
        let price = u128::from(cost) * unit;
        let admits = price <= self.credit;
        self.credit -= if admits { price } else { 0 };
        admits
    }
}

/// What may be admitted.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    buckets: BTreeMap<String, Exact>,
    /// Since when each key is revoked.
    pub(crate) revoked: BTreeMap<u32, u64>,
    /// Since when nobody has been answered.
    pub(crate) down_since: Option<u64>,
}

impl Judge {
    /// A request was admitted, by a bucket of these numbers.
    pub(crate) fn spend(&mut self, bucket: String, numbers: Numbers, at_ms: u64, seed: u64) {
        let credit = u128::from(numbers.burst()) * u128::from(numbers.unit());
        let full = Exact { numbers, credit, at_ms };
        let exact = self.buckets.entry(bucket).or_insert(full);
        assert!(exact.admits(1, at_ms), "over the limit at {at_ms} (seed {seed})");
    }

    /// How long after its revocation a key was let through.
    pub(crate) fn since_revoked(&self, number: u32, at_ms: u64) -> Option<u64> {
        Some(at_ms - *self.revoked.get(&number)?)
    }

    /// How long the authority has been away.
    pub(crate) fn down_for(&self, at_ms: u64) -> u64 {
        self.down_since.map_or(0, |since| at_ms - since)
    }
}
