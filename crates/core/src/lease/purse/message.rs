//! The purse's one open message: when it is sent, repeated, given up, and what its answer brings.

use super::{Grant, Host, Purse, Refusal, ahead::PATIENCE_MS, usable};
use crate::{
    lease::{Answer, Ask, HolderId, Lease},
    time::Reading,
};

/// The requests that wait for tokens of one purse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queue {
    /// The sum of what they cost.
    pub tokens: u32,
    /// What the most expensive one costs.
    pub largest: u32,
}

/// What the passing of time does to an open message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// Nothing.
    Quiet,
    /// It is sent once more, the same bytes.
    Repeat(Ask),
    /// Its deadline has passed: the requests that waited for it get 503.
    Overdue,
}

/// What an answer has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It counts: try the waiting requests again, then ask what is to be sent next.
    Accepted,
    /// It came too late: nothing of it may be used.
    Late,
    /// It answers nothing that is open.
    Ignored,
    /// Somebody else uses this holder id: void every purse and draw a new one.
    Twin,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    ask: Ask,
    sent: Reading,
    repeated: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    seq: u64,
    at: Reading,
}

impl Purse {
    /// The next message, if there is one to be sent now; `queue` is what waits on this purse.
    ///
    /// What it hands back has left the purse when this returns, and never comes back.
    pub fn ask(&mut self, holder: HolderId, queue: Queue, now: Reading) -> Option<Ask> {
        if self.flight.is_some() {
            return None;
        }
        let thrifty = self.is_thrifty();
        let lost = if thrifty { self.grants.sum(|grant| !grant.lives(now)) } else { 0 };
        self.grants.remove(now, |_| false);
        let had = self.held(now);
        if thrifty {
            self.ahead.look(had, lost);
        }
        let waiting = queue.tokens.saturating_sub(had);
        let (mut back, mut want) = (0, 0);
        if waiting > 0 {
            self.adapt(now);
            if thrifty {
                self.ahead.ask(now);
            }
            want = self.wanted();
        } else if queue.tokens > 0 {
            return None;
        } else if self.grants.living(now).any(|grant| self.is_spare(grant, now)) {
            if self.grants.living(now).any(|grant| grant.is_due(now) && grant.back_ms > 0) {
                self.want = (self.want / 2).max(1);
            }
            let leaving = self.host == Host::Leaving;
            back = self.grants.remove(now, |grant| leaving || grant.is_due(now));
            if thrifty {
                self.ahead.hand_back(back);
                want = self.wanted();
            }
        } else if self.is_running_out(now) && !self.is_told_to_wait(now) {
            self.adapt(now);
            if thrifty || self.wanted() == 0 {
                return None;
            }
            want = self.wanted();
        } else {
            return None;
        }
        self.seq = self.seq.saturating_add(1);
        let ask = Ask {
            holder,
            seq: self.seq,
            numbers: self.numbers,
            changed: self.changed,
            deadline: self.deadline(),
            waiting,
            cost: queue.largest.min(waiting),
            want,
            keep: had.saturating_sub(back),
            back,
        };
        self.mark = 0;
        self.flight = Some(Flight { ask, sent: now, repeated: false });
        Some(ask)
    }

    /// Repeats or gives up the open message when it is time to.
    pub fn tick(&mut self, now: Reading) -> Tick {
        let Some(flight) = &mut self.flight else { return Tick::Quiet };
        let passed = now.since(flight.sent);
        if passed >= u64::from(usable(flight.ask.deadline.millis())) {
            self.late = Some(Sent { seq: flight.ask.seq, at: flight.sent });
            self.misses = self.misses.saturating_add(1).min(4);
            self.flight = None;
            return Tick::Overdue;
        }
        if !flight.repeated && passed.saturating_mul(2) >= u64::from(flight.ask.deadline.millis()) {
            flight.repeated = true;
            return Tick::Repeat(flight.ask);
        }
        Tick::Quiet
    }

    /// Takes in an answer. The head that came with it is merged before.
    ///
    /// Only the answer to the newest message counts, once, and within its deadline.
    pub fn receive(&mut self, answer: &Answer, now: Reading) -> Received {
        if self.flight.is_some_and(|flight| flight.is_overdue(now)) {
            let _overdue = self.tick(now);
        }
        if let Some(late) = self.late.filter(|late| late.seq == answer.seq()) {
            self.sample(now.since(late.at));
            self.late = None;
            return Received::Late;
        }
        let Some(flight) = self.flight.filter(|flight| flight.ask.seq == answer.seq()) else {
            return Received::Ignored;
        };
        self.sample(now.since(flight.sent));
        self.flight = None;
        match answer {
            Answer::Stale { .. } => Received::Twin,
            Answer::Lease(lease) => {
                self.accept(lease, &flight, now);
                Received::Accepted
            }
        }
    }

    fn accept(&mut self, lease: &Lease, flight: &Flight, now: Reading) {
        self.misses = 0;
        self.learn(lease.numbers, lease.changed);
        self.grants.remove(now, |_| false);
        let sent = flight.sent;
        let back_ms = u64::from(lease.ttl_ms).saturating_mul(3) / 5;
        let future = Grant {
            tokens: lease.granted,
            sent,
            usable_ms: usable(lease.ttl_ms),
            back_ms: u32::try_from(back_ms).unwrap_or(u32::MAX),
        };
        self.grants.add(future, now);
        self.mark = self.held(now);
        self.marked = now;
        self.life_ms = lease.ttl_ms;
        self.left = Some((lease.left, now));
        // For the requests that wait; what they cannot use goes back with the next message.
        let waiting = Grant {
            tokens: lease.granted_waiting,
            sent,
            usable_ms: usable(flight.ask.deadline.millis().min(lease.ttl_ms)),
            back_ms: 0,
        };
        self.grants.add(waiting, now);
        let given = lease.granted_waiting >= flight.ask.waiting;
        let mut ask_after_ms = lease.ask_after_ms;
        if self.is_thrifty() {
            let pause_ms = (given && flight.ask.waiting > 0).then_some(ask_after_ms);
            self.ahead.told(pause_ms, self.held(now), lease.left);
            ask_after_ms = ask_after_ms.saturating_sub(if given { PATIENCE_MS } else { 0 });
        }
        let told = ask_after_ms > 0 || !given;
        let current = lease.changed >= self.changed;
        self.refusal = (told && current).then_some(Refusal {
            received: now,
            ask_after_ms,
            retry_after: lease.retry_after,
            left: lease.left,
            given,
        });
    }

    /// The tokens that could be spent at `now`, as messages tell them.
    fn held(&self, now: Reading) -> u32 {
        u32::try_from(self.grants.total(now)).unwrap_or(u32::MAX)
    }

    /// How long until [`Purse::tick`] or [`Purse::ask`] may have something to do without a request.
    #[must_use]
    pub fn wake_in(&self, now: Reading) -> Option<u64> {
        if let Some(flight) = &self.flight {
            let deadline = u64::from(flight.ask.deadline.millis());
            let end = u64::from(usable(flight.ask.deadline.millis()));
            let next = if flight.repeated { end } else { deadline.div_ceil(2).min(end) };
            return Some(next.saturating_sub(now.since(flight.sent)));
        }
        let due = self.grants.living(now).map(|grant| match self.host {
            Host::Leaving => 0,
            Host::Background | Host::Bare => {
                u64::from(grant.back_ms).saturating_sub(now.since(grant.sent))
            }
        });
        due.min()
    }
}

impl Flight {
    fn is_overdue(&self, now: Reading) -> bool {
        now.since(self.sent) >= u64::from(usable(self.ask.deadline.millis()))
    }
}
