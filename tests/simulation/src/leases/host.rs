//! A holder and its host: clocks, purses, and the requests that wait.

use std::collections::VecDeque;

use tollgate_core::{
    lease::{
        Answer, Ask, HolderId, Host, Purse, Queue, Received, SpendAll, Tick, Watch, spend_all,
    },
    limit::Numbers,
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

use tollgate_testkit::Random;

/// A host's clocks, as functions of true time in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    /// What the wall clock is off by, in microseconds.
    pub wall_off_us: i64,
    /// How much faster than true both run, in parts per million.
    pub drift_ppm: i64,
    /// How long the monotonic clock stood still.
    pub frozen_us: i64,
}

impl Clocks {
    /// What both clocks say at `true_us`.
    #[must_use]
    pub fn read(&self, true_us: u64) -> Reading {
        let exact = i128::from(true_us);
        let run = exact + exact % 1_000_000_000_000 * i128::from(self.drift_ppm) / 1_000_000;
        let wall = (run + i128::from(self.wall_off_us)) / 1_000;
        let mono = (run - i128::from(self.frozen_us)) / 1_000;
        Reading {
            wall: UnixMillis(u64::try_from(wall).expect("after 1970")),
            mono_ms: u64::try_from(mono).expect("a monotonic clock above 0"),
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Admitted.
    Admitted,
    /// Refused: 429.
    Refused,
    /// No answer in time: 503.
    Unavailable,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    cost: u32,
    since_us: u64,
}

/// One holder with its host.
#[derive(Debug)]
pub(super) struct HostSim {
    pub(super) id: HolderId,
    pub(super) clocks: Clocks,
    pub(super) purses: Vec<Purse>,
    pub(super) frozen_until_us: u64,
    /// Counts processes: an answer to a dead one reaches nobody.
    pub(super) life: u32,
    watch: Option<Watch>,
    queue: VecDeque<Waiting>,
    sent_us: Vec<u64>,
    /// Which messages are open.
    open: Vec<bool>,
    kind: Host,
}

/// What a step of a host leads to.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) asks: Vec<(usize, Ask)>,
    pub(super) outcomes: Vec<(Outcome, u32)>,
}

impl HostSim {
    pub(super) fn new(
        limits: &[(Numbers, Stamp)],
        clocks: Clocks,
        kind: Host,
        random: &mut Random,
    ) -> Self {
        let mut host = Self {
            id: HolderId::default(),
            clocks,
            purses: Vec::new(),
            frozen_until_us: 0,
            life: 0,
            watch: None,
            queue: VecDeque::new(),
            sent_us: vec![0; limits.len()],
            open: vec![false; limits.len()],
            kind,
        };
        host.restart(limits, random);
        host
    }

    /// A new process in place of one that died.
    pub(super) fn restart(&mut self, limits: &[(Numbers, Stamp)], random: &mut Random) {
        self.life += 1;
        self.draw(random);
        self.watch = None;
        self.queue.clear();
        self.open.fill(false);
        let purse = |&(numbers, changed)| Purse::new(numbers, changed, self.kind, 0);
        self.purses = limits.iter().map(purse).collect();
    }

    fn draw(&mut self, random: &mut Random) {
        let bits = (u128::from(random.bits()) << 64) | u128::from(random.bits());
        self.id = HolderId(bits.to_be_bytes());
    }

    /// The one reading of a step; a freeze that shows in it voids everything.
    pub(super) fn read(&mut self, true_us: u64, random: &mut Random) -> Reading {
        let now = self.clocks.read(true_us);
        let watch = self.watch.get_or_insert_with(|| Watch::new(now));
        let frozen = watch.frozen(now);
        let steady = watch.steady();
        if frozen {
            for purse in &mut self.purses {
                purse.void();
            }
            self.open.fill(false);
            self.draw(random);
        }
        steady
    }

    /// What the next reading would be, if it were taken now.
    pub(super) fn peek(&self, true_us: u64) -> Reading {
        let now = self.clocks.read(true_us);
        let mut watch = self.watch.unwrap_or_else(|| Watch::new(now));
        let _frozen = watch.frozen(now);
        watch.steady()
    }

    pub(super) fn request(&mut self, cost: u32, true_us: u64, now: Reading, effects: &mut Effects) {
        match spend_all(&mut self.purses, cost, now) {
            SpendAll::Taken => effects.outcomes.push((Outcome::Admitted, cost)),
            SpendAll::Refused { .. } => effects.outcomes.push((Outcome::Refused, cost)),
            SpendAll::Ask => self.queue.push_back(Waiting { cost, since_us: true_us }),
        }
        self.send(true_us, now, effects);
    }

    pub(super) fn wake(&mut self, true_us: u64, now: Reading, effects: &mut Effects) {
        for place in 0..self.purses.len() {
            match self.purses[place].tick(now) {
                Tick::Quiet => {}
                Tick::Repeat(ask) => effects.asks.push((place, ask)),
                Tick::Overdue => {
                    self.open[place] = false;
                    let sent_us = self.sent_us[place];
                    self.queue.retain(|waiting| {
                        let counted = waiting.since_us <= sent_us;
                        if counted {
                            effects.outcomes.push((Outcome::Unavailable, waiting.cost));
                        }
                        !counted
                    });
                }
            }
        }
        self.send(true_us, now, effects);
    }

    pub(super) fn receive(
        &mut self,
        place: usize,
        answer: &Answer,
        true_us: u64,
        now: Reading,
        random: &mut Random,
        effects: &mut Effects,
    ) -> Received {
        let received = self.purses[place].receive(answer, now);
        match received {
            Received::Accepted => {
                self.open[place] = false;
                self.serve(now, effects);
            }
            Received::Twin => {
                self.open.fill(false);
                for purse in &mut self.purses {
                    purse.void();
                }
                self.draw(random);
            }
            Received::Late | Received::Ignored => {}
        }
        self.wake(true_us, now, effects);
        received
    }

    /// Tries the waiting requests again, in their order.
    pub(super) fn serve(&mut self, now: Reading, effects: &mut Effects) {
        for _ in 0..self.queue.len() {
            let Some(waiting) = self.queue.pop_front() else { return };
            match spend_all(&mut self.purses, waiting.cost, now) {
                SpendAll::Taken => effects.outcomes.push((Outcome::Admitted, waiting.cost)),
                SpendAll::Refused { .. } => effects.outcomes.push((Outcome::Refused, waiting.cost)),
                SpendAll::Ask => self.queue.push_back(waiting),
            }
        }
    }

    fn send(&mut self, true_us: u64, now: Reading, effects: &mut Effects) {
        for (place, purse) in self.purses.iter_mut().enumerate() {
            let mut queue = Queue::default();
            for waiting in &self.queue {
                queue.tokens = queue.tokens.saturating_add(waiting.cost);
                queue.largest = queue.largest.max(waiting.cost);
            }
            if let Some(ask) = purse.ask(self.id, queue, now) {
                self.sent_us[place] = true_us;
                self.open[place] = true;
                effects.asks.push((place, ask));
            }
        }
    }

    /// Whether it takes no other request: where nothing runs after an answer, the answer waits for all that is open.
    pub(super) fn is_busy(&self) -> bool {
        self.kind == Host::Bare && (!self.queue.is_empty() || self.open.contains(&true))
    }

    /// How long until something may have to be sent; where nothing runs between two requests, only while one is there.
    pub(super) fn wake_in(&self, now: Reading) -> Option<u64> {
        if self.kind == Host::Bare && !self.is_busy() {
            return None;
        }
        self.purses.iter().filter_map(|purse| purse.wake_in(now)).min()
    }
}
