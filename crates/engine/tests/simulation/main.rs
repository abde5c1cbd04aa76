//! Several engines over one authority in virtual time, with faults: what is promised holds all the same.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[expect(dead_code, reason = "what other tests need")]
#[path = "../support/book.rs"]
mod book;
mod judge;
mod setup;
mod world;

use setup::{Faults, Plan, TOTAL};
use tollgate_testkit::full;
use world::World;

/// Everything at once, as it may go on a bad day.
const BAD_DAY: Faults = Faults {
    lost: 60,
    repeated: 60,
    refused: 40,
    slow: 80,
    freezes: true,
    crashes: true,
    outages: true,
};

const CALM: Faults = Faults {
    lost: 0,
    repeated: 0,
    refused: 0,
    slow: 0,
    freezes: false,
    crashes: false,
    outages: false,
};

#[test]
fn nothing_is_admitted_over_a_limit_or_after_its_time_whatever_happens() {
    let seeds = if full() { 600 } else { 40 };
    let (mut allowed, mut flagged, mut revoked, mut freezes) = (0, 0, 0, 0);
    for seed in 0..seeds {
        let plan = Plan { engines: 2 + usize::try_from(seed % 4).unwrap(), ..Plan::of(seed) };
        let tally = World::new(Plan {
            faults: BAD_DAY,
            replica: seed % 2 == 1,
            room: seed % 3 > 0,
            ..plan
        })
        .run();
        allowed += tally.allowed;
        flagged += tally.flagged;
        revoked += tally.revoked;
        freezes += tally.freezes;
    }
    assert!(
        allowed > seeds * 500,
        "{allowed}: a gate that lets nobody through keeps every promise"
    );
    assert!(
        flagged > seeds && revoked > seeds && freezes > seeds / 2,
        "{flagged} {revoked} {freezes}"
    );
}

#[test]
fn on_a_calm_day_nobody_is_turned_away_for_our_sake_and_warm_keys_wait_for_nobody() {
    for seed in 0..10 {
        let tally = World::new(Plan { faults: CALM, ..Plan::of(seed) }).run();
        assert_eq!(tally.unavailable, 0, "seed {seed}");
        assert_eq!(tally.flagged, 0);
        assert!(tally.allowed > 500, "{}", tally.allowed);
        // Three of nine have no limit: those wait for a head once in a while at most.
        assert!(tally.warm > 100, "{}", tally.warm);
    }
}

#[test]
fn a_limit_of_n_admits_exactly_n_when_no_message_is_lost_and_nobody_dies() {
    for seed in 0..10 {
        let tally = World::new(Plan { faults: CALM, changes: false, ..Plan::of(seed) }).run();
        assert_eq!(tally.of_total, TOTAL, "seed {seed}");
    }
}

#[test]
fn when_a_revocation_has_been_answered_it_holds_everywhere_within_a_second_and_a_read() {
    for seed in 0..20 {
        let faults = Faults { slow: 50, ..CALM };
        let tally = World::new(Plan { faults, ..Plan::of(seed) }).run();
        assert!(tally.revoked > 0);
        assert!(tally.longest_after_revocation <= 1_000, "{}", tally.longest_after_revocation);
    }
}

#[test]
fn what_is_never_over_is_not_bought_by_refusing() {
    // Eight engines, one key, about 0.94 of what its limit allows.
    let plan = Plan { engines: 8, only: Some(6), changes: false, ..Plan::of(7) };
    let tally = World::new(plan).run();
    let all = tally.allowed + tally.denied;
    assert!((25_000..30_000).contains(&all), "{all}");
    assert!(tally.allowed * 100 >= all * 95, "{} of {all}", tally.allowed);
}
