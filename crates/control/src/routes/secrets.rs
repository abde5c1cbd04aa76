//! What becomes of a key and its secrets: rotated, switched off and on, ended.

use tollgate_core::{lookup::LookupId, stamp::Stamp};
use tollgate_ledger::{Change, KeyState, Secret};

use super::{
    Desk,
    keys::{again, revealed, shown},
    mint::{Named, salt, secret},
    said::details_of,
    work::{ATTEMPTS_MAX, Asked},
};
use crate::{
    Done, Filed, Response,
    model::{Reason, Rotation},
    problem::Code,
    reply::Refusal,
};

/// One more secret, and an end for the others.
pub(super) fn rotate(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let Rotation { grace_ms } = desk.said()?;
    rotated(desk, grace_ms)
}

/// The same without a grace.
pub(super) fn regenerate(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.object(&[])?;
    rotated(desk, 0)
}

fn rotated(desk: &mut Desk<'_>, grace_ms: u64) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let named = Named::of(desk)?;
    upon(desk, |desk, filed, expected| rotated_once(desk, filed, expected, (grace_ms, &named)))
}

fn rotated_once(
    desk: &mut Desk<'_>,
    filed: &Filed,
    expected: Stamp,
    (grace_ms, named): (u64, &Option<Named>),
) -> Result<Response, Refusal> {
    // SECURITY: a new secret of a key is all that it may do.
    if desk.who.lacks(&filed.key.settings.scopes).is_some() {
        return Err(Code::Forbidden.into());
    }
    let drawn = salt(desk.chance)?;
    let env = filed.key.settings.env.clone();
    let minted = secret(desk, &env, named.as_ref().map(|named| (named, &drawn)))?;
    let entry = Secret::new(minted.lookup(), desk.service.peppers.issuing());
    let change = Change::Rotate { id: filed.key.id.clone(), secret: entry, grace_ms };
    let retry = named.as_ref().map(|named| (named, drawn));
    let mut details = details_of(filed);
    details.renumber(&filed.key);
    details.number(minted.lookup());
    details.updated_ms = desk.now.0;
    let details = details.to_text();
    let expected = Some(expected);
    let asked = Asked { retry, details: Some(&details), ..Asked::of(filed, &change, expected) };
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
    upon(desk, |desk, filed, expected| {
        let lookup = named(filed, desk.id(1)).ok_or(Code::SecretUnknown)?;
        let change = Change::RevokeSecret { lookup };
        let done = desk.work(&Asked::of(filed, &change, Some(expected)))?;
        answered(desk, done)
    })
}

/// Does what is asked with the key of the path as it is read, and with nothing else: anew where somebody has changed it
/// meanwhile, unless a version was named.
///
/// # Security
///
/// Whether the caller may is a question about what was read. Of a key that has been given more meanwhile, or to
/// somebody else, nothing would be known.
fn upon(
    desk: &mut Desk<'_>,
    act: impl Fn(&mut Desk<'_>, &Filed, Stamp) -> Result<Response, Refusal>,
) -> Result<Response, Refusal> {
    let said = desk.if_match()?.version();
    for _ in 0..ATTEMPTS_MAX {
        let filed = desk.changed()?;
        match act(desk, &filed, said.unwrap_or(filed.key.changed)) {
            Err(refusal) if said.is_none() && refusal.is_stale() => {}
            answered => return answered,
        }
    }
    Err(Refusal::Moved)
}

/// The secret of a number, which stays the same when older ones are forgotten.
fn named(filed: &Filed, text: &str) -> Option<LookupId> {
    let digits = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse::<u32>().ok().filter(|_| digits && !text.starts_with('0'))?;
    let mut details = details_of(filed);
    details.renumber(&filed.key);
    let lookup = details.lookup(number)?;
    filed.key.secret(lookup).map(|secret| secret.lookup)
}

/// The reason that a body gives, if there is one.
pub(super) fn reason(desk: &Desk<'_>) -> Result<Reason, Refusal> {
    if desk.request.body.is_empty() {
        return Ok(Reason::unspecified());
    }
    desk.said()
}

fn state(
    desk: &mut Desk<'_>,
    reason: Option<Reason>,
    change: impl Fn(String) -> Change,
) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    upon(desk, |desk, filed, expected| {
        let change = change(filed.key.id.clone());
        // SECURITY: who may not make such a key may not bring one back.
        let gives = matches!(change, Change::Enable { .. });
        if gives && desk.who.lacks(&filed.key.settings.scopes).is_some() {
            return Err(Code::Forbidden.into());
        }
        let standing =
            matches!(change, Change::Disable { .. }) && filed.key.state == KeyState::Disabled;
        let before = details_of(filed).reason.filter(|_| standing);
        let reason = reason.clone().map(|reason| reason.over(before));
        let details = with_reason(filed, reason, desk.now.0);
        let expected = Some(expected);
        let asked = Asked { details: Some(&details), ..Asked::of(filed, &change, expected) };
        let done = desk.work(&asked)?;
        answered(desk, done)
    })
}

/// The details of a key whose state has this reason.
pub(super) fn with_reason(filed: &Filed, reason: Option<Reason>, now: u64) -> String {
    let mut details = details_of(filed);
    (details.reason, details.updated_ms) = (reason, now);
    details.to_text()
}

fn answered(desk: &Desk<'_>, done: Done) -> Result<Response, Refusal> {
    match done {
        Done::Made { filed: Some(filed), .. } | Done::Before { filed, .. } => {
            Ok(shown(desk, 200, &filed))
        }
        Done::Made { filed: None, .. } => Err(Code::Unavailable.into()),
    }
}
