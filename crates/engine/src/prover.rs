//! From the bytes that a request presents to a key that is known to be ours.

use std::fmt;

use tollgate_core::{
    key::{ApiKey, Brand, ParseKeyError},
    pepper::{Genuine, Peppers, Refusal},
};

/// Reads and proves keys: no state, so every thread may use it at once.
#[derive(Debug)]
pub struct Prover {
    brand: Brand,
    peppers: Peppers,
}

/// Why a presented key is not ours. Clients are told one and the same for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// It is not spelled as a key of this gate is.
    Malformed(ParseKeyError),
    /// Nobody of ours made it.
    Forged(Refusal),
}

impl Unproven {
    /// The stable name, for logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed(error) => error.code(),
            Self::Forged(refusal) => refusal.code(),
        }
    }
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Prover {
    /// Accepts keys of `brand` that were made under `peppers`.
    #[must_use]
    pub const fn new(brand: Brand, peppers: Peppers) -> Self {
        Self { brand, peppers }
    }

    /// Proves `text`: no store is read, nothing is allocated, nothing is remembered.
    ///
    /// # Errors
    ///
    /// See [`Unproven`].
    #[inline]
    pub fn prove(&self, text: &[u8]) -> Result<Genuine, Unproven> {
        let key = ApiKey::parse(text, &self.brand).map_err(Unproven::Malformed)?;
        self.peppers.prove(&key).map_err(Unproven::Forged)
    }

    /// What keys look like here.
    #[must_use]
    pub const fn brand(&self) -> &Brand {
        &self.brand
    }

    /// The ring.
    #[must_use]
    pub const fn peppers(&self) -> &Peppers {
        &self.peppers
    }
}
