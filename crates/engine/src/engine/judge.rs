//! One look at one request: a decision, or what it has to wait for.

use std::sync::Arc;

use tollgate_core::{
    decision::{Denial, Known, Need, Presented, Request, Step, Verdict, decide},
    head::{Checked, Current, Entry, Freshness, Head},
    lease::Purse,
    record::Record,
    stamp::Stamp,
    time::Reading,
};

use super::Engine;
use crate::{
    Decision, Inquiry, Pass, Refused, Standing,
    counts::add,
    purses::{Gathered, Purses, own},
    records::{self, Records},
    usage::Outcome,
};

/// What has failed for a request so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    Nothing,
    /// Its record could not be fetched.
    Record,
}

/// What comes of a look.
#[derive(Debug)]
pub(super) enum Judged<T> {
    Decided(Decision<T>),
    /// A head is awaited first; `cold` if nothing is held for the key.
    Head {
        cold: bool,
    },
    /// The key's record.
    Record,
    /// Tokens, of the purses at hand.
    Tokens,
}

/// What was held for a key when it was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Nothing,
    /// Its record, at this place.
    Record(u32),
    Absence,
}

/// A step without what it was decided on.
enum Seen {
    Allow { flagged: bool },
    Deny(Denial),
    Await(Need),
}

impl From<Step<'_>> for Seen {
    fn from(step: Step<'_>) -> Self {
        match step {
            Step::Verdict(Verdict::Allow(allowed)) => Self::Allow { flagged: allowed.flagged() },
            Step::Verdict(Verdict::Deny(denial)) => Self::Deny(denial),
            Step::Await(need) => Self::Await(need),
        }
    }
}

impl<W, T> Engine<W, T> {
    /// Decides, if that is possible now. Tokens leave the purses only if the request passes.
    pub(super) fn judge(&mut self, inquiry: &Inquiry, failed: Failed, now: Reading) -> Judged<T> {
        self.purses.at_hand.clear();
        self.look = Look::Nothing;
        if self.holder.is_none() {
            return Judged::Decided(Decision::unavailable(&mut self.counts));
        }
        let Self { records, absences, reader, purses, .. } = self;
        let genuine = inquiry.genuine;
        let freshness = reader.freshness(self.settings.max_staleness, now);
        let place = records.find(genuine.lookup());
        let mut checked = check(records, place, reader.head());
        if let (Some((before, Checked::Current(current))), Some(place)) = (&checked, place)
            && current.record().vouched != *before
        {
            // The head has moved: noted, the next check costs two comparisons again.
            let vouched = current.vouched();
            records.vouch(place, vouched);
            checked = check(records, Some(place), reader.head());
        }
        let entry = place.and_then(|place| records.get(place));
        let mut known = match (checked, reader.head()) {
            (Some((_, checked)), _) => Known::from(checked),
            (None, Some(head)) => match absences.get(genuine.lookup()) {
                Some(held) => match head.check_absence(held.absence, now.since(held.sent)) {
                    Checked::Current(absence) => Known::Absent(absence),
                    Checked::HeadBehind => Known::Ahead,
                    Checked::Outdated => Known::Nothing,
                },
                None => Known::Nothing,
            },
            (_, None) => Known::Nothing,
        };
        self.look = match (known, place) {
            (Known::Current(_), Some(place)) => Look::Record(place),
            (Known::Absent(_), _) => Look::Absence,
            (Known::Nothing | Known::Failed | Known::Ahead | Known::Current(_), _) => Look::Nothing,
        };
        if matches!(known, Known::Nothing) && failed == Failed::Record {
            known = Known::Failed;
        }
        let mut sight = Sight {
            presented: Presented::Genuine(genuine, known),
            current: if let Known::Current(current) = known { Some(current) } else { None },
            entry,
            freshness,
            clock: self.clock,
            now,
            standing: Standing::default(),
            moved: false,
        };
        let seen = inquiry
            .demand
            .request(inquiry.address, inquiry.country, |request| sight.decide(request, purses))
            .unwrap_or(Seen::Deny(Denial::Unavailable));
        let Sight { standing, moved, current, .. } = sight;
        let cold = place.is_none() && matches!(known, Known::Nothing);
        let own = current.as_ref().map_or(0, |current| own(current.record()));
        let judged = match (seen, entry, current.as_ref().map(Current::record)) {
            (Seen::Allow { flagged }, Some(entry), Some(&Record { lookup, as_of, .. })) => {
                let (packed, held) = (Arc::clone(&entry.packed), entry.held.clone());
                let pass = Pass { packed, lookup, as_of, flagged, standing, held };
                Judged::Decided(Decision::Allow(pass))
            }
            // INVARIANT: nothing is allowed without a record.
            (Seen::Allow { .. }, _, _) => Judged::Decided(Decision::deny(Denial::Unavailable)),
            (Seen::Deny(denial), entry, current) => {
                let found = entry.filter(|_| current.is_some());
                let packed = found.map(|entry| Arc::clone(&entry.packed));
                Judged::Decided(Decision::Deny(Refused { denial, packed, standing }))
            }
            (Seen::Await(Need::Head), _, _) => Judged::Head { cold },
            (Seen::Await(Need::Record), _, _) => Judged::Record,
            (Seen::Await(Need::Tokens(_)), _, _) => Judged::Tokens,
        };
        if let (true, Some(place)) = (moved, place) {
            records.remember(place, purses.at_hand.get(..own).unwrap_or(&[]));
        }
        self.seen(inquiry, place, &judged);
        if freshness == Freshness::Renew {
            self.renew_head(now);
        }
        judged
    }

    /// Counts a decision, and looks after the purses that it was paid from.
    fn seen(&mut self, inquiry: &Inquiry, place: Option<u32>, judged: &Judged<T>) {
        match judged {
            Judged::Decided(Decision::Allow(pass)) => {
                add(&mut self.counts.allowed);
                if pass.flagged {
                    add(&mut self.counts.flagged);
                }
                self.purses.touch();
                self.tally(inquiry, place, Outcome::ALLOWED);
            }
            Judged::Decided(Decision::Deny(refused)) => {
                self.counts.deny(refused.denial);
                self.tally(inquiry, place, Outcome::denied(refused.denial));
            }
            Judged::Head { .. } | Judged::Record | Judged::Tokens => {}
        }
    }

    /// Counts what was held for a request that has just arrived.
    pub(super) fn count_look(&mut self) {
        add(match self.look {
            Look::Nothing => &mut self.counts.record_misses,
            Look::Record(place) => {
                self.records.mark(place);
                &mut self.counts.record_hits
            }
            Look::Absence => &mut self.counts.absence_hits,
        });
    }
}

/// What one request is decided on.
struct Sight<'a, T> {
    presented: Presented<'a>,
    current: Option<Current<'a>>,
    entry: Option<&'a records::Entry<T>>,
    freshness: Freshness,
    clock: u64,
    now: Reading,
    standing: Standing,
    /// Whether purses were found elsewhere than where they were last.
    moved: bool,
}

impl<T> Sight<'_, T> {
    fn decide(&mut self, request: &Request<'_>, purses: &mut Purses) -> Seen {
        let (Some(current), Some(entry)) = (self.current, self.entry) else {
            return self.without_purses(request);
        };
        let record = current.record();
        match purses.gather(record, request, |place| entry.purse(place)) {
            Gathered::Whole => {}
            Gathered::Moved => self.moved = true,
            Gathered::Missing => {
                // No purse is made for a request that is denied without one.
                let seen = self.without_purses(request);
                if !matches!(seen, Seen::Deny(Denial::Unavailable))
                    || self.freshness == Freshness::Lost
                    || !purses.complete(record, request, self.clock, self.now)
                {
                    purses.at_hand.clear();
                    return seen;
                }
                self.moved = true;
            }
        }
        let whole = purses.take(record, request, self.clock);
        let seen = if whole {
            decide(self.presented, self.freshness, request, &mut purses.taken, self.now).into()
        } else {
            Seen::Deny(Denial::Unavailable)
        };
        self.standing = purses.put_back(self.now);
        seen
    }

    /// What can be said without spending; *unavailable* where purses would be needed.
    fn without_purses(&self, request: &Request<'_>) -> Seen {
        let none: &mut [Box<Purse>] = &mut [];
        decide(self.presented, self.freshness, request, none, self.now).into()
    }
}

/// What the head says of a cached record, and up to when it was known to be good before.
#[inline]
fn check<'a, T>(
    records: &'a Records<T>,
    place: Option<u32>,
    head: Option<&Head<Box<[Entry]>>>,
) -> Option<(Stamp, Checked<Current<'a>>)> {
    let record = Record::unpack(&records.get(place?)?.packed)?;
    Some((record.vouched, head?.check(record)))
}
