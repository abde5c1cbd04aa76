//! G3: in every window, whatever happens, no more is admitted than one exact bucket would admit.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "it prints what it measures"
)]

use std::thread;

use tollgate_simulation::leases::{Schedule, Tally};

const QUICK: u64 = 100_000;
const FULL: u64 = 1_000_000;

/// What happened in so many schedules, each of which stops where a guarantee does not hold.
fn all(count: u64, schedule: fn(u64) -> Schedule) -> Tally {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let sums: Vec<Tally> = thread::scope(|scope| {
        let part = |first: u64| {
            let mut sum = Tally::default();
            for seed in (first..count).step_by(threads) {
                let tally = schedule(seed).run();
                sum.requests += tally.requests;
                sum.admitted += tally.admitted;
                sum.refused += tally.refused;
                sum.unavailable += tally.unavailable;
                sum.calls += tally.calls;
            }
            sum
        };
        let parts: Vec<_> =
            (0..).take(threads).map(|first| scope.spawn(move || part(first))).collect();
        parts.into_iter().map(|part| part.join().unwrap()).collect()
    });
    let total = |field: fn(&Tally) -> u64| sums.iter().map(field).sum::<u64>();
    let sum = Tally {
        requests: total(|t| t.requests),
        admitted: total(|t| t.admitted),
        refused: total(|t| t.refused),
        unavailable: total(|t| t.unavailable),
        calls: total(|t| t.calls),
        exact: 0,
    };
    println!(
        "{count} schedules: {} requests, {} tokens admitted, {} refused, {} unavailable, {} calls",
        sum.requests, sum.admitted, sum.refused, sum.unavailable, sum.calls
    );
    sum
}

#[test]
fn one_exact_bucket_never_refuses_what_was_admitted_under_random_faults() {
    let count = if tollgate_testkit::full() { FULL } else { QUICK };
    let sum = all(count, Schedule::new);
    // A simulation in which nothing happens proves nothing.
    assert!(sum.admitted > count * 10);
    assert!(sum.refused > count);
    assert!(sum.unavailable > count / 10);
    assert!(sum.calls > count * 10);
}

#[test]
fn nor_what_functions_admitted_that_took_tokens_ahead() {
    let count = if tollgate_testkit::full() { FULL } else { QUICK } / 20;
    let sum = all(count, Schedule::of_functions);
    assert!(sum.admitted > count * 100);
    assert!(sum.refused > count);
    assert!(sum.unavailable > count / 10);
    // Most requests are served from what was taken ahead.
    assert!(sum.calls < sum.requests / 2, "{} calls", sum.calls);
}
