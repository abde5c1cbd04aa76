//! The key: reading it, and making it.

use core::fmt;

use crate::pepper::PepperId;

mod base62;
mod brand;
mod crc32;
mod error;
mod mint;

pub use brand::{Brand, BrandError, ENV_MAX, ENVS_MAX, Env, PREFIX_MAX, Prefix};
pub use error::ParseKeyError;
pub use mint::{Draw, DrawError, Minted, mint};

/// The shortest key, in bytes.
pub const KEY_MIN: usize = 2 + 1 + 2 + TAIL;

/// The longest key, in bytes.
pub const KEY_MAX: usize = PREFIX_MAX + ENV_MAX + 2 + TAIL;

/// Body and check.
const TAIL: usize = base62::BODY + base62::CHECK;

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
/// The key borrows the request's own text and copies nothing of it.
#[derive(Clone, Copy)]
pub struct ApiKey<'a> {
    head: &'a [u8],
    symbols: &'a [u8; base62::BODY],
    env: Env,
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
    pub fn parse(text: &'a [u8], brand: &Brand) -> Result<Self, ParseKeyError> {
        let (head, tail) = text.split_last_chunk::<TAIL>().ok_or(ParseKeyError::WrongLength)?;
        if !brand.has_head_of(head.len()) {
            return Err(ParseKeyError::WrongLength);
        }
        let (Some(symbols), Some(check)) = (tail.first_chunk(), tail.last_chunk()) else {
            return Err(ParseKeyError::WrongLength);
        };
        let body = base62::body(symbols);
        let check = base62::check(check);
        if !(body.is_base62() && check.is_base62()) {
            return Err(ParseKeyError::WrongAlphabet);
        }
        let known = brand.head(head).ok_or(ParseKeyError::WrongBrand)?;
        if body.overflow || check.overflow {
            return Err(ParseKeyError::OutOfRange);
        }
        if known.check(symbols) != check.value {
            return Err(ParseKeyError::WrongCheck);
        }
        let [first, ..] = body.value;
        let [first, ..] = first.to_be_bytes();
        if first >> 4 != VERSION {
            return Err(ParseKeyError::UnsupportedVersion);
        }
        Ok(Self { head, symbols, env: known.env(), pepper: PepperId::from_low_nibble(first) })
    }

    /// The env that the key says it is for.
    #[must_use]
    pub const fn env(&self) -> Env {
        self.env
    }

    /// The prefix that the key bears: that of the brand it was read for.
    #[must_use]
    pub fn prefix(&self) -> &'a str {
        let prefix = self.head.split(|&byte| byte == b'_').next().unwrap_or_default();
        core::str::from_utf8(prefix).unwrap_or_default()
    }

    /// The pepper that the key says it was minted under.
    #[must_use]
    pub const fn pepper(&self) -> PepperId {
        self.pepper
    }

    /// Prefix, `_`, env, `_`.
    #[inline]
    pub(crate) const fn head(&self) -> &'a [u8] {
        self.head
    }

    /// The 32 bytes of the body, read anew: a key holds no copy of them.
    #[inline]
    pub(crate) fn body(&self) -> [u8; 32] {
        let mut body = [0; 32];
        let (groups, _) = body.as_chunks_mut::<8>();
        for (bytes, group) in groups.iter_mut().zip(base62::body(self.symbols).value) {
            *bytes = group.to_be_bytes();
        }
        body
    }
}

/// Shows prefix and env, and no byte of the secret.
impl fmt::Debug for ApiKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}_{}_…)", self.prefix(), self.env)
    }
}

/// The six symbols that a key whose text before them is `text` ends with.
#[must_use]
pub fn check(text: &[u8]) -> [u8; base62::CHECK] {
    base62::write(u64::from(crc32::Crc32::START.with(text).value()))
}
