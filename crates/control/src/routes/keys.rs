//! Keys: made, listed, read and changed.

use serde_json::json;
use tollgate_ledger::{Change, PAGE_MAX, Secret};

use super::{
    Desk,
    mint::{Named, id, salt, secret},
    said::{JSON, PATCH, details_of, view, wrong},
    work::{Asked, Match, etag},
};
use crate::{
    Done, Filed, Response, Wanted,
    model::{
        ALL, By, KeyPatch, KeyPut, KeyQuery, KeyView, Made, NewKey, SortBy, read as read_body,
    },
    problem::{Code, Fault, Finding, Findings, Problem},
    reply::{Refusal, json as reply},
};

/// How often a change is made again that is put over what somebody else has changed meanwhile.
const ATTEMPTS_MAX: usize = 8;

/// The most keys that one request looks at. In the order of ids a page may be shorter for that, and the next goes on.
const LOOKED_AT_MAX: usize = 10_000;

/// Some keys.
pub(super) fn list(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let query = query(desk)?;
    let (found, next) = match query.sort.by {
        SortBy::Id if !query.sort.descending => in_order(desk, &query)?,
        SortBy::Id | SortBy::Created | SortBy::Name | SortBy::Expires => sorted(desk, &query)?,
    };
    Ok(reply(200, &json!({ "keys": found, "next": next })))
}

/// What is asked for: in the order of ids unless another is said, which is the only one for any number of keys.
fn query(desk: &Desk<'_>) -> Result<KeyQuery, Refusal> {
    let query = KeyQuery::read(desk.request.query, desk.who.tenant())?;
    let may = match query.tenant.as_str() {
        ALL => desk.who.sees_all(),
        tenant => desk.who.sees(tenant),
    };
    if may { Ok(query) } else { Err(Code::TenantUnknown.into()) }
}

/// The keys that follow in the order of their ids, and where the next page begins.
fn in_order(
    desk: &mut Desk<'_>,
    query: &KeyQuery,
) -> Result<(Vec<KeyView>, Option<String>), Refusal> {
    let tenant = Some(query.tenant.as_str()).filter(|tenant| *tenant != ALL);
    let mut after = query.after.as_ref().map(|position| position.id.clone());
    let (mut found, mut last, mut looked_at) = (vec![], None, 0_usize);
    loop {
        let wanted = Wanted { tenant, after: after.as_deref(), limit: PAGE_MAX };
        let page = desk.books.keys(&wanted)?;
        for filed in &page.keys {
            let shown = view(filed, desk.now);
            let position = query.position(&shown);
            looked_at = looked_at.saturating_add(1);
            if query.admits(&shown) {
                if found.len() >= query.limit {
                    return Ok((found, last));
                }
                found.push(shown);
            }
            last = Some(query.cursor(&position));
        }
        match page.next {
            Some(next) if looked_at < LOOKED_AT_MAX => after = Some(next),
            Some(_) => return Ok((found, last)),
            None => return Ok((found, None)),
        }
    }
}

/// The keys that follow in another order: all of them are looked at, so there may not be too many.
fn sorted(
    desk: &mut Desk<'_>,
    query: &KeyQuery,
) -> Result<(Vec<KeyView>, Option<String>), Refusal> {
    let tenant = Some(query.tenant.as_str()).filter(|tenant| *tenant != ALL);
    let (mut after, mut found, mut looked_at) = (None, vec![], 0_usize);
    loop {
        let wanted = Wanted { tenant, after: after.as_deref(), limit: PAGE_MAX };
        let page = desk.books.keys(&wanted)?;
        looked_at = looked_at.saturating_add(page.keys.len());
        if looked_at > LOOKED_AT_MAX {
            let rule = "must be id: there are more than 10000 keys to sort";
            let mut findings = Findings::new();
            findings.push(Finding::parameter("sort", Fault::NotAllowed, rule));
            return Err(Problem::found(Code::QueryInvalid, findings).into());
        }
        for filed in &page.keys {
            let shown = view(filed, desk.now);
            let position = query.position(&shown);
            if query.admits(&shown) && query.follows(&position) {
                found.push((position, shown));
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    found.sort_by(|(one, _), (other, _)| query.compare(one, other));
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    let next = found.last().filter(|_| more).map(|(position, _)| query.cursor(position));
    Ok((found.into_iter().map(|(_, shown)| shown).collect(), next))
}

/// One key.
pub(super) fn read(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let filed = desk.seen()?;
    Ok(shown(desk, 200, &filed))
}

/// A key with its version.
pub(super) fn shown(desk: &Desk<'_>, status: u16, filed: &Filed) -> Response {
    let mut response = reply(status, &json!(view(filed, desk.now)));
    response.fields.push(("etag", etag(filed)));
    response
}

/// A key with a secret, which is shown here and nowhere else.
pub(super) fn revealed(
    desk: &Desk<'_>,
    status: u16,
    filed: &Filed,
    secret: Option<&str>,
) -> Response {
    let body = json!({ "key": view(filed, desk.now), "secret": secret });
    let mut response = reply(status, &body);
    response.fields.push(("etag", etag(filed)));
    response
}

/// A new key.
pub(super) fn create(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.no_parameters(&["tenant"])?;
    let tenant = desk.tenant_changed()?;
    let new: NewKey = desk.said()?;
    let who = &desk.who;
    let by = By { tenant: &tenant, owner: who.owner(), key: who.id() };
    // Roles and templates are kept nowhere yet: whoever names one is told that there is none.
    let Made { name, settings, mut details } = new.made(by, None, &[], desk.now)?;
    if !who.acts_for(&tenant, &settings.owner) || who.lacks(&settings.scopes).is_some() {
        return Err(Code::Forbidden.into());
    }
    let env = settings.env.clone();
    if !desk.service.setup.brand.envs().any(|known| known.as_str() == env) {
        let rule = "must be among the envs of this deployment";
        return Err(wrong("env", Fault::UnknownName, rule));
    }
    let named = Named::of(desk)?;
    let drawn = salt(desk.chance)?;
    let minted = secret(desk, &env, named.as_ref().map(|named| (named, &drawn)))?;
    details.number(minted.lookup());
    let details = details.to_text();
    let entry = Secret::new(minted.lookup(), desk.service.peppers.issuing());
    let key = id(desk.chance)?;
    let change = Change::Create { id: key.clone(), name, settings, secret: entry };
    let asked = Asked {
        change: &change,
        key: None,
        tenant: &tenant,
        subject: &key,
        expected: None,
        name: None,
        details: Some(&details),
        retry: named.as_ref().map(|named| (named, drawn)),
    };
    let (mut response, filed) = match desk.work(&asked)? {
        Done::Made { filed, .. } => {
            let filed = filed.ok_or(Code::Unavailable)?;
            (revealed(desk, 201, &filed, Some(minted.as_str())), filed)
        }
        Done::Before { filed, salt } => (again(desk, 201, named.as_ref(), &filed, &salt)?, filed),
    };
    response.fields.push(("location", ["/api/keys/", &filed.key.id].concat()));
    Ok(response)
}

/// The answer to a request that was answered before: with the same secret, unless peppers have changed meanwhile.
pub(super) fn again(
    desk: &mut Desk<'_>,
    status: u16,
    named: Option<&Named>,
    filed: &Filed,
    salt: &[u8; 32],
) -> Result<Response, Refusal> {
    let drawn = named.map(|named| (named, salt));
    let minted = secret(desk, &filed.key.settings.env, drawn)?;
    let same = filed.key.secret(minted.lookup()).is_some();
    Ok(revealed(desk, status, filed, same.then(|| minted.as_str())))
}

/// Other settings in the place of all of them.
pub(super) fn replace(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let put: KeyPut = read_body(desk.bytes(&[JSON])?)?;
    let matched = desk.if_match()?;
    if matched == Match::Unsaid {
        return Err(Code::PreconditionRequired.into());
    }
    change(desk, matched, |_| Ok(put.clone()))
}

/// Some other settings.
pub(super) fn update(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let patch = KeyPatch::read(desk.bytes(&[JSON, PATCH])?)?;
    let matched = desk.if_match()?;
    change(desk, matched, |now| patch.applied(now))
}

fn change(
    desk: &mut Desk<'_>,
    matched: Match,
    wanted: impl Fn(&KeyPut) -> Result<KeyPut, Problem>,
) -> Result<Response, Refusal> {
    for _ in 0..ATTEMPTS_MAX {
        let filed = desk.changed()?;
        let (key, details) = (&filed.key, details_of(&filed));
        let put = wanted(&KeyPut::of(key, &details))?;
        let changed = put.changed(key, &details, None, &[], desk.now)?;
        let who = &desk.who;
        // SECURITY: of a key that administers more than the caller does nothing is changed by it.
        let lacks = who.lacks(&changed.settings.scopes);
        let lacks = lacks.or_else(|| who.lacks(&key.settings.scopes));
        let acts = who.acts_for(&key.settings.tenant, &changed.settings.owner);
        if !acts || lacks.is_some() {
            return Err(Code::Forbidden.into());
        }
        let kept = changed.details.to_text();
        // What is put over what was read is put over nothing else.
        let expected = Some(matched.version().unwrap_or(key.changed));
        let (id, settings) = (key.id.clone(), changed.settings);
        let update = Change::Update { id, settings, expected };
        let asked = Asked {
            name: Some(changed.name.as_deref()),
            details: Some(&kept),
            ..Asked::of(&filed, &update, expected)
        };
        match desk.work(&asked) {
            Err(refusal) if matched.version().is_none() && refusal.is_stale() => {}
            Err(refusal) => return Err(refusal),
            Ok(Done::Made { filed: Some(filed), .. } | Done::Before { filed, .. }) => {
                return Ok(shown(desk, 200, &filed));
            }
            Ok(Done::Made { filed: None, .. }) => return Err(Code::Unavailable.into()),
        }
    }
    Err(Code::VersionDiffers.into())
}
