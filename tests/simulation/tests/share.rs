//! What leasing costs: the share of one exact bucket that is admitted, and the authority's calls.
//!
//! The figures of `docs/performance.md` are what this prints.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "it prints what it measures"
)]

use std::thread;

use tollgate_core::{
    lease::{CALLS_MAX, CALLS_MAX_DYNAMODB, Host, Standard},
    limit::Numbers,
};
use tollgate_simulation::leases::{Faults, Load, World, WorldSettings};

/// Lopsided demand stays above this share, in per mille.
const LOPSIDED_MIN: u64 = 950;

#[derive(Clone, Copy, Debug)]
struct Row {
    holders: u64,
    /// Tokens a second, and the burst.
    rate: u64,
    /// Demand in tenths of the rate.
    tenths: u64,
    calls_max: u32,
    /// How long a call to the database takes where holders write themselves; 0: they do not.
    database_us: u64,
    /// Share in per cent and calls a second, as a model of these rules was published.
    published: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Measured {
    share_per_mille: u64,
    calls: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Demand {
    Even,
    Independent,
    /// This part, in per cent, comes to one of the holders.
    First(u64),
}

fn measure(row: Row, demand: Demand) -> Measured {
    let mut world = World::new(WorldSettings {
        seed: 7,
        start_ms: 0,
        limits: vec![Numbers::steady(row.rate, row.rate, 1_000).unwrap()],
        holders: row.holders.try_into().unwrap(),
        slots: 128,
        sizing: Standard { calls_max: row.calls_max },
        host: Host::Background,
        round_trip_us: 50_000,
        database_us: row.database_us,
        load: Load {
            gap_us: 10_000_000 * row.holders / (row.rate * row.tenths),
            costs: vec![1],
            bursts: false,
            even: demand == Demand::Even,
            first_per_cent: if let Demand::First(part) = demand { part } else { 0 },
        },
        faults: Faults::default(),
        changes: Vec::new(),
    });
    world.run(10_000_000);
    let before = world.tally;
    let seconds = if row.rate < 100 { 1_000 } else { 30 };
    world.run(seconds * 1_000_000);
    let after = world.tally;
    let (admitted, exact) = (after.admitted - before.admitted, after.exact - before.exact);
    Measured {
        share_per_mille: admitted * 1_000 / exact,
        calls: (after.calls - before.calls) / seconds,
    }
}

/// Every row at even and at independent demand, on two threads.
fn measure_all(rows: &[Row]) -> Vec<(Row, Measured, Measured)> {
    let all = |rows: &[Row]| -> Vec<_> {
        rows.iter()
            .map(|&row| (row, measure(row, Demand::Even), measure(row, Demand::Independent)))
            .collect()
    };
    thread::scope(|scope| {
        let (odd, even): (Vec<_>, Vec<_>) = rows.iter().enumerate().partition(|(i, _)| i % 2 == 1);
        let strip = |rows: Vec<(usize, &Row)>| rows.into_iter().map(|(_, &row)| row).collect();
        let (odd, even): (Vec<Row>, Vec<Row>) = (strip(odd), strip(even));
        let other = scope.spawn(move || all(&odd));
        let mut measured = all(&even);
        measured.extend(other.join().unwrap());
        measured.sort_by_key(|(row, ..)| (row.holders, row.calls_max, row.rate, row.tenths));
        measured
    })
}

fn shown(measured: &Measured) -> String {
    let (whole, tenth) = (measured.share_per_mille / 10, measured.share_per_mille % 10);
    format!("{whole:3}.{tenth} % {:4}", measured.calls)
}

fn print(measured: &[(Row, Measured, Measured)]) {
    println!("| holders | rate | demand | published | even demand | independent demand |");
    println!("|---|---|---|---|---|---|");
    for (row, even, independent) in measured {
        let published =
            row.published.map_or("".into(), |(share, calls)| format!("{share} % {calls:4}"));
        let Row { holders, rate, tenths, .. } = row;
        let demand = format!("{}.{}", tenths / 10, tenths % 10);
        let (even, independent) = (shown(even), shown(independent));
        println!("| {holders} | {rate}/s | {demand} × | {published} | {even} | {independent} |");
    }
}

#[test]
fn at_even_demand_leasing_admits_what_one_exact_bucket_would() {
    let published = [
        (8, 1_000, [(100, 18), (100, 29), (96, 78), (99, 80)]),
        (8, 32, [(100, 11), (100, 24), (100, 34), (100, 68)]),
        (8, 5, [(100, 3), (98, 4), (98, 5), (100, 28)]),
        (64, 1_000, [(100, 102), (100, 171), (96, 461), (100, 483)]),
    ];
    let mut rows = Vec::new();
    for (holders, rate, figures) in published {
        for (tenths, figure) in [5, 9, 11, 100].into_iter().zip(figures) {
            let calls_max = if holders > 40 { 480 } else { CALLS_MAX };
            rows.push(Row {
                holders,
                rate,
                tenths,
                calls_max,
                database_us: 0,
                published: Some(figure),
            });
        }
    }
    let measured = measure_all(&rows);
    print(&measured);
    for (row, even, independent) in measured {
        let (share, calls) = row.published.unwrap();
        assert!(even.share_per_mille >= share * 10 - 2, "{row:?}: {even:?}");
        assert!(independent.share_per_mille + 10 >= share * 10, "{row:?}: {independent:?}");
        assert!(even.share_per_mille >= 950 && independent.share_per_mille >= 950, "{row:?}");
        // The budget C is kept, and calls are what was published, give or take.
        let budget = if row.holders > 16 { 480 } else { 80 };
        assert!(even.calls.max(independent.calls) * 100 <= budget * 103, "{row:?}: {even:?}");
        assert!(independent.calls <= calls + calls / 20 + 2, "{row:?}: {independent:?}");
        assert!(even.calls <= calls + calls / 3 + 2, "{row:?}: {even:?}");
    }
}

/// One hot key at 10,000 requests a second on 8 holders.
#[test]
fn a_hot_key_costs_its_authority_few_calls() {
    let mut rows = Vec::new();
    for calls_max in [CALLS_MAX_DYNAMODB, CALLS_MAX] {
        for (rate, tenths) in [(1_000, 100), (20_000, 5)] {
            rows.push(Row { holders: 8, rate, tenths, calls_max, database_us: 0, published: None });
        }
    }
    let measured = measure_all(&rows);
    print(&measured);
    for (row, even, independent) in measured {
        let most = if row.calls_max == CALLS_MAX_DYNAMODB { 60 } else { 100 };
        for measured in [even, independent] {
            assert!(measured.calls <= most, "{row:?}: {measured:?}");
            assert!(measured.share_per_mille >= 950, "{row:?}: {measured:?}");
        }
    }
}

/// Not promised, but so: demand that comes almost wholly to one of eight holders.
#[test]
fn lopsided_demand_gets_most_of_its_share() {
    println!("| rate | demand | half at one holder | 90 % | 99 % |");
    println!("|---|---|---|---|---|");
    for (rate, tenths) in
        [(1_000, 9), (1_000, 11), (1_000, 100), (32, 9), (32, 11), (32, 100), (5, 11)]
    {
        let row =
            Row { holders: 8, rate, tenths, calls_max: CALLS_MAX, database_us: 0, published: None };
        let cells = [50, 90, 99].map(|part| {
            let measured = measure(row, Demand::First(part));
            assert!(measured.share_per_mille >= LOPSIDED_MIN, "{row:?}, {part} %: {measured:?}");
            shown(&measured)
        });
        let demand = format!("{}.{}", tenths / 10, tenths % 10);
        println!("| {rate}/s | {demand} × | {} |", cells.join(" | "));
    }
}

/// Holders that run the exchange themselves on one item of a database, 6 ms a call: attempts count.
#[test]
fn on_one_database_item_eight_holders_write_seldom_and_get_their_share() {
    println!("| holders | rate | demand | share, writes a second |");
    println!("|---|---|---|---|");
    for holders in [1, 2, 4, 8, 16, 32] {
        for (rate, tenths) in [(1_000, 5), (1_000, 9), (1_000, 11), (1_000, 100), (20_000, 5)] {
            let calls_max = CALLS_MAX_DYNAMODB;
            let row = Row { holders, rate, tenths, calls_max, database_us: 6_000, published: None };
            let measured = measure(row, Demand::Independent);
            let demand = format!("{}.{}", tenths / 10, tenths % 10);
            println!("| {holders} | {rate}/s | {demand} × | {} |", shown(&measured));
            if holders <= 8 {
                assert!(measured.share_per_mille >= 950, "{row:?}: {measured:?}");
                assert!(measured.calls <= 60, "{row:?}: {measured:?}");
            }
        }
    }
}
