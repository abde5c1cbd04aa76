//! Randomness, as an argument.

use std::fmt;

/// Where secrets and ids come from.
///
/// # If an implementation is wrong
///
/// * It gives bytes that somebody can guess: who guesses them still lacks the pepper, and so has no key. But a
///   stolen pepper is then all that it takes.
/// * It gives the same bytes again: the ledger refuses the second secret, since it has it already.
/// * It fails: nothing is made.
pub trait Chance {
    /// Fills `bytes` with random ones.
    ///
    /// # Errors
    ///
    /// When there are none to be had.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), NoChance>;
}

/// There is no randomness to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoChance;

impl fmt::Display for NoChance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the system gives no randomness")
    }
}

impl std::error::Error for NoChance {}
