//! What is kept of the audit beside its lines: where each chain stands, and what was signed of it.

use tollgate_audit::{Hash, KEYS_MAX};
use tollgate_control::{Line, Signed, Signer, Standing};
use tollgate_core::json::from_hex;
use tollgate_ledger::PAGE_MAX;

use super::hex;
use crate::{Fault, Given, Row, Sql, statements};

/// What the chain of the deployment's own acts is kept under: no tenant has this name.
pub(super) const OWN: &str = "";

/// The lines of a chain after a number, at most [`PAGE_MAX`] whatever the limit.
///
/// # Errors
///
/// When the read fails.
pub fn lines(
    sql: &mut impl Sql,
    tenant: Option<&str>,
    after: u64,
    limit: usize,
) -> Result<Vec<Line>, Fault> {
    let most = u64::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(u64::MAX);
    let given = [tenant.unwrap_or(OWN).into(), after.into(), most.into()];
    let read = |row: &Row| {
        let (number, text) = (row.number(0)?, row.text(1)?.to_owned());
        Ok(Line { number, text, checkpoint: row.optional_text(2)?.map(str::to_owned) })
    };
    sql.rows(statements::AUDIT, &given)?.iter().map(read).collect()
}

/// Where a chain stands.
///
/// # Errors
///
/// When the read fails.
pub fn standing(sql: &mut impl Sql, tenant: Option<&str>) -> Result<Standing, Fault> {
    let of = [Given::Text(tenant.unwrap_or(OWN))];
    let end = sql.rows(statements::CHAIN, &of)?;
    let end = end.first().and_then(|row| {
        let hash = from_hex(row.text(1).ok()?.as_bytes())?;
        Some((row.number(0).ok()?, Hash::from_bytes(hash)))
    });
    let last = sql.rows(statements::AUDIT_LAST, &of)?;
    let last = last.first().map_or(Ok(0), |row| row.number(0))?;
    let checkpoint = sql.rows(statements::CHECKPOINT_LAST, &of)?;
    let read = |row: &Row| Ok::<_, Fault>((row.number(0)?, row.text(1)?.to_owned()));
    Ok(Standing { end, last, checkpoint: checkpoint.first().map(read).transpose()? })
}

/// Some of the chains that have entries after their last checkpoint, behind one of them.
///
/// # Errors
///
/// When the read fails.
pub fn unchecked(
    sql: &mut impl Sql,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, Fault> {
    let most = u64::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(u64::MAX);
    // The least text that comes after that name: none has a control character.
    let from = after.map_or_else(String::new, |name| format!("{name}\u{1}"));
    let rows = sql.rows(statements::UNCHECKED, &[(&from).into(), most.into()])?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// Keeps a checkpoint, and who signed it.
///
/// # Errors
///
/// When a write fails: nothing of it may be kept then.
pub fn keep_checkpoint(sql: &mut impl Sql, signed: &Signed<'_>) -> Result<(), Fault> {
    let Signed { tenant, number, at, line, signer } = *signed;
    let [tenant, number, at] = [tenant.unwrap_or(OWN).into(), number.into(), at.0.into()];
    sql.rows(statements::CHECKPOINT_KEPT, &[tenant, number, at, line.into()])?;
    sql.rows(statements::UNCHECKED_LEAVES, &[tenant, number])?;
    let Signer { kid, alg, x } = signer;
    let x = hex(x);
    sql.rows(statements::SIGNER_KEPT, &[kid.into(), alg.into(), (&x).into(), at]).map(drop)
}

/// The public keys that checkpoints were signed with, the newest first.
///
/// # Errors
///
/// When the read fails.
pub fn signers(sql: &mut impl Sql) -> Result<Vec<Signer>, Fault> {
    let most = u64::try_from(KEYS_MAX).unwrap_or(u64::MAX);
    let read = |row: &Row| {
        let x = from_hex(row.text(2)?.as_bytes()).ok_or_else(|| Fault::damaged("signers"))?;
        Ok(Signer { kid: row.text(0)?.to_owned(), alg: row.text(1)?.to_owned(), x })
    };
    sql.rows(statements::SIGNERS, &[most.into()])?.iter().map(read).collect()
}
