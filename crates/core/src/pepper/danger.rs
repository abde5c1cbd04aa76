//! What only tests of the formats may use.

use super::{Pepper, PepperError, Peppers, Published};

/// A ring that may hold peppers from the specification, which anybody can read.
///
/// # Security
///
/// Everybody can mint keys that such a ring proves. Hosts use [`Peppers::new`].
///
/// # Errors
///
/// As [`Peppers::new`], except that a published pepper is none.
pub fn published_peppers(peppers: &[Pepper<'_>], issuing: u8) -> Result<Peppers, PepperError> {
    Peppers::build(peppers, issuing, Published::Allowed)
}
