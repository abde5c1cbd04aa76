//! Fetching records: once for everybody who needs the same, whatever is decided for each.

use tollgate_core::{
    head::Checked,
    lookup::LookupId,
    record::{Expected, Record, RecordError},
    stamp::Stamp,
    time::Reading,
};

use super::{Engine, judge::Failed, waiting::Line};
use crate::{
    ErrandId, Fetched, Lookup, OpenError, Question, StoreError, Tidings, counts::add,
    errand::Contents, fetches::Fetch, flights::Target, timers::Due,
};

/// How often the authority is asked again after it could not be reached.
pub const RECORD_RETRIES_MAX: u32 = 3;

/// What came was asked for by this errand, of this fetch and of whom.
type Asked = (u32, Lookup);

impl<W, T> Engine<W, T> {
    /// Where the record of a secret is being fetched; none if too many are already.
    pub(super) fn fetch(&mut self, expected: Expected, now: Reading) -> Option<u32> {
        if let Some(place) = self.fetches.find(expected.lookup) {
            return Some(place);
        }
        let of = if self.settings.replica { Lookup::Replica } else { Lookup::Authority };
        let place = self.fetches.begin(expected, of, now)?;
        self.ask_record(place, now);
        Some(place)
    }

    fn ask_record(&mut self, place: u32, now: Reading) {
        let end_ms = self.deadline_ms();
        let Some(fetch) = self.fetches.get(place) else { return };
        let (expected, of) = (fetch.expected, fetch.of);
        let left = part(of, end_ms).saturating_sub(passed(fetch, now));
        let count = match of {
            Lookup::Replica => &mut self.counts.replica_errands,
            Lookup::Authority => &mut self.counts.record_errands,
        };
        add(count);
        let target = Target::Record { fetch: place, of };
        let id = self.ask(target, Question::Record { expected, of }, left, now);
        if let Some(fetch) = self.fetches.get(place) {
            fetch.asked = Some(id);
        }
        self.arm_fetch(place, now);
    }

    fn arm_fetch(&mut self, place: u32, now: Reading) {
        let end_ms = self.deadline_ms();
        let Some(fetch) = self.fetches.get(place) else { return };
        let left = part(fetch.of, end_ms).saturating_sub(passed(fetch, now)).max(1);
        let end = self.clock.saturating_add(left.into());
        let at_ms = if fetch.asked.is_none() { end.min(fetch.again_at) } else { end };
        fetch.armed = at_ms;
        self.timers.set(at_ms, Due::Fetch(place));
    }

    /// The timer of a fetch has fired.
    pub(super) fn fetch_due(&mut self, place: u32, at_ms: u64, now: Reading) {
        let (end_ms, clock) = (self.deadline_ms(), self.clock);
        let Some(fetch) = self.fetches.get(place).filter(|fetch| fetch.armed == at_ms) else {
            return;
        };
        if passed(fetch, now) >= end_ms {
            self.fetch_over(place, Failed::Record, now);
        } else if passed(fetch, now) >= part(fetch.of, end_ms) {
            self.ask_authority(place, now);
        } else if fetch.asked.is_none() && clock >= fetch.again_at {
            self.ask_record(place, now);
        } else {
            self.arm_fetch(place, now);
        }
    }

    /// A store has answered.
    pub(super) fn fetched(
        &mut self,
        id: ErrandId,
        (place, of): Asked,
        found: Option<Fetched>,
        tidings: Option<&Tidings>,
        sent: Reading,
        now: Reading,
    ) {
        // A replica knows nothing of the head that could be trusted.
        if let (Lookup::Authority, Some(tidings)) = (of, tidings) {
            self.overhear(tidings, sent, now);
        }
        let Some(fetch) = self.fetches.get(place).filter(|fetch| fetch.asked == Some(id)) else {
            add(&mut self.counts.answers_late);
            return;
        };
        let lookup = fetch.expected.lookup;
        let kept = match (of, found.map(|Fetched(contents)| contents)) {
            (_, Some(Contents::Record(packed))) => match Record::unpack(&packed) {
                Some(record) if record.lookup == lookup => {
                    let usable = self.is_usable(&record);
                    if usable {
                        self.absences.forget(lookup);
                        self.meter.hear(lookup, &record);
                        self.records.insert(lookup, packed);
                    }
                    Ok(usable)
                }
                Some(_) | None => Err(RecordError::OtherLookup),
            },
            // What a replica does not have may be there since.
            (Lookup::Replica, Some(Contents::Absence(_)) | None) => Ok(false),
            (Lookup::Authority, Some(Contents::Absence(absence))) if absence.lookup == lookup => {
                let head = self.reader.head();
                let outdated = head.is_some_and(|head| {
                    head.check_absence(absence, now.since(sent)) == Checked::Outdated
                });
                let usable = !outdated && absence.as_of >= self.known(lookup);
                if usable {
                    self.records.forget(lookup);
                    self.absences.insert(absence, sent);
                }
                Ok(usable)
            }
            (Lookup::Authority, Some(Contents::Absence(_))) => Err(RecordError::OtherLookup),
            (Lookup::Authority, None) => Err(RecordError::Field("none")),
        };
        match (kept, of) {
            (Ok(true), _) => self.fetch_over(place, Failed::Nothing, now),
            (Ok(false), Lookup::Replica) => self.ask_authority(place, now),
            (Ok(false), Lookup::Authority) => self.outdated(place, now),
            (Err(error), _) => {
                let error = StoreError::Damaged(OpenError::Record(error));
                self.counts.error(&error);
                self.fetch_error(id, (place, of), &error, now);
            }
        }
    }

    /// A store has not answered, or nothing that can be used.
    pub(super) fn fetch_error(
        &mut self,
        id: ErrandId,
        (place, of): Asked,
        error: &StoreError,
        now: Reading,
    ) {
        let end_ms = self.deadline_ms();
        let Some(fetch) = self.fetches.get(place).filter(|fetch| fetch.asked == Some(id)) else {
            return;
        };
        match (of, error) {
            (Lookup::Replica, _) => self.ask_authority(place, now),
            (Lookup::Authority, StoreError::Damaged(_)) => {
                self.fetch_over(place, Failed::Record, now);
            }
            (Lookup::Authority, StoreError::Unreachable | StoreError::Refused) => {
                fetch.failures = fetch.failures.saturating_add(1);
                if fetch.failures > RECORD_RETRIES_MAX {
                    self.fetch_over(place, Failed::Record, now);
                } else {
                    let pause = u64::from(end_ms / 16).checked_shl(fetch.failures).unwrap_or(0);
                    self.pause(place, pause, now);
                }
            }
        }
    }

    /// Whether a record that came is to be kept: as new as the head says, and as what is held.
    fn is_usable(&mut self, record: &Record<'_>) -> bool {
        let checked = self.reader.head().map(|head| head.check(*record));
        let outdated = matches!(checked, Some(Checked::Outdated));
        if outdated {
            add(&mut self.counts.records_outdated);
        }
        !outdated && record.as_of >= self.known(record.lookup)
    }

    /// Up to when is known what a lookup id is.
    fn known(&self, lookup: LookupId) -> Stamp {
        let record = self.records.peek(lookup).map(|record| record.vouched);
        let absence = self.absences.get(lookup).map(|held| held.absence.as_of);
        record.max(absence).unwrap_or_default()
    }

    fn ask_authority(&mut self, place: u32, now: Reading) {
        if let Some(fetch) = self.fetches.get(place) {
            (fetch.of, fetch.asked) = (Lookup::Authority, None);
            self.ask_record(place, now);
        }
    }

    /// The authority's answer was overtaken: it is asked again until the deadline.
    fn outdated(&mut self, place: u32, now: Reading) {
        if let Some(fetch) = self.fetches.get(place) {
            let pause = 1_u64.checked_shl(fetch.outdated.min(4)).unwrap_or(1);
            fetch.outdated = fetch.outdated.saturating_add(1);
            self.pause(place, pause, now);
        }
    }

    fn pause(&mut self, place: u32, pause_ms: u64, now: Reading) {
        let again_at = self.clock.saturating_add(self.jittered(pause_ms));
        if let Some(fetch) = self.fetches.get(place) {
            (fetch.asked, fetch.again_at) = (None, again_at);
            self.arm_fetch(place, now);
        }
    }

    fn fetch_over(&mut self, place: u32, failed: Failed, now: Reading) {
        let waiting = self.fetches.end(place);
        self.all_again(waiting, failed, Line::Fetch(place), now);
    }
}

/// When a store is waited for no more, from the beginning of a fetch: a replica that hangs leaves half of the
/// time to the authority.
const fn part(of: Lookup, end_ms: u32) -> u32 {
    match of {
        Lookup::Replica => end_ms.div_ceil(2),
        Lookup::Authority => end_ms,
    }
}

/// How long a fetch has taken so far.
fn passed(fetch: &Fetch, now: Reading) -> u32 {
    u32::try_from(now.since(fetch.started)).unwrap_or(u32::MAX)
}
