//! The engine itself: what a host calls.

mod clock;
mod fetching;
mod heads;
mod judge;
mod leasing;
mod reporting;
mod waiting;

use std::{collections::VecDeque, sync::Arc};

use tollgate_core::{
    head::{Entry, HEAD_ENTRIES_MAX, MaxStaleness, Reader},
    lease::{self, HolderId, Watch},
    stamp::Stamp,
    time::Reading,
};

use crate::{
    Arrival, Counts, Decision, Errand, ErrandId, Inquiry, Pass, Question, Reply, Signed,
    StoreError,
    absences::Absences,
    counts::add,
    fetches::Fetches,
    flights::{Flights, Target},
    parking::{Lot, Ticket},
    purses::{PLACES_MAX, Purses, Seed},
    records::Records,
    timers::Timers,
    usage::Meter,
};
pub use fetching::RECORD_RETRIES_MAX;
pub use heads::HEAD_TRIES_MAX;
use heads::HeadRead;
use judge::{Failed, Look};
pub use waiting::HEADS_MAX;

/// The longest that a record or a head is waited for, whatever is set.
pub const STORE_DEADLINE_MAX_MS: u32 = 1_000;

/// What a host sets.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// For how long requests are decided from what was known when the authority cannot be reached.
    pub max_staleness: MaxStaleness,
    /// How long a record or a head is waited for: 50 embedded, 1,000 over a network, and at most
    /// [`STORE_DEADLINE_MAX_MS`].
    pub store_deadline_ms: u32,
    /// What the host can do after it has answered.
    pub host: lease::Host,
    /// Whether there is a replica to be asked for records before the authority is.
    pub replica: bool,
    /// The most bytes of cached records.
    pub records_bytes_max: usize,
    /// The most remembered absences: a segment of their own, so that they push out nothing good.
    pub absences_max: usize,
    /// The most purses.
    pub purses_max: usize,
    /// The most requests that wait at one time; beyond it they are answered *unavailable*.
    pub parked_max: usize,
    /// The most records that are asked for at one time.
    pub fetches_max: usize,
    /// About how often what was counted of keys is sent to the authority; 0: nothing is counted by a key.
    pub usage_every_ms: u32,
}

impl Settings {
    /// Those of a gate that lives as long as its process, with its store beside it: what others are written
    /// down as a difference from.
    pub const EMBEDDED: Self = Self {
        max_staleness: MaxStaleness::DEFAULT,
        store_deadline_ms: 50,
        host: lease::Host::Background,
        replica: false,
        records_bytes_max: 64 << 20,
        absences_max: 10_000,
        purses_max: 100_000,
        parked_max: 20_000,
        fetches_max: 1_024,
        usage_every_ms: 0,
    };
}

/// Everything a gate holds between requests. `W` is what the host wants back with a decision that had to wait, and
/// `T` what it keeps a token as.
///
/// After every call the host takes out the [`decisions`](Self::decisions) and the [`errands`](Self::errands),
/// and gives a new holder id if one is [needed](Self::needs_holder). Every `now` is what its clocks say as they
/// say it: freezes and steps are dealt with here.
#[derive(Debug)]
pub struct Engine<W, T = Box<str>> {
    settings: Settings,
    holder: Option<HolderId>,
    watch: Option<Watch>,
    /// The newest reading, and the time that has passed until then.
    newest: Reading,
    clock: u64,
    reader: Reader<Box<[Entry]>>,
    /// The next question for the head asks for all.
    blank: bool,
    head: Option<HeadRead>,
    head_failed: Option<Reading>,
    head_queue: Vec<Ticket>,
    records: Records<T>,
    absences: Absences,
    fetches: Fetches,
    purses: Purses,
    lot: Lot<W>,
    flights: Flights,
    timers: Timers,
    sweeping: bool,
    /// How many messages that hand something back were never answered; none while the holder does not end.
    lost: Option<usize>,
    /// What was held for the request at hand.
    look: Look,
    meter: Meter,
    counts: Counts,
    errands: VecDeque<Errand>,
    decisions: VecDeque<(W, Decision<T>)>,
    jitter: u64,
}

impl<W, T> Engine<W, T> {
    /// An engine that holds nothing. `holder` is 128 random bits, drawn for it alone.
    #[must_use]
    pub fn new(settings: Settings, holder: HolderId) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = holder.0;
        Self {
            settings,
            holder: Some(holder),
            watch: None,
            newest: Reading::default(),
            clock: 0,
            reader: Reader::new(vec![Entry::NONE; HEAD_ENTRIES_MAX].into_boxed_slice()),
            blank: false,
            head: None,
            head_failed: None,
            head_queue: Vec::new(),
            records: Records::new(settings.records_bytes_max),
            absences: Absences::new(settings.absences_max),
            fetches: Fetches::new(settings.fetches_max),
            purses: Purses::new(settings.purses_max, settings.host, Seed::new(holder)),
            lot: Lot::new(settings.parked_max),
            flights: Flights::default(),
            timers: Timers::default(),
            sweeping: false,
            lost: None,
            look: Look::Nothing,
            meter: Meter::new(settings.usage_every_ms),
            counts: Counts::default(),
            errands: VecDeque::with_capacity(PLACES_MAX),
            decisions: VecDeque::new(),
            jitter: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
        }
    }

    /// Decides a request at once, or keeps it until it can be decided; then `waiter` is made.
    pub fn arrive(
        &mut self,
        inquiry: Inquiry,
        waiter: impl FnOnce() -> W,
        now: Reading,
    ) -> Arrival<T> {
        let now = self.observe(now);
        if self.is_due(now) {
            self.run_due(now);
        }
        let judged = self.judge(&inquiry, Failed::Nothing, now);
        self.count_look();
        let arrival = self.settle_arrival(inquiry, waiter, judged, now);
        self.settle(now);
        arrival
    }

    /// What must be asked now: taken out after every other call.
    pub fn errands(&mut self) -> impl Iterator<Item = Errand> {
        self.errands.drain(..)
    }

    /// Takes in what came of an errand. What nothing waits for, and what is of another kind, is ignored.
    pub fn deliver(&mut self, id: ErrandId, reply: Result<Reply, StoreError>, now: Reading) {
        let now = self.observe(now);
        if self.is_due(now) {
            self.run_due(now);
        }
        let flight = self.flights.get(id);
        match (flight.map(|flight| (flight.target, flight.sent)), reply) {
            (Some((Target::Head, sent)), Ok(Reply::Head(tidings))) => {
                self.flights.close(id);
                self.heard(id, &tidings, sent, now);
            }
            (Some((Target::Record { fetch, of }, sent)), Ok(Reply::Record(found, tidings))) => {
                self.flights.close(id);
                self.fetched(id, (fetch, of), found, tidings.as_ref(), sent, now);
            }
            (Some((Target::Lease(handle), sent)), Ok(Reply::Lease(answer, tidings))) => {
                self.flights.close(id);
                self.leased(handle, &answer, tidings.as_ref(), sent, now);
            }
            (Some((Target::Usage(seq), _)), Ok(Reply::Usage)) => {
                self.flights.close(id);
                self.reported(seq, now);
            }
            (Some((target, _)), Err(error)) => {
                self.flights.close(id);
                self.counts.error(&error);
                match target {
                    Target::Head => self.head_error(id, &error, now),
                    Target::Record { fetch, of } => self.fetch_error(id, (fetch, of), &error, now),
                    Target::Lease(handle) => self.lease_error(handle, &error),
                    // It is repeated in its time.
                    Target::Usage(_) => {}
                }
            }
            (None, _) | (Some(_), Ok(_)) => add(&mut self.counts.answers_ignored),
        }
        self.settle(now);
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Reading) {
        let now = self.observe(now);
        self.run_due(now);
        self.settle(now);
    }

    /// After how many milliseconds [`Engine::tick`] has something to do; none while nothing will be due by itself.
    pub fn wake_in(&mut self, now: Reading) -> Option<u64> {
        let now = self.observe(now);
        let timer = self.timers.next().map(|at_ms| at_ms.saturating_sub(self.clock));
        [timer, self.lot.left_ms(now)].into_iter().flatten().min()
    }

    /// What became of requests that waited: taken out after every other call.
    pub fn decisions(&mut self) -> impl Iterator<Item = (W, Decision<T>)> {
        self.decisions.drain(..)
    }

    /// Whether a new holder id must be drawn: after a freeze, and when somebody else was found to use the old one.
    /// Until it is given everything is *unavailable*.
    #[must_use]
    pub const fn needs_holder(&self) -> bool {
        self.holder.is_none()
    }

    /// Goes on under a new holder id: 128 random bits, never used before.
    pub const fn new_holder(&mut self, holder: HolderId) {
        self.holder = Some(holder);
    }

    /// Keeps a token with the record for which it was signed, if that is still held.
    pub fn keep(&mut self, pass: &Pass<T>, signed: Arc<Signed<T>>) {
        self.records.keep(pass.lookup, &pass.packed, signed);
        self.gauge();
    }

    /// The holder ends: hands back what it has on lease and nobody waits for, now and from now on. At most `most` messages
    /// are open for it at one time: called again until it says that no purse holds anything any more, and how many
    /// messages were never answered: what they handed back is lost.
    ///
    /// Requests go on being decided; each asks for its own tokens then.
    pub fn hand_back(&mut self, most: usize, now: Reading) -> (usize, usize) {
        let now = self.observe(now);
        if self.is_due(now) {
            self.run_due(now);
        }
        let lost = *self.lost.get_or_insert(0);
        let held = self.purses.hand_back(most, now);
        self.settle(now);
        (held, lost)
    }

    /// What it has done so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How far the head has come, and how old it is in milliseconds; none before there is one.
    #[must_use]
    pub fn head(&self) -> Option<(Stamp, Option<u64>)> {
        Some((self.reader.head()?.stamp(), self.reader.age_ms(self.newest)))
    }

    /// Drops every record and absence. Tokens on lease stay: they are ours.
    pub fn forget_all(&mut self) {
        self.records.clear();
        self.absences.clear();
        self.gauge();
    }

    /// Something to be asked, as of now.
    fn ask(
        &mut self,
        target: Target,
        question: Question,
        deadline_ms: u32,
        now: Reading,
    ) -> ErrandId {
        let id = self.flights.open(target, now);
        let since = if self.blank { Stamp::default() } else { self.reader.stamp() };
        self.errands.push_back(Errand { id, question, since, deadline_ms });
        id
    }

    /// How long a record or a head is waited for.
    fn deadline_ms(&self) -> u32 {
        self.settings.store_deadline_ms.clamp(1, STORE_DEADLINE_MAX_MS)
    }

    /// From half of `base_ms` to one and a half times as much, so that those who failed together do not come
    /// back together.
    fn jittered(&mut self, base_ms: u64) -> u64 {
        self.jitter = self.jitter.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.jitter ^ (self.jitter >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let base_ms = base_ms.max(1);
        (base_ms / 2).saturating_add((mixed >> 33).checked_rem(base_ms).unwrap_or(0)).max(1)
    }
}
