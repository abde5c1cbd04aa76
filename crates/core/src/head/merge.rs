//! What a reader does with an answer.

use super::{Answer, Head};

/// What became of an answer.
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

impl<const N: usize> Head<N> {
    /// The head that a whole answer describes; none if the answer is a delta.
    pub(super) fn whole(answer: &Answer<'_>) -> Option<Self> {
        if answer.since != answer.floor {
            return None;
        }
        let mut head = Self::begin(answer.stamp);
        head.floor = answer.floor;
        for &entry in answer.entries {
            // An answer names no subject twice, so only a shorter list than the sender's must fold.
            if !head.entries.append(entry) {
                head.insert(entry);
            }
        }
        Some(head)
    }

    /// Takes over an answer of the same incarnation and a higher epoch; says whether it could.
    pub(super) fn advance(&mut self, answer: &Answer<'_>) -> bool {
        if let Some(whole) = Self::whole(answer) {
            let floor = self.floor;
            *self = whole;
            self.raise_floor(floor);
            return true;
        }
        if answer.since > self.stamp.epoch {
            return false;
        }
        self.stamp = answer.stamp;
        for entry in answer.entries {
            self.insert(*entry);
        }
        self.raise_floor(answer.floor);
        true
    }
}
