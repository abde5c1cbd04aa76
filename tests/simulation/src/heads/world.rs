//! Virtual time: the ledger, its publisher, the store, relays and gates, and a network that may do anything.

mod judge;
mod publishing;
mod queue;
mod run;
mod weather;

use tollgate_core::{
    head::{Entry, Head, MaxStaleness},
    time::Reading,
};

use super::{
    gate::{Decided, Gate},
    ledger::{Database, Ledger},
    relay::Relay,
    seals::Seals,
    store::Store,
    tables::{Change, Tables},
    truth::{DRIFT_PPM, Truth},
};
use crate::leases::Clocks;
use queue::{Event, Queue};
use tollgate_testkit::Random;

/// Where worlds begin: 2027-01-15T08:00:00Z.
const START_US: u64 = 1_800_000_000_000_000;

/// What can go wrong while there is a storm, in times per thousand unless said otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A message is lost.
    pub lost: u64,
    /// A message arrives twice.
    pub repeated: u64,
    /// A message takes this many microseconds longer, at most, which reorders messages.
    pub late_us: u64,
    /// A message is held up for seconds.
    pub held: u64,
    /// The mean time between two crashes, freezes, clock steps or restores, in microseconds; 0: none.
    pub gap_us: u64,
}

/// A world to be run.
#[derive(Clone, Debug)]
pub struct WorldSettings {
    /// The seed of everything random in it.
    pub seed: u64,
    /// How many gates there are.
    pub gates: usize,
    /// How many relays they share.
    pub relays: usize,
    /// How many tenants the ledger has.
    pub tenants: usize,
    /// How many entries a head has room for.
    pub bound: usize,
    /// After what time an entry leaves the list, in microseconds.
    pub entry_age_us: u64,
    /// Every gate's bound for a head that cannot be renewed.
    pub max_staleness_ms: u64,
    /// A message's way, in microseconds.
    pub way_us: u64,
    /// The mean time between two requests at each gate, in microseconds; 0: none by themselves.
    pub gaps_us: Vec<u64>,
    /// The mean time between two changes, in microseconds; 0: none by themselves.
    pub changes_us: u64,
    /// How many of a thousand reads of the store are served an older version.
    pub stale: u64,
    /// What goes wrong in a storm.
    pub faults: Faults,
    /// How long a storm and the calm after it take, in microseconds.
    pub weather_us: (u64, u64),
    /// By how much clocks drift, as a share of what is stated; and whether wall clocks step.
    pub clocks_off: bool,
}

impl WorldSettings {
    /// A world in which nothing happens by itself.
    #[must_use]
    pub fn quiet(gates: usize) -> Self {
        Self {
            seed: 0,
            gates,
            relays: 1,
            tenants: 2,
            bound: 16,
            entry_age_us: 86_400_000_000,
            max_staleness_ms: 10_000,
            way_us: 20_000,
            gaps_us: vec![0],
            changes_us: 0,
            stale: 0,
            faults: Faults::default(),
            weather_us: (0, u64::MAX / 4),
            clocks_off: false,
        }
    }
}

/// What happened in a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says what is counted")]
pub struct Tally {
    pub steps: u64,
    pub changes: u64,
    pub restores: u64,
    pub floors: u64,
    pub folds: u64,
    pub admitted: u64,
    pub refused: u64,
    pub invalid: u64,
    pub unavailable: u64,
    pub flagged: u64,
    pub outdated: u64,
    pub head_questions: u64,
    pub record_questions: u64,
    pub merges: [u64; 6],
    /// The longest that a request in calm weather waited, in microseconds.
    pub slowest_us: u64,
}

impl Tally {
    /// Counts what happened in another world too.
    pub fn add(&mut self, other: &Self) {
        let Self { merges, slowest_us, .. } = *other;
        for (sum, more) in self.merges.iter_mut().zip(merges) {
            *sum += more;
        }
        self.slowest_us = self.slowest_us.max(slowest_us);
        self.steps += other.steps;
        self.changes += other.changes;
        self.restores += other.restores;
        self.floors += other.floors;
        self.folds += other.folds;
        self.admitted += other.admitted;
        self.refused += other.refused;
        self.invalid += other.invalid;
        self.unavailable += other.unavailable;
        self.flagged += other.flagged;
        self.outdated += other.outdated;
        self.head_questions += other.head_questions;
        self.record_questions += other.record_questions;
    }
}

/// The deployment, and the truth beside it.
#[derive(Debug)]
pub struct World {
    settings: WorldSettings,
    random: Random,
    now_us: u64,
    queue: Queue,
    seals: Seals,
    /// The ledger.
    pub ledger: Ledger,
    /// The replicated store.
    pub store: Store,
    /// Who knows everything.
    pub truth: Truth,
    relays: Vec<Relay>,
    gates: Vec<Gate>,
    /// When each gate polls next.
    wakes: Vec<u64>,
    publishing: Option<u64>,
    backup: Database,
    storm_until_us: u64,
    /// When something last went wrong.
    fault_us: u64,
    /// Messages between these do not arrive at all.
    cut: Vec<Cut>,
    /// What was decided since it was last asked for.
    decided: Vec<(u64, Decided)>,
    /// What happened so far.
    pub tally: Tally,
}

/// A way that can be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Between a gate and its relay.
    GateRelay(usize),
    /// Between the relays and the ledger.
    RelayLedger,
    /// Between a gate and the authority.
    GateAuthority(usize),
    /// Between the publisher and the store.
    Publisher,
}

impl World {
    /// A world at its beginning, with all that exists published.
    #[must_use]
    pub fn new(settings: WorldSettings) -> Self {
        let mut random = Random::new(settings.seed);
        let tables = Tables::new(settings.tenants);
        let ledger = Ledger::new(tables.clone(), settings.bound);
        let now_us = START_US + 1_000_000;
        let seals = Seals::new();
        let mut store = Store::default();
        store.stale = settings.stale;
        for secret in 0..tables.secrets() {
            let (as_of, verdict) = ledger.read(secret);
            if verdict.is_some() {
                store.put(secret, seals.record(secret, as_of, verdict));
            }
        }
        let mut clocks = || if settings.clocks_off { off(&mut random) } else { exact() };
        let relays = (0..settings.relays).map(|_| Relay::new(clocks(), settings.bound)).collect();
        let max_staleness = MaxStaleness::new(settings.max_staleness_ms).expect("1 s to 1 h");
        let gates: Vec<_> = (0..settings.gates)
            .map(|place| Gate::new(place, clocks(), settings.bound, max_staleness))
            .collect();
        let mut world = Self {
            truth: Truth::new(&tables, ledger.head().stamp(), now_us),
            backup: ledger.backup(),
            random,
            now_us,
            queue: Queue::default(),
            seals,
            ledger,
            store,
            relays,
            wakes: vec![u64::MAX; gates.len()],
            gates,
            publishing: None,
            storm_until_us: 0,
            fault_us: 0,
            cut: Vec::new(),
            decided: Vec::new(),
            tally: Tally::default(),
            settings,
        };
        world.begin();
        world
    }

    /// What time it is, in microseconds.
    #[must_use]
    pub const fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Commits a change now.
    pub fn change(&mut self, change: Change) {
        self.ledger.prepare(change);
        self.commit();
    }

    /// A request comes to a gate; gives what is decided and how long that took, in milliseconds.
    ///
    /// # Panics
    ///
    /// If nothing is decided within five seconds.
    pub fn ask(&mut self, gate: usize, secret: usize) -> (Decided, u64) {
        let came_us = self.now_us;
        self.decided.clear();
        self.queue.push(came_us, Event::Request { gate, secret: Some(secret) });
        while self.now_us < came_us + 5_000_000 {
            self.step();
            let mine = |(_, decided): &&(u64, Decided)| {
                decided.gate == gate && decided.secret == secret && decided.came_us == came_us
            };
            if let Some(&(at_us, decided)) = self.decided.iter().find(mine) {
                return (decided, (at_us - came_us) / 1_000);
            }
        }
        panic!("gate {gate} has not decided about {secret}");
    }

    /// As many requests at once; gives what is decided within five seconds.
    pub fn crowd(&mut self, gate: usize, secret: usize, requests: usize) -> Vec<Decided> {
        self.decided.clear();
        for _ in 0..requests {
            self.queue.push(self.now_us, Event::Request { gate, secret: Some(secret) });
        }
        self.pass(5_000);
        self.decided.iter().map(|(_, decided)| *decided).collect()
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: u64) {
        let until_us = self.now_us + ms * 1_000;
        self.queue.push(until_us, Event::Nothing);
        while self.now_us < until_us {
            self.step();
        }
    }

    /// Cuts a way.
    pub fn cut(&mut self, cut: Cut) {
        self.cut.push(cut);
    }

    /// Mends every way.
    pub fn mend(&mut self) {
        self.cut.clear();
        self.fault_us = self.fault_us.max(self.now_us);
    }

    /// Freezes a gate: for so long it does nothing, and its monotonic clock may stand still.
    pub fn freeze(&mut self, gate: usize, ms: u64, mono_stands_still: bool) {
        let gate = &mut self.gates[gate];
        gate.frozen_until_us = self.now_us + ms * 1_000;
        if mono_stands_still {
            gate.clocks.frozen_us += i64::try_from(ms * 1_000).expect("short");
        }
    }

    /// A gate reads its clocks, and does nothing else.
    pub fn notice(&mut self, gate: usize) {
        self.gates[gate].read(self.now_us);
    }

    /// A gate's wall clock is set.
    pub fn step_clock(&mut self, gate: usize, by_ms: i64) {
        self.gates[gate].clocks.wall_off_us += by_ms * 1_000;
    }

    /// Keeps a copy of the ledger's database.
    pub fn back_up(&mut self) {
        self.backup = self.ledger.backup();
    }

    /// Restores the copy, by the command.
    pub fn restore(&mut self) {
        self.ledger.restore(self.backup.clone());
        self.ledger.start();
        let stamp = self.ledger.head().stamp();
        self.truth.record(self.ledger.tables(), stamp, None, self.now_us);
        self.publishing = None;
        self.fault_us = self.fault_us.max(self.now_us);
        self.tally.restores += 1;
    }

    /// Lets old entries leave the ledger's head, as if they were older than they are.
    pub fn let_entries_go(&mut self) {
        self.ledger.let_go(0, self.now_us);
    }

    /// A gate's head.
    #[must_use]
    pub fn head(&self, gate: usize) -> Option<&Head<Vec<Entry>>> {
        self.gates[gate].reader.head()
    }

    /// How old a gate's head is by its own clocks, in milliseconds.
    #[must_use]
    pub fn age_ms(&self, gate: usize) -> Option<u64> {
        let gate = &self.gates[gate];
        gate.reader.age_ms(gate.clocks.read(self.now_us))
    }

    fn reading(&self, relay: usize) -> Reading {
        self.relays[relay].clocks.read(self.now_us)
    }
}

fn exact() -> Clocks {
    Clocks { wall_off_us: 0, drift_ppm: 0, frozen_us: 0 }
}

fn off(random: &mut Random) -> Clocks {
    let drift = i64::try_from(random.within(0, 2 * DRIFT_PPM)).expect("small");
    Clocks {
        wall_off_us: i64::try_from(random.below(600_000_000)).expect("small") - 300_000_000,
        drift_ppm: drift - i64::try_from(DRIFT_PPM).expect("small"),
        frozen_us: i64::try_from(random.below(1_000_000_000)).expect("small"),
    }
}
