//! Tenants and owners: stopped and resumed.

use tollgate_ledger::Change;

use super::{
    Desk,
    filed::{Found, Kept, Kind, worked},
    secrets::reason,
    work::ATTEMPTS_MAX,
};
use crate::{
    Act, Held, Response, StoppedBy,
    model::{Owner, Reason, Tenant},
    problem::{Code, Problem},
    reply::Refusal,
};

/// All keys of a tenant are switched off.
pub(super) fn stop_tenant(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let reason = reason(desk)?;
    tenant(desk, Some(&reason))
}

/// The end of that.
pub(super) fn resume_tenant(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.object(&[])?;
    tenant(desk, None)
}

fn tenant(desk: &mut Desk<'_>, reason: Option<&Reason>) -> Result<Response, Refusal> {
    let tenant = desk.id(0).to_owned();
    // SECURITY: one's own tenant is stopped by an operator too, or nobody could resume it.
    Tenant::tenant_changed(desk, &tenant)?;
    if reason.is_some() && tenant == desk.who.tenant() {
        return Err(Code::Forbidden.into());
    }
    let change = match reason {
        Some(_) => Change::StopTenant { tenant: tenant.clone() },
        None => Change::ResumeTenant { tenant: tenant.clone() },
    };
    held::<Tenant>(desk, &change, (&tenant, &tenant), reason)
}

/// All keys of an owner are switched off.
pub(super) fn stop_owner(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let reason = reason(desk)?;
    owner(desk, Some(&reason))
}

/// The end of that.
pub(super) fn resume_owner(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.object(&[])?;
    owner(desk, None)
}

fn owner(desk: &mut Desk<'_>, reason: Option<&Reason>) -> Result<Response, Refusal> {
    let tenant = desk.tenant_changed()?;
    let owner = desk.id(0).to_owned();
    // Whoever stops itself could not resume itself.
    if reason.is_some() && tenant == desk.who.tenant() && owner == desk.who.owner() {
        return Err(Code::Forbidden.into());
    }
    let (of, by) = (tenant.clone(), owner.clone());
    let change = match reason {
        Some(_) => Change::StopOwner { tenant: of, owner: by },
        None => Change::ResumeOwner { tenant: of, owner: by },
    };
    held::<Owner>(desk, &change, (&tenant, &owner), reason)
}

/// Stops one, or ends that, and keeps why.
fn held<T: Kind>(
    desk: &mut Desk<'_>,
    change: &Change,
    (tenant, name): (&str, &str),
    reason: Option<&Reason>,
) -> Result<Response, Refusal> {
    let by = desk.who.stops_as();
    for _ in 0..ATTEMPTS_MAX {
        let found = Found::<T>::read(desk, tenant.to_owned(), name.to_owned())?;
        // SECURITY: what operators have stopped is resumed by none of the tenant's own keys, nor stopped for another reason.
        if (found.known.stopped, by) == (Some(StoppedBy::Operators), StoppedBy::Tenant) {
            let what = "Operators have stopped it, and they alone resume it.";
            return Err(Problem::with(Code::Forbidden, what).into());
        }
        let before = found.kept.reason.clone().filter(|_| found.known.stopped.is_some());
        let reason = reason.cloned().map(|reason| reason.over(before));
        let stops = reason.is_some();
        let kept = Kept { reason, ..found.kept.clone() };
        // Of one that is there by its keys alone nothing is kept but why it is stopped.
        let text = (kept.said.is_some() || stops).then(|| kept.text());
        let told = desk.told(tenant, name);
        let document = Some((found.id(), text.as_deref()));
        let act = Act { change: Some(change), by, document, ..Act::of(told) };
        let stopped = Held::Stopped(found.id(), found.known.stopped);
        if worked(desk, &[found.held(), stopped], &[act])? {
            // One whose keys are all revoked is there no more once it is resumed; it is shown this once.
            let after = Found::<T>::read(desk, tenant.to_owned(), name.to_owned())?;
            return Ok(after.answer(200));
        }
    }
    Err(Refusal::Moved)
}
