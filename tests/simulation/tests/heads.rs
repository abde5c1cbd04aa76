//! G4 under random faults: nothing is decided that the ledger contradicts by more than the bound.
//!
//! The bound is 1 s while the authority can be reached, `max_staleness` in decisions that are flagged, and
//! 10 s for an absence; each longer by what clocks drift (at most 500 ppm here) and by 4 ms, since every clock
//! on the way cuts off up to one. In calm weather no decision is flagged or unavailable.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, and says what it ran"
)]

use std::thread;

use tollgate_simulation::heads::{Schedule, Tally};

const QUICK: u64 = 600;
const FULL: u64 = 10_000;

#[test]
fn no_gate_contradicts_the_ledger_beyond_the_bound_under_random_faults() {
    let count = if tollgate_testkit::full() { FULL } else { QUICK };
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get());
    let sums: Vec<Tally> = thread::scope(|scope| {
        let part = |first: usize| {
            let mut sum = Tally::default();
            for seed in (0..count).skip(first).step_by(threads) {
                sum.add(&Schedule::new(seed).run());
            }
            sum
        };
        let parts: Vec<_> = (0..threads).map(|first| scope.spawn(move || part(first))).collect();
        parts.into_iter().map(|part| part.join().unwrap()).collect()
    });
    let mut sum = Tally::default();
    sums.iter().for_each(|part| sum.add(part));
    println!("{count} schedules: {sum:?}");
    // A simulation in which nothing happens proves nothing.
    assert!(sum.steps > count * 1_000);
    assert!(sum.changes > count * 10);
    assert!(sum.restores > count / 10 && sum.floors > count && sum.folds > count / 10);
    assert!(sum.admitted > count * 100 && sum.refused > count * 100 && sum.invalid > count * 10);
    assert!(sum.unavailable > count && sum.flagged > count);
    let [failed, discarded, younger, adopted, restarted, gaps] = sum.merges;
    assert!(failed > count && discarded > count && younger > count && adopted > count);
    assert!(restarted > count && gaps > count / 100);
}
