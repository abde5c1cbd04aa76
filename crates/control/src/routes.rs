//! Every operation there is: the one table that requests are matched against.

mod audit;
mod holders;
mod keys;
mod mint;
mod own;
mod parameters;
mod said;
mod secrets;
mod usage;
mod verify;
mod work;

use tollgate_core::time::UnixMillis;
use tollgate_http::path;

use crate::{
    Books, Chance, Filed, Request, Response, Service, Told, admit::Admitted, problem::Code,
    reply::Refusal,
};

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its stable name, as the audit has it.
    pub name: &'static str,
    /// The method.
    pub method: &'static str,
    /// The path, with the names of what stands in it: `/api/keys/{id}`.
    pub path: &'static str,
    /// Whom it is for.
    pub door: Door,
    pub(crate) run: Run,
}

/// Whom an operation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Whoever holds this scope.
    Scope(&'static str),
    /// Whoever proves to hold a key: it is about that key.
    Own,
}

pub(crate) type Run = fn(&mut Desk<'_>) -> Result<Response, Refusal>;

const fn row(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    scope: &'static str,
    run: Run,
) -> Operation {
    Operation { name, method, path, door: Door::Scope(scope), run }
}

/// Every operation. A path that others use for one of ours is one more row.
pub static OPERATIONS: &[Operation] = &[
    row("keys.list", "GET", "/api/keys", "keys:read", keys::list),
    row("keys.create", "POST", "/api/keys", "keys:write", keys::create),
    row("keys.validate", "POST", "/api/keys/validate", "keys:read", verify::validate),
    Operation {
        name: "keys.revoke-self",
        method: "POST",
        path: "/api/keys/revoke-self",
        door: Door::Own,
        run: own::revoke,
    },
    row("keys.read", "GET", "/api/keys/{id}", "keys:read", keys::read),
    row("keys.replace", "PUT", "/api/keys/{id}", "keys:write", keys::replace),
    row("keys.update", "PATCH", "/api/keys/{id}", "keys:write", keys::update),
    row("keys.revoke", "DELETE", "/api/keys/{id}", "keys:write", secrets::revoke),
    row("keys.rotate", "POST", "/api/keys/{id}/rotate", "keys:write", secrets::rotate),
    row("keys.disable", "POST", "/api/keys/{id}/disable", "keys:write", secrets::disable),
    row("keys.enable", "POST", "/api/keys/{id}/enable", "keys:write", secrets::enable),
    row(
        "secrets.revoke",
        "POST",
        "/api/keys/{id}/secrets/{n}/revoke",
        "keys:write",
        secrets::revoke_one,
    ),
    row("keys.list", "GET", "/api/api-keys", "keys:read", keys::list),
    row("keys.create", "POST", "/api/api-keys", "keys:write", keys::create),
    row("keys.read", "GET", "/api/api-keys/{id}", "keys:read", keys::read),
    row("keys.replace", "PUT", "/api/api-keys/{id}", "keys:write", keys::replace),
    row("keys.update", "PATCH", "/api/api-keys/{id}", "keys:write", keys::update),
    row("keys.revoke", "DELETE", "/api/api-keys/{id}", "keys:write", secrets::revoke),
    row("keys.rotate", "POST", "/api/api-keys/{id}/regenerate", "keys:write", secrets::regenerate),
    row("keys.create", "POST", "/api/auth/apikey/generate", "keys:write", keys::create),
    row("tenants.list", "GET", "/api/tenants", "tenants:read", holders::tenants),
    row(
        "tenants.stop",
        "POST",
        "/api/tenants/{tenant}/stop",
        "tenants:write",
        holders::stop_tenant,
    ),
    row(
        "tenants.resume",
        "POST",
        "/api/tenants/{tenant}/resume",
        "tenants:write",
        holders::resume_tenant,
    ),
    row("usage.read", "GET", "/api/usage", "usage:read", usage::of_tenant),
    row("usage.key", "GET", "/api/keys/{id}/usage", "usage:read", usage::of_key),
    Operation {
        name: "usage.own",
        method: "GET",
        path: "/api/me/usage",
        door: Door::Own,
        run: usage::own,
    },
    row("audit.list", "GET", "/api/audit", "audit:read", audit::list),
    row("owners.list", "GET", "/api/owners", "owners:read", holders::owners),
    row("owners.stop", "POST", "/api/owners/{owner}/stop", "owners:write", holders::stop_owner),
    row(
        "owners.resume",
        "POST",
        "/api/owners/{owner}/resume",
        "owners:write",
        holders::resume_owner,
    ),
];

/// The operation that a request asks for, and what stands in its path for each name.
pub(crate) fn find(request: &Request<'_>) -> Result<(&'static Operation, Vec<String>), Refusal> {
    let Ok(path) = path::canonical(request.path.as_bytes()) else {
        return Err(Code::NotFound.into());
    };
    let here = OPERATIONS.iter().filter_map(|operation| {
        // What is said literally goes before what may be anything.
        let ids = matched(operation.path, &path)?;
        Some((ids.len(), operation, ids))
    });
    let here: Vec<_> = here.collect();
    let fewest = here.iter().map(|(names, ..)| *names).min().ok_or(Code::NotFound)?;
    let here = here.into_iter().filter(|(names, ..)| *names == fewest);
    let method = if request.method == "HEAD" { "GET" } else { request.method };
    let mut allowed = vec![];
    for (_, operation, ids) in here {
        if operation.method == method {
            return Ok((operation, ids));
        }
        allowed.push(operation.method);
    }
    Err(Refusal::Method(allowed.join(", ")))
}

fn matched(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut named, mut parts, mut ids) = (pattern.split('/'), path.split('/'), vec![]);
    loop {
        match (named.next(), parts.next()) {
            (None, None) => return Some(ids),
            (Some(name), Some(part)) if name.starts_with('{') && !part.is_empty() => {
                // The one escape that a canonical path keeps and an id may need.
                ids.push(part.replace("%2B", "+"));
            }
            (Some(name), Some(part)) if name == part => {}
            _ => return None,
        }
    }
}

/// One request on its way: who asks what, and what is needed for an answer.
pub(crate) struct Desk<'d> {
    pub(crate) service: Service<'d>,
    pub(crate) request: &'d Request<'d>,
    pub(crate) operation: &'static Operation,
    pub(crate) ids: Vec<String>,
    pub(crate) who: Admitted,
    pub(crate) books: &'d mut dyn Books,
    pub(crate) chance: &'d mut dyn Chance,
    pub(crate) now: UnixMillis,
}

impl Desk<'_> {
    /// What stands in the path for the name at this place.
    pub(crate) fn id(&self, place: usize) -> &str {
        self.ids.get(place).map_or("", String::as_str)
    }

    /// The value of a field, if it is there once and is text.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.request.fields.iter();
        let (_, value) = fields.find(|(named, _)| named.eq_ignore_ascii_case(name.as_bytes()))?;
        std::str::from_utf8(value).ok().map(str::trim_ascii)
    }

    /// The key of the path, if the caller may see it. Of another tenant's nothing is told, not even that it is there.
    pub(crate) fn seen(&mut self) -> Result<Filed, Refusal> {
        let filed = self.books.key(self.ids.first().map_or("", String::as_str))?;
        let filed = filed.filter(|filed| self.who.sees(&filed.key.settings.tenant));
        filed.ok_or(Refusal::from(Code::KeyUnknown))
    }

    /// The same, if the caller may change it.
    pub(crate) fn changed(&mut self) -> Result<Filed, Refusal> {
        let filed = self.seen()?;
        let settings = &filed.key.settings;
        let may = self.who.changes(&settings.tenant)
            && self.who.acts_for(&settings.tenant, &settings.owner);
        if may { Ok(filed) } else { Err(Code::Forbidden.into()) }
    }

    /// What the audit says of this request.
    pub(crate) fn told<'t>(&self, tenant: &'t str, subject: &'t str) -> Told<'t>
    where
        Self: 't,
    {
        let Request { address, id, .. } = *self.request;
        Told { tenant, operation: self.operation.name, subject, from: address, request: id }
    }
}
