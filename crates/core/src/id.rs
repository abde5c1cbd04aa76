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
        let (mut wrong, mut ats) = (false, 0_u8);
        for byte in text.bytes() {
            let plain =
                matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'+' | b'-');
            wrong |= !plain && byte != b'@';
            ats = ats.saturating_add(u8::from(byte == b'@'));
        }
        if wrong || ats > 1 {
            return Err(IdError);
        }
        Ok(Self(text))
    }

    /// The identifier as text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
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
