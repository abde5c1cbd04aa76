//! Making keys.

use core::fmt;

use zeroize::Zeroize;

use super::{Env, KEY_MAX, Prefix, RANDOM, base62, brand::Head};
use crate::{lookup::LookupId, mac::copy, pepper::Peppers};

/// The random bytes of one new key, wiped on drop.
pub struct Draw([u8; RANDOM]);

/// A draw of randomness cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawError {
    /// It has not exactly 19 bytes.
    ShortDraw,
    /// All its bytes are zero: the generator does not work.
    WeakDraw,
}

impl DrawError {
    /// The error's stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ShortDraw => "short_draw",
            Self::WeakDraw => "weak_draw",
        }
    }
}

impl fmt::Display for DrawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ShortDraw => "a draw is exactly 19 bytes",
            Self::WeakDraw => "the random bytes are all zero",
        })
    }
}

impl core::error::Error for DrawError {}

impl Draw {
    /// Takes what a cryptographically secure generator gave.
    ///
    /// # Errors
    ///
    /// When `bytes` are not 19, or all zero.
    pub fn new(bytes: &[u8]) -> Result<Self, DrawError> {
        let draw = Self(bytes.try_into().map_err(|_| DrawError::ShortDraw)?);
        if draw.0.iter().all(|&byte| byte == 0) {
            return Err(DrawError::WeakDraw);
        }
        Ok(draw)
    }
}

impl Drop for Draw {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draw(…)")
    }
}

/// A new key: the text to be shown once, and the lookup id to be stored. Wiped on drop.
pub struct Minted {
    text: [u8; KEY_MAX],
    len: usize,
    lookup: LookupId,
}

impl Minted {
    /// The key itself, to be shown to its owner and kept nowhere.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let text = self.text.get(..self.len).unwrap_or_default();
        core::str::from_utf8(text).unwrap_or_default()
    }

    /// What the stores know the key by.
    #[must_use]
    pub const fn lookup(&self) -> LookupId {
        self.lookup
    }
}

impl Drop for Minted {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Minted({})", self.lookup)
    }
}

/// Makes the key of `draw` under the issuing pepper of `peppers`.
///
/// The same arguments give the same key, so each draw must be used once.
#[must_use]
pub fn mint(prefix: Prefix, env: Env, peppers: &Peppers, draw: &Draw) -> Minted {
    let head = Head::new(prefix, env);
    let (mut body, lookup) = peppers.body(&head, &draw.0);
    let (groups, _) = body.as_chunks::<8>();

    let mut symbols = [0; base62::BODY];
    let (spaces, _) = symbols.as_chunks_mut::<{ base62::GROUP }>();
    for (space, group) in spaces.iter_mut().zip(groups) {
        *space = base62::write(u64::from_be_bytes(*group));
    }
    let check: [u8; base62::CHECK] = base62::write(u64::from(head.check(&symbols)));

    let mut minted = Minted { text: [0; KEY_MAX], len: 0, lookup };
    for part in [head.as_bytes(), &symbols, &check] {
        copy(minted.text.get_mut(minted.len..).unwrap_or_default(), part);
        minted.len = minted.len.saturating_add(part.len());
    }
    body.zeroize();
    symbols.zeroize();
    minted
}
