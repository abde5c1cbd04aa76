//! What each event does, and what must hold after it.

use tollgate_core::{head::Merge, time::Reading};

use super::{Cut, Event, World};
use crate::heads::{
    gate::{Effects, Gate, Send},
    ledger::Start,
    relay::{Asking, Sends},
};

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

    pub(super) fn count(&mut self, merge: Merge) {
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

    pub(super) fn after(&mut self, us: u64, event: Event) {
        self.queue.push(self.now_us + us, event);
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("few");
        usize::try_from(self.random.below(bound)).expect("few")
    }

    pub(super) fn gap_us(&self, gate: usize) -> u64 {
        self.settings.gaps_us[gate % self.settings.gaps_us.len()]
    }
}
