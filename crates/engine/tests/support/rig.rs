//! One engine in virtual time, whose errands wait to be answered.

use std::sync::Arc;

use tollgate_core::{
    lease::HolderId,
    network::Address,
    time::{Reading, UnixMillis},
};
use tollgate_engine::{
    Arrival, Counts, Decision, Demand, Engine, Errand, Inquiry, Lookup, Pass, Question, Refused,
    Reply, Settings, StoreError,
};

use crate::book::{Book, Card, WALL, genuine};

/// What the requests of a test are told apart by.
pub(crate) type Waiter = u32;

pub(crate) const SETTINGS: Settings = Settings {
    records_bytes_max: 1 << 20,
    absences_max: 100,
    purses_max: 100,
    fetches_max: 100,
    ..Settings::EMBEDDED
};

/// One engine, its authority, and what lies between them.
pub(crate) struct Rig {
    pub(crate) engine: Engine<Waiter>,
    pub(crate) book: Book,
    pub(crate) now: Reading,
    /// Errands that nobody has answered.
    pub(crate) asked: Vec<Errand>,
    pub(crate) decided: Vec<(Waiter, Decision)>,
    arrivals: Waiter,
    holders: u8,
}

impl Rig {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            engine: Engine::new(settings, HolderId([1; 16])),
            book: Book::new(),
            now: Reading { wall: UnixMillis(WALL), mono_ms: 1_000 },
            asked: vec![],
            decided: vec![],
            arrivals: 0,
            holders: 1,
        }
    }

    /// With these keys, the first of which has been let through once, so that head and record are held.
    pub(crate) fn warm(settings: Settings, cards: &[Card]) -> Self {
        let mut rig = Self::new(settings);
        for (number, card) in (0..).zip(cards) {
            rig.book.issue(number, card.clone());
        }
        assert_eq!(rig.come(0), "parked");
        rig.answer_all();
        assert_eq!(rig.told(), ["0 allow"]);
        rig
    }

    pub(crate) fn inquiry(number: u32) -> Inquiry {
        let demand = Arc::new(Demand::new(&[], 1).unwrap());
        let address = Some(Address::parse("192.0.2.7").unwrap());
        Inquiry { genuine: genuine(number), address, country: None, demand }
    }

    /// A request with the key of that number.
    pub(crate) fn come(&mut self, number: u32) -> String {
        self.arrive(Self::inquiry(number))
    }

    pub(crate) fn arrive(&mut self, inquiry: Inquiry) -> String {
        match self.arrival(inquiry) {
            Arrival::Decided(decision) => word(&decision),
            Arrival::Parked => "parked".to_owned(),
        }
    }

    pub(crate) fn arrival(&mut self, inquiry: Inquiry) -> Arrival {
        let waiter = self.arrivals;
        let mut made = false;
        let make = || {
            made = true;
            waiter
        };
        let arrival = self.engine.arrive(inquiry, make, self.now);
        assert_eq!(made, matches!(arrival, Arrival::Parked), "who waits has a waiter");
        self.arrivals += u32::from(made);
        self.collect();
        arrival
    }

    /// What an allowed request is passed on with.
    pub(crate) fn pass(&mut self, number: u32) -> Pass {
        match self.arrival(Self::inquiry(number)) {
            Arrival::Decided(Decision::Allow(pass)) => pass,
            other @ (Arrival::Decided(_) | Arrival::Parked) => panic!("{other:?}"),
        }
    }

    pub(crate) fn refused(&mut self, inquiry: Inquiry) -> Refused {
        match self.arrival(inquiry) {
            Arrival::Decided(Decision::Deny(refused)) => refused,
            other @ (Arrival::Decided(_) | Arrival::Parked) => panic!("{other:?}"),
        }
    }

    /// Lets time pass, with every timer on time.
    pub(crate) fn pass_ms(&mut self, ms: u64) {
        let end = self.now.plus(ms);
        while let Some(wake) = self.engine.wake_in(self.now) {
            if self.now.plus(wake).mono_ms > end.mono_ms {
                break;
            }
            self.now = self.now.plus(wake);
            let before = self.engine.wake_in(self.now);
            self.tick();
            let after = self.engine.wake_in(self.now);
            assert!(before != Some(0) || after != Some(0), "what is due was done");
        }
        self.now = end;
        self.tick();
    }

    /// Lets time pass without anybody noticing.
    pub(crate) fn skip_ms(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
    }

    /// Hands back what is on lease; says how many purses hold something, and how many messages were lost.
    pub(crate) fn hand_back(&mut self, most: usize) -> (usize, usize) {
        let held = self.engine.hand_back(most, self.now);
        self.collect();
        held
    }

    pub(crate) fn tick(&mut self) {
        self.engine.tick(self.now);
        self.collect();
    }

    /// Takes the errands of one kind that are open.
    pub(crate) fn take(&mut self, kind: &str) -> Vec<Errand> {
        let (taken, rest) = self.asked.drain(..).partition(|errand| self::kind(errand) == kind);
        self.asked = rest;
        taken
    }

    /// Takes the one errand that is open, which is of this kind.
    pub(crate) fn one(&mut self, kind: &str) -> Errand {
        assert_eq!(self.kinds(), [kind]);
        self.asked.pop().unwrap()
    }

    /// What is open.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.asked.iter().map(kind).collect()
    }

    pub(crate) fn answer(&mut self, errand: &Errand) {
        let reply = self.book.answer(errand, self.now.wall);
        self.reply(errand, Ok(reply));
    }

    /// Answers everything that is open, and what comes of it, until nothing is.
    pub(crate) fn answer_all(&mut self) {
        for _ in 0..100 {
            for errand in core::mem::take(&mut self.asked) {
                self.answer(&errand);
            }
            if self.asked.is_empty() {
                return;
            }
        }
        panic!("errands without end");
    }

    pub(crate) fn fail(&mut self, errand: &Errand) {
        self.reply(errand, Err(StoreError::Unreachable));
    }

    pub(crate) fn reply(&mut self, errand: &Errand, reply: Result<Reply, StoreError>) {
        self.engine.deliver(errand.id, reply, self.now);
        self.collect();
    }

    /// What became of those who waited, in the order in which they were told.
    pub(crate) fn told(&mut self) -> Vec<String> {
        let told = self.decided.drain(..);
        told.map(|(waiter, decision)| format!("{waiter} {}", word(&decision))).collect()
    }

    pub(crate) fn counts(&self) -> Counts {
        *self.engine.counts()
    }

    /// The next holder id.
    pub(crate) fn renew_holder(&mut self) {
        self.holders += 1;
        self.engine.new_holder(HolderId([self.holders; 16]));
    }

    pub(crate) fn collect(&mut self) {
        self.asked.extend(self.engine.errands());
        self.decided.extend(self.engine.decisions());
        let parked = self.counts().parked;
        assert!(parked <= SETTINGS.parked_max.try_into().unwrap());
    }
}

/// Which store an errand is for.
pub(crate) fn kind(errand: &Errand) -> &'static str {
    match &errand.question {
        Question::Head => "head",
        Question::Record { of: Lookup::Replica, .. } => "replica",
        Question::Record { of: Lookup::Authority, .. } => "record",
        Question::Lease { .. } => "lease",
        Question::Usage(_) => "usage",
    }
}

/// A decision in a word.
pub(crate) fn word(decision: &Decision) -> String {
    match decision {
        Decision::Allow(pass) if pass.flagged() => "flagged".to_owned(),
        Decision::Allow(_) => "allow".to_owned(),
        Decision::Deny(refused) => refused.denial().code().to_owned(),
    }
}
