//! Engines, the authority, what lies between them, and what goes wrong.

use std::collections::BTreeMap;

use tollgate_core::{
    lease::HolderId,
    limit::LimitScope,
    record::{Expected, State},
    time::{Reading, UnixMillis},
};
use tollgate_engine::{
    Arrival, Decision, Demand, Errand, ErrandId, Fetched, Inquiry, Lookup, Question, Reply,
    StoreError, WAIT_MAX_MS,
};
use tollgate_testkit::Random;

use crate::{
    book::{Book, WALL, genuine},
    judge::Judge,
    setup::{Host, KEYS, MAX_STALENESS_MS, Plan, RUN_MS, Tally, card, host, unlimited},
};

#[derive(Clone, Debug)]
enum Event {
    Come(usize),
    Wake(usize),
    Ask(usize, u64, Errand),
    Reply(usize, u64, ErrandId, Result<Reply, StoreError>),
    Publish,
    Change,
    Freeze(usize),
    Crash(usize),
    Outage(bool),
}

pub(crate) struct World {
    plan: Plan,
    random: Random,
    now: u64,
    number: u64,
    events: BTreeMap<(u64, u64), Event>,
    hosts: Vec<Host>,
    book: Book,
    replica: BTreeMap<u32, Fetched>,
    /// Below which epoch each key's record is too old.
    changed: [u64; 8],
    judge: Judge,
    tally: Tally,
}

impl World {
    pub(crate) fn new(plan: Plan) -> Self {
        let mut random = Random::new(plan.seed);
        let mut book = Book::new();
        for number in 0..KEYS {
            book.issue(number, card(number));
        }
        let hosts = (0..plan.engines).map(|_| host(plan, &mut random)).collect();
        let mut world = Self {
            plan,
            random,
            now: 0,
            number: 0,
            events: BTreeMap::new(),
            hosts,
            book,
            replica: BTreeMap::new(),
            changed: [0; 8],
            judge: Judge::default(),
            tally: Tally::default(),
        };
        for place in 0..plan.engines {
            world.after(0, Event::Come(place));
            if plan.faults.freezes {
                world.after(2_000, Event::Freeze(place));
            }
            if plan.faults.crashes {
                world.after(9_000, Event::Crash(place));
            }
        }
        world.after(1, Event::Publish);
        if plan.changes {
            world.after(3_000, Event::Change);
        }
        if plan.faults.outages {
            world.after(8_000, Event::Outage(true));
        }
        world
    }

    pub(crate) fn run(mut self) -> Tally {
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.now = at;
            let ends = matches!(
                event,
                Event::Come(_)
                    | Event::Publish
                    | Event::Change
                    | Event::Freeze(_)
                    | Event::Crash(_)
            );
            if ends && at > RUN_MS {
                continue;
            }
            if at > RUN_MS + 2 * WAIT_MAX_MS {
                break;
            }
            self.happen(event);
        }
        for host in &self.hosts {
            assert!(
                host.waiting.is_empty(),
                "somebody was never answered (seed {})",
                self.plan.seed
            );
            assert_eq!(host.engine.counts().parked, 0);
        }
        self.tally
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Come(place) => {
                let busy = self.random.within(1, if self.plan.only.is_some() { 16 } else { 60 });
                self.after(busy, Event::Come(place));
                if self.awake(place) {
                    self.come(place);
                }
            }
            Event::Wake(place) => {
                let due = self.hosts[place].wake_at <= self.now;
                if due && self.awake(place) {
                    self.hosts[place].wake_at = u64::MAX;
                    let now = self.reading(place);
                    self.hosts[place].engine.tick(now);
                    self.collect(place);
                }
            }
            Event::Ask(place, life, errand) => self.ask(place, life, &errand),
            Event::Reply(place, life, id, reply) => {
                let thaw = self.hosts[place].frozen_until;
                if self.now < thaw {
                    self.after(thaw - self.now, Event::Reply(place, life, id, reply));
                } else if self.hosts[place].life == life {
                    let now = self.reading(place);
                    self.hosts[place].engine.deliver(id, reply, now);
                    self.collect(place);
                }
            }
            Event::Publish => {
                let number = u32::try_from(self.random.below(KEYS.into())).unwrap();
                let expected = Expected::from(&genuine(number));
                self.replica.insert(number, self.book.read(expected));
                self.after(700, Event::Publish);
            }
            Event::Change => self.change(),
            Event::Freeze(place) => {
                let frozen = self.random.one_of(&[30, 400, 900, 1_100, 2_500]);
                let host = &mut self.hosts[place];
                host.frozen_until = self.now + frozen;
                // Half of the pauses are seen by both clocks, as when a process does not get its turn.
                if self.random.happens(600) {
                    host.stood_ms += frozen;
                }
                self.after(frozen, Event::Wake(place));
                let next = self.random.within(500, 6_000);
                self.after(frozen + next, Event::Freeze(place));
            }
            Event::Crash(place) => {
                let life = self.hosts[place].life;
                let new = host(self.plan, &mut self.random);
                self.tally.freezes += self.hosts[place].engine.counts().freezes;
                self.hosts[place] = Host { life: life + 1, ..new };
                let next = self.random.within(2_000, 20_000);
                self.after(next, Event::Crash(place));
            }
            Event::Outage(begins) => {
                self.judge.down_since = begins.then_some(self.now);
                if begins {
                    self.after(5_000, Event::Outage(false));
                }
            }
        }
    }

    fn come(&mut self, place: usize) {
        let any = u32::try_from(self.random.below(u64::from(KEYS) + 1)).unwrap();
        let number = self.plan.only.unwrap_or(any);
        let demand = Demand::new(&[], 1).unwrap();
        let address = None;
        let inquiry =
            Inquiry { genuine: genuine(number), address, country: None, demand: demand.into() };
        let now = self.reading(place);
        let waiter = self.number;
        let host = &mut self.hosts[place];
        let before = host.engine.head().and_then(|(_, age_ms)| age_ms);
        let freezes = host.engine.counts().freezes;
        let arrival = host.engine.arrive(inquiry, || waiter, now);
        let young =
            before.is_some() && host.engine.head().is_some_and(|(_, age_ms)| age_ms <= Some(1_000));
        let frozen = host.engine.counts().freezes > freezes;
        let warm =
            young && !frozen && host.warm.contains(&number) && unlimited(number) && self.plan.room;
        match arrival {
            Arrival::Decided(decision) => {
                self.tally.warm += u64::from(warm);
                self.decided(place, number, &decision);
            }
            Arrival::Parked => {
                assert!(!warm, "a warm key had to wait (seed {})", self.plan.seed);
                self.number += 1;
                self.hosts[place].waiting.insert(waiter, (number, self.now));
            }
        }
        self.collect(place);
    }

    /// Sends what is to be sent, and hands out what was decided.
    fn collect(&mut self, place: usize) {
        let host = &mut self.hosts[place];
        let decisions: Vec<_> = host.engine.decisions().collect();
        let errands: Vec<_> = host.engine.errands().collect();
        if host.engine.needs_holder() {
            host.engine.new_holder(HolderId(self.random.bytes()));
            host.warm.clear();
        }
        let life = host.life;
        for (waiter, decision) in decisions {
            let (number, since) = self.hosts[place].waiting.remove(&waiter).unwrap();
            let waited = self.now - since;
            let bound = WAIT_MAX_MS + 2_600;
            assert!(waited <= bound, "waited for {waited} ms (seed {})", self.plan.seed);
            self.decided(place, number, &decision);
        }
        for errand in errands {
            if !self.random.happens(self.plan.faults.lost) {
                let copies = 1 + u64::from(self.random.happens(self.plan.faults.repeated));
                for _ in 0..copies {
                    let travel = self.travel();
                    self.after(travel, Event::Ask(place, life, errand.clone()));
                }
            }
        }
        let now = self.reading(place);
        if let Some(wake) = self.hosts[place].engine.wake_in(now) {
            let at = self.now + wake.max(1);
            if at < self.hosts[place].wake_at {
                self.hosts[place].wake_at = at;
                self.after(wake.max(1), Event::Wake(place));
            }
        }
    }

    /// An errand arrives where it is for.
    fn ask(&mut self, place: usize, life: u64, errand: &Errand) {
        if self.judge.down_since.is_some() {
            return;
        }
        let refused = self.random.happens(self.plan.faults.refused);
        let reply = match &errand.question {
            Question::Record { expected, of: Lookup::Replica } => {
                let number = (0..KEYS).find(|&number| genuine(number).lookup() == expected.lookup);
                let held = number.and_then(|number| self.replica.get(&number));
                Ok(Reply::Record(held.cloned(), None))
            }
            // Refused before anything was done, or after.
            _ if refused && self.random.happens(500) => Err(StoreError::Refused),
            Question::Head
            | Question::Record { .. }
            | Question::Lease { .. }
            | Question::Usage(_) => Ok(self.book.answer(errand, UnixMillis(WALL + self.now))),
        };
        let reply = if refused { Err(StoreError::Unreachable) } else { reply };
        if !self.random.happens(self.plan.faults.lost) {
            let copies = 1 + u64::from(self.random.happens(self.plan.faults.repeated));
            for _ in 0..copies {
                let travel = self.travel();
                self.after(travel, Event::Reply(place, life, errand.id, reply.clone()));
            }
        }
    }

    /// A key is revoked, or another change is made that changes nothing for it.
    fn change(&mut self) {
        let number = u32::try_from(self.random.below(KEYS.into())).unwrap();
        for host in &mut self.hosts {
            host.warm.remove(&number);
        }
        // The key with a total stays, so that it can be counted.
        if number != 1 && self.random.happens(400) && !self.judge.revoked.contains_key(&number) {
            self.book.revoke(number);
            self.judge.revoked.insert(number, self.now);
            self.tally.revoked += 1;
        } else {
            self.book.change(number, |_| ());
        }
        self.changed[usize::try_from(number).unwrap()] = self.book.head.stamp().epoch;
        if self.random.happens(300) {
            let stamp = self.book.head.stamp();
            self.book.head.raise_floor(stamp.epoch.saturating_sub(3));
            let floor = self.book.head.floor();
            self.changed = self.changed.map(|epoch| epoch.max(floor));
            for host in &mut self.hosts {
                host.warm.clear();
            }
        }
        let next = self.random.within(200, 2_500);
        self.after(next, Event::Change);
    }

    fn decided(&mut self, place: usize, number: u32, decision: &Decision) {
        let seed = self.plan.seed;
        let pass = match decision {
            Decision::Allow(pass) => pass,
            Decision::Deny(refused) => {
                let code = refused.denial().code();
                self.tally.denied += 1;
                self.tally.unavailable += u64::from(code == "unavailable");
                assert!(code != "key_invalid" || number == KEYS, "{number} {code} (seed {seed})");
                assert!(code != "key_revoked" || self.judge.revoked.contains_key(&number));
                return;
            }
        };
        assert!(number < KEYS, "nobody made this key");
        self.tally.allowed += 1;
        self.tally.flagged += u64::from(pass.flagged());
        self.tally.of_total += u64::from(number == 1);
        let down = self.judge.down_for(self.now);
        assert!(
            down <= MAX_STALENESS_MS,
            "allowed {down} ms after the authority was lost (seed {seed})"
        );
        if let Some(after) = self.judge.since_revoked(number, self.now) {
            // Whatever is flagged says so; nothing else is let through after a second.
            let bound = if pass.flagged() { MAX_STALENESS_MS } else { 1_000 };
            assert!(after <= bound, "let through {after} ms after its revocation (seed {seed})");
            self.tally.longest_after_revocation = self.tally.longest_after_revocation.max(after);
        } else if pass.record().unwrap().vouched.epoch
            >= self.changed[usize::try_from(number).unwrap()]
        {
            self.hosts[place].warm.insert(number);
        }
        for bound in card(number).limits.iter().chain(&card(number).quotas) {
            let bucket = match bound.scope {
                LimitScope::Key => format!("{number}/{}", bound.name),
                LimitScope::Owner | LimitScope::Tenant | LimitScope::Ip | LimitScope::Global => {
                    bound.name.to_owned()
                }
            };
            self.judge.spend(bucket, bound.numbers, self.now, seed);
        }
        let record = pass.record().unwrap();
        assert_eq!((record.key.as_str(), record.state), (card(number).key.as_str(), State::Active));
    }

    fn travel(&mut self) -> u64 {
        if self.random.happens(self.plan.faults.slow) {
            self.random.within(20, 1_200)
        } else {
            self.random.within(1, 8)
        }
    }

    fn awake(&self, place: usize) -> bool {
        self.now >= self.hosts[place].frozen_until
    }

    fn reading(&self, place: usize) -> Reading {
        let host = &self.hosts[place];
        let wall = UnixMillis(WALL + self.now + host.ahead_ms);
        Reading { wall, mono_ms: 50 + host.ahead_ms + self.now - host.stood_ms.min(self.now) }
    }

    fn after(&mut self, ms: u64, event: Event) {
        self.number += 1;
        self.events.insert((self.now + ms, self.number), event);
    }
}
