//! A relay: answers for the ledger with a copy that is at most 250 ms old.

use tollgate_core::{
    head::{Answer, Entry, Merge, Reader},
    stamp::Stamp,
    time::Reading,
};

use super::seals::Seals;
use crate::leases::Clocks;

/// The oldest copy that is passed on without asking.
const COPY_MS: u64 = 250;
/// For so long an answer is waited for.
const DEADLINE_MS: u64 = 400;

/// A question for a head, as it travels: who asked, which of its questions, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    pub(super) from: usize,
    pub(super) id: u64,
    pub(super) stamp: Stamp,
    /// The asker's clocks when it sent this; it keeps them, and finds them again by the id.
    pub(super) sent: Reading,
}

#[derive(Debug)]
pub(super) struct Relay {
    pub(super) clocks: Clocks,
    pub(super) reader: Reader<Vec<Entry>>,
    bound: usize,
    asked: Option<(u64, Reading)>,
    /// Who waits, with the process that asked.
    waiting: Vec<(u32, Asking)>,
    ids: u64,
}

/// What a relay sends: its own question to the ledger, and answers to gates.
#[derive(Debug, Default)]
pub(super) struct Sends {
    pub(super) question: Option<Asking>,
    pub(super) answers: Vec<((u32, Asking), Vec<u8>)>,
}

impl Relay {
    pub(super) fn new(clocks: Clocks, bound: usize) -> Self {
        let reader = Reader::new(vec![Entry::NONE; bound]);
        Self { clocks, reader, bound, asked: None, waiting: Vec::new(), ids: 0 }
    }

    /// Another process takes over, which knows nothing.
    pub(super) fn restart(&mut self) {
        let ids = self.ids + 1;
        *self = Self { ids, ..Self::new(self.clocks, self.bound) };
    }

    pub(super) fn asked(
        &mut self,
        place: usize,
        asker: (u32, Asking),
        seals: &Seals,
        now: Reading,
    ) -> Sends {
        let mut sends = Sends::default();
        self.waiting.push(asker);
        if self.reader.age_ms(now).is_some_and(|age| age <= COPY_MS) {
            self.answer_all(seals, now, &mut sends);
            return sends;
        }
        let overdue = self.asked.is_some_and(|(_, sent)| now.since(sent) > DEADLINE_MS);
        if overdue {
            // Whoever waited longer than that has given up.
            self.waiting = vec![asker];
        }
        if overdue || self.asked.is_none() {
            sends.question = Some(self.ask(place, self.reader.stamp(), now));
        }
        sends
    }

    pub(super) fn heard(
        &mut self,
        place: usize,
        answer: &Answer<'_>,
        asking: &Asking,
        seals: &Seals,
        now: Reading,
    ) -> (Merge, Sends) {
        let mut sends = Sends::default();
        let awaited = self.asked.is_some_and(|(id, _)| id == asking.id);
        let merge = self.reader.merge(answer, asking.sent, now);
        if awaited {
            self.asked = None;
            match merge {
                Merge::Gap => sends.question = Some(self.ask(place, Stamp::default(), now)),
                Merge::Failed => self.waiting.clear(),
                Merge::Discarded | Merge::Younger | Merge::Adopted | Merge::Restarted => {
                    self.answer_all(seals, now, &mut sends);
                }
            }
        }
        (merge, sends)
    }

    fn ask(&mut self, place: usize, stamp: Stamp, now: Reading) -> Asking {
        self.ids += 1;
        self.asked = Some((self.ids, now));
        Asking { from: place, id: self.ids, stamp, sent: now }
    }

    fn answer_all(&mut self, seals: &Seals, now: Reading, sends: &mut Sends) {
        let (Some(head), Some(age_ms)) = (self.reader.head(), self.reader.age_ms(now)) else {
            return;
        };
        for asker in self.waiting.drain(..) {
            sends.answers.push((asker, seals.head(&head.answer(asker.1.stamp, age_ms))));
        }
    }
}
