//! The values of claims that no other page defines.

use core::fmt;

use tollgate_core::id::Id;

/// The longest name of an issuer or an audience, in bytes.
pub const NAME_MAX: usize = 128;

/// The longest method, in bytes.
pub const METHOD_MAX: usize = 32;

/// The longest path that a token can be bound to, in bytes.
pub const PATH_MAX: usize = 1024;

/// Names an issuer or an audience: 1 to 128 visible ASCII characters, no `"` and no `\`.
///
/// Room for a URL, and nothing that needs an escape in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name<'a>(&'a str);

/// The method of a request: 1 to 32 characters of an HTTP token, compared byte by byte.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Method<'a>(&'a str);

/// The path of a request exactly as forwarded: 1 to 1,024 bytes, none of them `?`.
///
/// A caller that forgets to cut the query off is told so when signing, rather than by an origin that
/// cuts it off and refuses everybody.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Path<'a>(&'a [u8]);

/// Sixteen random bytes that make a token one of its kind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Jti([u8; 16]);

/// A text is not what it was given as. Holds no byte of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError(&'static str);

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for SyntaxError {}

impl<'a> Name<'a> {
    /// Reads a name.
    ///
    /// # Errors
    ///
    /// When it is blank, too long, or has another character.
    pub fn new(text: &'a str) -> Result<Self, SyntaxError> {
        const WRONG: SyntaxError =
            SyntaxError("a name is 1 to 128 visible ASCII characters without quote and backslash");
        let plain = |byte: u8| matches!(byte, b'!'..=b'~') && byte != b'"' && byte != b'\\';
        bounded(text.as_bytes(), NAME_MAX, plain).then_some(Self(text)).ok_or(WRONG)
    }

    /// The name as text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> Method<'a> {
    /// Reads a method.
    ///
    /// # Errors
    ///
    /// When it is blank, too long, or has a character that no HTTP token has.
    pub fn new(text: &'a str) -> Result<Self, SyntaxError> {
        const WRONG: SyntaxError = SyntaxError("a method is 1 to 32 characters of an HTTP token");
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        bounded(text.as_bytes(), METHOD_MAX, token).then_some(Self(text)).ok_or(WRONG)
    }

    /// The method as text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> Path<'a> {
    /// Takes the bytes of a path, whatever they are.
    ///
    /// # Errors
    ///
    /// When there is none, too many, or one is `?`.
    pub fn new(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        const WRONG: SyntaxError = SyntaxError("a path is 1 to 1024 bytes without a question mark");
        bounded(bytes, PATH_MAX, |byte| byte != b'?').then_some(Self(bytes)).ok_or(WRONG)
    }

    /// The path's bytes.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }
}

impl Jti {
    /// Takes what the host's random generator gave.
    ///
    /// # Errors
    ///
    /// When all bytes are zero: that is what a generator that did not work leaves behind.
    pub fn new(random: [u8; 16]) -> Result<Self, SyntaxError> {
        if random == [0; 16] {
            return Err(SyntaxError("a token's id must be random, not zero"));
        }
        Ok(Self(random))
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

fn bounded(bytes: &[u8], max: usize, allowed: impl Fn(u8) -> bool) -> bool {
    !bytes.is_empty() && bytes.len() <= max && bytes.iter().all(|&byte| allowed(byte))
}

/// Whether a text can be a `kid`.
pub(crate) fn is_kid(text: &str) -> bool {
    Id::new(text).is_ok()
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.escape_ascii(), f)
    }
}

impl fmt::Debug for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
