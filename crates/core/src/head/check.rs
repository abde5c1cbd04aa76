//! The one rule for every record: it is used only if it is as new as the head says it must be.

use super::{Entry, Head, Places};
use crate::{
    lookup::LookupId,
    record::{Absence, Record},
    stamp::Stamp,
};

/// How long an absence is believed: creating a key leaves no entry that would end it.
pub const ABSENCE_MAX_MS: u64 = 10_000;

/// A record that the head vouches for: nothing that concerns it has changed since it was read.
///
/// [`Head::check`] is the only way to obtain one, so a decision cannot be made on a record that was not checked.
/// It is as good as the head it was checked against, so check again when the head has moved; and as good as the
/// record that was given: what [`record::open`](crate::record::open) found, unchanged.
///
/// ```compile_fail,E0423
/// use tollgate_core::{head::Current, record::Record};
/// fn believe(record: Record<'_>) -> Current<'_> {
///     Current(record)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Current<'a>(Record<'a>);

impl<'a> Current<'a> {
    /// The record, stamped with what the head vouched for.
    #[must_use]
    pub const fn record(&self) -> &Record<'a> {
        &self.0
    }

    /// What may be noted in the cached record ([`record::vouch`](crate::record::vouch)), so that the next check
    /// is quick.
    #[must_use]
    pub const fn vouched(&self) -> Vouched {
        Vouched { lookup: self.0.lookup, stamp: self.0.vouched }
    }
}

/// Up to when the head has vouched for the record of which secret: [`Current::vouched`] is the only way to obtain
/// one, so that no record is noted to be newer than it was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vouched {
    pub(crate) lookup: LookupId,
    pub(crate) stamp: Stamp,
}

/// An absence that the head vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentAbsence(Absence);

impl CurrentAbsence {
    /// The absence.
    #[must_use]
    pub const fn absence(&self) -> Absence {
        self.0
    }
}

/// What the head says of a record or an absence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked<T> {
    /// It may be used.
    Current(T),
    /// It must not be used: the authority is asked.
    Outdated,
    /// It is from a later incarnation than the head: the head is renewed first.
    HeadBehind,
}

impl<S: Places> Head<S> {
    /// Says whether `record` may be used, and raises its stamp to this head's if it may.
    ///
    /// A record stamped with this very head costs two comparisons.
    #[must_use]
    pub fn check<'a>(&self, record: Record<'a>) -> Checked<Current<'a>> {
        let Record { vouched, lookup, key, owner, tenant, .. } = record;
        self.rule(
            vouched,
            |entry| entry.subject.concerns(lookup, key, owner, tenant),
            || {
                let vouched = Stamp { epoch: vouched.epoch.max(self.stamp.epoch), ..vouched };
                Current(Record { vouched, ..record })
            },
        )
    }

    /// Says whether `absence` may be believed. Its stamp is not raised: the key may be created any moment.
    #[must_use]
    pub fn check_absence(&self, absence: Absence, age_ms: u64) -> Checked<CurrentAbsence> {
        if age_ms >= ABSENCE_MAX_MS {
            return Checked::Outdated;
        }
        let concerns = |entry: &Entry| entry.subject.may_concern_absent(absence.lookup);
        self.rule(absence.as_of, concerns, || CurrentAbsence(absence))
    }

    fn rule<T>(
        &self,
        as_of: Stamp,
        concerns: impl Fn(&Entry) -> bool,
        current: impl FnOnce() -> T,
    ) -> Checked<T> {
        if as_of.incarnation > self.stamp.incarnation {
            return Checked::HeadBehind;
        }
        // Only entries above the record's own stamp can be newer than it.
        let outdated = as_of.incarnation < self.stamp.incarnation
            || as_of.epoch < self.floor
            || self.entries.above(as_of.epoch).iter().any(concerns);
        if outdated { Checked::Outdated } else { Checked::Current(current()) }
    }
}
