//! Which key signs when, and which keys verifiers are to know.

use std::fmt;

use tollgate_core::time::UnixMillis;
use tollgate_identity::{JWKS_MAX, Jwk, KEYS_MAX, KeyError, KeySet, LIFE_MAX_S, SigningKey, jwks};

/// For how long whoever fetched the public keys may keep them, in seconds. A new key is published for so long before
/// it signs.
pub const JWKS_MAX_AGE_S: u64 = 300;

/// For how long a key that no longer signs stays published, in milliseconds: until its last token has ended, also for
/// a verifier whose clock differs.
pub const AFTERLIFE_MS: u64 = (LIFE_MAX_S + 60) * 1_000;

/// A signing key with the time in which it signs.
#[derive(Debug)]
pub struct Term {
    /// The key.
    pub key: SigningKey,
    /// From when it signs, unless a later one does. It is published at once.
    pub from: UnixMillis,
    /// When it stops being published; none: not yet known.
    pub until: Option<UnixMillis>,
}

/// The signing keys of a deployment: at least one, none of them twice.
#[derive(Debug)]
pub struct Schedule(Box<[Term]>);

/// Signing keys that no gate may start with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// There is none.
    NoKey,
    /// There are more than [`KEYS_MAX`].
    TooMany,
    /// The key at this place ends before it begins.
    EndsBeforeItBegins(usize),
    /// Two have one name, or the set cannot be published.
    Key(KeyError),
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKey => f.write_str("there is no signing key"),
            Self::TooMany => f.write_str("there are too many signing keys"),
            Self::EndsBeforeItBegins(_) => f.write_str("a signing key ends before it begins"),
            Self::Key(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ScheduleError {}

impl Schedule {
    /// These keys, in the order of their document.
    ///
    /// # Errors
    ///
    /// See [`ScheduleError`].
    pub fn new(terms: Vec<Term>) -> Result<Self, ScheduleError> {
        if terms.is_empty() {
            return Err(ScheduleError::NoKey);
        }
        if terms.len() > KEYS_MAX {
            return Err(ScheduleError::TooMany);
        }
        let ends = |term: &Term| term.until.is_some_and(|until| until <= term.from);
        if let Some(place) = terms.iter().position(ends) {
            return Err(ScheduleError::EndsBeforeItBegins(place));
        }
        public(terms.iter()).map_err(ScheduleError::Key)?;
        Ok(Self(terms.into()))
    }

    /// The key that signs at `now`: the last that has begun, or else the first that will.
    #[must_use]
    pub fn signer(&self, now: UnixMillis) -> Option<&SigningKey> {
        Some(&self.0.get(self.place(now)?)?.key)
    }

    /// The place of the key that signs at `now`.
    #[must_use]
    pub fn place(&self, now: UnixMillis) -> Option<usize> {
        let all = || self.0.iter().enumerate();
        let begun = all().filter(|(_, term)| term.from <= now).max_by_key(|(_, term)| term.from);
        let (place, _) = begun.or_else(|| all().min_by_key(|(_, term)| term.from))?;
        Some(place)
    }

    /// The places of the keys that verifiers are to know at `now`: all that have not ended, and whatever signs.
    pub fn published(&self, now: UnixMillis) -> impl Iterator<Item = usize> {
        let signing = self.place(now);
        let known = move |(place, term): (usize, &Term)| {
            (term.until.is_none_or(|until| now < until) || Some(place) == signing).then_some(place)
        };
        self.0.iter().enumerate().filter_map(known)
    }

    /// When, after `now`, another key signs or the published ones change.
    #[must_use]
    pub fn next_change(&self, now: UnixMillis) -> Option<UnixMillis> {
        let times = self.0.iter().flat_map(|term| [Some(term.from), term.until]);
        times.flatten().filter(|&time| time > now).min()
    }

    /// The [published](Self::published) keys, as verifiers hold them.
    ///
    /// # Errors
    ///
    /// None for a schedule that was made: it was looked at then.
    pub fn keys(&self, now: UnixMillis) -> Result<KeySet, ScheduleError> {
        let known = self.published(now).filter_map(|place| self.0.get(place));
        public(known).map_err(ScheduleError::Key)
    }

    /// The document that publishes them.
    ///
    /// # Errors
    ///
    /// As for [`Schedule::keys`].
    pub fn jwks(&self, now: UnixMillis) -> Result<String, ScheduleError> {
        let (keys, mut room) = (self.keys(now)?, [0; JWKS_MAX]);
        jwks(&keys, &mut room).map(str::to_owned).map_err(|_| ScheduleError::TooMany)
    }
}

/// The public halves of `terms`.
fn public<'t>(terms: impl Iterator<Item = &'t Term>) -> Result<KeySet, KeyError> {
    let named: Vec<_> =
        terms.map(|Term { key, .. }| (key.kid(), key.algorithm(), key.public())).collect();
    let keys: Vec<_> = named
        .iter()
        .map(|(kid, alg, x)| Jwk { kid: kid.as_str(), alg: alg.as_str(), x: *x })
        .collect();
    KeySet::new(&keys)
}
