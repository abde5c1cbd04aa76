//! What a key may do, and what a route requires.

use core::fmt;

/// The longest side of a scope, in bytes.
pub const SCOPE_SIDE_MAX: usize = 32;

/// The longest scope, in bytes.
pub const SCOPE_MAX: usize = 2 * SCOPE_SIDE_MAX + 1;

/// The most scopes that one key holds.
pub const SCOPES_MAX: usize = 64;

/// The most scopes that one route requires.
pub const REQUIRED_SCOPES_MAX: usize = 16;

/// A well-formed scope: `resource:action`, each side a word or `*`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    text: &'a str,
    resource: &'a str,
    action: &'a str,
}

/// A text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeError;

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scope is resource:action, each * or 1 to 32 of a-z 0-9 _ . -")
    }
}

impl core::error::Error for ScopeError {}

impl<'a> Scope<'a> {
    /// Reads a scope.
    ///
    /// # Errors
    ///
    /// When a side is missing, blank, too long, or neither a word nor `*`.
    pub fn new(text: &'a str) -> Result<Self, ScopeError> {
        let (resource, action) = text.split_once(':').ok_or(ScopeError)?;
        if well_formed(resource) && well_formed(action) {
            Ok(Self { text, resource, action })
        } else {
            Err(ScopeError)
        }
    }

    /// What the scope is about.
    #[must_use]
    pub const fn resource(self) -> &'a str {
        self.resource
    }

    /// What may be done with it.
    #[must_use]
    pub const fn action(self) -> &'a str {
        self.action
    }

    /// The scope as text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.text
    }

    /// Whether somebody who holds this scope has what `required` asks for.
    ///
    /// A `*` that is held covers everything on its side; a `*` that is required is covered by nothing
    /// but a `*`.
    #[must_use]
    pub fn covers(self, required: Scope<'_>) -> bool {
        let side = |held: &str, required: &str| held == "*" || held == required;
        side(self.resource, required.resource) && side(self.action, required.action)
    }
}

fn well_formed(side: &str) -> bool {
    let word = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-');
    side == "*" || (!side.is_empty() && side.len() <= SCOPE_SIDE_MAX && side.bytes().all(word))
}

/// The position of the first required scope that none of `held` covers.
///
/// Nothing required: nothing is missing. Nothing held: everything required is.
#[must_use]
pub fn first_missing<'a>(
    held: impl Iterator<Item = Scope<'a>> + Clone,
    required: &[Scope<'_>],
) -> Option<usize> {
    required.iter().position(|&required| !held.clone().any(|held| held.covers(required)))
}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}
