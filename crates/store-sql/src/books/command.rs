//! Changes that the command makes where the store is, told as its own.

use serde_json::{Value, json};
use tollgate_audit::{Document, Image};
use tollgate_control::{Caller, Carries, DocumentId, DocumentKind, Filed, Told, model::Details};
use tollgate_core::time::UnixMillis;
use tollgate_ledger::{Change, Commit, Conclusion, Key, KeyState, LedgerError, Outbox, Renumbered};

use super::{audit, documents, ended, key, log::OWN};
use crate::{Fault, Kept, Sql, head, keys, statements};

/// What became of a change.
#[derive(Debug)]
pub struct Commanded {
    /// What the ledger did.
    pub commit: Commit,
    /// The head that is to be kept once that is durable.
    pub head: Kept,
    /// Whether the audit tells it. It may lack what takes something away, where it is damaged beyond going on.
    pub told: bool,
}

/// Makes a change in the name of whoever may run the command, with its line of the audit: both or none.
///
/// # Errors
///
/// When the ledger refuses or a write fails: nothing of it may be kept then.
pub fn command(
    sql: &mut impl Sql,
    kept: &mut Option<Kept>,
    change: &Change,
    now: UnixMillis,
) -> Result<Commanded, LedgerError> {
    let id = match change {
        Change::Create { id, .. }
        | Change::Update { id, .. }
        | Change::Rotate { id, .. }
        | Change::Disable { id }
        | Change::Enable { id }
        | Change::Revoke { id } => Some(id.clone()),
        Change::RevokeSecret { lookup } => keys::key_of(sql, *lookup)?.map(|key| key.id),
        Change::Renumber { .. }
        | Change::StopOwner { .. }
        | Change::ResumeOwner { .. }
        | Change::StopTenant { .. }
        | Change::ResumeTenant { .. } => None,
    };
    let filed = |sql: &mut _| id.as_deref().map_or(Ok(None), |id| key(sql, id));
    let before = filed(sql)?;
    if let Some(Filed { key, .. }) = before.as_ref().filter(|it| ended(Some(change), &it.key)) {
        let head = head::refresh(sql, kept)?.clone();
        return Ok(Commanded { commit: nothing(key.clone(), &head), head, told: true });
    }
    let stop = stop(change);
    let was = stop.map(|(id, _)| documents::document(sql, id)).transpose()?;
    let (commit, head) = keys::change(sql, kept, change, now)?;
    beside(sql, before.as_ref(), commit.key.as_ref(), now)?;
    let said = match (stop, was) {
        (Some((id, stopped)), Some(was)) if was.stopped.is_some() != stopped => {
            unreasoned(sql, id, was.document)?
        }
        (Some(_) | None, _) => None,
    };
    let said = said.as_ref().map(|(was, is)| (was.clone(), is.as_deref()));
    let after = filed(sql)?;
    let images = if let Change::Renumber { spec, .. } = change {
        (Image::nothing(), Image::of(&Numbers { spec, keys: commit.others.len() }))
    } else {
        audit::images(Some(change), (before.as_ref(), after.as_ref()), said.as_ref())
    };
    let told = told(change, after.as_ref())?;
    let told = match audit::append(sql, &told, &Caller::Command, images, now) {
        Ok(()) => true,
        Err(fault) if may_be_untold(&fault, change) => false,
        Err(fault) => return Err(fault.into()),
    };
    Ok(Commanded { commit, head, told })
}

/// What becomes of the ledger where what is to end has ended before.
fn nothing(key: Key, head: &Kept) -> Commit {
    Commit {
        stamp: head.head().stamp(),
        earlier: vec![],
        entry: None,
        key: Some(key),
        others: vec![],
        stop: None,
        outbox: Outbox::Secrets(vec![]),
    }
}

/// Who is stopped by a change, or is not any more.
fn stop(change: &Change) -> Option<(DocumentId<'_>, bool)> {
    let (kind, tenant, name, stopped) = match change {
        Change::StopOwner { tenant, owner } => (DocumentKind::Owner, tenant, owner.as_str(), true),
        Change::ResumeOwner { tenant, owner } => {
            (DocumentKind::Owner, tenant, owner.as_str(), false)
        }
        Change::StopTenant { tenant } => (DocumentKind::Tenant, tenant, "", true),
        Change::ResumeTenant { tenant } => (DocumentKind::Tenant, tenant, "", false),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Renumber { .. }
        | Change::Rotate { .. }
        | Change::Disable { .. }
        | Change::Enable { .. }
        | Change::Revoke { .. }
        | Change::RevokeSecret { .. } => return None,
    };
    Some((DocumentId { kind, tenant, name }, stopped))
}

/// What was kept of somebody, and what is.
type Said = (Option<String>, Option<String>);

/// Keeps no more why somebody was stopped before: the command says no reason. None where nothing else is kept then.
fn unreasoned(
    sql: &mut impl Sql,
    id: DocumentId<'_>,
    was: Option<String>,
) -> Result<Option<Said>, Fault> {
    let Some(was) = was else { return Ok(None) };
    let is = tollgate_control::without_reason(id.kind, &was);
    if is.as_ref() == Some(&was) {
        return Ok(None);
    }
    documents::keep(sql, id, is.as_deref())?;
    Ok(Some((Some(was), is)))
}

/// Keeps what the control plane knows of a key true to what the ledger has made of it.
fn beside(
    sql: &mut impl Sql,
    before: Option<&Filed>,
    after: Option<&Key>,
    now: UnixMillis,
) -> Result<(), Fault> {
    let (Some(Filed { key: before, details: Some(details), .. }), Some(after)) = (before, after)
    else {
        return Ok(());
    };
    // What cannot be read stays: it must not keep a key from being revoked.
    let Some(details) = Details::from_text(details) else { return Ok(()) };
    let details = details.said_whole(before, after, now.0);
    sql.rows(statements::DETAILS_KEPT, &[(&after.id).into(), (&details.to_text()).into()])?;
    if after.state == KeyState::Revoked {
        return Ok(());
    }
    let carries = Carries { roles: &details.roles, template: details.template.as_deref() };
    documents::carry(sql, (&after.settings.tenant, &after.id), carries)
}

/// Whether a change is made although the audit cannot tell it.
///
/// # Security
///
/// Whoever damages the audit must not be able to keep a key alive with that.
pub(super) fn may_be_untold(fault: &Fault, change: &Change) -> bool {
    fault.conclusion == Conclusion::Damaged && change.takes_away()
}

/// What the audit says of a change: in whose chain, what, and to what.
fn told<'t>(change: &'t Change, key: Option<&'t Filed>) -> Result<Told<'t>, Fault> {
    let of_key = |operation| {
        let filed = key.ok_or_else(|| Fault::damaged("keys"))?;
        Ok::<_, Fault>((operation, filed.key.settings.tenant.as_str(), filed.key.id.as_str()))
    };
    let (operation, tenant, subject) = match change {
        Change::Create { .. } => of_key("keys.create")?,
        Change::Update { .. } => of_key("keys.update")?,
        Change::Rotate { .. } => of_key("keys.rotate")?,
        Change::Disable { .. } => of_key("keys.disable")?,
        Change::Enable { .. } => of_key("keys.enable")?,
        Change::Revoke { .. } => of_key("keys.revoke")?,
        Change::RevokeSecret { .. } => of_key("secrets.revoke")?,
        // A limit that is everybody's is the deployment's own.
        Change::Renumber { tenant, spec, .. } => ("limits.set", tenant.as_str(), spec.name()),
        Change::StopOwner { tenant, owner } => ("owners.stop", tenant.as_str(), owner.as_str()),
        Change::ResumeOwner { tenant, owner } => ("owners.resume", tenant.as_str(), owner.as_str()),
        Change::StopTenant { tenant } => ("tenants.stop", tenant.as_str(), tenant.as_str()),
        Change::ResumeTenant { tenant } => ("tenants.resume", tenant.as_str(), tenant.as_str()),
    };
    let tenant = if tenant.is_empty() { OWN } else { tenant };
    Ok(Told { tenant, operation, subject, from: None, request: "" })
}

/// The numbers that a limit has from now on.
struct Numbers<'c> {
    spec: &'c Renumbered,
    keys: usize,
}

impl Document for Numbers<'_> {
    fn document(&self) -> Value {
        let numbers = match self.spec {
            Renumbered::Limit(spec) => serde_json::to_value(spec),
            Renumbered::Quota(spec) => serde_json::to_value(spec),
        };
        json!({ "numbers": numbers.unwrap_or_default(), "keys": self.keys })
    }
}
