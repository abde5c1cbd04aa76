//! Every operation there is: the one table that requests are matched against.

mod ask;
mod audit;
mod document;
mod filed;
mod grants;
mod holders;
mod keys;
mod lists;
mod mint;
mod operation;
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
    Books, Chance, Filed, Request, Service, Told,
    admit::Admitted,
    model::{
        KEY_LIST, Words,
        shape::Need,
        tables::{
            DOCUMENT, ENDED, ISSUED, KEY, KEY_PAGE, KEY_PATCH, KEY_PUT, LINES, NEW_KEY, NOTHING,
            PUBLIC_KEYS, REASON, ROTATION, USAGE, VALIDATION, VERDICT, VERIFIED,
        },
    },
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::Refusal,
};

pub use ask::PATH;
pub(crate) use ask::named;
pub use filed::without_reason;
pub(crate) use mint::{PATTERN as RETRY_NAME_PATTERN, RETRY_NAME_MAX};
pub(crate) use operation::Run;
pub use operation::{Door, Operation, Takes};
use operation::{behind, open, row};
pub(crate) use parameters::read;
pub(crate) use said::{JSON, PATCH};
pub(crate) use work::ETAG_PATTERN;

/// Whoever may read keys looks; what is spent is for [`verify::VERIFY`].
const LOOKS: Door = Door::Either("keys:read", verify::VERIFY);

/// Every operation. A path that others use for one of ours is one more row. How a row is written is told in
/// `routes/operation.rs`.
pub static OPERATIONS: &[Operation] = &[
    open("docs.openapi", "/api/openapi.json", document::openapi)
        .about("Tells what operations there are, as an OpenAPI 3.1 document.")
        .asks(&[])
        .gives(200, &DOCUMENT),
    open("docs.page", "/api/docs", document::docs)
        .about("Tells what operations there are, as a page for people.")
        .asks(&[])
        .texts(&["text/html"]),
    KEYS_LIST,
    KEYS_CREATE,
    behind(LOOKS, "keys.validate", "POST", "/api/keys/validate", verify::validate)
        .about("Judges a key that somebody presented as a gate would, and spends what it costs unless it is a dry run.")
        .asks(&[])
        .takes(&VALIDATION)
        .gives(200, &VERDICT),
    behind(Door::Own, "keys.revoke-self", "POST", "/api/keys/revoke-self", own::revoke)
        .about("Ends the key that asks, for good.")
        .asks(&[])
        .may_take(&REASON)
        .gives(200, &ENDED)
        .matched()
        .refuses(&[Code::KeyUnknown]),
    KEYS_READ,
    KEYS_REPLACE,
    KEYS_UPDATE,
    KEYS_REVOKE,
    row("keys.rotate", "POST", "/api/keys/{id}/rotate", "keys:write", secrets::rotate)
        .about("Gives a key one more secret, and an end to the others.")
        .asks(&[])
        .may_take(&ROTATION)
        .gives(200, &ISSUED)
        .versioned(Need::Optional)
        .retried(),
    row("keys.disable", "POST", "/api/keys/{id}/disable", "keys:write", secrets::disable)
        .about("Switches a key off.")
        .asks(&[])
        .may_take(&REASON)
        .gives(200, &KEY)
        .versioned(Need::Optional),
    row("keys.enable", "POST", "/api/keys/{id}/enable", "keys:write", secrets::enable)
        .about("Switches a key on again.")
        .asks(&[])
        .may_take(&NOTHING)
        .gives(200, &KEY)
        .versioned(Need::Optional),
    row(
        "secrets.revoke",
        "POST",
        "/api/keys/{id}/secrets/{n}/revoke",
        "keys:write",
        secrets::revoke_one,
    )
    .about("Ends one secret of a key, for good.")
    .asks(&[])
    .may_take(&NOTHING)
    .gives(200, &KEY)
    .versioned(Need::Optional),
    KEYS_LIST.also("/api/api-keys"),
    KEYS_CREATE.also("/api/api-keys"),
    KEYS_READ.also("/api/api-keys/{id}"),
    KEYS_REPLACE.also("/api/api-keys/{id}"),
    KEYS_UPDATE.also("/api/api-keys/{id}"),
    KEYS_REVOKE.also("/api/api-keys/{id}"),
    row("keys.rotate", "POST", "/api/api-keys/{id}/regenerate", "keys:write", secrets::regenerate)
        .about("Gives a key a new secret, and ends the others at once: a rotation without a grace.")
        .asks(&[])
        .may_take(&NOTHING)
        .gives(200, &ISSUED)
        .versioned(Need::Optional)
        .retried(),
    KEYS_CREATE.also("/api/auth/apikey/generate"),
    row("usage.read", "GET", "/api/usage", "usage:read", usage::of_tenant)
        .about("Adds up what was counted of a tenant's requests.")
        .asks(ask::USAGE)
        .gives(200, &USAGE)
        .texts(&["text/csv"]),
    row("usage.key", "GET", "/api/keys/{id}/usage", "usage:read", usage::of_key)
        .about("Adds up what was counted of a key's requests.")
        .asks(ask::USAGE_OF_KEY)
        .gives(200, &USAGE)
        .texts(&["text/csv"]),
    behind(Door::Own, "usage.own", "GET", "/api/me/usage", usage::own)
        .about("Adds up what was counted of the requests of the key that asks.")
        .asks(ask::USAGE_OF_KEY)
        .gives(200, &USAGE)
        .texts(&["text/csv"]),
    row("audit.list", "GET", "/api/audit", "audit:read", audit::list)
        .about("Lists who did what in a tenant, as it was hashed.")
        .asks(audit::LINES)
        .gives(200, &LINES)
        .refuses(&[Code::TenantUnknown]),
    row("audit.export", "GET", "/api/audit/export", "audit:read", audit::export)
        .about("Gives a piece of a chain of the audit with its checkpoints, signed, for `tollgate audit verify`.")
        .asks(audit::EXPORT)
        .texts(&["application/jsonl"])
        .refuses(&[Code::AuditDamaged]),
    row("audit.verify", "GET", "/api/audit/verify", "audit:read", audit::verify)
        .about("Verifies a chain of the audit where it is kept.")
        .asks(audit::VERIFY)
        .gives(200, &VERIFIED),
    row("audit.keys", "GET", "/api/audit/keys", "audit:read", audit::keys)
        .about("Gives the public keys that checkpoints of the audit are and were signed with, as a JWKS document.")
        .asks(&[])
        .gives(200, &PUBLIC_KEYS),
    filed::rows::TENANTS_LIST,
    filed::rows::TENANTS_CREATE,
    filed::rows::TENANTS_READ,
    filed::rows::TENANTS_REPLACE,
    filed::rows::TENANTS_UPDATE,
    filed::rows::TENANTS_DELETE,
    filed::rows::TENANTS_STOP,
    filed::rows::TENANTS_RESUME,
    filed::rows::OWNERS_LIST,
    filed::rows::OWNERS_CREATE,
    filed::rows::OWNERS_READ,
    filed::rows::OWNERS_REPLACE,
    filed::rows::OWNERS_UPDATE,
    filed::rows::OWNERS_DELETE,
    filed::rows::OWNERS_STOP,
    filed::rows::OWNERS_RESUME,
    filed::rows::ROLES_LIST,
    filed::rows::ROLES_CREATE,
    filed::rows::ROLES_READ,
    filed::rows::ROLES_REPLACE,
    filed::rows::ROLES_UPDATE,
    filed::rows::ROLES_DELETE,
    filed::rows::TEMPLATES_LIST,
    filed::rows::TEMPLATES_CREATE,
    filed::rows::TEMPLATES_READ,
    filed::rows::TEMPLATES_REPLACE,
    filed::rows::TEMPLATES_UPDATE,
    filed::rows::TEMPLATES_DELETE,
];

const KEYS_LIST: Operation = row("keys.list", "GET", "/api/keys", "keys:read", lists::list)
    .about("Lists keys.")
    .asks(&KEY_LIST)
    .gives(200, &KEY_PAGE);

const KEYS_CREATE: Operation = row("keys.create", "POST", "/api/keys", "keys:write", keys::create)
    .about("Makes a key, and shows its secret this once.")
    .asks(&[ask::TENANT])
    .takes(&NEW_KEY)
    .gives(201, &ISSUED)
    .located()
    .told_version()
    .retried();

const KEYS_READ: Operation = row("keys.read", "GET", "/api/keys/{id}", "keys:read", keys::read)
    .about("Shows a key.")
    .asks(&[])
    .gives(200, &KEY)
    .told_version();

const KEYS_REPLACE: Operation =
    row("keys.replace", "PUT", "/api/keys/{id}", "keys:write", keys::replace)
        .about("Gives a key other settings in the place of all that it has.")
        .asks(&[])
        .takes(&KEY_PUT)
        .gives(200, &KEY)
        .versioned(Need::Required);

const KEYS_UPDATE: Operation =
    row("keys.update", "PATCH", "/api/keys/{id}", "keys:write", keys::update)
        .about("Changes some of a key's settings.")
        .asks(&[])
        .takes(&KEY_PATCH)
        .gives(200, &KEY)
        .versioned(Need::Optional);

const KEYS_REVOKE: Operation =
    row("keys.revoke", "DELETE", "/api/keys/{id}", "keys:write", secrets::revoke)
        .about("Ends a key, for good.")
        .asks(&[])
        .may_take(&REASON)
        .gives(200, &KEY)
        .versioned(Need::Optional);

/// The operations that a path may mean, and what stands in it for each name: what is said literally goes before what
/// may be anything.
fn at(path: &str) -> Option<Vec<(&'static Operation, Vec<String>)>> {
    let path = path::canonical(path.as_bytes()).ok()?;
    let here = OPERATIONS.iter().filter_map(|operation| {
        let ids = matched(operation.path, &path)?;
        Some((operation, ids))
    });
    let here: Vec<_> = here.collect();
    let fewest = here.iter().map(|(_, ids)| ids.len()).min()?;
    Some(here.into_iter().filter(|(_, ids)| ids.len() == fewest).collect())
}

/// The methods that a path knows; none if it is none.
pub(crate) fn methods(path: &str) -> Option<Vec<&'static str>> {
    Some(at(path)?.iter().map(|(operation, _)| operation.method).collect())
}

/// The operation that a request asks for, and what stands in its path for each name.
pub(crate) fn find(request: &Request<'_>) -> Result<(&'static Operation, Vec<String>), Refusal> {
    let here = at(request.path).ok_or(Code::NotFound)?;
    let method = if request.method == "HEAD" { "GET" } else { request.method };
    let mut allowed = vec![];
    for (operation, ids) in here {
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
    /// The parameters of the query, each of which is what its field says.
    pub(crate) words: Words,
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

    /// The value of a field, if it is there.
    ///
    /// # Security
    ///
    /// What stands twice or is no text is refused: a condition that cannot be read must not be passed over.
    pub(crate) fn field(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        let mut fields = self.request.fields.iter();
        let mut named = fields.by_ref().filter(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()));
        let Some((_, value)) = named.next() else { return Ok(None) };
        let rule = match (named.next(), std::str::from_utf8(value)) {
            (None, Ok(text)) => return Ok(Some(text.trim_ascii())),
            (Some(_), _) => (Fault::Duplicate, "must stand there once"),
            (None, Err(_)) => (Fault::Malformed, "must be text"),
        };
        let mut findings = Findings::new();
        findings.push(Finding::header(name, rule.0, rule.1));
        Err(Problem::found(Code::RequestInvalid, findings).into())
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
