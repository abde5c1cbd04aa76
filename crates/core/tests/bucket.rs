//! Buckets against the plainest possible bucket, over all small numbers and many random ones.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::arithmetic_side_effects, reason = "the oracle counts in 128 bits")]

use tollgate_core::{
    bucket::{Bucket, Debit, Wait},
    limit::{Numbers, Period},
    time::UnixMillis,
};

/// A bucket that is filled millisecond by millisecond.
#[derive(Clone, Copy)]
struct Plain {
    burst: u64,
    rate: u64,
    period_ms: u64,
    credit: u64,
    at: u64,
}

impl Plain {
    fn debit(&mut self, cost: u64, now: u64) -> bool {
        let mut filled = *self;
        while filled.at < now {
            filled.at += 1;
            filled.credit = (filled.credit + filled.rate).min(filled.burst * filled.period_ms);
        }
        let enough = filled.credit >= cost * filled.period_ms;
        if enough {
            filled.credit -= cost * filled.period_ms;
            *self = filled;
        }
        enough
    }
}

fn random() -> impl FnMut(u64) -> u64 {
    let mut state = 42_u64;
    move |bound| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

#[test]
fn every_small_bucket_counts_as_the_plain_one_does() {
    let mut random = random();
    for burst in 1..=4 {
        for rate in 1..=5 {
            for period_ms in 1..=5 {
                let numbers = Numbers::steady(burst, rate, period_ms).unwrap();
                let mut plain =
                    Plain { burst, rate, period_ms, credit: burst * period_ms, at: 100 };
                let mut bucket = Bucket::full(numbers, UnixMillis(100));
                let mut now = 100;
                for _ in 0..400 {
                    now = (now + random(7)).saturating_sub(2 * random(2));
                    let cost = random(burst + 2);
                    let taken = plain.debit(cost, now);
                    match bucket.debit(numbers, u32::try_from(cost).unwrap(), UnixMillis(now)) {
                        Debit::Taken(after) => {
                            assert!(taken);
                            bucket = after;
                        }
                        Debit::Refused(Wait::Never) => assert!(cost > burst && !taken),
                        Debit::Refused(Wait::Later(wait)) => {
                            assert!(!taken);
                            assert!(!{ plain }.debit(cost, now + wait - 1), "a shorter wait does");
                            assert!({ plain }.debit(cost, now + wait), "a longer wait is needed");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn in_every_window_no_more_is_taken_than_burst_and_refill() {
    let mut random = random();
    for _ in 0..300 {
        let (burst, rate) = (1 + random(1_000), 1 + random(1_000));
        let period_ms = 1 + random(100_000);
        let numbers = Numbers::steady(burst, rate, period_ms).unwrap();
        let mut bucket = Bucket::full(numbers, UnixMillis(0));
        let (mut now, mut taken) = (0, Vec::new());
        for _ in 0..120 {
            now += random(2 * period_ms * burst / rate / 10 + 2);
            let cost = random(burst / 3 + 2);
            if let Debit::Taken(after) =
                bucket.debit(numbers, u32::try_from(cost).unwrap(), UnixMillis(now))
            {
                bucket = after;
                taken.push((now, cost));
            }
        }
        for (first, &(start, _)) in taken.iter().enumerate() {
            let mut sum = 0;
            for &(at, cost) in taken.iter().skip(first) {
                sum += u128::from(cost) * u128::from(period_ms);
                let most = u128::from(burst) * u128::from(period_ms)
                    + u128::from(rate) * u128::from(at - start);
                assert!(sum <= most, "{numbers:?} from {start} to {at}");
            }
        }
    }
}

#[test]
fn a_quota_gives_its_count_in_every_period_and_no_more() {
    let mut random = random();
    for period in [Period::Day, Period::Month] {
        let numbers = Numbers::quota(5, period).unwrap();
        let mut now = 1_800_000_000_000;
        let mut bucket = Bucket::full(numbers, UnixMillis(now));
        let mut counts = std::collections::BTreeMap::<u64, u64>::new();
        for _ in 0..20_000 {
            now += random(20_000_000);
            if let Debit::Taken(after) = bucket.debit(numbers, 1, UnixMillis(now)) {
                bucket = after;
                *counts.entry(period.index(UnixMillis(now))).or_default() += 1;
            }
        }
        assert!(counts.len() > 50 && counts.values().all(|&count| count <= 5));
        assert!(counts.values().filter(|&&count| count == 5).count() * 10 > counts.len() * 8);
    }
}
