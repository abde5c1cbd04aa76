#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use core::net::IpAddr;

use super::*;
use crate::{id::Id, limit::Period};

const START: UnixMillis = UnixMillis(1_800_000_000_000);

fn steady(burst: u64, rate: u64, period_ms: u64) -> Numbers {
    Numbers::steady(burst, rate, period_ms).unwrap()
}

fn taken(debit: Debit) -> Bucket {
    match debit {
        Debit::Taken(bucket) => bucket,
        Debit::Refused(wait) => panic!("refused: {wait:?}"),
    }
}

#[test]
fn a_request_is_refused_one_millisecond_before_its_retry_after_and_accepted_at_it() {
    for (burst, rate, period_ms) in
        [(1, 1, 1), (10, 3, 7), (5, 5, 1_000), (1, 1, u64::from(u32::MAX) >> 1), (100, 7, 60_000)]
    {
        let numbers = steady(burst, rate, period_ms);
        let mut bucket = taken(Bucket::full(numbers, START).debit(numbers, numbers.burst(), START));
        let mut now = START;
        for cost in [1, numbers.burst(), 1, numbers.burst().div_ceil(2), 1, 1] {
            for lag in [0, 1, 17] {
                let clock = UnixMillis(now.0 - lag);
                if let Debit::Refused(Wait::Later(wait)) = bucket.debit(numbers, cost, clock) {
                    let at = clock.plus(wait);
                    let before = UnixMillis(at.0 - 1);
                    assert!(matches!(bucket.debit(numbers, cost, before), Debit::Refused(_)));
                    taken(bucket.debit(numbers, cost, at));
                    now = at;
                }
            }
            bucket = taken(bucket.debit(numbers, cost, now));
        }
    }
}

#[test]
fn costs_of_nothing_of_everything_and_of_more_are_defined() {
    let numbers = steady(3, 1, 1_000);
    let full = Bucket::full(numbers, START);
    let empty = taken(full.debit(numbers, 3, START));
    assert_eq!(empty.credit, 0);
    assert_eq!(empty.debit(numbers, 0, START), Debit::Taken(empty));
    assert_eq!(full.debit(numbers, 4, START), Debit::Refused(Wait::Never));
    assert_eq!(empty.debit(numbers, 3, START), Debit::Refused(Wait::Later(3_000)));
}

#[test]
fn a_clock_that_steps_back_grants_nothing_and_loses_nothing() {
    let numbers = steady(10, 1, 1_000);
    let bucket = taken(Bucket::full(numbers, START).debit(numbers, 10, START));
    let back = bucket.advanced(numbers, UnixMillis(START.0 - 5_000));
    assert_eq!(back, bucket);
    assert_eq!(back.advanced(numbers, START.plus(1_000)).credit, 1_000);
    let early = bucket.debit(numbers, 1, UnixMillis(START.0 - 5_000));
    assert_eq!(early, Debit::Refused(Wait::Later(6_000)));
}

#[test]
fn splitting_time_into_steps_mints_nothing() {
    let numbers = steady(1_000, 7, 13);
    let bucket = taken(Bucket::full(numbers, START).debit(numbers, 1_000, START));
    let mut steps = bucket;
    for elapsed in 1..=300 {
        steps = steps.advanced(numbers, START.plus(elapsed));
        assert_eq!(steps, bucket.advanced(numbers, START.plus(elapsed)));
    }
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let numbers = steady(u64::from(u32::MAX), u64::from(u32::MAX), (1 << 31) - 1);
    let end = UnixMillis(u64::MAX);
    let bucket = taken(Bucket::full(numbers, START).debit(numbers, u32::MAX, START));
    assert_eq!(bucket.advanced(numbers, end).credit, numbers.cap());
    let slow = steady(1, 1, u64::from(u32::MAX));
    let empty = taken(Bucket::full(slow, end).debit(slow, 1, end));
    let waits = Debit::Refused(Wait::Later(u64::MAX));
    assert_eq!(empty.debit(slow, 1, UnixMillis(0)), waits, "the end of time is the longest wait");
}

#[test]
fn a_quota_is_full_again_at_the_start_of_the_next_period_and_not_before() {
    // 2028-02-28T12:00:00Z, in a leap year.
    let noon = UnixMillis(1_835_352_000_000);
    let check = |period, expected: Wait| {
        let numbers = Numbers::quota(2, period).unwrap();
        let one = taken(Bucket::full(numbers, noon).debit(numbers, 1, noon));
        assert_eq!(one.debit(numbers, 2, noon), Debit::Refused(expected));
        if let Wait::Later(wait) = expected {
            let early = one.debit(numbers, 2, noon.plus(wait - 1));
            assert_eq!(early, Debit::Refused(Wait::Later(1)));
            assert_eq!(taken(one.debit(numbers, 2, noon.plus(wait))).credit, 0);
            let back = one.advanced(numbers, noon.plus(wait)).advanced(numbers, noon);
            assert_eq!(back.credit, 2, "a period does not begin twice");
        }
    };
    check(Period::Day, Wait::Later(43_200_000));
    check(Period::Month, Wait::Later(43_200_000 + 86_400_000));
    check(Period::Total, Wait::Never);
}

#[test]
fn months_follow_the_calendar_for_four_centuries() {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut start = 0_u64;
    for year in 1970..2400 {
        let february = if leap(year) { 29 } else { 28 };
        for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            let end = start + days * 86_400_000;
            let (first, last) = (UnixMillis(start), UnixMillis(end - 1));
            assert_eq!(Period::Month.next(first), Some(UnixMillis(end)));
            assert_eq!(Period::Month.next(last), Some(UnixMillis(end)));
            assert_eq!(Period::Month.start(last), first);
            assert_eq!(Period::Month.index(first), Period::Month.index(last));
            assert_eq!(Period::Month.index(UnixMillis(end)), Period::Month.index(first) + 1);
            start = end;
        }
    }
}

#[test]
fn a_bucket_is_named_by_tenant_scope_subject_and_limit_only() {
    let id = |text| Id::new(text).unwrap();
    let ip = |text: &str| Subject::Ip(text.parse::<IpAddr>().unwrap());
    for (subject, expected) in [
        (Subject::Key(id("key_1")), "acme/key/key_1/burst"),
        (Subject::Owner(id("a@b")), "acme/owner/a@b/burst"),
        (Subject::Tenant, "acme/tenant/acme/burst"),
        (Subject::Global, "*/global/*/burst"),
        (ip("192.0.2.7"), "acme/ip/192.0.2.7/burst"),
        (ip("::ffff:192.0.2.7"), "acme/ip/192.0.2.7/burst"),
        (ip("2001:db8:1:2:3:4:5:6"), "acme/ip/2001:db8:1:2::/burst"),
        (ip("::1"), "acme/ip/::/burst"),
        (ip("0:0:0:1::9"), "acme/ip/0:0:0:1::/burst"),
        (ip("1:0:0:2::9"), "acme/ip/1:0:0:2::/burst"),
    ] {
        assert_eq!(BucketName::new(id("acme"), subject, id("burst")).as_str(), expected);
    }
    let long = id(core::str::from_utf8(&[b'x'; 64]).unwrap());
    let name = BucketName::new(long, Subject::Tenant, long);
    assert_eq!(name.as_str().len(), NAME_MAX);
}
