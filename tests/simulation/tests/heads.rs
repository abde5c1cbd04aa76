//! G4 under random faults: nothing is decided that the ledger contradicts by more than the bound.

use tollgate_simulation::heads::{Schedule, Tally};

const QUICK: u64 = 300;
const FULL: u64 = 3_000;

#[test]
fn no_gate_contradicts_the_ledger_beyond_the_bound_under_random_faults() {
    let full = std::env::vars_os().any(|(name, value)| name == "TOLLGATE_FULL" && value == "1");
    let count = if full { FULL } else { QUICK };
    let mut sum = Tally::default();
    for seed in 0..count {
        sum.add(&Schedule::new(seed).run());
    }
    println!("{count} schedules: {sum:?}");
}
