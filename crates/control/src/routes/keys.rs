//! Keys: made, listed, read and changed.

use serde_json::{Map, Value, json};
use tollgate_ledger::{Change, Secret};

use super::{
    Desk,
    mint::{Named, id, salt, secret},
    said::{FIELDS, Said, details_of, said, view},
    work::{Asked, Match, etag},
};
use crate::{
    Done, Filed, Response, Wanted,
    problem::Code,
    reply::{Refusal, json as reply},
};

/// How often a change is made again that is put over what somebody else has changed meanwhile.
const ATTEMPTS_MAX: usize = 8;

/// Some keys.
pub(super) fn list(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let (after, limit) = desk.page(&["tenant"])?;
    let tenant = desk.tenants_seen()?;
    let wanted = Wanted { tenant: tenant.as_deref(), after: after.as_deref(), limit };
    let page = desk.books.keys(&wanted)?;
    let keys: Vec<_> = page.keys.iter().map(|filed| view(filed, desk.now)).collect();
    Ok(reply(200, &json!({ "keys": keys, "next": page.next })))
}

/// One key.
pub(super) fn read(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let filed = desk.seen()?;
    Ok(shown(desk, 200, &filed))
}

/// A key with its version.
pub(super) fn shown(desk: &Desk<'_>, status: u16, filed: &Filed) -> Response {
    let mut response = reply(status, &view(filed, desk.now));
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
    let mut map = desk.object(&FIELDS)?;
    if matches!(map.get("owner"), None | Some(Value::Null)) {
        map.insert("owner".to_owned(), desk.who.owner().into());
    }
    let Said { settings, name, mut details } = said(map, &tenant)?;
    if !desk.who.acts_for(&tenant, &settings.owner) || desk.who.lacks(&settings.scopes).is_some() {
        return Err(Code::Forbidden.into());
    }
    let env = settings.env.clone();
    if !desk.service.setup.brand.envs().any(|known| known.as_str() == env) {
        return Err(super::said::wrong(
            "env",
            crate::problem::Fault::UnknownName,
            "is not among the envs of this deployment",
        ));
    }
    details.insert("creator".to_owned(), desk.who.id().into());
    details.insert("updated".to_owned(), desk.now.0.into());
    let details = Value::Object(details).to_string();
    let named = Named::of(desk)?;
    let drawn = salt(desk.chance)?;
    let minted = secret(desk, &env, named.as_ref().map(|named| (named, &drawn)))?;
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
    match desk.work(&asked)? {
        Done::Made { filed, .. } => {
            let filed = filed.ok_or(Code::Unavailable)?;
            let mut response = revealed(desk, 201, &filed, Some(minted.as_str()));
            response.fields.push(("location", ["/api/keys/", &filed.key.id].concat()));
            Ok(response)
        }
        Done::Before { filed, salt } => {
            let mut response = again(desk, 201, named.as_ref(), &filed, &salt)?;
            response.fields.push(("location", ["/api/keys/", &filed.key.id].concat()));
            Ok(response)
        }
    }
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
    let given = desk.object(&FIELDS)?;
    let matched = desk.if_match()?;
    if matched == Match::Unsaid {
        return Err(Code::PreconditionRequired.into());
    }
    change(desk, matched, |filed| {
        let mut map = given.clone();
        map.insert("env".to_owned(), filed.key.settings.env.clone().into());
        map
    })
}

/// Some other settings.
pub(super) fn update(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let given = desk.object(&FIELDS)?;
    let matched = desk.if_match()?;
    change(desk, matched, |filed| {
        let mut map = as_said(filed);
        merge(&mut map, &given);
        map
    })
}

/// A key as somebody would say it.
fn as_said(filed: &Filed) -> Map<String, Value> {
    let settings = serde_json::to_value(&filed.key.settings).unwrap_or_default();
    let Value::Object(mut map) = settings else { return Map::new() };
    map.remove("tenant");
    map.insert("name".to_owned(), json!(filed.key.name));
    for (name, value) in details_of(filed) {
        if FIELDS.contains(&name.as_str()) {
            map.insert(name, value);
        }
    }
    map
}

/// RFC 7396.
fn merge(map: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => drop(map.remove(name)),
            Value::Object(inner) => {
                let slot = map.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
                }
                if let Value::Object(slot) = slot {
                    merge(slot, inner);
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                map.insert(name.clone(), value.clone());
            }
        }
    }
}

fn change(
    desk: &mut Desk<'_>,
    matched: Match,
    wanted: impl Fn(&Filed) -> Map<String, Value>,
) -> Result<Response, Refusal> {
    for _ in 0..ATTEMPTS_MAX {
        let filed = desk.changed()?;
        let (tenant, before) = (&filed.key.settings.tenant, &filed.key.settings);
        let Said { settings, name, details } = said(wanted(&filed), tenant)?;
        let who = &desk.who;
        // SECURITY: of a key that administers more than the caller does nothing is changed by it.
        let lacks = who.lacks(&settings.scopes).or_else(|| who.lacks(&before.scopes));
        if !who.acts_for(tenant, &settings.owner) || lacks.is_some() {
            return Err(Code::Forbidden.into());
        }
        let mut kept = details_of(&filed);
        for field in ["description", "metadata", "labels"] {
            kept.remove(field);
        }
        kept.extend(details);
        kept.insert("updated".to_owned(), desk.now.0.into());
        let kept = Value::Object(kept).to_string();
        // What is put over what was read is put over nothing else.
        let expected = Some(matched.version().unwrap_or(filed.key.changed));
        let change = Change::Update { id: filed.key.id.clone(), settings, expected };
        let asked = Asked {
            name: Some(name.as_deref()),
            details: Some(&kept),
            ..Asked::of(&filed, &change, expected)
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
