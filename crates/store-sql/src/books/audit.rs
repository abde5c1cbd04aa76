//! Who did what: one line for each change, within the change's own step.

use serde_json::{Value, json};
use tollgate_audit::{Actor, Chain, Document, Entry, Image};
use tollgate_control::{Caller, Filed, Told};
use tollgate_core::{id::Id, time::UnixMillis};
use tollgate_ledger::Change;

use super::chain::{self, Stands};
use crate::{Fault, Given, Sql, statements};

/// Somebody has made a change. What the audit cannot say must not be done.
pub(super) fn append(
    sql: &mut impl Sql,
    told: &Told<'_>,
    caller: &Caller,
    (before, after): (Image, Image),
    now: UnixMillis,
) -> Result<(), Fault> {
    let unspeakable = || Fault::damaged("audit");
    let id = |text| Id::new(text).map_err(|_| unspeakable());
    let actor = match caller {
        Caller::Key { seen, .. } => Actor::Key(id(&seen.key.id)?),
        Caller::Command => Actor::Command,
    };
    let entry = Entry {
        at: now,
        actor,
        operation: id(told.operation)?,
        subject: id(told.subject)?,
        before,
        after,
        from: told.from,
        request: Id::new(told.request).ok(),
    };
    let Stands { mut chain, damage } = chain::stands(sql, told.tenant, now)?;
    if let Some(damage) = damage {
        let subject = chain.tenant.map_or(DEPLOYMENT, Id::as_str);
        let said = Entry {
            at: now,
            actor: Actor::System,
            operation: id(DAMAGED)?,
            subject: id(subject)?,
            before: Image::of(&damage),
            after: Image::nothing(),
            from: None,
            request: None,
        };
        keep(sql, &mut chain, told.tenant, &said)?;
    }
    keep(sql, &mut chain, told.tenant, &entry)
}

/// What is done where a chain was found damaged: it goes on.
const DAMAGED: &str = "audit.damaged";

/// What the deployment's own chain is called where a subject is due.
const DEPLOYMENT: &str = "deployment";

/// Puts an entry behind the last one.
fn keep(
    sql: &mut impl Sql,
    chain: &mut Chain<'_>,
    tenant: &str,
    entry: &Entry<'_>,
) -> Result<(), Fault> {
    let appended = chain.append(entry).map_err(|_| Fault::damaged("audit"))?;
    let (number, at) = (appended.number, appended.at.0);
    let (actor, hash) = (entry.actor.to_string(), appended.hash.to_string());
    let (operation, subject) = (entry.operation.as_str(), entry.subject.as_str());
    let [tenant, actor, operation, subject, line] =
        [tenant, &actor, operation, subject, &appended.line].map(Given::Text);
    let row = [tenant, number.into(), at.into(), actor, operation, subject, line];
    sql.rows(statements::AUDIT_KEPT, &row)?;
    sql.rows(statements::CHAIN_MOVES, &[tenant, number.into(), (&hash).into(), at.into()])?;
    sql.rows(statements::UNCHECKED_COMES, &[tenant]).map(drop)
}

/// What a thing was before, and what it is after: the key, the document, or whether somebody is stopped.
pub(super) fn images(
    change: Option<&Change>,
    (before, after): (Option<&Filed>, Option<&Filed>),
    said: Option<&(Option<String>, Option<&str>)>,
) -> (Image, Image) {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let image = |filed: Option<&Filed>| filed.map_or_else(Image::nothing, Image::of);
    match (change.and_then(stopped), said) {
        (Some(stopped), said) => {
            let mut image = json!({ "stopped": stopped });
            if let (Some((_, Some(text))), Some(map)) = (said, image.as_object_mut()) {
                map.insert("document".to_owned(), read(text));
            }
            (Image::nothing(), Image::of(&Said(image)))
        }
        (None, Some((was, is))) => {
            let image = |text: Option<&str>| {
                text.map_or_else(Image::nothing, |text| Image::of(&Said(read(text))))
            };
            (image(was.as_deref()), image(*is))
        }
        (None, None) => (image(before), image(after)),
    }
}

/// What is said of a tenant, an owner, a role or a template, or of a stop.
struct Said(Value);

impl Document for Said {
    fn document(&self) -> Value {
        self.0.clone()
    }
}

const fn stopped(change: &Change) -> Option<bool> {
    match change {
        Change::StopOwner { .. } | Change::StopTenant { .. } => Some(true),
        Change::ResumeOwner { .. } | Change::ResumeTenant { .. } => Some(false),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Renumber { .. }
        | Change::Rotate { .. }
        | Change::Disable { .. }
        | Change::Enable { .. }
        | Change::Revoke { .. }
        | Change::RevokeSecret { .. } => None,
    }
}
