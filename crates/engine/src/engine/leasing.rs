//! What the authority of a bucket says, and what time does to purses.

use tollgate_core::{
    lease::{Answer, Received, Tick},
    time::Reading,
};

use super::{Engine, judge::Failed, waiting::Line};
use crate::{Question, StoreError, Tidings, counts::add, flights::Target, purses::Handle};

impl<W, T> Engine<W, T> {
    /// The authority of a bucket has answered.
    pub(super) fn leased(
        &mut self,
        handle: Handle,
        answer: &Answer,
        tidings: Option<&Tidings>,
        sent: Reading,
        now: Reading,
    ) {
        // The head comes before the grant: a grant of a ledger that is no more is none.
        if let Some(tidings) = tidings {
            self.overhear(tidings, sent, now);
        }
        self.pass_time(handle, now);
        let Some(slot) = self.purses.slot(handle) else {
            add(&mut self.counts.answers_ignored);
            return;
        };
        let Some(purse) = &mut slot.purse else { return };
        match purse.receive(answer, now) {
            Received::Accepted => {
                slot.open = false;
                let waiting = core::mem::take(&mut slot.queue);
                add(&mut self.counts.leases_granted);
                self.all_again(waiting, Failed::Nothing, Line::Tokens, now);
            }
            Received::Late => add(&mut self.counts.answers_late),
            Received::Ignored => add(&mut self.counts.answers_ignored),
            Received::Twin => self.twin(),
        }
        self.send(handle, now);
        self.arm(handle, now);
    }

    /// A message about a lease was not answered. What became of it nobody knows; the purse repeats it in time.
    pub(super) fn lease_error(&mut self, handle: Handle, error: &StoreError) {
        let hopeless = matches!(error, StoreError::Damaged(_));
        let Some(slot) = self.purses.slot(handle) else { return };
        if slot.open && (hopeless || slot.repeated) {
            self.release(handle);
        }
    }

    /// The timer of a purse has fired.
    pub(super) fn purse_due(&mut self, place: u32, at_ms: u64, now: Reading) {
        let Some(handle) = self.purses.handle(place) else { return };
        let Some(slot) = self.purses.slot(handle).filter(|slot| slot.armed == at_ms) else {
            return;
        };
        slot.armed = 0;
        self.pass_time(handle, now);
        self.send(handle, now);
        self.arm(handle, now);
    }

    /// Repeats or gives up the open message of a purse when it is time to.
    fn pass_time(&mut self, handle: Handle, now: Reading) {
        let Some(slot) = self.purses.slot(handle) else { return };
        let Some(purse) = &mut slot.purse else { return };
        match purse.tick(now) {
            Tick::Quiet => {}
            Tick::Repeat(ask) => {
                slot.repeated = true;
                let question = Question::Lease { bucket: slot.name.clone(), ask };
                let left = ask.deadline.millis() / 2;
                add(&mut self.counts.lease_repeats);
                self.ask(Target::Lease(handle), question, left, now);
            }
            Tick::Overdue => {
                slot.open = false;
                self.lost = self.lost.map(|lost| lost.saturating_add(1));
                self.release(handle);
            }
        }
    }

    /// Whoever waited for the open message of a purse is answered *unavailable*; who came later goes on waiting.
    fn release(&mut self, handle: Handle) {
        let Some(slot) = self.purses.slot(handle) else { return };
        let behind = slot.queue.partition_point(|ticket| ticket.number <= slot.asked);
        let later = slot.queue.split_off(behind);
        let waited = core::mem::replace(&mut slot.queue, later);
        for ticket in waited {
            self.give_up(ticket);
        }
    }

    /// Somebody else uses the holder id: what either of them was given, both may have spent.
    fn twin(&mut self) {
        add(&mut self.counts.twins);
        self.holder = None;
        let waiting = self.purses.void();
        self.purses.forget_queues();
        for ticket in waiting {
            self.give_up(ticket);
        }
    }
}
