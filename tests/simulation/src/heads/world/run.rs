//! What each event does, and what must hold after it.

use tollgate_core::{head::Merge, record::State, time::Reading};

use super::{Cut, Event, World};
use crate::heads::{
    gate::{ABSENCE_MS, Decided, Effects, Gate, Outcome, Send},
    ledger::Start,
    relay::{Asking, Sends},
    tables::Change,
};

/// How long after the last fault nothing of it is felt any more: what was lost is given up by then.
const SETTLED_US: u64 = 3_000_000;
/// How long a request may take in calm weather: a head, the store and the authority, one after the other.
const SLOWEST_US: u64 = 1_000_000;

impl World {
    pub(super) fn begin(&mut self) {
        for gate in 0..self.gates.len() {
            if self.gap_us(gate) > 0 {
                let first = self.random.below(self.gap_us(gate));
                self.after(first, Event::Request { gate, secret: None });
            }
        }
        if self.settings.changes_us > 0 {
            self.after(0, Event::Change);
            self.after(0, Event::Weather);
        }
        if self.settings.faults.gap_us > 0 {
            self.after(0, Event::Fault);
        }
        for event in [Event::Publish, Event::Note, Event::Tidy] {
            self.after(0, event);
        }
    }

    /// Lets the next thing happen.
    pub(super) fn step(&mut self) {
        let (at_us, event) = self.queue.pop().expect("something is always planned");
        self.now_us = self.now_us.max(at_us);
        if let Some(gate) = event.gate() {
            let until_us = self.gates[gate].frozen_until_us;
            if until_us > self.now_us {
                self.queue.push(until_us, event);
                return;
            }
        }
        self.tally.steps += 1;
        self.happen(event);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Request { gate, secret } => self.request(gate, secret),
            Event::Wake { gate } => {
                self.wakes[gate] = u64::MAX;
                self.gate(gate, |_, _, _| None);
            }
            Event::AskRelay { life, asking } => {
                let relay = asking.from % self.relays.len();
                let now = self.reading(relay);
                let sends = self.relays[relay].asked(relay, (life, asking), &self.seals, now);
                self.relay_sends(sends);
            }
            Event::RelaySays { life, asking, text } => self.relay_says(life, &asking, &text),
            Event::AskLedger { asking } if self.ledger.running() => {
                let text = self.seals.head(&self.ledger.head().answer(asking.stamp, 0));
                self.travel(Some(Cut::RelayLedger), Event::LedgerSays { asking, text });
            }
            Event::LedgerSays { asking, text } => self.ledger_says(&asking, &text),
            Event::AskAuthority { life, secret, asking } if self.ledger.running() => {
                let head = self.seals.head(&self.ledger.head().answer(asking.stamp, 0));
                let (as_of, verdict) = self.ledger.read(secret);
                let record = self.seals.record(secret, as_of, verdict);
                self.ledger.heal(secret, self.now_us);
                let says = Event::AuthoritySays { life, secret, asking, head, record };
                self.travel(Some(Cut::GateAuthority(asking.from)), says);
            }
            Event::AuthoritySays { life, secret, asking, head, record } => {
                self.authority_says(life, secret, &asking, &head, &record);
            }
            Event::Fetch { life, gate, secret, id } => {
                let text = self.store.read(gate, secret, &mut self.random);
                self.travel(None, Event::Fetched { life, gate, secret, id, text });
            }
            Event::Fetched { life, gate, secret, id, text } => {
                self.fetched(life, gate, secret, id, text.as_deref());
            }
            Event::Change => self.prepare(),
            Event::Commit => self.commit(),
            Event::Publish => self.publish(),
            Event::Put { secret, id, as_of, text } => {
                self.store.put(secret, text);
                self.travel(Some(Cut::Publisher), Event::Written { secret, id, as_of });
            }
            Event::Written { secret, id, as_of } => {
                if self.publishing == Some(id) {
                    self.publishing = None;
                    self.ledger.published(secret, as_of);
                    self.publish_row();
                }
            }
            Event::Note => {
                self.ledger.note();
                let next = self.random.below(1_000_000);
                self.after(next, Event::Note);
            }
            Event::Tidy => self.tidy(),
            Event::Fault => self.fault(),
            Event::Weather => self.weather(),
            Event::Start => {
                assert_eq!(self.ledger.start(), Start::Running, "nothing was lost");
                self.fault_us = self.fault_us.max(self.now_us);
            }
            Event::AskLedger { .. } | Event::AskAuthority { .. } => {
                self.fault_us = self.fault_us.max(self.now_us)
            }
            Event::Nothing => {}
        }
    }

    fn request(&mut self, gate: usize, secret: Option<usize>) {
        let secret = secret.unwrap_or_else(|| {
            let next = self.random.exponential(self.gap_us(gate));
            self.after(next, Event::Request { gate, secret: None });
            // Half of the requests are about a few secrets.
            let all = self.ledger.tables().secrets();
            let most = if self.random.happens(500) { 4 } else { all };
            self.below(most)
        });
        let now_us = self.now_us;
        self.gate(gate, |gate, now, _| {
            gate.request(secret, now_us, now);
            None
        });
    }

    /// Lets a gate do something, then carries out what follows.
    fn gate(
        &mut self,
        place: usize,
        act: impl FnOnce(&mut Gate, Reading, &mut Effects) -> Option<Merge>,
    ) {
        let gate = &mut self.gates[place];
        let now = gate.read(self.now_us);
        let before = gate.reader.head().map(|head| (head.stamp(), head.floor()));
        let mut effects = Effects::default();
        let merge = act(gate, now, &mut effects);
        gate.settle(now, &mut effects);
        let (life, busy) = (gate.life, gate.busy());
        if let Some(merge) = merge {
            self.count(merge);
        }
        if let Some(head) = self.gates[place].reader.head()
            && before != Some((head.stamp(), head.floor()))
        {
            let (stamp, floor) = before.unwrap_or_default();
            assert!(head.stamp() >= stamp, "a head went back");
            let same = head.stamp().incarnation == stamp.incarnation;
            assert!(!same || head.floor() >= floor, "a floor fell");
            self.truth.judge_head(head);
        }
        self.tally.outdated += effects.outdated;
        for send in effects.sends {
            self.gate_sends(place, life, send);
        }
        for decided in effects.decided {
            self.judge(&decided);
            self.decided.push((self.now_us, decided));
        }
        if busy && self.wakes[place] == u64::MAX {
            self.wakes[place] = self.now_us + 25_000;
            self.after(25_000, Event::Wake { gate: place });
        }
    }

    fn gate_sends(&mut self, gate: usize, life: u32, send: Send) {
        match send {
            Send::Head(asking) => {
                self.tally.head_questions += 1;
                self.travel(Some(Cut::GateRelay(gate)), Event::AskRelay { life, asking });
            }
            Send::Record(secret, asking) => {
                self.tally.record_questions += 1;
                let ask = Event::AskAuthority { life, secret, asking };
                self.travel(Some(Cut::GateAuthority(gate)), ask);
            }
            Send::Fetch(secret, id) => {
                self.travel(None, Event::Fetch { life, gate, secret, id });
            }
        }
    }

    fn relay_sends(&mut self, sends: Sends) {
        if let Some(asking) = sends.question {
            self.travel(Some(Cut::RelayLedger), Event::AskLedger { asking });
        }
        for ((life, asking), text) in sends.answers {
            let cut = Some(Cut::GateRelay(asking.from));
            self.travel(cut, Event::RelaySays { life, asking, text });
        }
    }

    fn relay_says(&mut self, life: u32, asking: &Asking, text: &[u8]) {
        if self.gates[asking.from].life != life {
            return;
        }
        let seals = std::mem::take(&mut self.seals);
        seals.open_head(text, |answer| {
            self.gate(asking.from, |gate, now, _| Some(gate.heard(answer, asking, now)));
        });
        self.seals = seals;
    }

    fn ledger_says(&mut self, asking: &Asking, text: &[u8]) {
        let place = asking.from;
        let now = self.reading(place);
        let (relay, seals) = (&mut self.relays[place], &self.seals);
        let (merge, sends) =
            seals.open_head(text, |answer| relay.heard(place, answer, asking, seals, now));
        self.count(merge);
        if let Some(head) = self.relays[place].reader.head() {
            self.truth.judge_head(head);
        }
        self.relay_sends(sends);
    }

    fn authority_says(
        &mut self,
        life: u32,
        secret: usize,
        asking: &Asking,
        head: &[u8],
        record: &[u8],
    ) {
        if self.gates[asking.from].life != life {
            return;
        }
        let opened = self.seals.open_record(secret, record);
        self.truth.judge_record(secret, opened.as_of(), opened.verdict());
        let seals = std::mem::take(&mut self.seals);
        seals.open_head(head, |answer| {
            self.gate(asking.from, |gate, now, _| {
                Some(gate.told(secret, (answer, opened), asking, now))
            });
        });
        self.seals = seals;
    }

    fn fetched(&mut self, life: u32, gate: usize, secret: usize, id: u64, text: Option<&[u8]>) {
        if self.gates[gate].life != life {
            return;
        }
        let opened = text.map(|text| self.seals.open_record(secret, text));
        if let Some(opened) = &opened {
            self.truth.judge_record(secret, opened.as_of(), opened.verdict());
        }
        self.gate(gate, |gate, now, effects| {
            gate.fetched(secret, id, opened, now, effects);
            None
        });
    }

    fn judge(&mut self, decided: &Decided) {
        let seed = self.settings.seed;
        let reachable = decided.came_us > self.fault_us + SETTLED_US && self.cut.is_empty();
        // A gate that was frozen does not for that reason use an old head; it is only late.
        assert!(
            !(reachable && decided.flagged),
            "flagged in calm weather: {decided:?} (seed {seed})"
        );
        let gate = &self.gates[decided.gate];
        let calm = reachable && decided.came_us > gate.frozen_until_us.max(gate.upset_us);
        if calm {
            let took_us = self.now_us - decided.came_us;
            self.tally.slowest_us = self.tally.slowest_us.max(took_us);
            assert!(took_us <= SLOWEST_US, "{decided:?} took {took_us} µs (seed {seed})");
        }
        self.tally.flagged += u64::from(decided.flagged);
        match decided.outcome {
            Outcome::Unavailable => {
                self.tally.unavailable += 1;
                assert!(!calm, "unavailable in calm weather: {decided:?} (seed {seed})");
            }
            Outcome::Says(verdict) => {
                let stale_ms = if decided.flagged { self.settings.max_staleness_ms } else { 1_000 };
                let bound_ms = if verdict.is_none() { stale_ms.max(ABSENCE_MS) } else { stale_ms };
                assert!(
                    self.truth.was(decided.secret, verdict, bound_ms, self.now_us),
                    "{decided:?} contradicts the ledger: {:?} since {} ms (seed {seed})",
                    self.truth.now(decided.secret),
                    self.truth.since_ms(decided.secret, self.now_us),
                );
                match verdict {
                    None => self.tally.invalid += 1,
                    Some(State::Active) => self.tally.admitted += 1,
                    Some(_) => self.tally.refused += 1,
                }
            }
        }
    }

    /// An operator begins a change; it is committed a little later, unless the ledger dies before.
    fn prepare(&mut self) {
        let next = self.random.exponential(self.settings.changes_us);
        self.after(next, Event::Change);
        let change = self.any_change();
        if self.ledger.running() && self.ledger.tables().admit(change) {
            self.ledger.prepare(change);
            let takes = self.random.within(1_000, 30_000);
            self.after(takes, Event::Commit);
        }
    }

    fn any_change(&mut self) -> Change {
        let tenants = self.settings.tenants;
        let all = self.ledger.tables().secrets();
        let off = self.random.happens(200);
        let secret = self.below(all);
        match self.random.below(100) {
            0..12 => Change::Create(secret),
            12 => Change::Revoke(secret),
            13 => Change::Forget(secret),
            14..50 => Change::Switch(self.below(all / 2), off),
            50..85 => Change::Owner(self.below(all / 4), off),
            _ => Change::Tenant(self.below(tenants), off),
        }
    }

    pub(super) fn commit(&mut self) {
        let entries = self.ledger.head().entries().len();
        if let Some((change, stamp)) = self.ledger.commit(self.now_us) {
            let (tables, subject) = (self.ledger.tables(), change.subject());
            self.truth.record(tables, stamp, subject, self.now_us);
            self.tally.changes += 1;
            self.tally.folds += u64::from(self.ledger.head().entries().len() + 1 < entries);
        }
    }

    /// The publisher writes one row after the other, the lowest epoch first; each is read when it is
    /// written, and written again if no confirmation comes.
    fn publish(&mut self) {
        self.after(200_000, Event::Publish);
        // Whatever was on its way is sent again; the older writing may still arrive, and later.
        self.publishing = None;
        self.publish_row();
    }

    fn publish_row(&mut self) {
        if let Some(secret) = self.ledger.to_publish().filter(|_| self.ledger.running()) {
            let (as_of, verdict) = self.ledger.read(secret);
            let text = self.seals.record(secret, as_of, verdict);
            let id = self.tally.steps;
            self.publishing = Some(id);
            self.travel(Some(Cut::Publisher), Event::Put { secret, id, as_of, text });
        }
    }

    fn tidy(&mut self) {
        self.after(500_000, Event::Tidy);
        let floor = self.ledger.head().floor();
        self.ledger.let_go(self.settings.entry_age_us, self.now_us);
        self.tally.floors += u64::from(self.ledger.head().floor() > floor);
    }

    fn weather(&mut self) {
        let (storm_us, calm_us) = self.settings.weather_us;
        self.storm_until_us = self.now_us + storm_us;
        self.after(storm_us + calm_us, Event::Weather);
    }

    fn storm(&self) -> bool {
        self.now_us < self.storm_until_us
    }

    /// Something dies, freezes, steps, or is restored.
    fn fault(&mut self) {
        let next = self.random.exponential(self.settings.faults.gap_us);
        self.after(next, Event::Fault);
        if !self.storm() {
            return;
        }
        let gate = self.below(self.gates.len());
        let ms = self.random.one_of(&[300, 900, 1_500, 6_000]);
        match self.random.below(12) {
            0 => self.gates[gate].restart(),
            1 => {
                let relay = self.below(self.relays.len());
                self.relays[relay].restart();
                self.fault_us = self.fault_us.max(self.now_us);
            }
            2 | 3 if self.ledger.running() => {
                self.ledger.crash();
                self.publishing = None;
                self.fault_us = self.fault_us.max(self.now_us);
                let down = self.random.within(50_000, 2_500_000);
                self.after(down, Event::Start);
            }
            4 => self.back_up(),
            5 if self.ledger.running() => self.restore(),
            // A freeze below a second and a wall clock that steps back as far can hide each other: the
            // specification says so, so no gate here has both.
            6..9 if gate.is_multiple_of(2) && self.gates[gate].frozen_until_us <= self.now_us => {
                let stands_still = self.random.happens(700);
                self.freeze(gate, ms, stands_still);
            }
            _ if self.settings.clocks_off => {
                let ms = i64::try_from(self.random.below(20_000)).expect("small");
                let back = !gate.is_multiple_of(2) && self.random.happens(500);
                let step_us = if back { -ms * 1_000 } else { ms * 1_000 };
                self.gates[gate].clocks.wall_off_us += step_us;
                self.gates[gate].upset_us = self.now_us;
            }
            _ => {}
        }
    }

    /// Sends a message on its way, or not, or twice.
    fn travel(&mut self, way: Option<Cut>, event: Event) {
        if way.is_some_and(|way| self.cut.contains(&way)) {
            return;
        }
        let faults = if self.storm() { self.settings.faults } else { super::Faults::default() };
        let copies = if self.random.happens(faults.repeated) { 2 } else { 1 };
        for _ in 0..copies {
            let mut way_us = self.settings.way_us;
            if faults.late_us > 0 {
                way_us += self.random.below(faults.late_us);
            }
            if self.random.happens(faults.held) {
                way_us += self.random.below(8_000_000);
            }
            let lost = self.random.happens(faults.lost);
            if lost || way_us > self.settings.way_us {
                self.fault_us = self.fault_us.max(self.now_us);
            }
            if !lost {
                self.after(way_us, event.clone());
            }
        }
    }

    fn count(&mut self, merge: Merge) {
        let place = match merge {
            Merge::Failed => 0,
            Merge::Discarded => 1,
            Merge::Younger => 2,
            Merge::Adopted => 3,
            Merge::Restarted => 4,
            Merge::Gap => 5,
        };
        self.tally.merges[place] += 1;
    }

    fn after(&mut self, us: u64, event: Event) {
        self.queue.push(self.now_us + us, event);
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("few");
        usize::try_from(self.random.below(bound)).expect("few")
    }

    fn gap_us(&self, gate: usize) -> u64 {
        self.settings.gaps_us[gate % self.settings.gaps_us.len()]
    }
}
