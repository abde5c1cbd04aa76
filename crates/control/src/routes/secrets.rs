//! What becomes of a key and its secrets: rotated, switched off and on, ended.

use serde_json::{Map, Value};
use tollgate_core::lookup::LookupId;
use tollgate_ledger::{Change, Secret};

use super::{
    Desk,
    keys::{again, revealed, shown},
    mint::{Named, salt, secret},
    said::{details_of, wrong},
    work::Asked,
};
use crate::{
    Done, Filed, Response,
    problem::{Code, Fault},
    reply::Refusal,
};

/// For how long the older secrets are still good where nothing is said: a day.
const GRACE_MS: u64 = 86_400_000;

/// Why a key is switched off or ended.
const REASONS: [&str; 7] =
    ["unspecified", "compromised", "superseded", "unused", "owner_left", "policy", "payment"];

/// The longest note beside a reason, in characters.
const NOTE_MAX: usize = 512;

/// One more secret, and an end for the others.
pub(super) fn rotate(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let body = desk.object(&["grace_ms"])?;
    let grace_ms = match body.get("grace_ms") {
        None => GRACE_MS,
        Some(value) => value.as_u64().ok_or_else(|| {
            wrong("grace_ms", Fault::WrongType, "must be a whole number of milliseconds")
        })?,
    };
    rotated(desk, grace_ms)
}

/// The same without a grace.
pub(super) fn regenerate(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.object(&[])?;
    rotated(desk, 0)
}

fn rotated(desk: &mut Desk<'_>, grace_ms: u64) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let filed = desk.changed()?;
    // SECURITY: a new secret of a key is all that it may do.
    if desk.who.lacks(&filed.key.settings.scopes).is_some() {
        return Err(Code::Forbidden.into());
    }
    let expected = desk.if_match()?.version();
    let named = Named::of(desk)?;
    let drawn = salt(desk.chance)?;
    let env = filed.key.settings.env.clone();
    let minted = secret(desk, &env, named.as_ref().map(|named| (named, &drawn)))?;
    let entry = Secret::new(minted.lookup(), desk.service.peppers.issuing());
    let change = Change::Rotate { id: filed.key.id.clone(), secret: entry, grace_ms };
    let retry = named.as_ref().map(|named| (named, drawn));
    let asked = Asked { retry, ..Asked::of(&filed, &change, expected) };
    match desk.work(&asked)? {
        Done::Made { filed, .. } => {
            let filed = filed.ok_or(Code::Unavailable)?;
            Ok(revealed(desk, 200, &filed, Some(minted.as_str())))
        }
        Done::Before { filed, salt } => again(desk, 200, named.as_ref(), &filed, &salt),
    }
}

/// The key is switched off.
pub(super) fn disable(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let reason = reason(desk)?;
    state(desk, Some(reason), |id| Change::Disable { id })
}

/// The key is switched on.
pub(super) fn enable(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.object(&[])?;
    // SECURITY: who may not make such a key may not bring one back.
    let filed = desk.changed()?;
    if desk.who.lacks(&filed.key.settings.scopes).is_some() {
        return Err(Code::Forbidden.into());
    }
    state(desk, None, |id| Change::Enable { id })
}

/// The key ends, for good.
pub(super) fn revoke(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let reason = reason(desk)?;
    state(desk, Some(reason), |id| Change::Revoke { id })
}

/// One secret ends, for good.
pub(super) fn revoke_one(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    desk.object(&[])?;
    let filed = desk.changed()?;
    let lookup = named(&filed, desk.id(1)).ok_or(Code::SecretUnknown)?;
    let change = Change::RevokeSecret { lookup };
    let expected = desk.if_match()?.version();
    let done = desk.work(&Asked::of(&filed, &change, expected))?;
    answered(desk, done)
}

/// The secret that is meant: by its lookup id, since its place moves when older ones are forgotten.
fn named(filed: &Filed, text: &str) -> Option<LookupId> {
    let lookup = LookupId::from_hex(text)?;
    filed.key.secret(lookup).map(|secret| secret.lookup)
}

/// The reason that a body gives.
pub(super) fn reason(desk: &Desk<'_>) -> Result<Value, Refusal> {
    let body = desk.object(&["code", "note"])?;
    let code = body.get("code").map_or(Some("unspecified"), Value::as_str);
    let code = code.filter(|code| REASONS.contains(code));
    let code = code.ok_or_else(|| wrong("code", Fault::Malformed, "must be a reason code"))?;
    let mut reason = Map::new();
    reason.insert("code".to_owned(), code.into());
    match body.get("note") {
        None | Some(Value::Null) => {}
        Some(Value::String(note)) if note.chars().count() <= NOTE_MAX => {
            reason.insert("note".to_owned(), note.as_str().into());
        }
        Some(_) => return Err(wrong("note", Fault::TooLong, "must be a text of at most 512")),
    }
    Ok(Value::Object(reason))
}

fn state(
    desk: &mut Desk<'_>,
    reason: Option<Value>,
    change: impl FnOnce(String) -> Change,
) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let filed = desk.changed()?;
    let details = with_reason(&filed, reason, desk.now.0);
    let change = change(filed.key.id.clone());
    let expected = desk.if_match()?.version();
    let asked = Asked { details: Some(&details), ..Asked::of(&filed, &change, expected) };
    let done = desk.work(&asked)?;
    answered(desk, done)
}

/// The details of a key whose state has this reason.
pub(super) fn with_reason(filed: &Filed, reason: Option<Value>, now: u64) -> String {
    let mut details = details_of(filed);
    details.remove("reason");
    details.extend(reason.map(|reason| ("reason".to_owned(), reason)));
    details.insert("updated".to_owned(), now.into());
    Value::Object(details).to_string()
}

fn answered(desk: &Desk<'_>, done: Done) -> Result<Response, Refusal> {
    match done {
        Done::Made { filed: Some(filed), .. } | Done::Before { filed, .. } => {
            Ok(shown(desk, 200, &filed))
        }
        Done::Made { filed: None, .. } => Err(Code::Unavailable.into()),
    }
}
