//! What is kept of a key beside the ledger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tollgate_core::lookup::LookupId;
use tollgate_ledger::Key;

use super::{document::Body, shape::Shape, tables};

/// What is kept of a key beside the ledger: what people say of it, and where its scopes come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Details {
    /// What it is for.
    pub description: Option<String>,
    /// Names and texts of the caller's own.
    pub metadata: BTreeMap<String, String>,
    /// Names and words that keys are found by.
    pub labels: BTreeMap<String, String>,
    /// The scopes of its own, as they were said; the ledger has those of its roles as well.
    pub scopes: Vec<String>,
    /// The roles whose scopes it has.
    pub roles: Vec<String>,
    /// The template that it was made by.
    pub template: Option<String>,
    /// Who made it: the id of a key.
    pub creator: Option<String>,
    /// When it was last changed; 0 if that is not known.
    pub updated_ms: u64,
    /// Why it is not active.
    pub reason: Option<Reason>,
    /// How old a secret may be before another should take its place.
    pub rotation_ms: Option<u64>,
    /// The numbers of its secrets.
    pub numbers: Vec<Numbered>,
    /// How many numbers have been given.
    pub numbered: u32,
}

/// The number of a secret: it stays the same when older ones are forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbered {
    /// The number, from 1.
    pub number: u32,
    /// The secret's lookup id, in hexadecimal digits.
    pub lookup: String,
}

/// Why something is disabled or revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// One of [`REASONS`](tables::REASONS).
    pub code: String,
    /// What people should know besides.
    #[serde(default)]
    pub note: Option<String>,
}

/// One more secret, and an end for the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// For how long the others are still good.
    #[serde(default)]
    pub grace_ms: u64,
}

impl Reason {
    /// What is said where nobody says why.
    pub(crate) fn unspecified() -> Self {
        Self { code: "unspecified".to_owned(), note: None }
    }

    /// It; or why what it is given for was done before, where it says nothing.
    pub(crate) fn over(self, before: Option<Self>) -> Self {
        if self == Self::unspecified() { before.unwrap_or(self) } else { self }
    }
}

impl Body for Reason {
    const SHAPE: &'static Shape = &tables::REASON;
}

impl Body for Rotation {
    const SHAPE: &'static Shape = &tables::ROTATION;
}

impl Details {
    /// Those of a key that was made without the control plane: what the ledger knows of it.
    #[must_use]
    pub fn of(key: &Key) -> Self {
        let mut details = Self { scopes: key.settings.scopes.clone(), ..Self::default() };
        details.renumber(key);
        details
    }

    /// Gives every secret of `key` that has none the next number, the oldest first, and forgets those that the ledger
    /// has forgotten.
    pub fn renumber(&mut self, key: &Key) {
        let digits: Vec<String> =
            key.secrets.iter().map(|secret| secret.lookup.to_string()).collect();
        self.numbers.retain(|numbered| digits.contains(&numbered.lookup));
        for lookup in digits {
            self.give(lookup);
        }
    }

    /// Gives a secret that is about to be added its number, and says which it is.
    pub fn number(&mut self, lookup: LookupId) -> u32 {
        self.give(lookup.to_string())
    }

    /// The secret of a number.
    #[must_use]
    pub fn lookup(&self, number: u32) -> Option<LookupId> {
        let numbered = self.numbers.iter().find(|numbered| numbered.number == number)?;
        LookupId::from_hex(&numbered.lookup)
    }

    /// The number of a secret.
    #[must_use]
    pub fn number_of(&self, lookup: LookupId) -> Option<u32> {
        let digits = lookup.to_string();
        self.numbers.iter().find(|numbered| numbered.lookup == digits).map(|found| found.number)
    }

    fn give(&mut self, lookup: String) -> u32 {
        if let Some(known) = self.numbers.iter().find(|numbered| numbered.lookup == lookup) {
            return known.number;
        }
        self.numbered = self.numbered.saturating_add(1);
        self.numbers.push(Numbered { number: self.numbered, lookup });
        self.numbered
    }

    /// Those of a key whose settings somebody said who knows of no roles: as of `now_ms`, and if the scopes have become
    /// others, they are all its own, and roles give it none from then on. Why it was in another state is said no more.
    #[must_use]
    pub fn said_whole(self, before: &Key, after: &Key, now_ms: u64) -> Self {
        let mut said = Self { updated_ms: now_ms, ..self };
        let scopes = &after.settings.scopes;
        if *scopes != before.settings.scopes {
            said.scopes.clone_from(scopes);
            said.roles.clear();
        }
        if after.state != before.state {
            said.reason = None;
        }
        said.renumber(after);
        said
    }

    /// What a caller says in the place of what it said before: everything else stays.
    pub(super) fn over(self, before: &Self) -> Self {
        Self {
            description: self.description,
            metadata: self.metadata,
            labels: self.labels,
            scopes: self.scopes,
            roles: self.roles,
            ..before.clone()
        }
    }

    /// The text as it is kept.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Texts, numbers and lists: there is nothing in details that JSON could not say.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a text that [`Details::to_text`] wrote; none if it is anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
