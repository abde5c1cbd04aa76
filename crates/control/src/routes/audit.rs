//! Who did what: the chains of the audit.

mod ask;
mod export;
mod verify;

pub(super) use ask::{EXPORT, LINES, VERIFY};
pub(super) use export::export;
pub(super) use verify::verify;

use serde_json::{Value, json};
use tollgate_audit::{Actor, Filter, Written, before, page};
use tollgate_core::time::UnixMillis;
use tollgate_identity::{JWKS_MAX, Jwk, KEYS_MAX, KeySet, jwks};

use self::ask::id;
use super::{Desk, parameters::refused};
use crate::{
    Response, Signer,
    checkpoint::{Chained, believed},
    model::Words,
    problem::{Code, Fault},
    reply::{Refusal, json as reply},
};

/// How many lines are shown where nothing is said.
const LINES_DEFAULT: usize = 100;

/// The lines of a chain that are wanted, as they were hashed.
pub(super) fn list(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let tenant = desk.chain()?;
    // The table of the operation has read them: what is no number or identifier has been refused.
    let words = &desk.words;
    let filter = Filter {
        actor: words.text("actor").and_then(Actor::parse),
        operation: id(words.text("operation")),
        subject: id(words.text("subject")),
        request: id(words.text("request")),
        since: number(words, "from").map(UnixMillis),
        until: number(words, "until").map(UnixMillis),
    };
    let limit = number(words, "limit").and_then(|limit| usize::try_from(limit).ok());
    let last = desk.books.standing(tenant.as_deref())?.last;
    let mut rows = Chained { books: &mut *desk.books, tenant: tenant.as_deref() };
    let after = match (number(words, "cursor"), filter.since) {
        (Some(cursor), _) => cursor,
        (None, Some(since)) => before(&mut rows, since, last)?,
        (None, None) => 0,
    };
    let page = page(&mut rows, &filter, after, limit.unwrap_or(LINES_DEFAULT))?;
    let next = page.next.filter(|&next| next < last).map(|next| next.to_string());
    let lines: Vec<Value> = page.lines.iter().map(|line| shown(line)).collect();
    Ok(reply(200, &json!({ "lines": lines, "next": next })))
}

/// A line with what it says; of one that is not as it was written nobody knows that.
fn shown(line: &str) -> Value {
    let entry = Written::read(line).filter(Written::holds);
    let (number, hash) = (entry.map(|entry| entry.number), entry.map(|entry| entry.hash));
    let said: Option<Value> = entry.and_then(|_| serde_json::from_str(line).ok());
    json!({
        "number": number,
        "hash": hash.map(|hash| hash.to_string()),
        "line": line,
        "entry": said.as_ref().and_then(|said| said.get("entry")),
        "damaged": entry.is_none(),
    })
}

/// A parameter that is a number.
fn number(words: &Words, name: &str) -> Option<u64> {
    words.text(name)?.parse().ok()
}

/// The public keys that checkpoints are and were signed with, as a JWKS document.
pub(super) fn keys(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let (_, known) = believed(desk.service.signer, &desk.books.signers()?);
    let mut keys = vec![];
    for some in known.chunks(KEYS_MAX) {
        let some = some.iter().map(|Signer { kid, alg, x }| Jwk { kid, alg, x: *x });
        let some: Vec<Jwk<'_>> = some.collect();
        let mut room = [0; JWKS_MAX];
        let text = KeySet::new(&some).ok();
        let text = text.and_then(|set| jwks(&set, &mut room).ok());
        let document: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
        let listed = document.as_ref().and_then(|document| document.get("keys")?.as_array());
        keys.extend(listed.into_iter().flatten().cloned());
    }
    Ok(reply(200, &json!({ "keys": keys })))
}

impl Desk<'_> {
    /// The chain that is meant, if the caller may see it: that of its tenant unless another is named; none is that of the
    /// deployment's own acts, for whoever sees every tenant.
    fn chain(&self) -> Result<Option<String>, Refusal> {
        match self.words.text("chain") {
            None => self.tenant_seen().map(Some),
            Some(_) if self.words.text("tenant").is_some() => {
                Err(refused("chain", Fault::Conflict, "is of no tenant"))
            }
            Some(_) if self.who.sees_all() => Ok(None),
            Some(_) => Err(Code::Forbidden.into()),
        }
    }
}
