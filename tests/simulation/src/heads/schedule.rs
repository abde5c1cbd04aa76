//! Random schedules: everything about a world drawn from its seed.

use super::world::{Faults, Tally, World, WorldSettings};
use tollgate_testkit::Random;

/// One random schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    settings: WorldSettings,
    ms: u64,
}

impl Schedule {
    /// The schedule of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let random = &mut Random::new(seed ^ 0x5eed_0000_4ead_0000);
        let gap = |random: &mut Random| random.one_of(&[40_000, 200_000, 1_000_000, 6_000_000]);
        let gates = random.within(8, 11);
        let settings = WorldSettings {
            seed,
            gates: usize::try_from(gates).expect("few"),
            relays: random.one_of(&[1, 2, 3]),
            tenants: random.one_of(&[1, 2, 3, 5]),
            bound: random.one_of(&[2, 4, 6, 8, 16]),
            entry_age_us: random.one_of(&[2_000_000, 8_000_000, 60_000_000]),
            max_staleness_ms: random.one_of(&[1_000, 2_000, 5_000, 10_000]),
            way_us: random.one_of(&[1_000, 10_000, 40_000]),
            gaps_us: (0..gates).map(|_| gap(random)).collect(),
            changes_us: random.one_of(&[50_000, 200_000, 800_000]),
            stale: random.one_of(&[0, 300, 900]),
            faults: Faults {
                lost: random.one_of(&[0, 20, 200, 1_000]),
                repeated: random.one_of(&[0, 100, 300]),
                late_us: random.one_of(&[0, 50_000, 600_000]),
                held: random.one_of(&[0, 20, 200]),
                gap_us: random.one_of(&[0, 200_000, 700_000]),
            },
            weather_us: (random.within(1, 12) * 1_000_000, 6_000_000),
            clocks_off: random.happens(700),
        };
        Self { settings, ms: random.within(20_000, 40_000) }
    }

    /// Runs it to its end; stops where a guarantee does not hold.
    #[must_use]
    pub fn run(self) -> Tally {
        let mut world = World::new(self.settings);
        world.pass(self.ms);
        world.tally
    }
}
