//! The peppers of a deployment, and the proof that one of them made a key.

use core::{array, fmt};

use crate::mac::MacKey;

pub mod danger;
mod error;
mod prove;

pub use error::PepperError;
pub use prove::{Genuine, Refusal};

/// The most peppers in a ring: one for each id.
pub const PEPPERS_MAX: usize = 16;

/// The shortest pepper, in bytes.
pub const PEPPER_MIN: usize = 32;

/// Which key of a ring seals records.
const RECORD_LABEL: &str = "tollgate record 1";

/// Which key of a ring seals heads.
const HEAD_LABEL: &str = "tollgate head 1";

/// The name of a pepper within its ring, 0 to 15. Every key shows its own: it is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PepperId(u8);

impl PepperId {
    /// The id `number`, if it is at most 15.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number < 16 { Some(Self(number)) } else { None }
    }

    /// The id that a sealed text names; none above 15.
    pub(crate) fn from_number(number: u64) -> Option<Self> {
        u8::try_from(number).ok().and_then(Self::new)
    }

    /// The id in the low four bits of a key's first byte.
    #[inline]
    pub(crate) const fn from_low_nibble(byte: u8) -> Self {
        Self(byte & 15)
    }

    /// The id as a number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for PepperId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A pepper as an operator configures it, not yet looked at.
#[derive(Clone, Copy)]
pub struct Pepper<'a> {
    /// Its id, which must be at most 15.
    pub id: u8,
    /// The secret, which must be 32 random bytes or more.
    pub secret: &'a [u8],
}

impl fmt::Debug for Pepper<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pepper({}, …)", self.id)
    }
}

/// The ring of peppers: it proves keys under all of them, and mints under one.
///
/// The peppers themselves are not kept, only what is computed from them, and that is wiped on drop.
pub struct Peppers {
    slots: [Option<Slot>; PEPPERS_MAX],
    issuing: PepperId,
}

/// All that a pepper is used for.
struct Slot {
    tags: MacKey,
    records: MacKey,
    heads: MacKey,
}

impl Peppers {
    /// The ring of `peppers`, in which that of the id `issuing` mints.
    ///
    /// # Errors
    ///
    /// When the ring is empty, an id is above 15 or given twice, a secret is short, one byte
    /// repeated, or a published one, or no pepper has the id `issuing`. No host may start then.
    pub fn new(peppers: &[Pepper<'_>], issuing: u8) -> Result<Self, PepperError> {
        Self::build(peppers, issuing, Published::Refused)
    }

    fn build(
        peppers: &[Pepper<'_>],
        issuing: u8,
        published: Published,
    ) -> Result<Self, PepperError> {
        if peppers.is_empty() {
            return Err(PepperError::NoPepper);
        }
        // Whatever is wrong with the issuing id, no pepper has it, and that is the last check.
        let mut ring =
            Self { slots: array::from_fn(|_| None), issuing: PepperId::from_low_nibble(issuing) };
        for pepper in peppers {
            let slot =
                ring.slots.get_mut(usize::from(pepper.id)).ok_or(PepperError::WrongPepperId)?;
            if slot.is_some() {
                return Err(PepperError::DuplicatePepperId);
            }
            judge(pepper.secret, published)?;
            *slot = Some(Slot {
                tags: MacKey::new(pepper.secret),
                records: MacKey::derive(pepper.secret, RECORD_LABEL),
                heads: MacKey::derive(pepper.secret, HEAD_LABEL),
            });
        }
        match PepperId::new(issuing) {
            Some(id) if ring.slot(id).is_some() => Ok(ring),
            _ => Err(PepperError::NoIssuingPepper),
        }
    }

    /// The pepper that new keys are minted under.
    #[must_use]
    pub const fn issuing(&self) -> PepperId {
        self.issuing
    }

    /// The ids in the ring, rising.
    pub fn ids(&self) -> impl Iterator<Item = PepperId> {
        (0_u8..16).map(PepperId).filter(|&id| self.slot(id).is_some())
    }

    /// The key that seals records, derived from the pepper `id`.
    #[must_use]
    pub fn record_key(&self, id: PepperId) -> Option<&MacKey> {
        self.slot(id).map(|slot| &slot.records)
    }

    /// The key that seals heads, derived from the pepper `id`.
    #[must_use]
    pub fn head_key(&self, id: PepperId) -> Option<&MacKey> {
        self.slot(id).map(|slot| &slot.heads)
    }

    #[expect(
        clippy::expect_used,
        reason = "INVARIANT: no ring is built without its issuing pepper"
    )]
    fn issuing_slot(&self) -> &Slot {
        self.slot(self.issuing).expect("a ring has its issuing pepper")
    }

    #[inline]
    fn slot(&self, id: PepperId) -> Option<&Slot> {
        self.slots.get(usize::from(id.0)).and_then(Option::as_ref)
    }
}

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Peppers(")?;
        for id in self.ids() {
            write!(f, "{id}, ")?;
        }
        write!(f, "issuing {})", self.issuing)
    }
}

/// Whether a ring takes peppers that anybody can read in the specification.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Published {
    Allowed,
    Refused,
}

/// Refuses a secret that can be guessed.
fn judge(secret: &[u8], published: Published) -> Result<(), PepperError> {
    if secret.len() < PEPPER_MIN {
        return Err(PepperError::ShortPepper);
    }
    let mut steps = secret.windows(2).map(|pair| match pair {
        [earlier, later] => later.wrapping_sub(*earlier),
        _ => 0,
    });
    let first = steps.next();
    if !steps.all(|step| Some(step) == first) {
        return Ok(());
    }
    match (first, published) {
        (Some(0) | None, _) => Err(PepperError::WeakPepper),
        (Some(_), Published::Refused) => Err(PepperError::PublishedPepper),
        (Some(_), Published::Allowed) => Ok(()),
    }
}
