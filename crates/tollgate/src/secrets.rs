//! The secrets of a deployment: its peppers, and the keys that sign identities.
//!
//! They live in one file that only its owner may read, or in one variable of the environment. No `Debug`, error or
//! output holds a byte of them.

mod change;
mod document;
mod error;
mod file;
mod signing;
#[cfg(test)]
mod tests;

use std::{fmt, path::Path};

use tollgate_core::{
    pepper::{Pepper, Peppers},
    time::UnixMillis,
};
use tollgate_gate::{AFTERLIFE_MS, Schedule, ScheduleError, Term};
use tollgate_identity::{KEYS_MAX, SigningKey};
use zeroize::Zeroizing;

pub(crate) use change::ChangeRefused;
pub(crate) use error::SecretsError;
pub(crate) use file::{Exposure, SecretsFile, exposure};
pub(crate) use signing::Signing;
pub(crate) use tollgate_gate::JWKS_MAX_AGE_S;

use crate::config::{Environment, SECRETS};

/// A pepper or a seed as it is made here, in bytes.
const SECRET_BYTES: usize = 32;

/// Bytes that are wiped when they are dropped.
type Hidden = Zeroizing<Vec<u8>>;

/// Peppers and signing keys, looked at and found good.
pub(crate) struct Secrets {
    peppers: Vec<(u8, Hidden)>,
    issuing: u8,
    signing: Vec<Signing>,
}

impl Secrets {
    /// What the environment holds, or else the file at `path`.
    ///
    /// # Errors
    ///
    /// When they cannot be read, others may read them, or they are not good: no host may start then.
    pub(crate) fn load(path: &Path, environment: &Environment) -> Result<Self, SecretsError> {
        match environment.secrets() {
            Some(text) => Self::parse(text).map_err(|error| error.of(SECRETS)),
            None => file::read(path),
        }
    }

    /// Reads the JSON of the secrets file.
    ///
    /// # Errors
    ///
    /// When it is not, or its peppers or keys are refused.
    pub(crate) fn parse(text: &str) -> Result<Self, SecretsError> {
        document::read(text)
    }

    /// One random pepper, and one signing key that signs at once: nobody has asked for the public keys yet.
    ///
    /// # Errors
    ///
    /// When there is no randomness.
    pub(crate) fn create(algorithm: &str, now: UnixMillis) -> Result<Self, SecretsError> {
        let signing = Signing::draw("k1", algorithm, now)?;
        Ok(Self { peppers: vec![(0, draw()?)], issuing: 0, signing: vec![signing] })
    }

    /// The ring of peppers.
    ///
    /// # Errors
    ///
    /// None for secrets that were read or checked; the type says so for those that were changed.
    pub(crate) fn peppers(&self) -> Result<Peppers, SecretsError> {
        let peppers: Vec<_> =
            self.peppers.iter().map(|(id, secret)| Pepper { id: *id, secret }).collect();
        Peppers::new(&peppers, self.issuing).map_err(SecretsError::pepper)
    }

    /// Which key signs when, and what is published.
    ///
    /// # Errors
    ///
    /// None for secrets that were read or checked; the type says so for those that were changed.
    pub(crate) fn schedule(&self) -> Result<Schedule, SecretsError> {
        let term =
            |entry: &Signing| Ok(Term { key: entry.key()?, from: entry.from, until: entry.until });
        let terms = self.signing.iter().map(term).collect::<Result<_, _>>()?;
        Schedule::new(terms).map_err(|error| match error {
            ScheduleError::NoKey => SecretsError::no_signing_key(),
            ScheduleError::TooMany => SecretsError::too_many("signing keys", KEYS_MAX),
            ScheduleError::EndsBeforeItBegins(place) => {
                let kid = self.signing.get(place).map(|entry| entry.kid.as_str());
                SecretsError::ends_before_it_begins(kid.unwrap_or_default())
            }
            ScheduleError::Key(error) => SecretsError::signing(error),
        })
    }

    /// The key that signs at `now`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub(crate) fn signer(&self, now: UnixMillis) -> Result<SigningKey, SecretsError> {
        self.signing(now).ok_or(SecretsError::no_signing_key())?.key()
    }

    /// The entry of the key that signs at `now`.
    pub(crate) fn signing(&self, now: UnixMillis) -> Option<&Signing> {
        self.signing.get(self.schedule().ok()?.place(now)?)
    }

    /// The entries of the keys that verifiers are to know at `now`.
    pub(crate) fn published(&self, now: UnixMillis) -> impl Iterator<Item = &Signing> {
        let places: Vec<_> =
            self.schedule().iter().flat_map(|schedule| schedule.published(now)).collect();
        places.into_iter().filter_map(|place| self.signing.get(place))
    }

    /// Every signing key, in the order of the file.
    pub(crate) fn signing_keys(&self) -> &[Signing] {
        &self.signing
    }

    /// The ids of the peppers, in the order of the file.
    pub(crate) fn pepper_ids(&self) -> impl Iterator<Item = u8> {
        self.peppers.iter().map(|(id, _)| *id)
    }

    /// The id of the pepper that new keys are made under.
    pub(crate) const fn issuing(&self) -> u8 {
        self.issuing
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.pepper_ids().collect();
        write!(f, "Secrets(peppers {ids:?}, issuing {}, signing {:?})", self.issuing, self.signing)
    }
}

/// Random bytes for a pepper or a seed.
fn draw() -> Result<Hidden, SecretsError> {
    let mut bytes = Zeroizing::new(vec![0; SECRET_BYTES]);
    getrandom::fill(&mut bytes).map_err(|_| SecretsError::no_randomness())?;
    Ok(bytes)
}
