//! Tenants and owners: who there is, and who is stopped.

use serde_json::{Value, json};
use tollgate_ledger::{Change, Holder, PAGE_MAX};

use super::Desk;
use crate::{
    Response,
    problem::Code,
    reply::{Refusal, json},
};

/// The tenants, for whoever may see them all.
pub(super) fn tenants(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    if !desk.who.sees_all() {
        return Err(Code::Forbidden.into());
    }
    let (after, limit) = desk.page(&[])?;
    // One more than asked for is enough to know whether there are more.
    let held = desk.books.tenants(after.as_deref(), limit.saturating_add(1))?;
    Ok(page("tenants", held, limit))
}

/// The owners of a tenant.
pub(super) fn owners(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let (after, limit) = desk.page(&["tenant"])?;
    let tenant = desk.tenant_seen()?;
    let held = desk.books.owners(&tenant, after.as_deref(), limit.saturating_add(1))?;
    Ok(page("owners", held, limit))
}

fn page(name: &str, mut held: Vec<Holder>, limit: usize) -> Response {
    let more = held.len() > limit;
    held.truncate(limit);
    let next = held.last().filter(|_| more).map(|holder| holder.name.clone());
    let held: Vec<_> = held.iter().map(shown).collect();
    json(200, &json!({ name: held, "next": next }))
}

fn shown(Holder { name, keys, stopped, since, owners_stopped }: &Holder) -> Value {
    json!({
        "id": name, "keys": keys, "stopped": stopped, "stopped_since": since.map(|since| since.0),
        "owners_stopped": owners_stopped,
    })
}

/// All keys of a tenant are switched off.
pub(super) fn stop_tenant(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    tenant(desk, true)
}

/// The end of that.
pub(super) fn resume_tenant(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    tenant(desk, false)
}

fn tenant(desk: &mut Desk<'_>, stopped: bool) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let tenant = desk.id(0).to_owned();
    // SECURITY: one's own tenant is stopped by an operator too, or nobody could resume it.
    if !(desk.who.sees_all() && desk.who.changes(&tenant)) {
        let unknown = if desk.who.sees(&tenant) { Code::Forbidden } else { Code::TenantUnknown };
        return Err(unknown.into());
    }
    if stopped && tenant == desk.who.tenant() {
        return Err(Code::Forbidden.into());
    }
    let change = match stopped {
        true => Change::StopTenant { tenant: tenant.clone() },
        false => Change::ResumeTenant { tenant: tenant.clone() },
    };
    desk.make(&change, (&tenant, &tenant))?;
    Ok(json(200, &json!({ "id": tenant, "stopped": stopped })))
}

/// All keys of an owner are switched off.
pub(super) fn stop_owner(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    owner(desk, true)
}

/// The end of that.
pub(super) fn resume_owner(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    owner(desk, false)
}

fn owner(desk: &mut Desk<'_>, stopped: bool) -> Result<Response, Refusal> {
    desk.no_parameters(&["tenant"])?;
    let tenant = desk.tenant_changed()?;
    let owner = desk.id(0).to_owned();
    // Whoever stops itself could not resume itself.
    if stopped && tenant == desk.who.tenant() && owner == desk.who.owner() {
        return Err(Code::Forbidden.into());
    }
    let (of, by) = (tenant.clone(), owner.clone());
    let change = match stopped {
        true => Change::StopOwner { tenant: of, owner: by },
        false => Change::ResumeOwner { tenant: of, owner: by },
    };
    desk.make(&change, (&tenant, &owner))?;
    Ok(json(200, &json!({ "id": owner, "tenant": tenant, "stopped": stopped })))
}

/// How many are shown where nothing is said.
pub(super) const PAGE_DEFAULT: usize = 100;

/// The most that are shown at once: one less than the ledger reads, to know whether there are more.
pub(super) const LIMIT_MAX: usize = PAGE_MAX - 1;
