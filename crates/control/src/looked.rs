//! Chains of the audit, verified where they are kept: as much as is asked for.

use tollgate_audit::{Chain, Hash, Keys, Report, Rows, Verifier, Written, export};
use tollgate_core::id::Id;
use tollgate_identity::SigningKey;
use tollgate_ledger::{Conclusion, LedgerError};

use crate::{
    Books, Standing,
    checkpoint::{Chained, believed},
};

/// How many lines are read at once.
const READ_MAX: usize = 200;

/// Why a chain is damaged that holds up to its last line.
pub(crate) const CUT_OFF: &str = "where the chain ends is not what is kept as its end";

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    /// After which entry.
    pub(crate) begins: Chain<'a>,
    /// The first line of an export that begins there.
    pub(crate) head: &'a str,
    /// At most so many entries.
    pub(crate) entries: u64,
    /// Behind so many bytes no more are read.
    pub(crate) bytes: usize,
}

/// How far a chain was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    /// The number of the last line that was.
    pub(crate) at: u64,
    /// Its hash, as it says.
    pub(crate) hash: Hash,
    /// Whether there is no more.
    pub(crate) all: bool,
}

/// What was found of some of a chain.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) report: Report,
    pub(crate) read: Read,
    /// Whether all holds, and ends elsewhere than the chain's end says.
    pub(crate) cut: bool,
}

/// The newest part of a chain, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newest {
    /// After which entry it begins.
    pub since: u64,
    /// The last entry that was looked at.
    pub until: u64,
    /// What is not as it was written, in words; none if all is.
    pub wrong: Option<String>,
}

/// Verifies the newest entries of the chain of a tenant, or (none) of the deployment's own acts: at most `entries` of
/// them. The checkpoints may be those of `signer`, and of the keys that are kept beside them.
///
/// # Errors
///
/// When the store fails.
pub fn newest(
    books: &mut dyn Books,
    tenant: Option<&str>,
    signer: Option<&SigningKey>,
    entries: u64,
) -> Result<Newest, LedgerError> {
    match found(books, tenant, signer, entries) {
        // A number that is none, a text that is none: somebody has put it there.
        Err(LedgerError::Failed { conclusion: Conclusion::Damaged, .. }) => {
            let wrong = Some("what is kept of it makes no sense".to_owned());
            Ok(Newest { since: 0, until: 0, wrong })
        }
        found => found,
    }
}

fn found(
    books: &mut dyn Books,
    tenant: Option<&str>,
    signer: Option<&SigningKey>,
    entries: u64,
) -> Result<Newest, LedgerError> {
    let (keys, _) = believed(signer, &books.signers()?);
    let standing = books.standing(tenant)?;
    let (since, until) = (standing.last.saturating_sub(entries), standing.last);
    let Some(begins) = begun(books, tenant, since)? else {
        let wrong = Some(format!("what is kept as entry {since} is not what was written"));
        return Ok(Newest { since, until: since, wrong });
    };
    // A head that cannot be written is that of no chain, and so the verifier says.
    let head = export::head(&begins).unwrap_or_default();
    let part = Part { begins, head: &head, entries, bytes: usize::MAX };
    let looked = look(&mut Chained { books, tenant }, &keys, &standing, &part)?;
    let held = looked.report.piece.as_ref().map_or(since, |piece| piece.until);
    let wrong = match &looked.report.wrong {
        Some(wrong) => Some(format!("what follows entry {held} does not hold: {}", wrong.fault)),
        None => looked.cut.then(|| format!("it is cut off after entry {held}: {CUT_OFF}")),
    };
    Ok(Newest { since, until, wrong })
}

/// A chain after the entry of a number; none if that is not as it was written.
fn begun<'t>(
    books: &mut dyn Books,
    tenant: Option<&'t str>,
    number: u64,
) -> Result<Option<Chain<'t>>, LedgerError> {
    let Ok(tenant) = tenant.map(Id::new).transpose() else { return Ok(None) };
    let Some(earlier) = number.checked_sub(1) else { return Ok(Some(Chain::new(tenant))) };
    let lines = books.audit(tenant.map(Id::as_str), earlier, 1)?;
    let entry = lines.first().and_then(|line| Written::read(&line.text));
    let same =
        |entry: &Written<'_>| entry.number == number && entry.tenant == tenant && entry.holds();
    let entry = entry.filter(same);
    Ok(entry.map(|entry| Chain { tenant, number, hash: entry.hash, at: entry.at }))
}

/// Verifies some of a chain, and where it stands if that was all of it.
pub(crate) fn look(
    rows: &mut Chained<'_>,
    keys: &Keys,
    standing: &Standing,
    part: &Part<'_>,
) -> Result<Looked, LedgerError> {
    let mut verifier = Verifier::new(keys);
    line(&mut verifier, part.head);
    let read = read(rows, &mut verifier, part, standing.last)?;
    if let Some((number, signed)) = &standing.checkpoint
        && read.all
        && *number > read.at
    {
        line(&mut verifier, signed);
    }
    let report = verifier.so_far();
    let cut = report.wrong.is_none() && read.all && !stands(standing, &read);
    Ok(Looked { report, read, cut })
}

/// Reads on from where a part begins, for as long as that is bounded.
fn read(
    rows: &mut Chained<'_>,
    verifier: &mut Verifier<'_>,
    Part { begins, entries, bytes: most, .. }: &Part<'_>,
    last: u64,
) -> Result<Read, LedgerError> {
    let mut read = Read { at: begins.number, hash: begins.hash, all: false };
    let until = last.min(begins.number.saturating_add(*entries));
    let mut bytes = 0_usize;
    while read.at < until && bytes < *most {
        let kept = rows.after(read.at, READ_MAX)?;
        let mut kept = kept.into_iter().filter(|kept| kept.number <= until).peekable();
        if kept.peek().is_none() {
            break;
        }
        for kept in kept {
            for text in [Some(&kept.line), kept.checkpoint.as_ref()].into_iter().flatten() {
                bytes = bytes.saturating_add(text.len());
                line(verifier, text);
            }
            let said = Written::read(&kept.line);
            (read.at, read.hash) = (kept.number, said.map_or(read.hash, |entry| entry.hash));
        }
    }
    // INVARIANT: there is a line under the last number, so whoever reads reaches it or the bound.
    Ok(Read { all: read.at >= last, ..read })
}

fn line(verifier: &mut Verifier<'_>, text: &str) {
    verifier.feed(text.as_bytes());
    verifier.feed(b"\n");
}

/// Whether what was read to its end is where the chain stands.
fn stands(Standing { end, last, .. }: &Standing, read: &Read) -> bool {
    end.map_or(*last == 0, |end| end == (read.at, read.hash))
}
