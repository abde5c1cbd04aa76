//! Random schedules: everything about a world drawn from its seed.

use tollgate_core::{
    lease::{Host, Standard},
    limit::{Numbers, Period, Refill},
};

use super::world::{Faults, Load, Tally, World, WorldSettings};
use tollgate_testkit::Random;

/// One random schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    settings: WorldSettings,
    seconds: u64,
}

impl Schedule {
    /// The schedule of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x5eed_1ea5_e500_0000);
        let random = &mut random;
        let kind = random.below(10);
        let first = if kind == 0 { quota(random) } else { limit(random) };
        let mut limits = vec![first];
        if random.happens(250) {
            limits.push(if random.happens(200) { quota(random) } else { limit(random) });
        }
        let mut changes = Vec::new();
        if kind == 1 {
            changes = vec![limit(random), limit(random), first];
            limits.truncate(1);
        } else if let Refill::Each(period) = first.refill()
            && random.happens(500)
        {
            let mut another = || Numbers::quota(random.within(1, 600), period).expect("in bounds");
            changes = vec![another(), another(), first];
            limits.truncate(1);
        }
        let mut faults = faults(random);
        if kind == 2 {
            faults.writers_ahead_ms = random.within(1, 2_000);
            limits.truncate(1);
        }
        let seconds = random.within(3, 9);
        let holders = random.within(1, 5);
        let requests = random.within(20, 120);
        let burst = limits.iter().map(|numbers| numbers.burst()).min().unwrap_or(1);
        let small = burst.min(3);
        let mut costs = vec![1; 8];
        if random.happens(500) {
            costs.extend([small, burst.div_ceil(4), burst.div_ceil(2), burst]);
        }
        let settings = WorldSettings {
            seed,
            // Some begin shortly before a UTC midnight that also ends a month.
            start_ms: if random.happens(500) { 0 } else { TO_MONTH_END_MS - random.below(8_000) },
            limits,
            holders: usize::try_from(holders).expect("few holders"),
            slots: random.one_of(&[2, 4, 8]),
            sizing: Standard { calls_max: random.one_of(&[300, 300, 30, 5]) },
            host: if random.happens(150) { Host::Bare } else { Host::Background },
            round_trip_us: random.one_of(&[2_000, 10_000, 50_000, 50_000, 200_000, 600_000]),
            database_us: if kind == 2 || random.happens(100) {
                random.one_of(&[2_000, 5_000, 20_000, 80_000])
            } else {
                0
            },
            load: Load {
                gap_us: seconds * 1_000_000 * holders / requests,
                costs,
                bursts: random.happens(600),
                even: false,
                first_per_cent: 0,
            },
            faults,
            changes,
        };
        Self { settings, seconds }
    }

    /// The same faults, with functions that run nothing between two requests, and with so much of a quota or a slow limit
    /// that they take tokens ahead.
    #[must_use]
    pub fn of_functions(seed: u64) -> Self {
        let Self { mut settings, seconds } = Self::new(seed);
        let mut random = Random::new(seed ^ 0x5eed_f14c_7104_0000);
        let random = &mut random;
        let count = random.within(1_100, 4_000);
        let period = random.one_of(&[Period::Day, Period::Month, Period::Total]);
        let numbers = if random.happens(300) {
            Numbers::steady(count, 1, random.within(1_001, 1 << 31))
        } else {
            Numbers::quota(count, period)
        };
        let costs = [1, 1, 1, 1, 1, 1, 7, 100];
        let requests = random.within(200, 800);
        let holders = u64::try_from(settings.holders).expect("few holders");
        settings.host = Host::Bare;
        settings.limits = vec![numbers.expect("in bounds")];
        settings.changes.clear();
        settings.faults.writers_ahead_ms = 0;
        settings.slots = 8;
        settings.sizing = Standard { calls_max: random.one_of(&[1, 5, 30]) };
        settings.round_trip_us = random.one_of(&[2_000, 10_000, 50_000]);
        settings.database_us = random.one_of(&[0, 2_000, 5_000]);
        settings.load.costs = costs.to_vec();
        settings.load.gap_us = seconds * 1_000_000 * holders / requests;
        Self { settings, seconds }
    }

    /// Runs it to its end; stops where a guarantee does not hold.
    #[must_use]
    pub fn run(self) -> Tally {
        let mut world = World::new(self.settings);
        world.run(self.seconds * 1_000_000);
        world.tally
    }
}

/// From [`WorldSettings::START_MS`] to 2027-02-01T00:00:00Z.
const TO_MONTH_END_MS: u64 = 1_801_440_000_000 - WorldSettings::START_MS;

fn limit(random: &mut Random) -> Numbers {
    let burst = random.one_of(&[1, 2, 5, 20, 32, 40, 64, 100, 200, 1_000]);
    let period_ms = random.one_of(&[1_000, 1_000, 60_000, 7, 1]);
    // From far too slow to matter up to a full bucket a second.
    let per_second = random.one_of(&[1, 1, 5, 32, 100, burst]).min(burst * 2);
    let rate = (per_second * period_ms / 1_000).max(1);
    Numbers::steady(burst, rate, period_ms).expect("in bounds")
}

fn quota(random: &mut Random) -> Numbers {
    let count = random.one_of(&[1, 7, 40, 100, 500]);
    Numbers::quota(count, random.one_of(&[Period::Day, Period::Month, Period::Total]))
        .expect("in bounds")
}

fn faults(random: &mut Random) -> Faults {
    let calm = random.happens(150);
    let mut some = |choices: &[u64]| if calm { 0 } else { random.one_of(choices) };
    Faults {
        lost: some(&[0, 0, 20, 100, 300]),
        repeated: some(&[0, 50, 300]),
        late_us: some(&[0, 2_000, 60_000, 400_000]),
        held: some(&[0, 0, 20, 100]),
        silent: some(&[0, 0, 50]),
        holders_per_second: some(&[0, 1, 3]),
        skew_ms: some(&[0, 400, 2_000, 100_000]),
        drift_ppm: some(&[0, 100, 10_000]),
        writers_ahead_ms: 0,
    }
}
