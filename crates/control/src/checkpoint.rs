//! Checkpoints of the audit: what a host asks for at least twice a minute.

use std::fmt;

use tollgate_audit::{Checkpoint, Hash, Kept, Keys, Rows, due, follow};
use tollgate_core::{id::Id, time::UnixMillis};
use tollgate_identity::{Jwk, SigningKey};
use tollgate_ledger::LedgerError;

use crate::{Books, Line, Service, Signed, Signer, Standing};

/// The most chains that one round looks at.
pub const ROUND_MAX: usize = 64;

/// For which chains checkpoints are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Haste {
    /// Those that are due.
    WhenDue,
    /// All that have entries after their last one: the host ends.
    AtOnce,
}

/// What became of a round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// How many checkpoints were signed.
    pub signed: usize,
    /// Which chains are not as they were written.
    pub damaged: Vec<Damage>,
    /// After which chain the next round begins; none if this one has looked at the last.
    pub next: Option<String>,
}

/// A chain that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Damage {
    /// Whose it is; none: that of the deployment's own acts.
    pub tenant: Option<String>,
    /// After which entry it does not follow.
    pub after: u64,
}

/// Why nothing is signed.
#[derive(Debug)]
pub enum CheckpointError {
    /// No key is there to sign with.
    NoSigner,
    /// Another key of the same name has signed before: what it signed could not be told from what this one signs.
    OtherSigner,
    /// The books fail.
    Books(LedgerError),
}

impl CheckpointError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSigner => "audit_no_signer",
            Self::OtherSigner => "audit_other_signer",
            Self::Books(error) => error.code(),
        }
    }
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSigner => "no key is there to sign the audit with",
            Self::OtherSigner => "another key of the same name has signed the audit before",
            Self::Books(_) => "the audit could not be read or written",
        })
    }
}

impl std::error::Error for CheckpointError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Books(error) => Some(error),
            Self::NoSigner | Self::OtherSigner => None,
        }
    }
}

impl From<LedgerError> for CheckpointError {
    fn from(error: LedgerError) -> Self {
        Self::Books(error)
    }
}

impl Service<'_> {
    /// Signs checkpoints of the chains behind `after` that need one, at most [`ROUND_MAX`] of them. A host asks at least
    /// twice a minute, from the first chain on until there is no next one; and once more before it ends.
    ///
    /// # Errors
    ///
    /// See [`CheckpointError`]. What was signed before stays.
    pub fn checkpoints(
        &self,
        books: &mut dyn Books,
        after: Option<&str>,
        haste: Haste,
        now: UnixMillis,
    ) -> Result<Round, CheckpointError> {
        let names = books.unchecked(after, ROUND_MAX)?;
        let mut round = Round::default();
        if names.is_empty() {
            return Ok(round);
        }
        let key = self.signer.ok_or(CheckpointError::NoSigner)?;
        let signer = signer_of(key);
        let other = |known: &Signer| known.kid == signer.kid && known.x != signer.x;
        if books.signers()?.iter().any(other) {
            return Err(CheckpointError::OtherSigner);
        }
        for name in &names {
            let tenant = (!name.is_empty()).then_some(name.as_str());
            let found = one(books, tenant, (key, &signer), haste, now)?;
            round.signed = round.signed.saturating_add(usize::from(found.signed));
            let damage = |after| Damage { tenant: tenant.map(str::to_owned), after };
            round.damaged.extend(found.damaged.map(damage));
        }
        round.next = names.last().filter(|_| names.len() >= ROUND_MAX).cloned();
        Ok(round)
    }
}

/// What became of one chain.
#[derive(Clone, Copy, Default)]
struct Found {
    signed: bool,
    damaged: Option<u64>,
}

fn one(
    books: &mut dyn Books,
    tenant: Option<&str>,
    (key, signer): (&SigningKey, &Signer),
    haste: Haste,
    now: UnixMillis,
) -> Result<Found, LedgerError> {
    let damaged = |after| Found { signed: false, damaged: Some(after) };
    let Ok(id) = tenant.map(Id::new).transpose() else { return Ok(damaged(0)) };
    let Standing { end, last, checkpoint } = books.standing(tenant)?;
    let said = checkpoint.as_ref().and_then(|(_, line)| Checkpoint::said(line));
    let (checked, hash) = match (&checkpoint, said) {
        (None, _) => (0, None),
        (Some((number, _)), Some(said)) if said.number == *number => (*number, Some(said.hash)),
        // What it said is not known. No entry has this hash.
        (Some((number, _)), _) => (*number, Some(Hash::from_bytes([0; 32]))),
    };
    if last < checked || last == 0 {
        return Ok(damaged(last));
    }
    let since = last.saturating_sub(checked);
    if since == 0 || (haste == Haste::WhenDue && !due(said.map(|said| said.at), now, since)) {
        return Ok(Found::default());
    }
    let from = hash.map(|hash| (checked, hash));
    let followed = follow(&mut Chained { books, tenant }, id, from, last)?;
    let Some(chain) = followed.chain else {
        return Ok(damaged(followed.damaged.unwrap_or(last)));
    };
    // SECURITY: where the chain's end says something else than its last line, one of the two was changed.
    if chain.number == last && end != Some((chain.number, chain.hash)) {
        return Ok(damaged(followed.damaged.unwrap_or(last)));
    }
    let Some(line) = chain.checkpoint(key, now) else { return Ok(damaged(last)) };
    let at = now.max(chain.at);
    books.keep_checkpoint(&Signed { tenant, number: chain.number, at, line: &line, signer })?;
    Ok(Found { signed: true, damaged: followed.damaged })
}

/// The lines of a chain, as they are kept.
pub(crate) struct Chained<'b> {
    pub(crate) books: &'b mut dyn Books,
    pub(crate) tenant: Option<&'b str>,
}

impl Rows for Chained<'_> {
    type Error = LedgerError;

    fn after(&mut self, number: u64, most: usize) -> Result<Vec<Kept>, LedgerError> {
        let lines = self.books.audit(self.tenant, number, most)?;
        let kept = |Line { number, text: line, checkpoint }| Kept { number, line, checkpoint };
        Ok(lines.into_iter().map(kept).collect())
    }
}

/// The public half of what signs.
pub(crate) fn signer_of(key: &SigningKey) -> Signer {
    let (kid, alg) = (key.kid().to_string(), key.algorithm().as_str().to_owned());
    Signer { kid, alg, x: key.public() }
}

/// Whose checkpoints are believed: the key that signs now, and those that are kept beside the checkpoints. Of two that have
/// one name the one that signs now is believed.
pub(crate) fn believed(signer: Option<&SigningKey>, kept: &[Signer]) -> (Keys, Vec<Signer>) {
    let (mut keys, mut known) = (Keys::none(), vec![]);
    for signer in signer.map(signer_of).iter().chain(kept) {
        let Signer { kid, alg, x } = signer;
        let new = !known.contains(signer);
        if new && keys.add(&Jwk { kid, alg, x: *x }).is_ok() {
            known.push(signer.clone());
        }
    }
    (keys, known)
}
