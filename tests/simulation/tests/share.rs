//! What leasing costs: the share of one exact bucket that is admitted, and the authority's calls.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::thread;

use tollgate_core::{
    lease::{CALLS_MAX, Host, Standard},
    limit::Numbers,
};
use tollgate_simulation::leases::{Faults, Load, World, WorldSettings};

#[derive(Clone, Copy)]
struct Row {
    holders: usize,
    rate: u64,
    tenths: u64,
    round_trip_ms: u64,
}

/// Share in per mille, calls a second.
fn measure(row: Row, even: bool) -> (u64, u64) {
    let Row { holders, rate, tenths, round_trip_ms } = row;
    let gap_us = 10_000_000 * holders as u64 / (rate * tenths);
    let calls_max = if holders > 40 { 480 } else { CALLS_MAX };
    let mut world = World::new(WorldSettings {
        seed: 7,
        start_ms: 0,
        limits: vec![Numbers::steady(rate, rate, 1_000).unwrap()],
        holders,
        slots: 128,
        sizing: Standard { calls_max },
        host: Host::Background,
        round_trip_us: round_trip_ms * 1_000,
        load: Load { gap_us, costs: vec![1], bursts: false, even },
        faults: Faults::default(),
        changes: Vec::new(),
    });
    world.run(10_000_000);
    let before = world.tally;
    let seconds = if rate < 100 { 400 } else { 30 };
    world.run(seconds * 1_000_000);
    let after = world.tally;
    let share = (after.admitted - before.admitted) * 1_000 / (after.exact - before.exact).max(1);
    (share, (after.calls - before.calls) / seconds)
}

#[test]
fn at_even_demand_leasing_admits_what_one_exact_bucket_would() {
    let mut rows = Vec::new();
    for (holders, rate) in [(8, 1_000), (8, 32), (8, 5), (64, 1_000)] {
        for tenths in [5, 9, 11, 100] {
            rows.push(Row { holders, rate, tenths, round_trip_ms: 50 });
        }
    }
    for even in [false, true] {
        println!("even: {even}");
        let results: Vec<_> = thread::scope(|scope| {
            let (a, b) = rows.split_at(rows.len() / 2);
            let part = |rows: &[Row]| rows.iter().map(|&row| measure(row, even)).collect::<Vec<_>>();
            let other = scope.spawn(move || part(b));
            let mut results = part(a);
            results.extend(other.join().unwrap());
            results
        });
        for (row, (share, calls)) in rows.iter().zip(results) {
            println!(
                "{:2} holders {:4}/s at {:4.1}: {:5.1} % {calls:4} calls/s",
                row.holders,
                row.rate,
                row.tenths as f64 / 10.0,
                share as f64 / 10.0
            );
        }
    }
}
