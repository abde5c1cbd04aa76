//! A gate: its head, what it has cached, and the requests that wait.

use std::collections::BTreeMap;

use tollgate_core::{
    head::{Answer, Checked, Entry, Freshness, MaxStaleness, Merge, Reader},
    lease::Watch,
    record::{PACKED_MAX, vouch},
    stamp::Stamp,
    time::Reading,
};

use super::{
    relay::Asking,
    seals::{Opened, record},
    tables::Verdict,
};
use crate::leases::Clocks;

/// How long a head is awaited.
pub(super) const HEAD_DEADLINE_MS: u64 = 500;
/// How long the authority, or the store, is waited for.
const RECORD_DEADLINE_MS: u64 = 1_000;
/// How long a request waits for anything at all.
const REQUEST_DEADLINE_MS: u64 = 2_500;
/// What a gate says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What the key's record, or its absence, says.
    Says(Verdict),
    /// Nothing could be decided: 503.
    Unavailable,
}

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Whose request.
    pub gate: usize,
    /// About which secret.
    pub secret: usize,
    /// When the request came.
    pub came_us: u64,
    /// What was decided.
    pub outcome: Outcome,
    /// Whether the head was too old and could not be renewed.
    pub flagged: bool,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    secret: usize,
    came_us: u64,
    came: Reading,
}

#[derive(Clone, Debug)]
enum Cached {
    Record(Box<[u8; PACKED_MAX]>),
    Absent(tollgate_core::record::Absence, Reading),
}

#[derive(Clone, Copy, Debug)]
struct InFlight {
    id: u64,
    sent: Reading,
}

/// What a gate sends.
#[derive(Clone, Debug)]
pub(super) enum Send {
    /// To the relay.
    Head(Asking),
    /// To the authority.
    Record(usize, Asking),
    /// To the store.
    Fetch(usize, u64),
}

/// What a step of a gate leads to.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) sends: Vec<Send>,
    pub(super) decided: Vec<Decided>,
    /// Records that were found outdated.
    pub(super) outdated: u64,
}

#[derive(Debug)]
pub(super) struct Gate {
    pub(super) clocks: Clocks,
    /// Counts processes: an answer to a dead one reaches nobody.
    pub(super) life: u32,
    pub(super) frozen_until_us: u64,
    /// When its wall clock was last set: what waited then may have been given up early.
    pub(super) upset_us: u64,
    pub(super) reader: Reader<Vec<Entry>>,
    place: usize,
    bound: usize,
    max_staleness: MaxStaleness,
    watch: Option<Watch>,
    /// The next question asks for all.
    blank: bool,
    ids: u64,
    head: Option<InFlight>,
    records: BTreeMap<usize, InFlight>,
    fetches: BTreeMap<usize, InFlight>,
    cache: BTreeMap<usize, Cached>,
    waiting: Vec<Request>,
}

impl Gate {
    pub(super) fn new(
        place: usize,
        clocks: Clocks,
        bound: usize,
        max_staleness: MaxStaleness,
    ) -> Self {
        Self {
            clocks,
            life: 0,
            frozen_until_us: 0,
            upset_us: 0,
            reader: Reader::new(vec![Entry::NONE; bound]),
            place,
            bound,
            max_staleness,
            watch: None,
            blank: false,
            ids: 0,
            head: None,
            records: BTreeMap::new(),
            fetches: BTreeMap::new(),
            cache: BTreeMap::new(),
            waiting: Vec::new(),
        }
    }

    /// A new process in the place of one that died, with its requests.
    pub(super) fn restart(&mut self) {
        let new = Self::new(self.place, self.clocks, self.bound, self.max_staleness);
        *self = Self { life: self.life + 1, ids: self.ids + 1, ..new };
    }

    /// The one reading of a step; after a freeze the head's age is unknown.
    pub(super) fn read(&mut self, true_us: u64) -> Reading {
        let now = self.clocks.read(true_us);
        let frozen = self.watch.get_or_insert(Watch::new(now)).frozen(now);
        if frozen {
            self.reader.distrust();
        }
        now
    }

    /// Whether anything is waited for.
    pub(super) fn busy(&self) -> bool {
        !self.waiting.is_empty()
            || self.head.is_some()
            || !self.records.is_empty()
            || !self.fetches.is_empty()
    }

    pub(super) fn request(&mut self, secret: usize, true_us: u64, now: Reading) {
        self.waiting.push(Request { secret, came_us: true_us, came: now });
    }

    /// The relay's answer to a question, perhaps one that is not waited for any more.
    pub(super) fn heard(&mut self, answer: &Answer<'_>, asking: &Asking, now: Reading) -> Merge {
        if self.head.is_some_and(|head| head.id == asking.id) {
            self.head = None;
            let merge = self.reader.merge(answer, asking.sent, now);
            self.merged(merge);
            return merge;
        }
        self.overhear(answer, asking, now)
    }

    /// The authority's answer: a head, and what it read at that moment.
    pub(super) fn told(
        &mut self,
        secret: usize,
        (answer, opened): (&Answer<'_>, Opened),
        asking: &Asking,
        now: Reading,
    ) -> Merge {
        let merge = self.overhear(answer, asking, now);
        if self.records.get(&secret).is_some_and(|record| record.id == asking.id) {
            self.records.remove(&secret);
            self.keep(secret, opened, asking.sent);
        }
        merge
    }

    /// What the store had.
    pub(super) fn fetched(
        &mut self,
        secret: usize,
        id: u64,
        opened: Option<Opened>,
        now: Reading,
        effects: &mut Effects,
    ) {
        if self.fetches.get(&secret).is_none_or(|fetch| fetch.id != id) {
            return;
        }
        self.fetches.remove(&secret);
        match opened {
            Some(Opened::Record(packed)) => self.keep(secret, Opened::Record(packed), now),
            // A stored absence is no better than none: what came to be later left no entry.
            Some(Opened::Absent(_)) | None => self.ask_record(secret, now, effects),
        }
    }

    /// Decides what can be decided, and asks for what is missing.
    pub(super) fn settle(&mut self, now: Reading, effects: &mut Effects) {
        self.give_up(now);
        for request in core::mem::take(&mut self.waiting) {
            match self.attempt(request, now, effects) {
                Some((outcome, flagged)) => effects.decided.push(Decided {
                    gate: self.place,
                    secret: request.secret,
                    came_us: request.came_us,
                    outcome,
                    flagged,
                }),
                None => self.waiting.push(request),
            }
        }
    }

    fn give_up(&mut self, now: Reading) {
        if let Some(InFlight { sent, .. }) = self.head
            && now.since(sent) > HEAD_DEADLINE_MS
        {
            self.head = None;
            self.reader.failed(sent.plus(HEAD_DEADLINE_MS));
        }
        let alive = |_: &usize, asked: &mut InFlight| now.since(asked.sent) <= RECORD_DEADLINE_MS;
        self.records.retain(alive);
        self.fetches.retain(alive);
    }

    fn attempt(
        &mut self,
        request: Request,
        now: Reading,
        effects: &mut Effects,
    ) -> Option<(Outcome, bool)> {
        if now.since(request.came) > REQUEST_DEADLINE_MS {
            return Some((Outcome::Unavailable, false));
        }
        let freshness = self.reader.freshness(self.max_staleness, now);
        match freshness {
            Freshness::Lost => return Some((Outcome::Unavailable, false)),
            Freshness::Await => {
                self.ask_head(now, effects);
                return None;
            }
            Freshness::Renew => self.ask_head(now, effects),
            Freshness::Fresh | Freshness::Flagged => {}
        }
        let says = self.says(request.secret, now, effects)?;
        Some((Outcome::Says(says), freshness == Freshness::Flagged))
    }

    /// What may be said of a secret now; nothing as long as it must be asked for.
    fn says(&mut self, secret: usize, now: Reading, effects: &mut Effects) -> Option<Verdict> {
        let head = self.reader.head()?;
        let checked = match self.cache.get_mut(&secret) {
            None => {
                self.fetch(secret, now, effects);
                return None;
            }
            Some(Cached::Absent(absence, read)) => {
                match head.check_absence(*absence, now.since(*read)) {
                    Checked::Current(_) => Checked::Current(None),
                    Checked::Outdated => Checked::Outdated,
                    Checked::HeadBehind => Checked::HeadBehind,
                }
            }
            Some(Cached::Record(packed)) => match head.check(record(packed)) {
                Checked::Current(current) => {
                    let (vouched, state) = (current.vouched(), current.record().state);
                    vouch(packed.as_mut_slice(), vouched);
                    Checked::Current(Some(state))
                }
                Checked::Outdated => Checked::Outdated,
                Checked::HeadBehind => Checked::HeadBehind,
            },
        };
        match checked {
            Checked::Current(verdict) => return Some(verdict),
            Checked::Outdated => {
                effects.outdated += 1;
                self.ask_record(secret, now, effects);
            }
            Checked::HeadBehind => self.ask_head(now, effects),
        }
        None
    }

    fn overhear(&mut self, answer: &Answer<'_>, asking: &Asking, now: Reading) -> Merge {
        let merge = self.reader.overhear(answer, asking.sent, now);
        self.merged(merge);
        merge
    }

    fn merged(&mut self, merge: Merge) {
        match merge {
            Merge::Restarted => {
                self.cache.clear();
                self.blank = false;
            }
            Merge::Gap => self.blank = true,
            Merge::Adopted => self.blank = false,
            Merge::Failed | Merge::Discarded | Merge::Younger => {}
        }
    }

    /// Keeps what was read, unless something newer is there already.
    fn keep(&mut self, secret: usize, opened: Opened, read: Reading) {
        let known = match self.cache.get(&secret) {
            None => Stamp::default(),
            Some(Cached::Record(packed)) => record(packed).vouched,
            Some(Cached::Absent(absence, _)) => absence.as_of,
        };
        if opened.as_of() >= known {
            self.cache.insert(
                secret,
                match opened {
                    Opened::Record(packed) => Cached::Record(packed),
                    Opened::Absent(absence) => Cached::Absent(absence, read),
                },
            );
        }
    }

    fn ask_head(&mut self, now: Reading, effects: &mut Effects) {
        if self.head.is_none() {
            let stamp = if self.blank { Stamp::default() } else { self.reader.stamp() };
            let InFlight { id, sent } = *self.head.insert(next(&mut self.ids, now));
            effects.sends.push(Send::Head(Asking { from: self.place, id, stamp, sent }));
        }
    }

    fn ask_record(&mut self, secret: usize, now: Reading, effects: &mut Effects) {
        if self.records.contains_key(&secret) {
            return;
        }
        let asked = next(&mut self.ids, now);
        self.records.insert(secret, asked);
        let (stamp, InFlight { id, sent }) = (self.reader.stamp(), asked);
        effects.sends.push(Send::Record(secret, Asking { from: self.place, id, stamp, sent }));
    }

    fn fetch(&mut self, secret: usize, now: Reading, effects: &mut Effects) {
        if self.fetches.contains_key(&secret) || self.records.contains_key(&secret) {
            return;
        }
        let asked = next(&mut self.ids, now);
        self.fetches.insert(secret, asked);
        effects.sends.push(Send::Fetch(secret, asked.id));
    }
}

const fn next(ids: &mut u64, now: Reading) -> InFlight {
    *ids += 1;
    InFlight { id: *ids, sent: now }
}
