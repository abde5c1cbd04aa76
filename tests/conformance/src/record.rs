//! `record.*`: docs/spec/record.md.

use serde_json::{Map, Value, json};
use tollgate_core::{
    id::Id,
    key::Env,
    limit::{Limit, LimitScope, Numbers, Period, Refill},
    lookup::LookupId,
    pepper::{Pepper, PepperId, Peppers, danger},
    record::{self, Absence, Draft, Expected, Found, PACKED_MAX, Record, State, TEXT_MAX},
    stamp::Stamp,
    time::UnixMillis,
};

use crate::{BadCase, input, key::ring};

/// The result of `record.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub fn apply(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "seal" => sealed(input),
        "open" => opened(input),
        _ => Err(BadCase(format!("no operation record.{op}"))),
    }
}

fn sealed(input: &Value) -> Result<Value, BadCase> {
    let peppers = peppers(input)?;
    let fields = input::field(input, "record")?;
    let pepper = u8::try_from(input::uint(fields, "k")?).ok().and_then(PepperId::new);
    let pepper = pepper.ok_or_else(|| BadCase("k is no pepper id".into()))?;
    let mut out = vec![0; TEXT_MAX];
    let text = if fields.get("absent").is_some() {
        absence(fields)
            .and_then(|absence| record::seal_absence(absence, &peppers, pepper, &mut out).ok())
    } else {
        with_draft(fields, |draft| {
            Some(record::seal(draft, &peppers, pepper, &mut out).ok()?.to_vec())
        })
        .map(|text| {
            out = text;
            out.as_slice()
        })
    };
    Ok(match text {
        Some(text) => json!({"text": String::from_utf8_lossy(text)}),
        None => json!({"error": "record_invalid"}),
    })
}

fn opened(input: &Value) -> Result<Value, BadCase> {
    let peppers = peppers(input)?;
    let text = input::text(input, "text")?;
    let lookup = LookupId::from_hex(input::str(input, "lookup")?);
    let lookup = lookup.ok_or_else(|| BadCase("lookup is no lookup id".into()))?;
    let env = Env::new(input::str(input, "env")?).map_err(|_| BadCase("env is none".into()))?;
    let expected = Expected { lookup, env };
    Ok(match record::open(&text, &peppers, expected, &mut [0; PACKED_MAX]) {
        Err(error) => json!({"error": error.code()}),
        Ok(found) => {
            let mut fields = match found {
                Found::Present(record) => fields(&record),
                Found::Absent(absence) => json!({
                    "as_of": stamp(absence.as_of), "lookup": absence.lookup.to_string(), "absent": true,
                }),
            };
            if let Some(fields) = fields.as_object_mut() {
                fields.insert("v".into(), json!(1));
                fields.insert("k".into(), json!(pepper_of(&text)));
            }
            json!({"record": fields})
        }
    })
}

/// The ring of a case whose issuing pepper does not matter.
pub(crate) fn peppers(input: &Value) -> Result<Peppers, BadCase> {
    let mut input = input.clone();
    let first = input.pointer("/peppers/0/id").cloned().unwrap_or_default();
    if let Some(input) = input.as_object_mut() {
        input.insert("issuing".into(), first);
    }
    let ring = ring(&input, danger::published_peppers)?;
    ring.map_err(|error| BadCase(error.to_string()))
}

/// The pepper id that a sealed text names. It is no field of what was sealed.
pub(crate) fn pepper_of(text: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once("\"k\":")?;
    rest.split(',').next()?.parse().ok()
}

fn fields(record: &Record<'_>) -> Value {
    let list = |blocks: Vec<String>| json!(blocks);
    json!({
        "as_of": stamp(record.as_of),
        "lookup": record.lookup.to_string(),
        "key": record.key.as_str(),
        "tenant": record.tenant.as_str(),
        "owner": record.owner.as_str(),
        "env": record.env.as_str(),
        "state": record.state.as_str(),
        "not_before": record.not_before.map(|instant| instant.0),
        "expires": record.expires.map(|instant| instant.0),
        "plan": record.plan.map(Id::as_str),
        "scopes": record.scopes.iter().map(|scope| json!(scope.as_str())).collect::<Vec<_>>(),
        "limits": record.limits.iter().map(|limit| limit_fields(&limit)).collect::<Vec<_>>(),
        "quotas": record.quotas.iter().map(|limit| limit_fields(&limit)).collect::<Vec<_>>(),
        "ips": {
            "allow": list(record.ips_allowed.iter().map(|block| block.to_string()).collect()),
            "deny": list(record.ips_denied.iter().map(|block| block.to_string()).collect()),
        },
        "countries": {
            "allow": list(record.countries_allowed.iter().map(|code| code.to_string()).collect()),
            "deny": list(record.countries_denied.iter().map(|code| code.to_string()).collect()),
        },
    })
}

fn limit_fields(limit: &Limit<'_>) -> Value {
    let mut fields = json!({
        "name": limit.name.as_str(), "scope": limit.scope.as_str(), "changed": stamp(limit.changed),
    });
    let numbers = match limit.numbers.refill() {
        Refill::Steady { rate, period_ms } => {
            json!({"burst": limit.numbers.burst(), "rate": rate, "period_ms": period_ms})
        }
        Refill::Each(period) => json!({"count": limit.numbers.burst(), "each": period.as_str()}),
    };
    if let (Some(fields), Value::Object(mut numbers)) = (fields.as_object_mut(), numbers) {
        fields.append(&mut numbers);
    }
    fields
}

/// `[incarnation, epoch]`.
pub(crate) fn stamp(stamp: Stamp) -> Value {
    json!([stamp.incarnation, stamp.epoch])
}

/// A stamp from `[incarnation, epoch]`.
pub(crate) fn read_stamp(value: Option<&Value>) -> Option<Stamp> {
    match value?.as_array()?.as_slice() {
        [incarnation, epoch] => {
            Some(Stamp { incarnation: incarnation.as_u64()?, epoch: epoch.as_u64()? })
        }
        _ => None,
    }
}

fn absence(fields: &Value) -> Option<Absence> {
    let lookup = LookupId::from_hex(fields.get("lookup")?.as_str()?)?;
    Some(Absence { as_of: read_stamp(fields.get("as_of"))?, lookup })
}

/// Calls `use_it` with the draft that the fields describe, if they are of its types.
pub(crate) fn with_draft<R>(
    fields: &Value,
    use_it: impl FnOnce(&Draft<'_>) -> Option<R>,
) -> Option<R> {
    let fields = fields.as_object()?;
    let list = |field: &str, of: &str| strings(fields.get(field)?.get(of)?);
    let scopes = strings(fields.get("scopes")?)?;
    let limits = limits(fields, "limits")?;
    let quotas = self::limits(fields, "quotas")?;
    let ips = (list("ips", "allow")?, list("ips", "deny")?);
    let countries = (list("countries", "allow")?, list("countries", "deny")?);
    let text = |name: &str| fields.get(name)?.as_str();
    let plan = fields.get("plan")?;
    let state = State::ALL.into_iter().find(|state| Some(state.as_str()) == text("state"))?;
    let draft = Draft {
        as_of: read_stamp(fields.get("as_of"))?,
        lookup: LookupId::from_hex(text("lookup")?)?,
        key: text("key")?,
        tenant: text("tenant")?,
        owner: text("owner")?,
        env: Env::new(text("env")?).ok()?,
        state,
        not_before: instant(fields.get("not_before")?)?,
        expires: instant(fields.get("expires")?)?,
        plan: if plan.is_null() { None } else { Some(plan.as_str()?) },
        scopes: &scopes,
        limits: &limits,
        quotas: &quotas,
        ips_allowed: &ips.0,
        ips_denied: &ips.1,
        countries_allowed: &countries.0,
        countries_denied: &countries.1,
    };
    use_it(&draft)
}

/// The strings of a list.
pub(crate) fn strings(list: &Value) -> Option<Vec<&str>> {
    list.as_array()?.iter().map(Value::as_str).collect()
}

#[expect(clippy::option_option, reason = "the outer one is a wrong type, the inner one null")]
fn instant(value: &Value) -> Option<Option<UnixMillis>> {
    if value.is_null() { Some(None) } else { Some(Some(UnixMillis(value.as_u64()?))) }
}

fn limits<'v>(fields: &'v Map<String, Value>, kind: &str) -> Option<Vec<Limit<'v>>> {
    fields.get(kind)?.as_array()?.iter().map(|value| limit(value, kind)).collect()
}

fn limit<'v>(value: &'v Value, kind: &str) -> Option<Limit<'v>> {
    let number = |name: &str| value.get(name)?.as_u64();
    let scope = value.get("scope")?.as_str()?;
    let numbers = if kind == "limits" {
        Numbers::steady(number("burst")?, number("rate")?, number("period_ms")?)
    } else {
        let each = value.get("each")?.as_str()?;
        let period = Period::ALL.into_iter().find(|period| period.as_str() == each)?;
        Numbers::quota(number("count")?, period)
    };
    Some(Limit {
        name: Id::new(value.get("name")?.as_str()?).ok()?,
        scope: LimitScope::ALL.into_iter().find(|known| known.as_str() == scope)?,
        numbers: numbers.ok()?,
        changed: read_stamp(value.get("changed"))?,
    })
}

/// A record that says nothing in particular: a view can only be had of a text that was sealed.
pub(crate) fn blank(packed: &mut [u8; PACKED_MAX]) -> Option<Record<'_>> {
    let fields = json!({
        "as_of": [1, 1], "lookup": "00".repeat(16), "key": "k", "tenant": "t", "owner": "o",
        "env": "e", "state": "active", "not_before": null, "expires": null, "plan": null,
        "scopes": [], "limits": [], "quotas": [],
        "ips": {"allow": [], "deny": []}, "countries": {"allow": [], "deny": []},
    });
    reopened(&fields, packed)
}

/// The record of these fields, sealed and opened again.
pub(crate) fn reopened<'p>(fields: &Value, packed: &'p mut [u8; PACKED_MAX]) -> Option<Record<'p>> {
    let secret: Vec<u8> = (0..32).collect();
    let peppers = danger::published_peppers(&[Pepper { id: 0, secret: &secret }], 0).ok()?;
    with_draft(fields, |draft| {
        let mut out = vec![0; TEXT_MAX];
        let text = record::seal(draft, &peppers, peppers.issuing(), &mut out).ok()?;
        let expected = Expected { lookup: draft.lookup, env: draft.env };
        match record::open(text, &peppers, expected, packed).ok()? {
            Found::Present(record) => Some(record),
            Found::Absent(_) => None,
        }
    })
}
