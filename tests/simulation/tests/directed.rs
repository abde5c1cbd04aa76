//! What random schedules are too weak to show, and what no fault excuses.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use tollgate_core::{
    lease::{Host, Standard},
    limit::{Numbers, Period},
    stamp::Stamp,
};
use tollgate_simulation::leases::{Faults, Load, World, WorldSettings};

fn settings(numbers: Numbers, holders: usize, gap_us: u64) -> WorldSettings {
    WorldSettings {
        seed: 3,
        start_ms: 0,
        limits: vec![numbers],
        holders,
        slots: 64,
        sizing: Standard::default(),
        host: Host::Background,
        round_trip_us: 50_000,
        database_us: 0,
        load: Load { gap_us, costs: vec![1], bursts: false, even: false, first_per_cent: 0 },
        faults: Faults::default(),
        changes: Vec::new(),
    }
}

#[test]
fn of_a_limit_of_n_exactly_n_are_admitted_when_nothing_is_lost() {
    for count in [1, 7, 31, 32, 33, 100, 1_000, 5_000] {
        for (holders, host) in
            [(1, Host::Background), (8, Host::Background), (8, Host::Bare), (48, Host::Background)]
        {
            for numbers in [
                Numbers::quota(count, Period::Month).unwrap(),
                Numbers::quota(count, Period::Total).unwrap(),
                Numbers::steady(count, 1, 1 << 31).unwrap(),
            ] {
                // About three times the count within ten seconds, then it goes on.
                let share = 10_000_000 * u64::try_from(holders).unwrap();
                let gap_us = (share / (3 * count)).min(400_000);
                let mut world =
                    World::new(WorldSettings { host, ..settings(numbers, holders, gap_us) });
                world.run(30_000_000);
                assert_eq!(world.tally.admitted, count, "{numbers:?} at {holders} of {host:?}");
            }
        }
    }
}

#[test]
fn of_a_quota_whose_count_changes_exactly_the_last_are_admitted_or_what_was_before() {
    for (counts, admitted) in [
        ([1_000, 2_000, 3_000], 3_000),
        ([1_000, 10, 1_000], 1_000),
        ([1_000, 10, 1_500], 1_500),
        ([1_000, 500, 700], 1_000),
        ([100, 300, 100], 300),
    ] {
        for host in [Host::Background, Host::Bare] {
            let quota = |count| Numbers::quota(count, Period::Total).unwrap();
            let mut world =
                World::new(WorldSettings { host, ..settings(quota(counts[0]), 8, 10_000) });
            for (change, count) in (1..).zip(counts) {
                world.change_to(quota(count), Stamp { incarnation: 1, epoch: 1 + change });
                world.run(30_000_000);
            }
            assert_eq!(world.tally.admitted, admitted, "{counts:?} at {host:?}");
        }
    }
}

#[test]
fn a_round_trip_of_200_ms_from_the_start_does_not_starve() {
    let numbers = Numbers::steady(5, 5, 1_000).unwrap();
    for (round_trip_us, least) in [(10_000, 960), (50_000, 950), (200_000, 850)] {
        let mut world =
            World::new(WorldSettings { round_trip_us, ..settings(numbers, 8, 1_777_777) });
        let tally = world.during(2_000_000_000);
        let share = tally.admitted * 1_000 / tally.exact;
        println!("5/s at 0.9, round trip {:3} ms: {share} per mille", round_trip_us / 1_000);
        assert!(share >= least, "{share} per mille at {round_trip_us} µs");
        assert!(tally.unavailable * 1_000 <= tally.requests, "{tally:?}");
    }
}

#[test]
fn a_round_trip_that_steps_from_15_to_150_ms_does_not_starve() {
    for (burst, gap_us) in [(5, 1_777_777), (32, 277_777), (1_000, 8_888)] {
        let numbers = Numbers::steady(burst, burst, 1_000).unwrap();
        let mut world =
            World::new(WorldSettings { round_trip_us: 15_000, ..settings(numbers, 8, gap_us) });
        world.run(30_000_000);
        world.set_round_trip(150_000);
        let at_once = world.during(20_000_000);
        let later = world.during(100_000_000);
        println!("{burst}/s after the step: {at_once:?}, later {later:?}");
        // At each holder one message is late before its deadline follows; then none is.
        assert!(at_once.admitted * 10 >= at_once.exact * 7, "{at_once:?}");
        assert!(later.admitted * 10 >= later.exact * 8, "{later:?}");
        assert!(later.unavailable * 100 <= later.requests, "{later:?}");
    }
}

#[test]
fn hammering_a_saturated_limit_costs_no_more_calls_than_asking_politely() {
    let numbers = Numbers::steady(100, 100, 1_000).unwrap();
    for gap_us in [40_000, 4_000, 400] {
        let mut world = World::new(settings(numbers, 8, gap_us));
        world.run(5_000_000);
        let tally = world.during(20_000_000);
        assert!(tally.calls <= 20 * 85, "{} calls at a gap of {gap_us} µs", tally.calls);
        assert!(tally.admitted * 100 >= tally.exact * 98, "{tally:?}");
    }
}

#[test]
fn a_request_for_most_of_the_burst_is_not_starved_by_leases() {
    let numbers = Numbers::steady(100, 100, 1_000).unwrap();
    let mut world = World::new(settings(numbers, 8, 8 * 40_000));
    world.run(5_000_000);
    let mut admitted = 0;
    for _ in 0..20 {
        // A client that waits as it is told, two seconds being more than it is told here.
        let before = world.tally;
        for attempt in 0..3 {
            world.request_at(0, 70, attempt * 2_000_000);
        }
        world.run(8_000_000);
        let after = world.tally;
        admitted += u64::from(after.refused - before.refused < 3);
    }
    assert!(admitted >= 18, "{admitted} of 20");
}

#[test]
fn what_a_dead_holder_had_comes_back_only_by_refill() {
    let numbers = Numbers::quota(1_000, Period::Total).unwrap();
    let mut world = World::new(WorldSettings {
        faults: Faults { holders_per_second: 2, ..Faults::default() },
        ..settings(numbers, 8, 20_000)
    });
    world.run(60_000_000);
    assert!(world.tally.admitted < 1_000, "some tokens died with their holders");
    assert!(world.tally.admitted > 500, "but not most of them");
}
