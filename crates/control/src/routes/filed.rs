//! Tenants, owners, roles and templates: made, listed, read, changed and deleted.

mod kept;
mod kinds;
pub(super) mod rows;

use serde_json::json;
use tollgate_core::stamp::Stamp;
use tollgate_ledger::PAGE_MAX;

use super::{
    Desk,
    said::{JSON, PATCH},
    work::{ATTEMPTS_MAX, Match, tag},
};
use crate::{
    Act, DocumentId, DocumentKind, Documented, Held, Response, Work,
    model::{ListQuery, Patch, read_put},
    problem::{Code, Problem},
    reply::{Refusal, json as reply},
};
pub use kept::without_reason;
pub(super) use kept::{Kept, version};
pub(super) use kinds::{Kind, Reach};

/// The most of them that one request looks at: a page may be shorter for that, and the next goes on.
const LOOKED_AT_MAX: usize = 10_000;

/// One of them, as it was found.
pub(super) struct Found<T> {
    pub(super) tenant: String,
    pub(super) name: String,
    pub(super) known: Documented,
    pub(super) kept: Kept<T>,
}

impl<T: Kind> Found<T> {
    fn of(tenant: String, name: String, known: Documented) -> Result<Self, Refusal> {
        let kept = Kept::read(known.document.as_deref())?;
        Ok(Self { tenant, name, known, kept })
    }

    /// What it is, as the store finds one.
    pub(super) fn read(desk: &mut Desk<'_>, tenant: String, name: String) -> Result<Self, Refusal> {
        let known = desk.books.document(id::<T>(&tenant, &name))?;
        Self::of(tenant, name, known)
    }

    pub(super) fn id(&self) -> DocumentId<'_> {
        id::<T>(&self.tenant, &self.name)
    }

    /// That what was read is still so.
    pub(super) fn held(&self) -> Held<'_> {
        Held::Document(self.id(), self.known.document.as_deref())
    }

    /// Whether there is one: a tenant or an owner is there by its keys as well, or by its stop.
    fn there(&self) -> bool {
        let implied = matches!(T::KIND, DocumentKind::Tenant | DocumentKind::Owner);
        self.kept.said.is_some() || (implied && (self.known.used || self.known.stopped.is_some()))
    }

    fn version(&self) -> Stamp {
        version(self.known.document.as_deref())
    }

    /// What is said of it; of one that is there by its keys alone nothing but its name.
    fn said(&self) -> T {
        self.kept.said.clone().unwrap_or_else(|| T::unsaid(&self.name))
    }

    fn view(&self) -> serde_json::Value {
        self.kept.view(self.said(), self.known.stopped, self.version())
    }

    pub(super) fn answer(&self, status: u16) -> Response {
        let mut response = reply(status, &self.view());
        response.fields.push(("etag", tag(self.version())));
        response
    }

    /// Refuses another version than the one that is meant.
    fn is(&self, meant: Match) -> Result<(), Refusal> {
        match meant.version() {
            Some(version) if version != self.version() => Err(Code::VersionDiffers.into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses what has a scope of administration that the caller lacks.
    fn within(&self, desk: &Desk<'_>, said: &T) -> Result<(), Refusal> {
        match desk.who.lacks(said.scopes()) {
            Some(_) => Err(Code::Forbidden.into()),
            None => Ok(()),
        }
    }
}

/// Which one.
pub(super) const fn id<'a, T: Kind>(tenant: &'a str, name: &'a str) -> DocumentId<'a> {
    let name = match T::KIND {
        DocumentKind::Tenant => "",
        DocumentKind::Owner | DocumentKind::Role | DocumentKind::Template => name,
    };
    DocumentId { kind: T::KIND, tenant, name }
}

/// Some of them, in the order of their names.
pub(super) fn list<T: Kind>(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let query = ListQuery::read(desk.request.query, T::PLURAL, desk.who.tenant())?;
    T::may_list(desk, &query.tenant)?;
    let mut after = query.after.clone().unwrap_or_default();
    let (mut found, mut looked_at) = (vec![], 0_usize);
    // Where nothing is searched for, a page and one more are enough to know whether there are more.
    let at_once = match query.text {
        None => query.limit.saturating_add(1),
        Some(_) => PAGE_MAX,
    };
    loop {
        let tenant = if T::KIND == DocumentKind::Tenant { &after } else { &query.tenant };
        let page = desk.books.documents(id::<T>(tenant, &after), at_once)?;
        let whole = page.len() >= at_once;
        for known in page {
            let (tenant, name) = (query.tenant.clone(), known.name.clone());
            let one = Found::<T>::of(tenant, name, known)?;
            looked_at = looked_at.saturating_add(1);
            let said = one.said();
            let (named, described) = said.texts();
            if one.there() && query.admits(&one.name, named, described) {
                if found.len() >= query.limit {
                    let next = query.cursor(T::PLURAL, &after);
                    return Ok(reply(200, &json!({ T::PLURAL: found, "next": next })));
                }
                found.push(one.view());
            }
            after = one.name;
        }
        if !whole || looked_at >= LOOKED_AT_MAX {
            let next = whole.then(|| query.cursor(T::PLURAL, &after));
            return Ok(reply(200, &json!({ T::PLURAL: found, "next": next })));
        }
    }
}

/// A new one.
pub(super) fn create<T: Kind>(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let tenant = T::tenant_made(desk)?;
    let new: T = desk.said()?;
    let name = new.name().to_owned();
    let tenant = tenant.unwrap_or_else(|| name.clone());
    let before = T::unsaid(&name);
    for _ in 0..ATTEMPTS_MAX {
        let mut found = Found::<T>::read(desk, tenant.clone(), name.clone())?;
        found.within(desk, &new)?;
        new.given_by(&desk.who, &before)?;
        if found.kept.said.is_some() {
            return Err(T::EXISTS.into());
        }
        let reason = found.kept.reason.take();
        let creator = Some(desk.who.id().to_owned());
        let (created_ms, updated_ms) = (desk.now.0, desk.now.0);
        let kept = Kept { said: Some(new.clone()), reason, creator, created_ms, updated_ms };
        let reach = new.reach(desk, &tenant, &before)?;
        if let Some(after) = file(desk, found, kept, &reach)? {
            let mut response = after.answer(201);
            let path = [desk.operation.path, "/", &name].concat();
            response.fields.push(("location", path));
            return Ok(response);
        }
    }
    Err(Refusal::Moved)
}

/// One of them.
pub(super) fn read<T: Kind>(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let name = desk.id(0).to_owned();
    let tenant = T::tenant_seen(desk, &name)?;
    Ok(there::<T>(desk, &tenant, &name)?.answer(200))
}

fn there<T: Kind>(desk: &mut Desk<'_>, tenant: &str, name: &str) -> Result<Found<T>, Refusal> {
    let found = Found::<T>::read(desk, tenant.to_owned(), name.to_owned())?;
    if found.there() { Ok(found) } else { Err(T::UNKNOWN.into()) }
}

/// Something else in the place of all that is said of it.
pub(super) fn replace<T: Kind>(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let name = desk.id(0).to_owned();
    let tenant = T::tenant_changed(desk, &name)?;
    let put: T = read_put(&name, desk.bytes(&[JSON])?)?;
    let meant = desk.if_match()?;
    if meant == Match::Unsaid {
        return Err(Code::PreconditionRequired.into());
    }
    change(desk, (&tenant, &name), meant, |_| Ok(put.clone()))
}

/// Something else in the place of some of it.
pub(super) fn update<T: Kind>(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let name = desk.id(0).to_owned();
    let tenant = T::tenant_changed(desk, &name)?;
    let patch = Patch::<T>::read(desk.bytes(&[JSON, PATCH])?)?;
    let meant = desk.if_match()?;
    change(desk, (&tenant, &name), meant, |now| patch.applied(now))
}

fn change<T: Kind>(
    desk: &mut Desk<'_>,
    (tenant, name): (&str, &str),
    meant: Match,
    wanted: impl Fn(&T) -> Result<T, Problem>,
) -> Result<Response, Refusal> {
    for _ in 0..ATTEMPTS_MAX {
        let found = there::<T>(desk, tenant, name)?;
        found.is(meant)?;
        let before = found.said();
        let said = wanted(&before)?;
        // SECURITY: of what administers more than the caller does nothing is changed by it.
        found.within(desk, &before)?;
        found.within(desk, &said)?;
        said.given_by(&desk.who, &before)?;
        let reach = said.reach(desk, tenant, &before)?;
        let Kept { reason, creator, created_ms, .. } = found.kept.clone();
        let (creator, created_ms) = match found.kept.said {
            Some(_) => (creator, created_ms),
            None => (Some(desk.who.id().to_owned()), desk.now.0),
        };
        let updated_ms = desk.now.0;
        let kept = Kept { said: Some(said), reason, creator, created_ms, updated_ms };
        if let Some(after) = file(desk, found, kept, &reach)? {
            return Ok(after.answer(200));
        }
    }
    Err(Refusal::Moved)
}

/// Keeps something else of it, and changes what that reaches: none if it was made from what is not so any more.
fn file<T: Kind>(
    desk: &mut Desk<'_>,
    found: Found<T>,
    kept: Kept<T>,
    reach: &Reach,
) -> Result<Option<Found<T>>, Refusal> {
    let text = kept.text();
    let (tenant, id) = (found.tenant.as_str(), found.id());
    let told = desk.told(tenant, &found.name);
    let mut acts = vec![Act { document: Some((id, Some(&text))), ..Act::of(told) }];
    acts.extend(reach.changes.iter().map(|changed| changed.act(desk.told(tenant, changed.key()))));
    let mut held = vec![found.held()];
    let new = T::KIND.most().filter(|_| found.known.document.is_none());
    held.extend(new.map(|most| Held::Fewer(id, most)));
    held.extend(reach.held(tenant));
    if !worked(desk, &held, &acts)? {
        return Ok(None);
    }
    let known = Documented { document: Some(text), ..found.known.clone() };
    Ok(Some(Found { known, kept, ..found }))
}

/// Makes changes: whether they were made, or what they were made from is not so any more.
pub(super) fn worked(
    desk: &mut Desk<'_>,
    held: &[Held<'_>],
    acts: &[Act<'_>],
) -> Result<bool, Refusal> {
    let work = Work { caller: &desk.who.caller, held, acts, retry: None };
    match desk.books.work(&work, desk.now).map_err(Refusal::from) {
        Ok(_) => Ok(true),
        Err(refusal) if refusal.is_stale() => Ok(false),
        Err(refusal) => Err(refusal),
    }
}

/// It is there no more.
pub(super) fn delete<T: Kind>(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let name = desk.id(0).to_owned();
    let tenant = T::tenant_changed(desk, &name)?;
    let meant = desk.if_match()?;
    for _ in 0..ATTEMPTS_MAX {
        let found = there::<T>(desk, &tenant, &name)?;
        found.is(meant)?;
        found.within(desk, &found.said())?;
        if found.known.used {
            return Err(Code::InUse.into());
        }
        if found.known.stopped.is_some() {
            return Err(Problem::with(Code::InUse, "It is stopped. Resume it first.").into());
        }
        let told = desk.told(&tenant, &name);
        let act = Act { document: Some((found.id(), None)), ..Act::of(told) };
        if worked(desk, &[found.held(), Held::Unused(found.id())], &[act])? {
            return Ok(reply(200, &found.view()));
        }
    }
    Err(Refusal::Moved)
}

/// What is kept of a role or a template, if there is one, and the text that says it.
pub(super) fn lookup<T: Kind>(
    desk: &mut Desk<'_>,
    tenant: &str,
    name: &str,
) -> Result<(Option<T>, Option<String>), Refusal> {
    let found = Found::<T>::read(desk, tenant.to_owned(), name.to_owned())?;
    Ok((found.kept.said, found.known.document))
}
