//! What the stores are indexed by.

use core::fmt;

use crate::json::from_hex;

/// What a secret is known by in every store: 16 bytes of its MAC, from which neither the key nor its
/// tag can be found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LookupId([u8; 16]);

impl LookupId {
    /// The lookup id of these bytes. Anybody may name one: that proves nothing about a key.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads 32 lower-case hexadecimal digits, and nothing else.
    #[must_use]
    pub fn from_hex(digits: &str) -> Option<Self> {
        from_hex(digits.as_bytes()).map(Self)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Its 32 lower-case hexadecimal digits, as ASCII.
    #[must_use]
    pub fn to_hex(&self) -> [u8; 32] {
        let mut digits = [[0; 2]; 16];
        for (pair, byte) in digits.iter_mut().zip(self.0) {
            *pair = [symbol(byte >> 4), symbol(byte & 15)];
        }
        let mut text = [0; 32];
        text.copy_from_slice(digits.as_flattened());
        text
    }
}

impl fmt::Display for LookupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.to_hex()).unwrap_or_default())
    }
}

impl fmt::Debug for LookupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The digit of a nibble.
const fn symbol(nibble: u8) -> u8 {
    if nibble < 10 { nibble.wrapping_add(b'0') } else { nibble.wrapping_sub(10).wrapping_add(b'a') }
}
