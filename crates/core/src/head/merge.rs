//! What a reader does with an answer.

use super::{Answer, Head, Places};

/// What became of an answer.
#[must_use = "after a restart caches and leases are dropped, after a gap all is asked for"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// It was too old on arrival, and counts as a failed read.
    Failed,
    /// It says nothing new, and does not renew the age.
    Discarded,
    /// It says the same, but is younger.
    Younger,
    /// It is newer, and has been taken over.
    Adopted,
    /// It is of a later incarnation: drop every cached record and every lease.
    Restarted,
    /// It leaves out what happened in between: ask again for all.
    Gap,
}

impl Merge {
    /// How the outcome is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Discarded => "discarded",
            Self::Younger => "younger",
            Self::Adopted => "adopted",
            Self::Restarted => "restarted",
            Self::Gap => "gap",
        }
    }
}

impl<S: Places> Head<S> {
    /// Takes over all that a whole answer says; says whether the answer was whole.
    pub(super) fn replace(&mut self, answer: &Answer<'_>) -> bool {
        if answer.since != answer.floor {
            return false;
        }
        self.stamp = answer.stamp;
        self.floor = answer.floor;
        self.entries.clear();
        for &entry in answer.entries {
            // An answer names no subject twice, so only a shorter list than the sender's must fold.
            if !self.entries.append(entry) {
                self.insert(entry);
            }
        }
        true
    }

    /// Takes over an answer of the same incarnation and a higher epoch; says whether it could.
    pub(super) fn advance(&mut self, answer: &Answer<'_>) -> bool {
        let (known, floor) = (self.stamp.epoch, self.floor);
        if self.replace(answer) {
            self.raise_floor(floor);
            return true;
        }
        if answer.since > known {
            return false;
        }
        self.stamp = answer.stamp;
        // Up to its own epoch this list is complete already, perhaps folded otherwise than the sender's.
        for &entry in answer.entries.iter().filter(|entry| entry.epoch > known) {
            self.insert(entry);
        }
        self.raise_floor(answer.floor);
        true
    }
}
