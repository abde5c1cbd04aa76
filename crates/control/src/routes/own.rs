//! What whoever holds a key may do with it, whatever its scopes.

use serde_json::json;
use tollgate_ledger::Change;

use super::{
    Desk,
    secrets::{reason, with_reason},
    work::Asked,
};
use crate::{
    Response,
    problem::Code,
    reply::{Refusal, json as reply},
};

/// The key that asks ends, for good: it has leaked, or is not needed.
pub(super) fn revoke(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let reason = reason(desk)?;
    let filed = desk.books.key(desk.who.id())?.ok_or(Code::KeyUnknown)?;
    let change = Change::Revoke { id: filed.key.id.clone() };
    let details = with_reason(&filed, Some(reason), desk.now.0);
    let expected = desk.if_match()?.version();
    let asked = Asked { details: Some(&details), ..Asked::of(&filed, &change, expected) };
    desk.work(&asked)?;
    Ok(reply(200, &json!({ "id": filed.key.id, "state": "revoked" })))
}
