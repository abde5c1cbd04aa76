//! What signing keys sign besides identities.

use ed25519_dalek::Signer;

use crate::{SignError, SigningKey, signature_holds};

/// The longest statement, in bytes.
pub const STATEMENT_MAX: usize = 1024;

/// What a signed text states. What is signed is the statement's own word and then the text, so that no statement
/// can be taken for another.
///
/// # Security
///
/// Every word begins with `tollgate-`, and what is signed of a token with the base64url of its header, `eyJ`: a
/// statement is never an identity, and an identity never a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statement {
    /// Where a chain of the audit log stood at a moment.
    AuditCheckpoint,
    /// What an export of the audit log holds.
    AuditExport,
}

impl Statement {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::AuditCheckpoint, Self::AuditExport];

    /// The word that is signed before the text.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AuditCheckpoint => "tollgate-audit-checkpoint-v1:",
            Self::AuditExport => "tollgate-audit-export-v1:",
        }
    }

    /// Whether `signature` is one of `text` as this statement, under the public key `x`.
    ///
    /// # Security
    ///
    /// By the strict rule, as [`signature_holds`] says.
    #[must_use]
    pub fn holds(self, x: &[u8; 32], text: &[u8], signature: &[u8; 64]) -> bool {
        let mut room = [0; ROOM];
        self.spell(text, &mut room).is_some_and(|said| signature_holds(x, said, signature))
    }

    fn spell<'o>(self, text: &[u8], room: &'o mut [u8; ROOM]) -> Option<&'o [u8]> {
        let word = self.word().as_bytes();
        let len = word.len().checked_add(text.len()).filter(|_| text.len() <= STATEMENT_MAX)?;
        let (first, second) = room.get_mut(..len)?.split_at_mut_checked(word.len())?;
        first.copy_from_slice(word);
        second.copy_from_slice(text);
        room.get(..len)
    }
}

/// Room for the longest word and the longest text.
const ROOM: usize = STATEMENT_MAX + 64;

impl SigningKey {
    /// Signs `text` as a statement.
    ///
    /// # Errors
    ///
    /// [`SignError::TooLong`] above [`STATEMENT_MAX`] bytes.
    pub fn state(&self, what: Statement, text: &[u8]) -> Result<[u8; 64], SignError> {
        let mut room = [0; ROOM];
        let said = what.spell(text, &mut room).ok_or(SignError::TooLong)?;
        Ok(self.key.sign(said).to_bytes())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

    use super::*;

    #[test]
    fn a_statement_holds_as_what_it_is_and_as_nothing_else() {
        let seed: [u8; 32] = core::array::from_fn(|at| at.try_into().unwrap());
        let key = SigningKey::new("k1", "EdDSA", &seed).unwrap();
        let longest = [b'x'; STATEMENT_MAX];
        for text in [&b""[..], b"{}", &longest] {
            for what in Statement::ALL {
                let signature = key.state(what, text).unwrap();
                for other in Statement::ALL {
                    assert_eq!(other.holds(&key.public(), text, &signature), other == what);
                }
                let bare = signature_holds(&key.public(), text, &signature);
                assert!(!bare, "the word is signed too");
            }
        }
    }

    #[test]
    fn a_statement_that_is_too_long_is_neither_signed_nor_read() {
        let key =
            SigningKey::new("k1", "EdDSA", &core::array::from_fn(|at| at.try_into().unwrap()))
                .unwrap();
        let text = [b'x'; STATEMENT_MAX + 1];
        assert_eq!(key.state(Statement::AuditExport, &text), Err(SignError::TooLong));
        assert!(!Statement::AuditExport.holds(&key.public(), &text, &[0; 64]));
    }

    #[test]
    fn no_statement_begins_as_another_or_as_a_token() {
        for what in Statement::ALL {
            assert!(what.word().starts_with("tollgate-"), "a token begins with eyJ");
            let same = Statement::ALL.iter().filter(|other| other.word().starts_with(what.word()));
            assert_eq!(same.count(), 1);
        }
    }
}
