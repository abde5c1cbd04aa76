//! From a well-formed key to a genuine one.

use core::{fmt, hint::black_box};

use zeroize::Zeroize;

use super::{PepperId, Peppers, Slot};
use crate::{
    key::{ApiKey, Env, Head, RANDOM, SEED, Tag, VERSION},
    lookup::LookupId,
    mac::copy,
};

/// A key that carries our tag: somebody who holds the pepper made it.
///
/// [`Peppers::prove`] is the only way to obtain one, so a function that asks for a `Genuine` cannot
/// be run on a forged key. Genuine is not yet allowed: the record decides that.
///
/// Nobody else can make one:
///
/// ```compile_fail,E0451
/// use tollgate_core::{key::Env, lookup::LookupId, pepper::{Genuine, PepperId}};
/// fn forge(lookup: LookupId, env: Env, pepper: PepperId) -> Genuine {
///     Genuine { lookup, env, pepper }
/// }
/// ```
///
/// or change the one that was proved:
///
/// ```compile_fail,E0616
/// use tollgate_core::{lookup::LookupId, pepper::Genuine};
/// fn redirect(mut genuine: Genuine, other: LookupId) -> Genuine {
///     genuine.lookup = other;
///     genuine
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Genuine {
    lookup: LookupId,
    env: Env,
    pepper: PepperId,
}

impl Genuine {
    /// What the stores know the key by.
    #[must_use]
    pub const fn lookup(&self) -> LookupId {
        self.lookup
    }

    /// The env that the key was minted for. Its record must name the same.
    #[must_use]
    pub const fn env(&self) -> Env {
        self.env
    }

    /// The pepper that the key was minted under.
    #[must_use]
    pub const fn pepper(&self) -> PepperId {
        self.pepper
    }
}

/// Why a well-formed key is not genuine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The ring has no pepper of the key's id.
    UnknownPepper,
    /// The tag is not ours: the key is forged.
    WrongTag,
}

impl Refusal {
    /// The refusal's stable name, for logs: clients are told the same as for a malformed key.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownPepper => "unknown_pepper",
            Self::WrongTag => "wrong_tag",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownPepper => "the key's pepper is not in the ring",
            Self::WrongTag => "the key's tag is not ours",
        })
    }
}

impl core::error::Error for Refusal {}

impl Peppers {
    /// Proves that one of these peppers made `key`.
    ///
    /// # Errors
    ///
    /// When the ring lacks the key's pepper (nothing is hashed then), or the tag is wrong.
    ///
    /// # Security
    ///
    /// A wrong tag costs the same instructions wherever and however often it is wrong; else it could
    /// be guessed byte by byte.
    // Handed back through memory, what was proved costs a quarter more.
    #[inline(always)]
    pub fn prove(&self, key: &ApiKey<'_>) -> Result<Genuine, Refusal> {
        let slot = self.slot(key.pepper()).ok_or(Refusal::UnknownPepper)?;
        let (seed, tag) = key.body();
        let (ours, lookup) = slot.tag(key.head(), &seed);
        if !same(tag, ours) {
            return Err(Refusal::WrongTag);
        }
        Ok(Genuine { lookup, env: key.env(), pepper: key.pepper() })
    }

    /// The body of a new key under the issuing pepper, and its lookup id.
    pub(crate) fn body(&self, head: &Head, random: &[u8; RANDOM]) -> ([u8; 32], LookupId) {
        let mut seed = [VERSION << 4 | self.issuing.get(); SEED];
        copy(seed.split_at_mut(SEED - RANDOM).1, random);
        let (tag, lookup) = self.issuing_slot().tag(head, &seed);
        let mut body = [0; 32];
        let (front, back) = body.split_at_mut(SEED);
        copy(front, &seed);
        copy(back, tag.map(u32::to_be_bytes).as_flattened());
        seed.zeroize();
        (body, lookup)
    }
}

impl Slot {
    /// The tag and the lookup id of a key: two disjoint parts of one MAC.
    #[inline]
    fn tag(&self, head: &Head, seed: &[u8; SEED]) -> (Tag, LookupId) {
        // Filled in where it is hashed: a block that is copied first waits for its own bytes.
        let mut block = *head.message();
        if let Some(place) = head.place(&mut block) {
            *place = *seed;
        }
        let [a, b, c, _, e, f, g, h] = self.tags.short(&block);
        let mut lookup = [0; 16];
        copy(&mut lookup, [e, f, g, h].map(u32::to_be_bytes).as_flattened());
        ([a, b, c], LookupId::new(lookup))
    }
}

/// Whether two tags are equal, found out in the same way wherever they differ.
#[inline]
fn same([a, b, c]: Tag, [x, y, z]: Tag) -> bool {
    black_box((a ^ x) | (b ^ y) | (c ^ z)) == 0
}
