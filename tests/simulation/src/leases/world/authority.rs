//! Where an exchange happens: at an authority of its own, or at a holder on an item of a database.

use tollgate_core::{
    lease::{Account, Answer, Ask, Exchange, Host, Slot},
    time::UnixMillis,
};

use super::{Event, World};

/// One message of a holder that runs the exchange itself: read, compute, write if nobody else did.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    holder: usize,
    life: u32,
    bucket: usize,
    ask: Ask,
    ends_us: u64,
    conflicts: u32,
    version: u64,
    account: Option<Account>,
    slots: Vec<Slot>,
    answer: Option<Answer>,
}

/// Where a flow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// A consistent read arrives at the database.
    Read,
    /// The holder has the item, and runs the authority's function on it.
    Compute,
    /// The conditional write arrives at the database.
    Write,
}

impl World {
    /// The clock of whoever writes: true, or ahead where writers bring it.
    fn writer_clock(&mut self) -> UnixMillis {
        let ahead = self.settings.faults.writers_ahead_ms;
        let skew = if ahead > 0 { self.random.below(ahead + 1) } else { 0 };
        UnixMillis(self.now_ms() + skew)
    }

    /// A message arrives at the bucket's own authority.
    pub(super) fn exchange(&mut self, holder: usize, life: u32, place: usize, ask: &Ask) {
        let now = self.writer_clock();
        let bucket = &mut self.buckets[place];
        let account = bucket.account.get_or_insert_with(|| Account::new(ask, now));
        let outcome = account.exchange(&mut bucket.slots, ask, now, &self.settings.sizing);
        if let Exchange::Write(_) = outcome {
            self.tally.calls += 1;
        }
        bucket.check(self.settings.seed);
        if self.random.happens(50) {
            bucket.store_and_load();
        }
        if !self.random.happens(self.settings.faults.silent) {
            self.travel(Event::Answer { holder, life, bucket: place, answer: outcome.answer() });
        }
    }

    /// A holder starts a message's calls to the database.
    pub(super) fn start_flow(&mut self, holder: usize, life: u32, bucket: usize, ask: Ask) {
        let call_us = self.settings.database_us;
        let deadline_ms = u64::from(ask.deadline.millis());
        let early_ms = if self.settings.host == Host::Bare { deadline_ms * 3 / 100 + 6 } else { 0 };
        let ends_us = self.now_us + (deadline_ms - early_ms) * 1_000 - call_us.min(90_000);
        let flow = Flow {
            holder,
            life,
            bucket,
            ask,
            ends_us,
            conflicts: 0,
            version: 0,
            account: None,
            slots: Vec::new(),
            answer: None,
        };
        self.push(call_us / 2, Event::Item { stage: Stage::Read, flow: Box::new(flow) });
    }

    pub(super) fn flow(&mut self, stage: Stage, mut flow: Box<Flow>) {
        let half_us = self.settings.database_us / 2;
        match stage {
            Stage::Read => {
                self.read_item(&mut flow);
                self.push(half_us, Event::Item { stage: Stage::Compute, flow });
            }
            Stage::Compute => {
                if self.hosts[flow.holder].life != flow.life || self.now_us > flow.ends_us {
                    return;
                }
                let now = self.writer_clock();
                let account = flow.account.get_or_insert_with(|| Account::new(&flow.ask, now));
                if self.settings.host == Host::Bare {
                    account.count_refused(flow.conflicts, now);
                }
                let sizing = &self.settings.sizing;
                let outcome = account.exchange(&mut flow.slots, &flow.ask, now, sizing);
                flow.answer = Some(outcome.answer());
                match outcome {
                    Exchange::Unchanged(_) => self.answer(&flow, 0),
                    Exchange::Write(_) => {
                        self.push(half_us, Event::Item { stage: Stage::Write, flow });
                    }
                }
            }
            Stage::Write => self.write_item(flow, half_us),
        }
    }

    /// The conditional write: harmless if somebody else wrote, or this one did already.
    fn write_item(&mut self, mut flow: Box<Flow>, half_us: u64) {
        self.tally.calls += 1;
        let bucket = &mut self.buckets[flow.bucket];
        if bucket.version == flow.version {
            bucket.version += 1;
            bucket.account = flow.account;
            bucket.slots.clone_from(&flow.slots);
            bucket.check(self.settings.seed);
            if self.random.happens(self.settings.faults.lost) {
                // Its fate is unknown to the holder, which sends it again, unchanged.
                self.push(half_us * 6, Event::Item { stage: Stage::Write, flow });
            } else if !self.random.happens(self.settings.faults.silent) {
                self.answer(&flow, half_us);
            }
            return;
        }
        self.read_item(&mut flow);
        let most_us = 4_000 << flow.conflicts.min(6);
        flow.conflicts += 1;
        let wait_us = half_us + self.random.below(most_us + 1);
        self.push(wait_us, Event::Item { stage: Stage::Compute, flow });
    }

    fn read_item(&self, flow: &mut Flow) {
        let bucket = &self.buckets[flow.bucket];
        flow.version = bucket.version;
        flow.account = bucket.account;
        flow.slots.clone_from(&bucket.slots);
    }

    fn answer(&mut self, flow: &Flow, after_us: u64) {
        let Some(answer) = flow.answer else { return };
        let Flow { holder, life, bucket, .. } = *flow;
        self.push(after_us, Event::Answer { holder, life, bucket, answer });
    }
}

impl Flow {
    pub(super) const fn holder(&self) -> usize {
        self.holder
    }
}
