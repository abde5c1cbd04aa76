//! A piece of a chain with its checkpoints, signed: what `docs/spec/audit.md` calls an export.

use tollgate_audit::{Exporter, RowsError};
use tollgate_core::id::Id;
use tollgate_http::hygiene::cache::NO_STORE;
use tollgate_ledger::LedgerError;

use super::number;
use crate::{
    Response, Standing,
    checkpoint::Chained,
    problem::{Code, Fault, Problem},
    reply::Refusal,
    routes::{Desk, parameters::refused},
};

/// The most entries of one piece.
const ENTRIES_MAX: u64 = 5_000;

/// A piece that has as many bytes ends with the entries that were read last.
const BYTES_MAX: usize = 4 * 1_024 * 1_024;

/// Says after which entry the next piece begins, if there is more.
const NEXT: &str = "tollgate-audit-next";

/// The piece of a chain after an entry: as much as fits, signed as a whole.
pub(in crate::routes) fn export(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let tenant = desk.chain()?;
    let after = number(&desk.words, "after").unwrap_or(0);
    let through = number(&desk.words, "through");
    let key = desk.service.signer.ok_or(Refusal::Unsigned)?;
    let standing = desk.books.standing(tenant.as_deref())?;
    if after > standing.last {
        return Err(refused("after", Fault::OutOfRange, "is beyond the last entry"));
    }
    let id = tenant.as_deref().map(Id::new).transpose().map_err(|_| Code::TenantUnknown)?;
    let until = standing.last.min(after.saturating_add(ENTRIES_MAX));
    let until = through.map_or(until, |through| until.min(through)).max(after);
    let mut rows = Chained { books: &mut *desk.books, tenant: tenant.as_deref() };
    let mut exporter = Exporter::of(&mut rows, id, (after, until)).map_err(refusal)?;
    let mut text = exporter.head().map_err(refusal)?;
    while text.len() < BYTES_MAX {
        match exporter.next(&mut rows) {
            Ok(Some(lines)) => text.push_str(&lines),
            Ok(None) => break,
            // What holds is one piece, and whoever goes on behind it is told.
            Err(RowsError::Damaged(at)) if at > after => break,
            Err(error) => return Err(refusal(error)),
        }
    }
    exporter.stop();
    let reached = exporter.chain().number;
    // SECURITY: lines that were cut off must not look as if there had been none.
    if reached == standing.last && !ends(&standing, exporter.chain().hash) {
        return Err(damaged(reached));
    }
    text.push_str(&exporter.end(key, desk.now).ok_or(Code::ClockWrong)?);
    let mut fields = vec![
        ("content-type", "application/jsonl".to_owned()),
        ("cache-control", NO_STORE.to_owned()),
    ];
    if reached < standing.last {
        fields.push((NEXT, reached.to_string()));
    }
    Ok(Response {
        status: 200,
        fields,
        body: text.into_bytes(),
        code: None,
        trouble: None,
        by: None,
    })
}

/// Whether a chain ends with the entry of this hash, by all that says where it ends.
fn ends(standing: &Standing, hash: tollgate_audit::Hash) -> bool {
    let Standing { end, last, checkpoint } = standing;
    let signed = checkpoint.as_ref().map_or(0, |(number, _)| *number);
    let stands = end.map_or(*last == 0, |end| end == (*last, hash));
    stands && signed <= *last
}

fn refusal(error: RowsError<LedgerError>) -> Refusal {
    match error {
        RowsError::Store(error) => error.into(),
        RowsError::Damaged(after) => damaged(after),
        RowsError::Beyond(_) => Code::AuditDamaged.into(),
    }
}

fn damaged(after: u64) -> Refusal {
    let detail = format!(
        "The audit is not as it was written after entry {after}. Ask for the entries before with through, and for those \
         behind with after."
    );
    Problem::with(Code::AuditDamaged, detail).into()
}
