//! Keys: made, listed, read and changed.

use serde_json::json;
use tollgate_ledger::{Change, Secret};

use super::{
    Desk,
    grants::{Bounds, Known},
    mint::{Named, id, salt, secret},
    said::{JSON, PATCH, details_of, view, wrong},
    work::{ATTEMPTS_MAX, Asked, Match, etag},
};
use crate::{
    Carries, Done, Filed, Response,
    model::{By, Details, KeyPatch, KeyPut, Made, NewKey, read as read_body},
    problem::{Code, Fault, Problem},
    reply::{Refusal, json as reply},
};

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
    for _ in 0..ATTEMPTS_MAX {
        match made(desk, &tenant, &new) {
            Err(Refusal::Moved) => {}
            answered => return answered,
        }
    }
    Err(Refusal::Moved)
}

fn made(desk: &mut Desk<'_>, tenant: &str, new: &NewKey) -> Result<Response, Refusal> {
    let mut known = Known::default();
    known.look_up_template(desk, tenant, new.template.as_deref())?;
    let given = known.template.as_ref().and_then(|template| template.defaults.given.roles.clone());
    let roles = new.given.roles.as_ref().or(given.as_ref());
    known.look_up_roles(desk, tenant, roles.map_or(&[], Vec::as_slice))?;
    let who = &desk.who;
    let by = By { tenant, owner: who.owner(), key: who.id() };
    let (template, roles) = (known.template.as_ref(), &known.roles);
    let Made { name, settings, mut details } = new.clone().made(by, template, roles, desk.now)?;
    if !who.acts_for(tenant, &settings.owner) || who.lacks(&settings.scopes).is_some() {
        return Err(Code::Forbidden.into());
    }
    let wanted = Bounds { limits: &settings.limits, quotas: &settings.quotas };
    wanted.given_by(&desk.who, &known.bounds(), None)?;
    let env = settings.env.clone();
    if !desk.service.setup.brand.envs().any(|known| known.as_str() == env) {
        let rule = "must be among the envs of this deployment";
        return Err(wrong("env", Fault::UnknownName, rule));
    }
    let named = Named::of(desk)?;
    let drawn = salt(desk.chance)?;
    let minted = secret(desk, &env, named.as_ref().map(|named| (named, &drawn)))?;
    details.number(minted.lookup());
    let text = details.to_text();
    let entry = Secret::new(minted.lookup(), desk.service.peppers.issuing());
    let key = id(desk.chance)?;
    let change = Change::Create { id: key.clone(), name, settings, secret: entry };
    let held = known.held(tenant);
    let asked = Asked {
        change: &change,
        key: None,
        tenant,
        subject: &key,
        expected: None,
        name: None,
        details: Some(&text),
        carries: Some(carries(&details)),
        held: &held,
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

/// What a key carries, as its details say it.
fn carries(details: &Details) -> Carries<'_> {
    Carries { roles: &details.roles, template: details.template.as_deref() }
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
        let (mut known, tenant) = (Known::default(), key.settings.tenant.as_str());
        known.look_up_template(desk, tenant, details.template.as_deref())?;
        known.look_up_roles(desk, tenant, &put.roles)?;
        let (template, roles) = (known.template.as_ref(), &known.roles);
        let changed = put.changed(key, &details, template, roles, desk.now)?;
        let who = &desk.who;
        // SECURITY: of a key that administers more than the caller does nothing is changed by it.
        let lacks = who.lacks(&changed.settings.scopes);
        let lacks = lacks.or_else(|| who.lacks(&key.settings.scopes));
        let acts = who.acts_for(&key.settings.tenant, &changed.settings.owner);
        if !acts || lacks.is_some() {
            return Err(Code::Forbidden.into());
        }
        let (now, then) = (&changed.settings, &key.settings);
        let wanted = Bounds { limits: &now.limits, quotas: &now.quotas };
        let before = Bounds { limits: &then.limits, quotas: &then.quotas };
        let before: Vec<_> = known.bounds().into_iter().chain([before]).collect();
        wanted.given_by(&desk.who, &before, None)?;
        let kept = changed.details.to_text();
        // What is put over what was read is put over nothing else.
        let expected = Some(matched.version().unwrap_or(key.changed));
        let (id, settings) = (key.id.clone(), changed.settings);
        let update = Change::Update { id, settings, expected };
        let asked = Asked {
            name: Some(changed.name.as_deref()),
            details: Some(&kept),
            carries: Some(carries(&changed.details)),
            held: &known.held(tenant),
            ..Asked::of(&filed, &update, expected)
        };
        match desk.work(&asked) {
            Err(Refusal::Moved) => {}
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
