//! `bucket.*`: docs/spec/bucket-and-lease.md.

use serde_json::{Value, json};
use tollgate_core::{
    bucket::{Bucket, BucketName, Debit, Subject, Wait},
    id::Id,
    limit::{Numbers, NumbersError, Period, Refill},
    time::UnixMillis,
};

use crate::{BadCase, input};

/// The result of `bucket.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub fn apply(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "run" => run(input),
        "name" => name(input),
        _ => Err(BadCase(format!("no operation bucket.{op}"))),
    }
}

fn run(input: &Value) -> Result<Value, BadCase> {
    let Ok(numbers) = numbers(input::field(input, "numbers")?)? else {
        return Ok(json!({"error": "numbers_out_of_range"}));
    };
    let mut bucket = Bucket::full(numbers, UnixMillis(input::uint(input, "start")?));
    let mut results = Vec::new();
    for step in list(input, "steps")? {
        let at = UnixMillis(input::uint(step, "at")?);
        results.push(match bucket.debit(numbers, small(step, "cost")?, at) {
            Debit::Taken(after) => {
                bucket = after;
                json!("taken")
            }
            Debit::Refused(Wait::Later(wait)) => json!({"later": wait}),
            Debit::Refused(Wait::Never) => json!("never"),
        });
    }
    let credit = bucket.credit.to_string();
    Ok(json!({"results": results, "credit": credit, "instant": bucket.instant.0}))
}

fn name(input: &Value) -> Result<Value, BadCase> {
    let id = |name| {
        let text = input::str(input, name)?;
        Id::new(text).map_err(|error| BadCase(format!("{name}: {error}")))
    };
    let subject = match input::str(input, "scope")? {
        "key" => Subject::Key(id("id")?),
        "owner" => Subject::Owner(id("id")?),
        "tenant" => Subject::Tenant,
        "ip" => {
            let address = input::str(input, "id")?.parse();
            Subject::Ip(address.map_err(|_| BadCase("id is no address".into()))?)
        }
        "global" => Subject::Global,
        scope => return Err(BadCase(format!("no scope {scope}"))),
    };
    Ok(json!(BucketName::new(id("tenant")?, subject, id("limit")?).as_str()))
}

/// The numbers of a limit or a quota.
pub(crate) fn numbers(value: &Value) -> Result<Result<Numbers, NumbersError>, BadCase> {
    if value.get("count").is_none() {
        let (burst, rate) = (input::uint(value, "burst")?, input::uint(value, "rate")?);
        return Ok(Numbers::steady(burst, rate, input::uint(value, "period_ms")?));
    }
    let each = input::str(value, "each")?;
    let period = Period::ALL.into_iter().find(|period| period.as_str() == each);
    let period = period.ok_or_else(|| BadCase(format!("no period {each}")))?;
    Ok(Numbers::quota(input::uint(value, "count")?, period))
}

/// Numbers as they are written.
pub(crate) fn written(numbers: Numbers) -> Value {
    match numbers.refill() {
        Refill::Steady { rate, period_ms } => {
            json!({"burst": numbers.burst(), "rate": rate, "period_ms": period_ms})
        }
        Refill::Each(period) => json!({"count": numbers.burst(), "each": period.as_str()}),
    }
}

/// A list.
pub(crate) fn list<'a>(input: &'a Value, name: &str) -> Result<&'a [Value], BadCase> {
    let list = input::field(input, name)?.as_array();
    Ok(list.ok_or_else(|| BadCase(format!("{name} is no list")))?)
}

/// An integer below 2³².
pub(crate) fn small(input: &Value, name: &str) -> Result<u32, BadCase> {
    let number = input::uint(input, name)?;
    u32::try_from(number).map_err(|_| BadCase(format!("{name} is too large")))
}
