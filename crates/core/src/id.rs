//! Names of keys, owners, tenants, plans and limits.

use core::fmt;

/// The longest identifier, in bytes.
pub const ID_MAX: usize = 64;

/// A well-formed identifier: 1 to 64 of `A-Z a-z 0-9 . _ + - @`, with at most one `@`.
///
/// None of them needs an escape in JSON, a header or a path, and none is a separator of ours, so an
/// identifier can be put beside another without either being read as part of the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<'a>(&'a str);

/// A text is no identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdError;

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an identifier is 1 to 64 of A-Z a-z 0-9 . _ + - @, with at most one @")
    }
}

impl core::error::Error for IdError {}

impl<'a> Id<'a> {
    /// Reads an identifier.
    ///
    /// # Errors
    ///
    /// When `text` is blank, too long, or has another character or a second `@`.
    pub fn new(text: &'a str) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > ID_MAX {
            return Err(IdError);
        }
        let weight = weigh(text.as_bytes());
        if weight > 1 { Err(IdError) } else { Ok(Self(text)) }
    }

    /// The identifier as text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// What at most 64 bytes weigh together: at most 2 each, so that the sum cannot overflow.
// Where it is inlined, it is unrolled: 6 kB of a module that ships to an edge.
#[inline(never)]
fn weigh(bytes: &[u8]) -> u8 {
    let weight = |byte: u8| WEIGHTS.get(usize::from(byte)).copied().unwrap_or(2);
    bytes.iter().fold(0, |sum: u8, &byte| sum.wrapping_add(weight(byte)))
}

/// What each byte weighs: together they may weigh 1. An `@` is that 1, and what may not stand there at all is 2.
const WEIGHTS: [u8; 256] = weights();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "evaluated at compile time, where a mistake is a compile error"
)]
const fn weights() -> [u8; 256] {
    let mut weights = [2; 256];
    let plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-";
    let mut at = 0;
    while at < plain.len() {
        weights[plain[at] as usize] = 0;
        at += 1;
    }
    weights[b'@' as usize] = 1;
    weights
}

impl fmt::Debug for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
