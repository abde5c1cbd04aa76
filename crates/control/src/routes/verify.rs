//! Whether a key that somebody presented would pass: the gate's verdict as data, and nothing spent.

use serde_json::{Value, json};
use tollgate_core::{
    decision::Denial,
    key::ApiKey,
    network::{Address, Country},
    scope::{Scope, first_missing},
};

use super::{Desk, said::wrong};
use crate::{
    Response,
    problem::Fault,
    reply::{Refusal, json as reply},
    verdict::{self, Place},
};

/// The most scopes that are asked about.
const SCOPES_MAX: usize = 16;

/// What is asked about.
struct Question {
    key: String,
    scopes: Vec<String>,
    place: Place,
}

/// Whether the key of the body would pass. Limits and quotas are not looked at, and nothing is spent.
pub(super) fn validate(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    desk.no_parameters(&[])?;
    let question = asked(desk)?;
    let service = desk.service;
    let parsed = ApiKey::parse(question.key.as_bytes(), &service.setup.brand).ok();
    let genuine = parsed.and_then(|key| service.peppers.prove(&key).ok());
    let found = match genuine {
        Some(genuine) => desk.books.caller(genuine.lookup())?.map(|seen| (genuine, seen)),
        None => None,
    };
    // SECURITY: another tenant's key is as good as none.
    let found = found.filter(|(_, seen)| desk.who.sees(&seen.key.settings.tenant));
    let Some((genuine, seen)) = found else {
        return Ok(told(Some(Denial::KeyInvalid), Value::Null));
    };
    let of = (genuine.lookup(), genuine.env());
    let denial = verdict::against(&seen, of, question.place, desk.now).or_else(|| {
        let held = seen.key.settings.scopes.iter().filter_map(|text| Scope::new(text).ok());
        let required = question.scopes.iter().filter_map(|text| Scope::new(text).ok());
        let required: Vec<_> = required.collect();
        first_missing(held, &required).map(|required| Denial::ScopeMissing { required })
    });
    let settings = &seen.key.settings;
    let key = json!({
        "id": seen.key.id, "tenant": settings.tenant, "owner": settings.owner, "env": settings.env,
        "plan": settings.plan, "scopes": settings.scopes, "expires": settings.expires,
    });
    Ok(told(denial, key))
}

fn told(denial: Option<Denial>, key: Value) -> Response {
    let code = denial.map(Denial::code);
    reply(200, &json!({ "valid": denial.is_none(), "code": code, "key": key }))
}

fn asked(desk: &Desk<'_>) -> Result<Question, Refusal> {
    let body = desk.object(&["key", "scopes", "ip", "country"])?;
    let Some(Value::String(key)) = body.get("key") else {
        return Err(wrong("key", Fault::Required, "must be the key that was presented"));
    };
    let mut scopes = vec![];
    match body.get("scopes") {
        None => {}
        Some(Value::Array(list)) if list.len() <= SCOPES_MAX => {
            for scope in list {
                let text = scope.as_str().filter(|text| Scope::new(text).is_ok());
                let rule = "must be scopes such as orders:read";
                let text = text.ok_or_else(|| wrong("scopes", Fault::Malformed, rule))?;
                scopes.push(text.to_owned());
            }
        }
        Some(_) => return Err(wrong("scopes", Fault::TooMany, "must be a list of at most 16")),
    }
    let text = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong(name, Fault::WrongType, "must be a text")),
    };
    let address = match text("ip")? {
        None => None,
        Some(text) => Some(
            Address::parse(&text)
                .map_err(|_| wrong("ip", Fault::Malformed, "must be an address"))?,
        ),
    };
    let country = match text("country")? {
        None => None,
        Some(text) => {
            let country = Country::new(text.as_bytes());
            let rule = "must be a code of two characters";
            Some(country.ok_or_else(|| wrong("country", Fault::Malformed, rule))?)
        }
    };
    Ok(Question { key: key.clone(), scopes, place: Place { address, country } })
}
