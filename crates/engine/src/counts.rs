//! What an engine has done: numbers for metrics.

use tollgate_core::decision::Denial;

use crate::{OpenError, StoreError};

/// How many denials there are.
pub const DENIALS: usize = Denial::CODES.len();

/// Numbers that only grow, unless said otherwise. Nothing in them names a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that passed, flagged ones included.
    pub allowed: u64,
    /// Requests that passed while the authority could not be reached.
    pub flagged: u64,
    /// Requests that did not pass, by the place of their code in [`Denial::CODES`].
    pub denied: [u64; DENIALS],
    /// Requests for which a current record was held on arrival.
    pub record_hits: u64,
    /// Requests for which it had to be asked for.
    pub record_misses: u64,
    /// Requests for which a current absence was held on arrival.
    pub absence_hits: u64,
    /// Records that came and were older than the head says they must be.
    pub records_outdated: u64,
    /// Records that left for want of room.
    pub records_evicted: u64,
    /// Purses that left for want of room.
    pub purses_evicted: u64,
    /// Questions for the head.
    pub head_errands: u64,
    /// Questions for a record, to a replica.
    pub replica_errands: u64,
    /// Questions for a record, to the authority.
    pub record_errands: u64,
    /// Messages about leases, repetitions not counted.
    pub lease_errands: u64,
    /// Repetitions of messages about leases.
    pub lease_repeats: u64,
    /// Batches of what was counted, repetitions not counted.
    pub usage_errands: u64,
    /// Repetitions of such batches.
    pub usage_repeats: u64,
    /// Answers to messages about leases that counted.
    pub leases_granted: u64,
    /// Answers that came after their deadline.
    pub answers_late: u64,
    /// Answers that nothing open had asked for, or of another kind than was asked for.
    pub answers_ignored: u64,
    /// Answers that said somebody else uses the holder id.
    pub twins: u64,
    /// Head reads that failed.
    pub head_failures: u64,
    /// Times the ledger was found to have begun a new incarnation.
    pub restarts: u64,
    /// Freezes. When this grows, pooled connections are dropped too.
    pub freezes: u64,
    /// Stores that could not be reached in time.
    pub store_unreachable: u64,
    /// Stores that could not do what was asked.
    pub store_refused: u64,
    /// Records that were not what they should be.
    pub damaged_records: u64,
    /// Heads that were not what they should be.
    pub damaged_heads: u64,
    /// Buckets that were not what they should be.
    pub damaged_buckets: u64,
    /// Anything else that was not what it should be.
    pub damaged_other: u64,
    /// Requests that wait now.
    pub parked: u64,
    /// Records held now.
    pub records: u64,
    /// What they cost in bytes, all in.
    pub record_bytes: u64,
    /// Absences held now.
    pub absences: u64,
    /// Purses held now.
    pub purses: u64,
}

impl Counts {
    /// How many requests were denied so.
    #[must_use]
    pub fn denied(&self, denial: Denial) -> u64 {
        self.denied.get(place(denial)).copied().unwrap_or(0)
    }

    pub(crate) fn deny(&mut self, denial: Denial) {
        if let Some(count) = self.denied.get_mut(place(denial)) {
            add(count);
        }
    }

    pub(crate) const fn error(&mut self, error: &StoreError) {
        add(match error {
            StoreError::Unreachable => &mut self.store_unreachable,
            StoreError::Refused => &mut self.store_refused,
            StoreError::Damaged(OpenError::Record(_)) => &mut self.damaged_records,
            StoreError::Damaged(OpenError::Head(_)) => &mut self.damaged_heads,
            StoreError::Damaged(OpenError::Bucket) => &mut self.damaged_buckets,
            StoreError::Damaged(OpenError::Other(_)) => &mut self.damaged_other,
        });
    }
}

/// One more.
pub(crate) const fn add(count: &mut u64) {
    *count = count.saturating_add(1);
}

/// The place of a denial in [`Denial::CODES`].
pub(crate) const fn place(denial: Denial) -> usize {
    match denial {
        Denial::RequestInvalid => 0,
        Denial::CredentialMissing => 1,
        Denial::KeyInvalid => 2,
        Denial::KeyRevoked => 3,
        Denial::TenantDisabled => 4,
        Denial::OwnerDisabled => 5,
        Denial::KeyDisabled => 6,
        Denial::KeyExpired => 7,
        Denial::KeyNotYetValid => 8,
        Denial::IpDenied => 9,
        Denial::CountryDenied => 10,
        Denial::ScopeMissing { .. } => 11,
        Denial::QuotaExhausted { .. } => 12,
        Denial::RateLimited { .. } => 13,
        Denial::Unavailable => 14,
    }
}

#[cfg(test)]
#[path = "../../core/tests/support/denials.rs"]
mod denials;

#[cfg(test)]
mod tests {
    use tollgate_core::bucket::Wait;

    use super::{denials::every, *};

    #[test]
    fn every_denial_is_counted_under_its_code() {
        for denial in every(Wait::Never) {
            assert_eq!(Denial::CODES.get(place(denial)), Some(&denial.code()));
            let mut counts = Counts::default();
            counts.deny(denial);
            assert_eq!((counts.denied(denial), counts.denied.iter().sum::<u64>()), (1, 1));
        }
    }
}
