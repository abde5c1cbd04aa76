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
        published(terms.iter(), |_| ()).map_err(ScheduleError::Key)?;
        Ok(Self(terms.into()))
    }

    /// The key that signs at `now`: the last that has begun, or else the first that will.
    #[must_use]
    pub fn signer(&self, now: UnixMillis) -> Option<&SigningKey> {
        self.signing(now).map(|term| &term.key)
    }

    /// The place of the key that signs at `now`.
    #[must_use]
    pub fn place(&self, now: UnixMillis) -> Option<usize> {
        let signing = self.signing(now)?;
        self.0.iter().position(|term| std::ptr::eq(term, signing))
    }

    /// When, after `now`, another key signs or the published ones change.
    #[must_use]
    pub fn next_change(&self, now: UnixMillis) -> Option<UnixMillis> {
        let times = self.0.iter().flat_map(|term| [Some(term.from), term.until]);
        times.flatten().filter(|&time| time > now).min()
    }

    /// The document that publishes the keys that verifiers are to know at `now`: all that have not ended, and
    /// whatever signs.
    ///
    /// # Errors
    ///
    /// None for a schedule that was made: it was looked at then.
    pub fn jwks(&self, now: UnixMillis) -> Result<String, ScheduleError> {
        let signing = self.signing(now).map(|term| term.key.kid());
        let known = self.0.iter().filter(|term| {
            term.until.is_none_or(|until| now < until) || Some(term.key.kid()) == signing
        });
        let document = published(known, |set| {
            let mut room = [0; JWKS_MAX];
            jwks(set, &mut room).map(str::to_owned).ok()
        });
        document.map_err(ScheduleError::Key)?.ok_or(ScheduleError::NoKey)
    }

    fn signing(&self, now: UnixMillis) -> Option<&Term> {
        let begun = self.0.iter().filter(|term| term.from <= now);
        begun.max_by_key(|term| term.from).or_else(|| self.0.iter().min_by_key(|term| term.from))
    }
}

/// What `then` makes of the public halves of `terms`.
fn published<'t, R>(
    terms: impl Iterator<Item = &'t Term>,
    then: impl FnOnce(&KeySet) -> R,
) -> Result<R, KeyError> {
    let named: Vec<_> =
        terms.map(|Term { key, .. }| (key.kid(), key.algorithm(), key.public())).collect();
    let keys: Vec<_> = named
        .iter()
        .map(|(kid, alg, x)| Jwk { kid: kid.as_str(), alg: alg.as_str(), x: *x })
        .collect();
    Ok(then(&KeySet::new(&keys)?))
}
