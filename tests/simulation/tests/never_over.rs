//! G3: in every window, whatever happens, no more is admitted than one exact bucket would admit.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use std::thread;

use tollgate_simulation::leases::{Schedule, Tally};

const QUICK: u64 = 100_000;
const FULL: u64 = 1_000_000;

#[test]
fn one_exact_bucket_never_refuses_what_was_admitted_under_random_faults() {
    let count = if tollgate_testkit::full() { FULL } else { QUICK };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let sums: Vec<Tally> = thread::scope(|scope| {
        let part = |first: u64| {
            let mut sum = Tally::default();
            for seed in (first..count).step_by(threads) {
                let tally = Schedule::new(seed).run();
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
    println!(
        "{count} schedules: {} requests, {} tokens admitted, {} refused, {} unavailable, {} calls",
        total(|t| t.requests),
        total(|t| t.admitted),
        total(|t| t.refused),
        total(|t| t.unavailable),
        total(|t| t.calls)
    );
    // A simulation in which nothing happens proves nothing.
    assert!(total(|t| t.admitted) > count * 10);
    assert!(total(|t| t.refused) > count);
    assert!(total(|t| t.unavailable) > count / 10);
    assert!(total(|t| t.calls) > count * 10);
}
