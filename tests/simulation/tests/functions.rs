//! Functions that run nothing between two requests, on one item of a database: what becomes of quotas and slow limits.
//!
//! The figures of `docs/spec/bucket-and-lease.md` are what this prints.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "it prints what it measures"
)]

use tollgate_core::{
    lease::{CALLS_MAX_DYNAMODB, Host, Standard},
    limit::{Numbers, Period},
};
use tollgate_simulation::leases::{Faults, Load, Tally, World, WorldSettings};

/// Functions that a call to the database costs 6 ms each, with so many requests a second in all.
fn world(numbers: Numbers, functions: u64, per_second: u64) -> World {
    let gap_us = 1_000_000 * functions;
    let load = Load {
        gap_us: gap_us.checked_div(per_second).unwrap_or(0),
        costs: vec![1],
        bursts: false,
        even: false,
        first_per_cent: 0,
    };
    World::new(WorldSettings {
        seed: 11,
        start_ms: 0,
        limits: vec![numbers],
        holders: functions.try_into().unwrap(),
        slots: 128,
        sizing: Standard { calls_max: CALLS_MAX_DYNAMODB },
        host: Host::Bare,
        round_trip_us: 12_000,
        database_us: 6_000,
        load,
        faults: Faults::default(),
        changes: Vec::new(),
    })
}

fn month(count: u64) -> Numbers {
    Numbers::quota(count, Period::Month).unwrap()
}

const fn per_cent(tally: &Tally) -> u64 {
    tally.admitted * 100 / tally.exact
}

/// What nobody can spend any more, once every lease has ended.
fn missing(world: &mut World, count: u64) -> u64 {
    world.stop_load();
    world.run(20_000_000);
    count - world.credit(0) - world.tally.admitted
}

#[test]
fn a_large_quota_admits_what_is_asked_for_though_the_table_is_asked_seldom() {
    println!("| functions | requests | first second | from then on | writes a second |");
    println!("|---|---|---|---|---|");
    for functions in [1, 8, 16, 32, 100] {
        for per_second in [100, 500] {
            let mut world = world(month(1_000_000), functions, per_second);
            let first = world.during(1_000_000);
            world.run(9_000_000);
            let then = world.during(60_000_000);
            let shown = [per_cent(&first), per_cent(&then)].map(|share| share.min(100));
            let writes = (first.calls, then.calls / 60);
            println!(
                "| {functions} | {per_second}/s | {} % | {} % | {writes:?} |",
                shown[0], shown[1]
            );
            // Beyond what a hot bucket is meant for the share falls, as the page says.
            if functions <= 32 {
                assert!(per_cent(&first) >= 80, "{functions}, {per_second}/s: {first:?}");
                assert!(per_cent(&then) >= 98, "{functions}, {per_second}/s: {then:?}");
            }
            assert!(writes.1 <= 60, "{functions}, {per_second}/s: {then:?}");
        }
    }
}

#[test]
fn of_a_small_quota_exactly_n_are_admitted_in_one_burst() {
    for count in [31, 32, 100, 1_000] {
        for functions in [1, 8] {
            for numbers in [month(count), Numbers::steady(count, 1, 1 << 31).unwrap()] {
                // As fast as one item of a database can be written, and half as much again.
                let mut world = world(numbers, functions, 60);
                world.run(60_000_000 * count.div_ceil(3_000));
                let what = format!("{numbers:?} at {functions}: {:?}", world.tally);
                assert!(world.tally.unavailable <= functions, "{what}");
                assert_eq!(world.tally.admitted, count, "{what}");
            }
        }
    }
}

#[test]
fn what_a_function_leaves_behind_is_a_small_part_of_what_is_left_and_of_what_was_spent() {
    println!("| functions | requests | each dies once a minute: lost |");
    println!("|---|---|---|");
    for functions in [1, 8, 32] {
        for per_second in [20, 100, 500] {
            let count = 1_000_000;
            let mut world = world(month(count), functions, per_second);
            let deaths = 5 * functions;
            for death in 0..deaths {
                world.run(60_000_000 / functions);
                let out = world.out(0);
                assert!(out <= functions * world.credit(0).div_ceil(1_000), "{out} are out");
                world.kill((death % functions).try_into().unwrap());
            }
            let lost = missing(&mut world, count);
            let of = world.tally.admitted;
            let per_mille = lost * 1_000 / of;
            println!("| {functions} | {per_second}/s | {lost} of {of}, {per_mille} per mille |");
            assert!(per_mille <= 20, "{lost} of {of}");
        }
    }
}

#[test]
fn bursts_with_pauses_longer_than_a_lease_lose_little() {
    // Whoever has lost tokens asks one by one for a while, which is too slow for the last of these.
    for (functions, size, within_us, least) in [
        (1, 100, 1_000_000, 97),
        (8, 100, 1_000_000, 97),
        (8, 200, 1_000_000, 90),
        (8, 2_000, 3_000_000, 60),
    ] {
        let count = 1_000_000;
        let mut world = world(month(count), functions, 0);
        for _ in 0..20 {
            for request in 0..size {
                let holder = usize::try_from(request % functions).unwrap();
                world.request_at(holder, 1, request * within_us / size);
            }
            world.run(9_000_000);
        }
        let lost = missing(&mut world, count);
        let of = world.tally.admitted;
        println!("{functions} functions, {size} in a burst: {:?}, {lost} lost", world.tally);
        assert!(of * 100 >= world.tally.requests * least, "{:?}", world.tally);
        assert!(lost * 100 <= of * 12, "{lost} of {of}");
    }
}
