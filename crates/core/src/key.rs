//! The key: reading it, and making it.

use core::fmt;

use crate::{mac::copy, pepper::PepperId};

mod base62;
mod brand;
mod crc32;
mod error;
mod mint;

pub(crate) use brand::Head;
pub use brand::{Brand, BrandError, ENV_MAX, ENVS_MAX, Env, PREFIX_MAX, Prefix};
pub use error::ParseKeyError;
pub use mint::{Draw, DrawError, Minted, mint};

/// The shortest key, in bytes.
pub const KEY_MIN: usize = 2 + 1 + 2 + TAIL;

/// The longest key, in bytes.
pub const KEY_MAX: usize = PREFIX_MAX + ENV_MAX + 2 + TAIL;

/// Body and check.
const TAIL: usize = base62::BODY + base62::CHECK;

/// What every tag's message begins with.
const DOMAIN: &[u8] = b"tgk1";

/// Bytes of a body before its tag: version, pepper id, and the random bytes.
pub(crate) const SEED: usize = 20;

/// A tag, as the first three words of its MAC.
pub(crate) type Tag = [u32; 3];

/// Random bytes in a key.
pub(crate) const RANDOM: usize = 19;

/// The only format version there is.
pub(crate) const VERSION: u8 = 1;

/// A well-formed key of the gate's brand: its check fits, and nothing else is known.
///
/// Whoever can compute a CRC can write one. Only [`Peppers::prove`](crate::pepper::Peppers::prove)
/// tells whether we issued it, and only what that returns leads to a record:
///
/// ```compile_fail,E0308
/// use tollgate_core::{key::ApiKey, pepper::Genuine};
/// fn decide(_: Genuine) {}
/// fn shortcut(key: ApiKey<'_>) {
///     decide(key);
/// }
/// ```
///
/// The key borrows the request's own text, and its brand, and copies nothing of the text.
#[derive(Clone, Copy)]
pub struct ApiKey<'a> {
    head: &'a Head,
    symbols: &'a [u8; base62::BODY],
    pepper: PepperId,
}

impl<'a> ApiKey<'a> {
    /// Reads `text` as a key of `brand`, in its one spelling.
    ///
    /// Takes bounded time whatever the length, hashes nothing, and does not allocate.
    ///
    /// # Errors
    ///
    /// The first that applies of [`ParseKeyError`], in the order of its variants.
    #[inline]
    pub fn parse(text: &'a [u8], brand: &'a Brand) -> Result<Self, ParseKeyError> {
        let (head, tail) = text.split_last_chunk::<TAIL>().ok_or(ParseKeyError::WrongLength)?;
        if !brand.has_head_of(head.len()) {
            return Err(ParseKeyError::WrongLength);
        }
        let (Some(symbols), Some(check)) = (tail.first_chunk(), tail.last_chunk()) else {
            return Err(ParseKeyError::WrongLength);
        };
        if !base62::is_base62(tail) {
            return Err(ParseKeyError::WrongAlphabet);
        }
        let head = brand.head(head).ok_or(ParseKeyError::WrongBrand)?;
        let check = base62::check(check).filter(|_| base62::is_in_range(symbols));
        let check = check.ok_or(ParseKeyError::OutOfRange)?;
        if head.check(symbols) != check {
            return Err(ParseKeyError::WrongCheck);
        }
        let [first, ..] = base62::first_group(symbols).to_be_bytes();
        if first >> 4 != VERSION {
            return Err(ParseKeyError::UnsupportedVersion);
        }
        Ok(Self { head, symbols, pepper: PepperId::from_low_nibble(first) })
    }

    /// The prefix that the key bears: that of the brand it was read for.
    #[must_use]
    pub const fn prefix(&self) -> Prefix {
        self.head.prefix()
    }

    /// The env that the key says it is for.
    #[must_use]
    pub const fn env(&self) -> Env {
        self.head.env()
    }

    /// The pepper that the key says it was minted under.
    #[must_use]
    pub const fn pepper(&self) -> PepperId {
        self.pepper
    }

    /// What stands before the body.
    #[inline]
    pub(crate) const fn head(&self) -> &'a Head {
        self.head
    }

    /// What the tag speaks for, and the tag as words, read anew: a key holds no copy of them.
    #[inline]
    pub(crate) fn body(&self) -> ([u8; SEED], Tag) {
        let [a, b, c, d] = base62::body(self.symbols);
        let ([third, first], [second, last]) = (halves(c), halves(d));
        let mut seed = [0; SEED];
        let (front, back) = seed.split_at_mut(16);
        copy(front, [a, b].map(u64::to_be_bytes).as_flattened());
        copy(back, &third.to_be_bytes());
        (seed, [first, second, last])
    }
}

/// Shows prefix and env, and no byte of the secret.
impl fmt::Debug for ApiKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}_{}_…)", self.prefix(), self.env())
    }
}

/// The six symbols that a key whose text before them is `text` ends with.
#[must_use]
pub fn check(text: &[u8]) -> [u8; base62::CHECK] {
    base62::write(u64::from(crc32::Crc32::START.with(text).value()))
}

/// The upper and the lower half of a number.
#[inline]
const fn halves(number: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    [u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])]
}
