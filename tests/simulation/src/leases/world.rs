//! Virtual time: holders, authorities, the network between them, and the truth beside them.

use std::{cmp::Reverse, collections::BinaryHeap};

use tollgate_core::{
    lease::{
        Account, Answer, Ask, Exchange, Host, STATE_HEADER_MAX, STATE_HOLDER_MAX, Slot, Standard,
    },
    limit::Numbers,
    stamp::Stamp,
    time::UnixMillis,
};

use super::{
    host::{Clocks, Effects, HostSim, Outcome},
    oracle::Oracle,
};
use crate::random::Random;

/// Where a world begins, in milliseconds since 1970.
const START_MS: u64 = 1_800_000_000_000;

/// What can go wrong, in times per thousand unless said otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A message (either way) is lost.
    pub lost: u64,
    /// A message arrives twice.
    pub repeated: u64,
    /// A message takes this many microseconds longer, at most, which reorders messages.
    pub late_us: u64,
    /// A message is held up for seconds.
    pub held: u64,
    /// The authority fails between its write and its answer.
    pub silent: u64,
    /// Faults of holders a second (crash, freeze, clock step), in all.
    pub holders_per_second: u64,
    /// How far the holders' wall clocks are off, and how far they step, in milliseconds.
    pub skew_ms: u64,
    /// How much the holders' clocks drift, in parts per million.
    pub drift_ppm: u64,
    /// Where writers bring the clock: how far ahead they are at most, in milliseconds.
    pub writers_ahead_ms: u64,
}

/// The requests that come.
#[derive(Clone, Debug)]
pub struct Load {
    /// The mean time between two requests at one holder, in microseconds; 0: none by themselves.
    pub gap_us: u64,
    /// What they cost.
    pub costs: Vec<u32>,
    /// Whether they come in bursts with pauses of seconds.
    pub bursts: bool,
    /// Whether they come evenly instead of independently.
    pub even: bool,
    /// What part of them all the first holder gets, in per cent; 0: the same as every other.
    pub first_per_cent: u64,
}

/// A world to be run.
#[derive(Clone, Debug)]
pub struct WorldSettings {
    /// The seed of everything random in it.
    pub seed: u64,
    /// When it begins, in milliseconds after [`WorldSettings::START_MS`].
    pub start_ms: u64,
    /// The limits of every request, one bucket each.
    pub limits: Vec<Numbers>,
    /// How many holders there are.
    pub holders: usize,
    /// Places in each authority's table.
    pub slots: usize,
    /// The authorities' policy.
    pub sizing: Standard,
    /// What holders can do after an answer.
    pub host: Host,
    /// A message's way from holder to authority and back, in microseconds.
    pub round_trip_us: u64,
    /// The requests at each holder.
    pub load: Load,
    /// What goes wrong.
    pub faults: Faults,
    /// Numbers that the first limit changes to, at random moments.
    pub changes: Vec<Numbers>,
}

impl WorldSettings {
    /// The instant after which worlds begin: 2027-01-15T08:00:00Z.
    pub const START_MS: u64 = START_MS;
}

/// What happened in a world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that came.
    pub requests: u64,
    /// Tokens admitted.
    pub admitted: u64,
    /// Requests refused.
    pub refused: u64,
    /// Requests without an answer in time.
    pub unavailable: u64,
    /// Exchanges at the authorities that wrote.
    pub calls: u64,
    /// What one exact bucket would have admitted of the same requests.
    pub exact: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due(u64, u64);

#[derive(Clone, Debug)]
enum Event {
    Request { holder: usize, again: bool, cost: u32 },
    Wake { holder: usize, life: u32 },
    Ask { holder: usize, life: u32, bucket: usize, ask: Ask },
    Answer { holder: usize, life: u32, bucket: usize, answer: Answer },
    Fault,
    Change,
    Learn { holder: usize },
}

struct Bucket {
    account: Option<Account>,
    slots: Vec<Slot>,
    oracle: Oracle,
    exact: Oracle,
}

impl Bucket {
    /// The authority's process dies and another takes over from what is stored.
    fn store_and_load(&mut self) {
        let mut buffer = vec![0; STATE_HEADER_MAX + self.slots.len() * STATE_HOLDER_MAX];
        let account = self.account.as_ref().expect("an account that was asked");
        let len = account.encode(&self.slots, &mut buffer).expect("room enough");
        let mut slots = vec![Slot::VACANT; self.slots.len()];
        let read = Account::decode(&buffer[..len], &mut slots).expect("what was written");
        assert_eq!((read.credit(), read.instant()), (account.credit(), account.instant()));
        assert_eq!(read.limit(), account.limit());
        let taken = |slots: &[Slot]| {
            slots.iter().filter(|slot| slot.holder().is_some()).copied().collect::<Vec<_>>()
        };
        assert_eq!(taken(&slots), taken(&self.slots));
        self.account = Some(read);
        self.slots = slots;
    }
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
    /// Admissions are not judged one by one (the judge takes a while).
    pub measured_only: bool,
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
        let buckets = limits.iter().map(|&(numbers, _)| Bucket {
            account: None,
            slots: vec![Slot::VACANT; settings.slots],
            oracle: oracle(numbers, &settings, start_ms),
            exact: Oracle::new(numbers, start_ms),
        });
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
            measured_only: false,
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
        self.step(holder, |host, at, now, effects, _| host.request(cost, at, now, effects));
    }

    /// Lets a holder do something, then carries out what follows and checks what must hold.
    fn step(
        &mut self,
        holder: usize,
        act: impl FnOnce(&mut HostSim, u64, tollgate_core::time::Reading, &mut Effects, &mut Random),
    ) {
        let mut effects = Effects::default();
        let host = &mut self.hosts[holder];
        let now = host.read(self.now_us, &mut self.random);
        act(host, self.now_us, now, &mut effects, &mut self.random);
        let life = host.life;
        for (bucket, ask) in effects.asks {
            self.travel(Event::Ask { holder, life, bucket, ask });
        }
        for (outcome, cost) in effects.outcomes {
            match outcome {
                Outcome::Admitted => self.admitted(cost),
                Outcome::Refused => self.tally.refused += 1,
                Outcome::Unavailable => self.tally.unavailable += 1,
            }
        }
        self.plan_wake(holder);
        if !self.measured_only {
            self.check_holder(holder);
        }
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
        let now = host.clocks.read(self.now_us);
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
        let now = host.clocks.read(self.now_us);
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

    fn exchange(&mut self, holder: usize, life: u32, place: usize, ask: &Ask) {
        let ahead = self.settings.faults.writers_ahead_ms;
        let skew = if ahead > 0 { self.random.below(ahead + 1) } else { 0 };
        let now = UnixMillis(self.now_ms() + skew);
        let bucket = &mut self.buckets[place];
        let account = bucket.account.get_or_insert_with(|| Account::new(ask, now));
        let outcome = account.exchange(&mut bucket.slots, ask, now, &self.settings.sizing);
        if let Exchange::Write(_) = outcome {
            self.tally.calls += 1;
        }
        let (numbers, _) = account.limit();
        let out: u64 =
            bucket.slots.iter().flat_map(Slot::outstanding).map(|(t, _)| u64::from(t)).sum();
        let room = u64::from(numbers.burst()).saturating_sub(out) * u64::from(numbers.unit());
        assert!(
            account.credit() <= room,
            "credit and what is out exceed the burst (seed {})",
            self.settings.seed
        );
        if self.random.happens(50) {
            bucket.store_and_load();
        }
        if !self.random.happens(self.settings.faults.silent) {
            self.travel(Event::Answer { holder, life, bucket: place, answer: outcome.answer() });
        }
    }

    fn fault(&mut self) {
        let per_second = self.settings.faults.holders_per_second.max(1);
        let next = self.random.exponential(1_000_000 / per_second);
        self.push(next, Event::Fault);
        let hosts = u64::try_from(self.hosts.len()).expect("few holders");
        let holder = usize::try_from(self.random.below(hosts)).expect("few holders");
        let freezes = holder.is_multiple_of(2);
        let host = &mut self.hosts[holder];
        match self.random.below(4) {
            0 => host.restart(&self.limits, &mut self.random),
            // A freeze below a second and a wall clock that steps back as far within the same lease
            // can hide each other: the specification says so, so no holder here has both.
            1 | 2 if freezes => {
                let micros = self.random.one_of(&[300_000, 900_000, 1_500_000, 6_000_000]);
                if host.frozen_until_us <= self.now_us {
                    host.frozen_until_us = self.now_us + micros;
                    host.clocks.frozen_us += i64::try_from(micros).expect("short");
                }
            }
            _ => {
                let step = signed(&mut self.random, self.settings.faults.skew_ms * 1_000);
                host.clocks.wall_off_us += if freezes { step.abs() } else { step };
            }
        }
    }

    /// The first limit's numbers change, or the ledger is restored; holders learn it by and by.
    fn change(&mut self) {
        let next = self.random.below(8_000_000);
        self.push(next, Event::Change);
        let restored = self.random.happens(200);
        let numbers = self.random.one_of(&self.settings.changes);
        let incarnation = self.limits[0].1.incarnation + u64::from(restored);
        let epoch = if restored { self.random.below(3) } else { self.limits[0].1.epoch + 1 };
        self.limits[0] = (numbers, Stamp { incarnation, epoch });
        for holder in 0..self.hosts.len() {
            let after = self.random.below(3_000_000);
            self.push(after, Event::Learn { holder });
        }
    }
}

impl Event {
    const fn holder(&self) -> Option<usize> {
        match self {
            Self::Request { holder, .. }
            | Self::Wake { holder, .. }
            | Self::Ask { holder, .. }
            | Self::Answer { holder, .. }
            | Self::Learn { holder } => Some(*holder),
            Self::Fault | Self::Change => None,
        }
    }
}

/// The exact bucket that admissions are judged by: across changes, one with the largest burst and
/// the largest rate; where writers' clocks run ahead, with what that brings forward.
fn oracle(numbers: Numbers, settings: &WorldSettings, start_ms: u64) -> Oracle {
    use tollgate_core::limit::Refill::Steady;
    let all = settings.changes.iter().copied().chain([numbers]);
    let burst = all.clone().map(Numbers::burst).max().unwrap_or(0);
    let fastest = all.filter_map(|n| match n.refill() {
        Steady { rate, period_ms } => Some((u64::from(rate), u64::from(period_ms))),
        tollgate_core::limit::Refill::Each(_) => None,
    });
    let ahead = settings.faults.writers_ahead_ms;
    match fastest.reduce(|a, b| if a.0 * b.1 >= b.0 * a.1 { a } else { b }) {
        None => Oracle::new(numbers, start_ms),
        Some((rate, period_ms)) => {
            let largest = Numbers::steady(u64::from(burst), rate, period_ms).expect("in bounds");
            let brought = (ahead * rate).div_ceil(period_ms);
            Oracle::new(largest, start_ms).with_allowance(brought)
        }
    }
}

fn signed(random: &mut Random, most: u64) -> i64 {
    let most = i64::try_from(most).expect("small");
    let width = u64::try_from(2 * most + 1).expect("small");
    i64::try_from(random.below(width)).expect("small") - most
}
