//! Virtual time: holders, authorities, the network between them, and the truth beside them.

mod authority;
mod bucket;
mod faults;
mod functions;
mod settings;

use std::{cmp::Reverse, collections::BinaryHeap};

use tollgate_core::{
    lease::{Answer, Ask},
    limit::Numbers,
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

pub use settings::{Faults, Load, Tally, WorldSettings};

use super::host::{Clocks, Effects, HostSim, Outcome};
use authority::{Flow, Stage};
use bucket::Bucket;
use faults::signed;
use settings::START_MS;
use tollgate_testkit::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due(u64, u64);

#[derive(Clone, Debug)]
enum Event {
    Request { holder: usize, again: bool, cost: u32 },
    Route { holder: usize, cost: u32, came_us: u64 },
    Wake { holder: usize, life: u32 },
    Ask { holder: usize, life: u32, bucket: usize, ask: Ask },
    Answer { holder: usize, life: u32, bucket: usize, answer: Answer },
    Item { stage: Stage, flow: Box<Flow> },
    Fault,
    Change,
    Learn { holder: usize },
}

/// Holders, authorities, the network, and the oracles.
#[expect(missing_debug_implementations, reason = "nobody prints a world")]
pub struct World {
    settings: WorldSettings,
    random: Random,
    now_us: u64,
    events: BinaryHeap<Reverse<(Due, usize)>>,
    store: Vec<Event>,
    vacant: Vec<usize>,
    count: u64,
    hosts: Vec<HostSim>,
    wakes: Vec<u64>,
    buckets: Vec<Bucket>,
    limits: Vec<(Numbers, Stamp)>,
    /// What happened so far.
    pub tally: Tally,
}

impl World {
    /// A world at its beginning.
    #[must_use]
    pub fn new(settings: WorldSettings) -> Self {
        let mut random = Random::new(settings.seed);
        let start_ms = START_MS + settings.start_ms;
        let limits: Vec<_> =
            settings.limits.iter().map(|&n| (n, Stamp { incarnation: 1, epoch: 1 })).collect();
        let faults = settings.faults;
        let hosts: Vec<_> = (0..settings.holders)
            .map(|_| {
                let clocks = Clocks {
                    wall_off_us: signed(&mut random, faults.skew_ms * 1_000),
                    drift_ppm: signed(&mut random, faults.drift_ppm),
                    frozen_us: i64::try_from(random.below(1_000_000_000)).expect("small"),
                };
                HostSim::new(&limits, clocks, settings.host, &mut random)
            })
            .collect();
        let buckets = limits.iter().map(|&(numbers, _)| Bucket::new(numbers, &settings, start_ms));
        let mut world = Self {
            buckets: buckets.collect(),
            random,
            now_us: start_ms * 1_000,
            events: BinaryHeap::new(),
            store: Vec::new(),
            vacant: Vec::new(),
            count: 0,
            wakes: vec![u64::MAX; hosts.len()],
            hosts,
            limits,
            tally: Tally::default(),
            settings,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        if self.settings.load.gap_us > 0 {
            for holder in 0..self.hosts.len() {
                let first = self.random.below(self.settings.load.gap_us + 1);
                let cost = self.random.one_of(&self.settings.load.costs);
                self.push(first, Event::Request { holder, again: true, cost });
            }
        }
        if self.settings.faults.holders_per_second > 0 {
            let first = self.random.below(1_000_000);
            self.push(first, Event::Fault);
        }
        if !self.settings.changes.is_empty() {
            let first = self.random.below(6_000_000);
            self.push(first, Event::Change);
        }
    }

    /// Now, in milliseconds since 1970.
    #[must_use]
    pub const fn now_ms(&self) -> u64 {
        self.now_us / 1_000
    }

    /// Changes the round trip from now on.
    pub const fn set_round_trip(&mut self, micros: u64) {
        self.settings.round_trip_us = micros;
    }

    /// Lets a request come at `holder`, `after_us` from now.
    pub fn request_at(&mut self, holder: usize, cost: u32, after_us: u64) {
        self.push(after_us, Event::Request { holder, again: false, cost });
    }

    /// Stops the requests that come by themselves.
    pub const fn stop_load(&mut self) {
        self.settings.load.gap_us = 0;
    }

    /// Runs for `micros` of virtual time, and says what happened in it.
    pub fn during(&mut self, micros: u64) -> Tally {
        let before = self.tally;
        self.run(micros);
        self.tally.since(before)
    }

    /// Runs for `micros` of virtual time.
    pub fn run(&mut self, micros: u64) {
        let end = self.now_us + micros;
        while let Some(&Reverse((Due(at, _), place))) = self.events.peek() {
            if at > end {
                break;
            }
            self.events.pop();
            self.now_us = self.now_us.max(at);
            let event = std::mem::replace(&mut self.store[place], Event::Fault);
            self.vacant.push(place);
            self.happen(event);
        }
        self.now_us = end;
    }

    fn push(&mut self, after_us: u64, event: Event) {
        let place = match self.vacant.pop() {
            Some(place) => {
                self.store[place] = event;
                place
            }
            None => {
                self.store.push(event);
                self.store.len() - 1
            }
        };
        self.count += 1;
        self.events.push(Reverse((Due(self.now_us + after_us, self.count), place)));
    }

    fn happen(&mut self, event: Event) {
        if let Some(holder) = event.holder() {
            let until = self.hosts[holder].frozen_until_us;
            if until > self.now_us && !matches!(event, Event::Ask { .. }) {
                self.push(until - self.now_us, event);
                return;
            }
        }
        match event {
            Event::Request { holder, again, cost } => self.request(holder, again, cost),
            Event::Route { holder, cost, came_us } => self.route(holder, cost, came_us),
            Event::Wake { holder, life } => {
                self.wakes[holder] = u64::MAX;
                if self.hosts[holder].life == life {
                    self.step(holder, |host, at, now, effects, _| host.wake(at, now, effects));
                } else {
                    self.plan_wake(holder);
                }
            }
            Event::Ask { holder, life, bucket, ask } => self.exchange(holder, life, bucket, &ask),
            Event::Answer { holder, life, bucket, answer } => {
                if self.hosts[holder].life == life {
                    self.step(holder, |host, at, now, effects, random| {
                        host.receive(bucket, &answer, at, now, random, effects);
                    });
                }
            }
            Event::Item { stage, flow } => self.flow(stage, flow),
            Event::Fault => self.fault(),
            Event::Change => self.change(),
            Event::Learn { holder } => {
                let limits = self.limits.clone();
                for (purse, (numbers, changed)) in self.hosts[holder].purses.iter_mut().zip(limits)
                {
                    let restored = changed.incarnation > purse.limit().1.incarnation;
                    if purse.learn(numbers, changed) && restored {
                        purse.void();
                    }
                }
            }
        }
    }

    /// The mean time between two requests at `holder`.
    fn gap_us(&self, holder: usize) -> u64 {
        let gap = self.settings.load.gap_us;
        let holders = u64::try_from(self.hosts.len()).expect("few holders");
        match (self.settings.load.first_per_cent, holder) {
            (0, _) => gap,
            (part, 0) => gap * 100 / (part * holders),
            (part, _) => gap * 100 * (holders - 1) / ((100 - part) * holders),
        }
    }

    fn request(&mut self, holder: usize, again: bool, cost: u32) {
        if again {
            let gap = self.gap_us(holder);
            if gap == 0 {
                return;
            }
            let pause = self.settings.load.bursts && self.random.happens(30);
            let wait = if pause {
                self.random.below(4_000_000)
            } else if self.settings.load.even {
                gap
            } else {
                self.random.exponential(gap)
            };
            let next = self.random.one_of(&self.settings.load.costs);
            self.push(wait, Event::Request { holder, again, cost: next });
        }
        self.tally.requests += 1;
        let at_ms = self.now_ms();
        let mut copies = self.buckets.iter().map(|bucket| bucket.exact.clone()).collect::<Vec<_>>();
        if copies.iter_mut().all(|exact| exact.admits(cost, at_ms)) {
            self.tally.exact += u64::from(cost);
            for (bucket, exact) in self.buckets.iter_mut().zip(copies) {
                bucket.exact = exact;
            }
        }
        self.route(holder, cost, self.now_us);
    }

    /// Lets a holder do something, then carries out what follows and checks what must hold.
    fn step(
        &mut self,
        holder: usize,
        act: impl FnOnce(&mut HostSim, u64, Reading, &mut Effects, &mut Random),
    ) {
        let mut effects = Effects::default();
        let host = &mut self.hosts[holder];
        let now = host.read(self.now_us, &mut self.random);
        act(host, self.now_us, now, &mut effects, &mut self.random);
        let life = host.life;
        for (bucket, ask) in effects.asks {
            if self.settings.database_us > 0 {
                self.start_flow(holder, life, bucket, ask);
            } else {
                self.travel(Event::Ask { holder, life, bucket, ask });
            }
        }
        for (outcome, cost) in effects.outcomes {
            match outcome {
                Outcome::Admitted => self.admitted(cost),
                Outcome::Refused => self.tally.refused += 1,
                Outcome::Unavailable => self.tally.unavailable += 1,
            }
        }
        self.plan_wake(holder);
        self.check_holder(holder);
    }

    fn admitted(&mut self, cost: u32) {
        self.tally.admitted += u64::from(cost);
        let at_ms = self.now_ms();
        for bucket in &mut self.buckets {
            assert!(
                bucket.oracle.admits(cost, at_ms),
                "over: one exact bucket would have refused (seed {})",
                self.settings.seed
            );
        }
    }

    fn plan_wake(&mut self, holder: usize) {
        let host = &self.hosts[holder];
        let now = host.peek(self.now_us);
        let Some(wait_ms) = host.wake_in(now) else { return };
        let after_us = wait_ms.max(1) * 1_000;
        let at = self.now_us + after_us;
        if at < self.wakes[holder] {
            self.wakes[holder] = at;
            let life = host.life;
            self.push(after_us, Event::Wake { holder, life });
        }
    }

    /// I2: what the authority has outstanding for a holder covers what that holder can still spend.
    fn check_holder(&self, holder: usize) {
        if self.settings.faults.writers_ahead_ms > 0 {
            return;
        }
        let host = &self.hosts[holder];
        let now = host.peek(self.now_us);
        for (purse, bucket) in host.purses.iter().zip(&self.buckets) {
            let spendable = purse.tokens(now);
            let slot = bucket.slots.iter().find(|slot| slot.holder() == Some(host.id));
            let alive = |&(_, until): &(u32, UnixMillis)| until.0 > self.now_ms();
            let out = slot.map_or(0, |slot| {
                slot.outstanding().filter(alive).map(|(tokens, _)| u64::from(tokens)).sum()
            });
            assert!(
                out >= spendable,
                "a holder can spend {spendable}, its authority has {out} out (seed {})",
                self.settings.seed
            );
        }
    }

    /// Sends a message on its way, or not, or twice.
    fn travel(&mut self, event: Event) {
        let faults = self.settings.faults;
        let copies = if self.random.happens(faults.repeated) { 2 } else { 1 };
        for _ in 0..copies {
            if self.random.happens(faults.lost) {
                continue;
            }
            let mut way_us = self.settings.round_trip_us / 2;
            if faults.late_us > 0 {
                way_us += self.random.below(faults.late_us);
            }
            if self.random.happens(faults.held) {
                way_us += self.random.below(8_000_000);
            }
            self.push(way_us, event.clone());
        }
    }
}

impl Event {
    fn holder(&self) -> Option<usize> {
        match self {
            Self::Request { holder, .. }
            | Self::Route { holder, .. }
            | Self::Wake { holder, .. }
            | Self::Ask { holder, .. }
            | Self::Answer { holder, .. }
            | Self::Learn { holder } => Some(*holder),
            Self::Item { stage: Stage::Compute, flow } => Some(flow.holder()),
            Self::Item { .. } | Self::Fault | Self::Change => None,
        }
    }
}
