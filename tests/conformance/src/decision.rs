//! `decision.*`: docs/spec/answers.md.

use serde_json::{Value, json};
use tollgate_core::{
    bucket::Wait,
    decision::{Allowed, Denial, Known, Need, Presented, Request, Step, Verdict, decide},
    head::{Checked, Entry, Freshness, Head},
    id::Id,
    key::{ApiKey, Brand, Draw, Prefix, mint},
    lease::{Answer, Ask, HolderId, Host, Lease, Purse, Queue},
    limit::{Limit, LimitScope, Numbers},
    pepper::{Genuine, Pepper, danger},
    record::{Absence, PACKED_MAX, Record},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

use crate::{
    BadCase, input,
    key::working,
    network::{address, country},
    record::reopened,
    scope::scopes,
};

/// The result of `decision.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub fn apply(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "decide" => decided(input),
        "order" => Ok(json!({"codes": Denial::CODES})),
        _ => Err(BadCase(format!("no operation decision.{op}"))),
    }
}

fn decided(input: &Value) -> Result<Value, BadCase> {
    let presented = input::field(input, "presented")?;
    let request = input::field(input, "request")?;
    let wall = UnixMillis(input::uint(request, "now")?);
    let now = Reading { wall, mono_ms: wall.0 };
    let required = scopes(request, "required")?;
    let cost = u32::try_from(input::uint(request, "cost")?);
    let of_route = route_limits(request)?;
    let request = Request {
        limits: &of_route,
        address: address(request)?,
        country: country(request)?,
        required: &required,
        cost: cost.map_err(|_| BadCase("cost is above 2^32 - 1".into()))?,
    };
    let freshness = input::str(input, "head")?;
    let freshness = Freshness::ALL.into_iter().find(|known| known.as_str() == freshness);
    let freshness = freshness.ok_or_else(|| BadCase("head is no freshness".into()))?;

    let env = presented.get("env").and_then(Value::as_str).unwrap_or("live");
    let genuine = genuine(env).ok_or_else(|| BadCase("env is none".into()))?;
    let packed = &mut [0; PACKED_MAX];
    let record = record(presented, &genuine, packed)?;
    let mut purses = Vec::new();
    if let Some(record) = &record {
        let of_record = record.limits.iter().chain(record.quotas);
        let mut limits = of_record.chain(of_route.iter().copied());
        for purse in input::field(input, "purses")?.as_array().into_iter().flatten() {
            let (numbers, changed) = match limits.next() {
                Some(limit) => (limit.numbers, limit.changed),
                None => (working(Numbers::steady(100, 1, 1))?, Stamp::default()),
            };
            let empty = Purse::new(numbers, changed, Host::Background, 0);
            purses.push(purse_of(empty, purse, request.cost, now)?);
        }
    }
    let presented = match (presented.as_str(), record) {
        (Some("ambiguous"), _) => Presented::Ambiguous,
        (Some("missing"), _) => Presented::Missing,
        (Some("refused"), _) => Presented::Refused,
        (_, record) => Presented::Genuine(genuine, known(presented, record, &genuine)?),
    };
    let step = decide(presented, freshness, &request, &mut purses, now);
    Ok(rendered(&step, record.as_ref(), &request))
}

/// The limits of the route, whose numbers no decision depends on.
fn route_limits(request: &Value) -> Result<Vec<Limit<'_>>, BadCase> {
    let limits = request.get("limits").and_then(Value::as_array).into_iter().flatten();
    let limit = |limit| {
        let scope = input::str(limit, "scope")?;
        let scope = LimitScope::ALL.into_iter().find(|known| known.as_str() == scope);
        Ok(Limit {
            name: Id::new(input::str(limit, "name")?).map_err(|_| BadCase("no name".into()))?,
            scope: scope.ok_or_else(|| BadCase("no scope".into()))?,
            numbers: working(Numbers::steady(100, 50, 1_000))?,
            changed: Stamp::default(),
        })
    };
    limits.map(limit).collect()
}

/// A key of `env` that is genuine: there is no other way to get one than to mint and prove it.
fn genuine(env: &str) -> Option<Genuine> {
    let secret: Vec<u8> = (0..32).collect();
    let peppers = danger::published_peppers(&[Pepper { id: 0, secret: &secret }], 0).ok()?;
    let brand = Brand::new("tg", &[env]).ok()?;
    let draw = Draw::new(&[7; 19]).ok()?;
    let minted = mint(Prefix::new("tg").ok()?, brand.envs().next()?, &peppers, &draw);
    peppers.prove(&ApiKey::parse(minted.as_str().as_bytes(), &brand).ok()?).ok()
}

/// The record that was presented, under the lookup id of `genuine`, which no decision depends on.
fn record<'p>(
    presented: &Value,
    genuine: &Genuine,
    packed: &'p mut [u8; PACKED_MAX],
) -> Result<Option<Record<'p>>, BadCase> {
    if presented.is_string() {
        return Ok(None);
    }
    let mut fields = presented.clone();
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("lookup".into(), json!(genuine.lookup().to_string()));
    }
    let record = reopened(&fields, packed);
    record.map(Some).ok_or_else(|| BadCase("what is presented is no record".into()))
}

fn known<'a>(
    presented: &Value,
    record: Option<Record<'a>>,
    genuine: &Genuine,
) -> Result<Known<'a>, BadCase> {
    let stamp = record.map_or(Stamp { incarnation: 1, epoch: 1 }, |record| record.as_of);
    let head = Head::begin(stamp, [Entry::NONE; 1]);
    Ok(match (presented.as_str(), record) {
        (Some("unknown"), _) => Known::Nothing,
        (Some("failed"), _) => Known::Failed,
        (Some("ahead"), _) => Known::Ahead,
        (Some("absent"), _) => {
            match head.check_absence(Absence { as_of: stamp, lookup: genuine.lookup() }, 0) {
                Checked::Current(absence) => Known::Absent(absence),
                Checked::Outdated | Checked::HeadBehind => return Err(unusable()),
            }
        }
        (None, Some(record)) => match head.check(record) {
            Checked::Current(current) => Known::Current(current),
            Checked::Outdated | Checked::HeadBehind => return Err(unusable()),
        },
        (_, _) => return Err(BadCase("presented is nothing known".into())),
    })
}

fn unusable() -> BadCase {
    BadCase("the head refuses what it was made for".into())
}

/// A purse in the state that the case describes, brought about by an answer of the authority.
fn purse_of(
    mut purse: Purse,
    described: &Value,
    cost: u32,
    now: Reading,
) -> Result<Purse, BadCase> {
    let (numbers, changed) = purse.limit();
    let number = |name: &str| described.get(name).and_then(Value::as_u64);
    let never = described.get("never").is_some().then_some(Wait::Never);
    let refused = number("refused_ms").map(Wait::Later).or(never);
    let tokens = number("tokens").unwrap_or(0);
    if tokens == 0 && refused.is_none() {
        return Ok(purse);
    }
    let tokens = u32::try_from(tokens).map_err(|_| BadCase("too many tokens".into()))?;
    let ask = purse.ask(HolderId([9; 16]), Queue { tokens: 1, largest: 1 }, now);
    let Ask { seq, .. } = ask.ok_or_else(|| BadCase("an empty purse does not ask".into()))?;
    // Refused requests of this cost: as long as the wait, and at least for this moment.
    let ask_after_ms = match refused {
        None => 0,
        Some(Wait::Later(ms)) => u32::try_from(ms).unwrap_or(u32::MAX).max(u32::from(cost > 0)),
        Some(Wait::Never) => u32::MAX,
    };
    let lease = Lease {
        seq,
        granted_waiting: u32::from(refused.is_none()),
        granted: tokens.saturating_sub(u32::from(refused.is_none())),
        ttl_ms: 5_000,
        retry_after: refused.unwrap_or(Wait::Later(0)),
        ask_after_ms,
        numbers,
        changed,
        left: 0,
    };
    purse.receive(&Answer::Lease(lease), now);
    Ok(purse)
}

fn rendered(step: &Step<'_>, record: Option<&Record<'_>>, request: &Request<'_>) -> Value {
    match step {
        Step::Verdict(Verdict::Allow(allowed)) => {
            json!({"step": "allow", "flagged": Allowed::flagged(allowed)})
        }
        Step::Verdict(Verdict::Deny(denial)) => denied(denial, record, request),
        Step::Await(Need::Record) => json!({"step": "await", "need": "record"}),
        Step::Await(Need::Head) => json!({"step": "await", "need": "head"}),
        Step::Await(Need::Tokens(short)) => {
            let names = names(record, request);
            let limits: Vec<_> = short.places().filter_map(|place| names.get(place)).collect();
            json!({"step": "await", "need": "tokens", "limits": limits})
        }
    }
}

/// A denial, with what the record and the request call that of which it is.
pub(crate) fn denied(denial: &Denial, record: Option<&Record<'_>>, request: &Request<'_>) -> Value {
    let names = names(record, request);
    let (limits, quotas) =
        record.map_or((0, 0), |record| (record.limits.len(), record.quotas.len()));
    let mut denied = json!({"step": "deny", "code": denial.code()});
    let named = |place: usize, wait: &Wait| {
        let wait = match wait {
            Wait::Later(ms) => json!(ms),
            Wait::Never => Value::Null,
        };
        json!({"limit": names.get(place), "retry_after_ms": wait})
    };
    let more = match denial {
        Denial::ScopeMissing { required } => {
            let scope = request.required.get(*required).map(|scope| scope.as_str());
            json!({"scope": scope})
        }
        Denial::QuotaExhausted { quota, wait } => named(limits.saturating_add(*quota), wait),
        Denial::RateLimited { limit, wait } if *limit < limits => named(*limit, wait),
        Denial::RateLimited { limit, wait } => named(limit.saturating_add(quotas), wait),
        Denial::RequestInvalid
        | Denial::CredentialMissing
        | Denial::KeyInvalid
        | Denial::KeyRevoked
        | Denial::TenantDisabled
        | Denial::OwnerDisabled
        | Denial::KeyDisabled
        | Denial::KeyExpired
        | Denial::KeyNotYetValid
        | Denial::IpDenied
        | Denial::CountryDenied
        | Denial::Unavailable => json!({}),
    };
    if let (Some(denied), Value::Object(mut more)) = (denied.as_object_mut(), more) {
        denied.append(&mut more);
    }
    denied
}

/// What every limit and quota is called, in the order of the purses.
fn names<'n>(record: Option<&Record<'n>>, request: &Request<'n>) -> Vec<&'n str> {
    let of_record = record.map(|record| record.limits.iter().chain(record.quotas));
    let of_route = request.limits.iter().copied();
    of_record.into_iter().flatten().chain(of_route).map(|limit| limit.name.as_str()).collect()
}
