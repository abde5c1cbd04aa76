//! Reading the head: once for everybody who needs it.

use tollgate_core::{
    head::{Freshness, Merge},
    time::Reading,
};

use super::{Engine, judge::Failed, waiting::Line};
use crate::{ErrandId, Question, StoreError, Tidings, counts::add, flights::Target, timers::Due};

/// How often one read is tried.
pub const HEAD_TRIES_MAX: u32 = 4;

/// For so long after a failed read none is begun in the background.
const RENEW_PAUSE_MS: u64 = 250;

/// Above this age a head must be renewed before it is used.
const AGE_MAX_MS: u64 = 1_000;

/// A head that is being read.
#[derive(Debug)]
pub(super) struct HeadRead {
    /// All of it ends one deadline after this.
    started: Reading,
    /// The open question; none while it waits before it asks again.
    asked: Option<ErrandId>,
    again_at: u64,
    armed: u64,
    tries: u32,
}

impl<W, T> Engine<W, T> {
    /// Reads the head, unless that is being done.
    pub(super) fn want_head(&mut self, now: Reading) {
        if self.head.is_none() {
            self.head =
                Some(HeadRead { started: now, asked: None, again_at: 0, armed: 0, tries: 0 });
            self.ask_head(now);
        }
    }

    /// Reads it while the one that is held is still used.
    pub(super) fn renew_head(&mut self, now: Reading) {
        let failed = self.head_failed;
        if failed.is_none_or(|failed| now.since(failed) >= RENEW_PAUSE_MS) {
            self.want_head(now);
        }
    }

    fn ask_head(&mut self, now: Reading) {
        let Some(read) = &mut self.head else { return };
        read.tries = read.tries.saturating_add(1);
        let left = self.deadline_ms().saturating_sub(passed(self.head.as_ref(), now));
        add(&mut self.counts.head_errands);
        let id = self.ask(Target::Head, Question::Head, left, now);
        if let Some(read) = &mut self.head {
            read.asked = Some(id);
        }
        self.arm_head(now);
    }

    fn arm_head(&mut self, now: Reading) {
        let left = self.deadline_ms().saturating_sub(passed(self.head.as_ref(), now)).max(1);
        let end = self.clock.saturating_add(left.into());
        let Some(read) = &mut self.head else { return };
        let at_ms = if read.asked.is_none() { end.min(read.again_at) } else { end };
        read.armed = at_ms;
        self.timers.set(at_ms, Due::Head);
    }

    /// The timer of the head has fired.
    pub(super) fn head_due(&mut self, at_ms: u64, now: Reading) {
        let deadline_ms = self.deadline_ms();
        let Some(read) = self.head.as_ref().filter(|read| read.armed == at_ms) else { return };
        if now.since(read.started) >= u64::from(deadline_ms) {
            // It failed when its deadline passed, whenever that is noticed.
            let at = read.started.plus(deadline_ms.into());
            self.head_failure(at, now);
        } else if read.asked.is_none() && self.clock >= read.again_at {
            self.ask_head(now);
        } else {
            self.arm_head(now);
        }
    }

    /// The authority has answered a question for the head.
    pub(super) fn heard(&mut self, id: ErrandId, tidings: &Tidings, sent: Reading, now: Reading) {
        if self.head.as_ref().is_none_or(|read| read.asked != Some(id)) {
            add(&mut self.counts.answers_late);
            self.overhear(tidings, sent, now);
            return;
        }
        let merge = self.reader.merge(&tidings.answer(), sent, now);
        self.merged(merge);
        match merge {
            Merge::Failed => {
                add(&mut self.counts.head_failures);
                self.head_failed = Some(now);
                self.head_over(now);
            }
            Merge::Adopted | Merge::Younger | Merge::Restarted => self.head_over(now),
            Merge::Gap => self.ask_head_again(0, now),
            // What came by the way in the meantime may be newer, and young enough.
            Merge::Discarded if self.reader.age_ms(now).is_some_and(|age| age <= AGE_MAX_MS) => {
                self.head_over(now);
            }
            Merge::Discarded => self.ask_head_again(self.backoff_ms(), now),
        }
    }

    /// A question for the head was not answered.
    pub(super) fn head_error(&mut self, id: ErrandId, error: &StoreError, now: Reading) {
        if self.head.as_ref().is_none_or(|read| read.asked != Some(id)) {
            return;
        }
        match error {
            StoreError::Unreachable | StoreError::Refused => {
                self.ask_head_again(self.backoff_ms(), now);
            }
            StoreError::Damaged(_) => self.head_failure(now, now),
        }
    }

    /// Takes in a head that came with something else, or too late.
    pub(super) fn overhear(&mut self, tidings: &Tidings, sent: Reading, now: Reading) {
        let merge = self.reader.overhear(&tidings.answer(), sent, now);
        self.merged(merge);
        match merge {
            Merge::Gap => self.want_head(now),
            Merge::Adopted | Merge::Younger | Merge::Restarted => {
                let freshness = self.reader.freshness(self.settings.max_staleness, now);
                if !self.head_queue.is_empty() && freshness != Freshness::Await {
                    let waiting = core::mem::take(&mut self.head_queue);
                    self.all_again(waiting, Failed::Nothing, Line::Overheard, now);
                }
            }
            Merge::Failed | Merge::Discarded => {}
        }
    }

    /// What a new head does to everything else.
    fn merged(&mut self, merge: Merge) {
        match merge {
            Merge::Gap => self.blank = true,
            Merge::Adopted => self.blank = false,
            Merge::Restarted => {
                self.blank = false;
                add(&mut self.counts.restarts);
                self.records.clear();
                self.absences.clear();
                self.purses.void();
                self.purses.touch_waiting();
            }
            Merge::Failed | Merge::Discarded | Merge::Younger => {}
        }
    }

    /// Asks again after about `pause_ms`, if there is time for it.
    fn ask_head_again(&mut self, pause_ms: u64, now: Reading) {
        let Some(read) = &mut self.head else { return };
        read.asked = None;
        if read.tries >= HEAD_TRIES_MAX {
            self.head_failure(now, now);
        } else if pause_ms == 0 {
            self.ask_head(now);
        } else {
            let pause_ms = self.jittered(pause_ms);
            if let Some(read) = &mut self.head {
                read.again_at = self.clock.saturating_add(pause_ms);
            }
            self.arm_head(now);
        }
    }

    fn backoff_ms(&self) -> u64 {
        let tries = self.head.as_ref().map_or(0, |read| read.tries);
        u64::from(self.deadline_ms() / 16).checked_shl(tries).unwrap_or(0).max(1)
    }

    fn head_failure(&mut self, at: Reading, now: Reading) {
        add(&mut self.counts.head_failures);
        self.reader.failed(at);
        self.head_failed = Some(at);
        self.head_over(now);
    }

    /// The read has ended: whoever waited for it is looked at again, whatever came of it.
    fn head_over(&mut self, now: Reading) {
        self.head = None;
        let waiting = core::mem::take(&mut self.head_queue);
        self.all_again(waiting, Failed::Nothing, Line::Head, now);
    }
}

/// How long a read has taken so far.
fn passed(read: Option<&HeadRead>, now: Reading) -> u32 {
    read.map_or(0, |read| u32::try_from(now.since(read.started)).unwrap_or(u32::MAX))
}
