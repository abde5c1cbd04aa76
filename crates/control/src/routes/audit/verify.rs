//! Whether a chain is, where it is kept, what was written.

use serde_json::{Value, json};
use tollgate_audit::{Chain, Piece, Report, Vouched, export};
use tollgate_core::{id::Id, time::UnixMillis};

use super::ask::cursor;
use crate::{
    Response,
    checkpoint::{Chained, believed},
    looked::{CUT_OFF, Looked, Part, Read, look},
    problem::Code,
    reply::{Refusal, json as reply},
    routes::Desk,
};

/// The most entries that are verified at once.
const ENTRIES_MAX: u64 = 5_000;

/// Of so many bytes the rest is verified another time.
const BYTES_MAX: usize = 8 * 1_024 * 1_024;

/// Verifies a chain where it is kept, or as much of it as one answer is worth.
pub(in crate::routes) fn verify(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let tenant = desk.chain()?;
    let id = tenant.as_deref().map(Id::new).transpose().map_err(|_| Code::TenantUnknown)?;
    let new = Chain::new(id);
    let begins = match desk.words.text("cursor") {
        None => new,
        Some(text) => {
            let (number, hash) = cursor(text).ok_or(Code::CursorInvalid)?;
            Chain { number, hash, ..new }
        }
    };
    let (keys, _) = believed(desk.service.signer, &desk.books.signers()?);
    let standing = desk.books.standing(tenant.as_deref())?;
    if begins.number > standing.last {
        return Err(Code::CursorInvalid.into());
    }
    let head = export::head(&begins).map_err(|_| Code::CursorInvalid)?;
    let mut rows = Chained { books: &mut *desk.books, tenant: tenant.as_deref() };
    let part = Part { begins, head: &head, entries: ENTRIES_MAX, bytes: BYTES_MAX };
    let Looked { report, read, cut } = look(&mut rows, &keys, &standing, &part)?;
    let whole = report.wrong.is_none() && !cut;
    let next = (whole && !read.all).then(|| format!("{}.{}", read.at, read.hash));
    let wrong = if cut { Some(cut_off(&report, &read)) } else { wrong(&report) };
    Ok(reply(200, &document(&report, tenant.as_deref(), (whole, wrong, next))))
}

/// What was found, as `tollgate audit verify --json` says it.
fn document(
    Report { piece, vouched, .. }: &Report,
    tenant: Option<&str>,
    (whole, wrong, next): (bool, Option<Value>, Option<String>),
) -> Value {
    json!({
        "verified": whole,
        "chain": if tenant.is_some() { "tenant" } else { "deployment" },
        "tenant": tenant,
        "since": piece.as_ref().map(|Piece { since, .. }| since),
        "until": piece.as_ref().map(|Piece { until, .. }| until),
        "checkpoints": piece.as_ref().map(|Piece { checkpoints, .. }| checkpoints),
        "vouched": vouched.as_ref().map(|Vouched { number, hash, at: UnixMillis(at), kid }| json!({
            "n": number, "hash": hash.to_string(), "at_ms": at, "kid": kid,
        })),
        "wrong": wrong,
        "next": next,
    })
}

fn wrong(report: &Report) -> Option<Value> {
    report.wrong.as_ref().map(|wrong| {
        json!({
            "line": wrong.line, "code": wrong.fault.code(), "n": wrong.fault.number(),
            "reason": wrong.fault.to_string(),
        })
    })
}

/// The chain ends somewhere else than its end says.
fn cut_off(report: &Report, read: &Read) -> Value {
    json!({
        "line": report.lines.saturating_add(1), "code": "cut_off", "n": read.at.saturating_add(1),
        "reason": CUT_OFF,
    })
}
