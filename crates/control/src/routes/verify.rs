//! Whether a key that somebody presented would pass: the gate's verdict as data.

use serde_json::{Value, json};
use tollgate_core::{
    bucket::Wait,
    decision::Denial,
    key::ApiKey,
    network::{Address, Country},
    scope::{Scope, first_missing},
};

use super::Desk;
use crate::{
    Balance, Response, Seen, Spending,
    model::Validation,
    problem::Code,
    reply::{Refusal, json as reply},
    verdict::{self, Place},
};

/// What whoever spends must hold; a dry run is for whoever may read keys as well.
pub(super) const VERIFY: &str = "keys:verify";

/// Whether the key of the body would pass; if it does, its cost is spent.
pub(super) fn validate(desk: &mut Desk<'_>) -> Result<Response, Refusal> {
    let said: Validation = desk.said()?;
    if !said.dry_run && !desk.who.holds(VERIFY) {
        return Err(Refusal::Scope(VERIFY));
    }
    let service = desk.service;
    let parsed = ApiKey::parse(said.key.as_bytes(), &service.setup.brand).ok();
    let genuine = parsed.and_then(|key| service.peppers.prove(&key).ok());
    let found = match genuine {
        Some(genuine) => desk.books.caller(genuine.lookup())?.map(|seen| (genuine, seen)),
        None => None,
    };
    // SECURITY: another tenant's key is as good as none.
    let found = found.filter(|(_, seen)| desk.who.sees(&seen.key.settings.tenant));
    let Some((genuine, seen)) = found else {
        return Ok(told(Denial::KeyInvalid, &Value::Null));
    };
    // SECURITY: what is spent in another tenant is a change there.
    if !said.dry_run && !desk.who.changes(&seen.key.settings.tenant) {
        return Err(Code::Forbidden.into());
    }
    let place = Place {
        address: said.ip.as_deref().and_then(|text| Address::parse(text).ok()),
        country: said.country.as_deref().and_then(|text| Country::new(text.as_bytes())),
    };
    let denial = verdict::against(&seen, (genuine.lookup(), genuine.env()), place, desk.now);
    if let Some(denial) = denial.or_else(|| missing(&seen, &said.scopes)) {
        return Ok(told(denial, &shown(&seen)));
    }
    let Some(tokens) = verdict::tokens(&seen, place) else {
        return Ok(told(Denial::Unavailable, &shown(&seen)));
    };
    let spending = Spending {
        caller: &desk.who.caller,
        lookup: genuine.lookup(),
        seen: &seen,
        tokens: &tokens,
        cost: said.cost,
        dry_run: said.dry_run,
    };
    let balances = desk.books.spend(&spending, desk.now)?;
    metered(&seen, &balances, &said).ok_or(Code::Unavailable.into())
}

/// The first scope that is needed and not there.
fn missing(seen: &Seen, required: &[String]) -> Option<Denial> {
    let held = seen.key.settings.scopes.iter().filter_map(|text| Scope::new(text).ok());
    let required: Vec<_> = required.iter().filter_map(|text| Scope::new(text).ok()).collect();
    first_missing(held, &required).map(|required| Denial::ScopeMissing { required })
}

/// The verdict of the limits and quotas: none if there is not one balance for each.
fn metered(seen: &Seen, balances: &[Balance], said: &Validation) -> Option<Response> {
    let settings = &seen.key.settings;
    let (limits, quotas) = balances.split_at_checked(settings.limits.len())?;
    if quotas.len() != settings.quotas.len() {
        return None;
    }
    let refused = |balance: &Balance| balance.refused.is_some();
    let code = if quotas.iter().any(refused) {
        Some("quota_exhausted")
    } else if limits.iter().any(refused) {
        Some("rate_limited")
    } else {
        None
    };
    let spends = code.is_none() && !said.dry_run;
    let one = |(name, scope): (&str, &str), balance: &Balance| {
        let left = if spends { balance.left } else { balance.before };
        json!({
            "name": name, "scope": scope, "left": left, "refused": balance.refused.is_some(),
            "retry_after_ms": balance.refused.and_then(millis),
        })
    };
    let limits: Vec<_> = settings
        .limits
        .iter()
        .zip(limits)
        .map(|(spec, balance)| one((&spec.name, spec.scope.as_str()), balance))
        .collect();
    let quotas: Vec<_> = settings
        .quotas
        .iter()
        .zip(quotas)
        .map(|(spec, balance)| one((&spec.name, spec.scope.as_str()), balance))
        .collect();
    let wait = balances.iter().filter_map(|balance| balance.refused).max();
    Some(reply(
        200,
        &json!({
            "valid": code.is_none(), "code": code, "retry_after_ms": wait.and_then(millis),
            "spent": if spends { said.cost } else { 0 }, "key": shown(seen),
            "limits": limits, "quotas": quotas,
        }),
    ))
}

/// How long a wait is; none if it has no end.
const fn millis(wait: Wait) -> Option<u64> {
    match wait {
        Wait::Later(millis) => Some(millis),
        Wait::Never => None,
    }
}

fn shown(seen: &Seen) -> Value {
    let settings = &seen.key.settings;
    json!({
        "id": seen.key.id, "tenant": settings.tenant, "owner": settings.owner, "env": settings.env,
        "plan": settings.plan, "scopes": settings.scopes, "expires": settings.expires,
    })
}

/// A refusal before any limit was looked at.
fn told(denial: Denial, key: &Value) -> Response {
    reply(
        200,
        &json!({
            "valid": false, "code": denial.code(), "retry_after_ms": null, "spent": 0,
            "key": key, "limits": null, "quotas": null,
        }),
    )
}
