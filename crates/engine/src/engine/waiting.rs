//! What requests wait for, and what becomes of them when it comes.

use tollgate_core::{lease::Queue, record::Expected, time::Reading};

use super::{
    Engine,
    judge::{Failed, Judged},
};
use crate::{
    Arrival, Decision, Inquiry, Question,
    counts::add,
    flights::Target,
    parking::{Parked, Ticket},
    purses::Handle,
    timers::Due,
};

/// How often a request that has waited for a head may find that it needs another one.
pub const HEADS_MAX: u8 = 4;

/// When a purse that could be asked for nothing is looked at again.
const RECHECK_MS: u64 = 10;

/// What a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The head that is being read.
    Head,
    /// A head that came by the way, which is none that was waited for.
    Overheard,
    /// The record that is being fetched there.
    Fetch(u32),
    /// Tokens of the purses at hand.
    Tokens,
}

impl<W, T> Engine<W, T> {
    /// Hands out a decision, or lets the request wait if there is room.
    pub(super) fn settle_arrival(
        &mut self,
        inquiry: Inquiry,
        waiter: impl FnOnce() -> W,
        judged: Judged<T>,
        now: Reading,
    ) -> Arrival<T> {
        if let Judged::Decided(decision) = judged {
            return Arrival::Decided(decision);
        }
        let line = if self.lot.is_full() { None } else { self.line(&inquiry, &judged, now) };
        let Some(line) = line else {
            self.tally_unavailable(&inquiry);
            return Arrival::Decided(Decision::unavailable(&mut self.counts));
        };
        let parked = Parked { inquiry, waiter: waiter(), arrived: now, heads: 0 };
        let ticket = self.lot.park(parked);
        self.stand(ticket, line);
        Arrival::Parked
    }

    /// Looks again at a request that waited in the line `from`.
    pub(super) fn again(&mut self, ticket: Ticket, failed: Failed, from: Line, now: Reading) {
        let Some(mut parked) = self.lot.take(ticket) else { return };
        let judged = self.judge(&parked.inquiry, failed, now);
        let line = match judged {
            Judged::Decided(decision) => {
                self.lot.leave(ticket);
                // What the authority gave for it and it did not use goes back.
                self.purses.touch();
                self.decisions.push_back((parked.waiter, decision));
                return;
            }
            Judged::Tokens if from == Line::Tokens => {
                self.lot.put_back(ticket, parked);
                self.stand(ticket, Line::Tokens);
                return;
            }
            Judged::Head { .. } if from == Line::Head => {
                parked.heads = parked.heads.saturating_add(1);
                if parked.heads > HEADS_MAX {
                    None
                } else {
                    self.line(&parked.inquiry, &judged, now)
                }
            }
            // Its record could not be had once: that is the end of it.
            Judged::Head { .. } | Judged::Record if failed == Failed::Record => None,
            Judged::Head { .. } | Judged::Record | Judged::Tokens => {
                self.line(&parked.inquiry, &judged, now)
            }
        };
        match line {
            Some(line) => {
                let ticket = self.lot.put_elsewhere(ticket, parked);
                self.stand(ticket, line);
            }
            None => {
                self.lot.leave(ticket);
                self.tally_unavailable(&parked.inquiry);
                let decision = Decision::unavailable(&mut self.counts);
                self.decisions.push_back((parked.waiter, decision));
            }
        }
    }

    /// Looks again at everybody who waited in a line, in their order.
    pub(super) fn all_again(
        &mut self,
        waiting: impl IntoIterator<Item = Ticket>,
        failed: Failed,
        from: Line,
        now: Reading,
    ) {
        for ticket in waiting {
            self.again(ticket, failed, from, now);
        }
    }

    /// Answers *unavailable* to a request that waits.
    pub(super) fn give_up(&mut self, ticket: Ticket) {
        if let Some(parked) = self.lot.take(ticket) {
            self.lot.leave(ticket);
            self.tally_unavailable(&parked.inquiry);
            let decision = Decision::unavailable(&mut self.counts);
            self.decisions.push_back((parked.waiter, decision));
        }
    }

    /// Sees to it that what a request waits for is asked for; none if that cannot be.
    fn line(&mut self, inquiry: &Inquiry, judged: &Judged<T>, now: Reading) -> Option<Line> {
        let expected = Expected::from(&inquiry.genuine);
        match judged {
            Judged::Decided(_) => None,
            Judged::Head { cold } => {
                self.want_head(now);
                if *cold {
                    // It will be needed too, and what the authority answers brings a head with it.
                    let _ = self.fetch(expected, now);
                }
                Some(Line::Head)
            }
            Judged::Record => self.fetch(expected, now).map(Line::Fetch),
            Judged::Tokens => Some(Line::Tokens),
        }
    }

    /// Stands in a line, behind everybody who came before.
    ///
    /// A request that waits for tokens stands in the lines of all its purses, also of those that have enough:
    /// what was given to them for it is not handed back while it waits for the others.
    fn stand(&mut self, ticket: Ticket, line: Line) {
        match line {
            Line::Head | Line::Overheard => self.head_queue.push(ticket),
            Line::Fetch(place) => {
                if let Some(fetch) = self.fetches.get(place) {
                    fetch.waiting.push(ticket);
                }
            }
            Line::Tokens => {
                for place in 0..self.purses.at_hand.len() {
                    let Some(&handle) = self.purses.at_hand.get(place) else { continue };
                    let Some(slot) = self.purses.slot(handle) else { continue };
                    let key = |other: &Ticket| other.number;
                    if let Err(behind) = slot.queue.binary_search_by_key(&ticket.number, key) {
                        slot.queue.insert(behind, ticket);
                    }
                    self.purses.touch_one(handle);
                }
            }
        }
    }

    /// Sends what purses have to say now.
    pub(super) fn settle(&mut self, now: Reading) {
        while let Some(handle) = self.purses.touched() {
            self.send(handle, now);
        }
        self.sweep_later();
        self.gauge();
    }

    /// Sends the next message of a purse, if there is one to be sent now.
    pub(super) fn send(&mut self, handle: Handle, now: Reading) {
        let Self { purses, lot, holder: Some(holder), .. } = self else { return };
        let Some(slot) = purses.slot(handle).filter(|slot| !slot.open) else { return };
        let mut queue = Queue::default();
        if !slot.queue.is_empty() {
            slot.queue.retain(|&ticket| {
                let cost = lot.cost(ticket);
                queue.tokens = queue.tokens.saturating_add(cost.unwrap_or(0));
                queue.largest = queue.largest.max(cost.unwrap_or(0));
                cost.is_some()
            });
        }
        let Some(ask) = slot.purse.as_mut().and_then(|purse| purse.ask(*holder, queue, now)) else {
            return;
        };
        (slot.open, slot.repeated) = (true, false);
        (slot.asked, slot.seq) = (lot.newest(), ask.seq);
        let question = Question::Lease { bucket: slot.name.clone(), ask };
        add(&mut self.counts.lease_errands);
        self.ask(Target::Lease(handle), question, ask.deadline.millis(), now);
        self.arm(handle, now);
    }

    /// Sets the timer of a purse, unless it fires early enough anyway.
    pub(super) fn arm(&mut self, handle: Handle, now: Reading) {
        let Some(slot) = self.purses.slot(handle) else { return };
        let wake = slot.purse.as_ref().and_then(|purse| purse.wake_in(now));
        let Some(wake) = wake else { return };
        let wake = if wake == 0 { RECHECK_MS } else { wake };
        let at_ms = self.clock.saturating_add(wake);
        if slot.armed == 0 || at_ms < slot.armed {
            slot.armed = at_ms;
            self.timers.set(at_ms, Due::Purse(handle.place()));
        }
    }

    /// Notes how much is held.
    pub(super) fn gauge(&mut self) {
        let size = |size: usize| u64::try_from(size).unwrap_or(u64::MAX);
        self.counts.parked = size(self.lot.len());
        self.counts.records = size(self.records.len());
        self.counts.record_bytes = size(self.records.bytes());
        self.counts.absences = size(self.absences.len());
        self.counts.purses = size(self.purses.len());
        self.counts.records_evicted = self.records.evicted();
        self.counts.purses_evicted = self.purses.evicted();
    }
}
