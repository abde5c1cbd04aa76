//! Who failed to prove itself lately, by address.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tollgate_core::{
    bucket::{Bucket, Debit, Wait},
    limit::Numbers,
    network::Address,
    time::UnixMillis,
};

/// How many failures an address has at once, and how many more come back in [`FAILURES_PERIOD_MS`].
pub const FAILURES_MAX: u32 = 10;

/// The time in which an address that failed too often may fail as often again.
pub const FAILURES_PERIOD_MS: u64 = 60_000;

/// The most addresses that are remembered; those that failed longest ago are forgotten first.
pub const ADDRESSES_MAX: usize = 4_096;

/// Counts failed authentications, of IPv6 by /64 as limits do.
#[derive(Debug, Default)]
pub struct Guard {
    failures: Mutex<HashMap<Option<Address>, Bucket>>,
}

impl Guard {
    /// Nobody has failed yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// For how long an address has to wait that has failed too often; none if it need not.
    pub(crate) fn wait(&self, address: Option<Address>, now: UnixMillis) -> Option<u64> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = failures.get(&address.map(Address::counted))?;
        match bucket.debit(numbers()?, 1, now) {
            Debit::Taken(_) => None,
            Debit::Refused(Wait::Later(wait)) => Some(wait),
            Debit::Refused(Wait::Never) => Some(FAILURES_PERIOD_MS),
        }
    }

    /// Somebody at this address has not proved itself.
    pub(crate) fn failed(&self, address: Option<Address>, now: UnixMillis) {
        let Some(numbers) = numbers() else { return };
        let address = address.map(Address::counted);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() >= ADDRESSES_MAX && !failures.contains_key(&address) {
            make_room(&mut failures, numbers, now);
        }
        let bucket = failures.entry(address).or_insert_with(|| Bucket::full(numbers, now));
        if let Debit::Taken(after) = bucket.debit(numbers, 1, now) {
            *bucket = after;
        }
    }
}

fn numbers() -> Option<Numbers> {
    Numbers::steady(FAILURES_MAX.into(), FAILURES_MAX.into(), FAILURES_PERIOD_MS).ok()
}

/// Forgets everybody who may fail as often as anybody, and else whoever failed longest ago.
fn make_room(failures: &mut HashMap<Option<Address>, Bucket>, numbers: Numbers, now: UnixMillis) {
    failures.retain(|_, bucket| bucket.advanced(numbers, now).credit < numbers.cap());
    if failures.len() >= ADDRESSES_MAX {
        let oldest = failures.iter().min_by_key(|(_, bucket)| bucket.instant);
        if let Some(address) = oldest.map(|(address, _)| *address) {
            failures.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn address(number: u32) -> Option<Address> {
        Some(Address::new(IpAddr::V4(Ipv4Addr::from_bits(number))))
    }

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

    #[test]
    fn whoever_fails_too_often_waits_and_nobody_else() {
        let guard = Guard::new();
        for _ in 0..FAILURES_MAX {
            assert_eq!(guard.wait(address(1), NOW), None);
            guard.failed(address(1), NOW);
        }
        let wait = guard.wait(address(1), NOW).unwrap();
        assert_eq!(wait, FAILURES_PERIOD_MS / u64::from(FAILURES_MAX));
        assert_eq!(guard.wait(address(1), NOW.plus(wait - 1)), Some(1));
        assert_eq!(guard.wait(address(1), NOW.plus(wait)), None);
        assert_eq!(guard.wait(address(2), NOW), None);
        assert_eq!(guard.wait(None, NOW), None);
    }

    #[test]
    fn no_more_addresses_are_remembered_than_there_is_room_for() {
        let guard = Guard::new();
        let many = u32::try_from(ADDRESSES_MAX).unwrap() + 100;
        for number in 0..many {
            guard.failed(address(number), NOW.plus(number.into()));
        }
        assert_eq!(guard.failures.lock().unwrap().len(), ADDRESSES_MAX);
        // The last is remembered, the first is not.
        let remembered = |number| guard.failures.lock().unwrap().contains_key(&address(number));
        assert_eq!((remembered(0), remembered(many - 1)), (false, true));
    }
}
