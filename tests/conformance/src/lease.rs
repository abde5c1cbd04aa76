//! `lease.*`: docs/spec/bucket-and-lease.md.

mod authority;
pub(crate) mod text;

use serde_json::{Value, json};
use tollgate_core::{
    lease::{
        DateSample, Host, Purse, Queue, Received, Situation, Sizing, Spend, Standard, Tick, Watch,
        WriterClock, may_write,
    },
    time::{Reading, UnixMillis},
};

use crate::{
    BadCase,
    bucket::{list, small},
    input,
};

/// The result of `lease.<op>`.
///
/// # Errors
///
/// When there is no such operation, or `input` is not of its shape.
pub fn apply(op: &str, input: &Value) -> Result<Value, BadCase> {
    match op {
        "size" => size(input),
        "authority" => authority::run(input),
        "state" => authority::read(input),
        "holder" => holder(input),
        "freeze" => Ok(watched(input)?.0),
        "steady" => Ok(watched(input)?.1),
        "writer" => writer(input),
        _ => Err(BadCase(format!("no operation lease.{op}"))),
    }
}

fn size(input: &Value) -> Result<Value, BadCase> {
    let sizing = Standard { calls_max: small(input, "calls_max")? };
    let situation = Situation {
        numbers: text::numbers(input, "numbers")?,
        credit: small(input, "credit")?,
        holders: small(input, "holders")?,
        calls: small(input, "calls")?,
        first: text::flag(input, "first")?,
        large: text::flag(input, "large")?,
        waiting: small(input, "waiting")?,
        cost: small(input, "cost")?,
        want: small(input, "want")?,
        deadline_ms: small(input, "deadline_ms")?,
    };
    let size = sizing.size(&situation);
    Ok(json!({
        "granted_waiting": size.granted_waiting, "granted": size.granted, "life_ms": size.life_ms,
        "round_ms": sizing.round_ms(situation.numbers, situation.holders),
        "budget": sizing.budget(situation.holders),
    }))
}

fn holder(input: &Value) -> Result<Value, BadCase> {
    let id = text::holder(input)?;
    let host = if text::flag(input, "background")? { Host::Background } else { Host::Bare };
    let numbers = text::numbers(input, "limit")?;
    let changed = text::read_stamp(input, "changed")?;
    let mut purse = Purse::new(numbers, changed, host, input::uint(input, "seq")?);
    let mut now = Reading::default();
    let mut results = Vec::new();
    for event in list(input, "events")? {
        now = Reading {
            wall: UnixMillis(input::uint(event, "wall")?),
            mono_ms: input::uint(event, "mono")?,
        };
        results.push(if event.get("spend").is_some() {
            match purse.spend(small(event, "spend")?, now) {
                Spend::Taken => json!("taken"),
                Spend::Ask => json!("ask"),
                Spend::Refused(wait) => json!({"refused": text::wait(wait)}),
            }
        } else if event.get("ask").is_some() {
            let [tokens, largest] = text::pair(event, "ask")?;
            purse
                .ask(id, Queue { tokens, largest }, now)
                .map_or(Value::Null, |ask| text::asked(&ask))
        } else if event.get("tick").is_some() {
            match purse.tick(now) {
                Tick::Quiet => json!("quiet"),
                Tick::Overdue => json!("overdue"),
                Tick::Repeat(ask) => json!({"repeat": text::asked(&ask)}),
            }
        } else if let Some(answer) = event.get("receive") {
            json!(match purse.receive(&text::read_answer(answer)?, now) {
                Received::Accepted => "accepted",
                Received::Late => "late",
                Received::Ignored => "ignored",
                Received::Twin => "stale",
            })
        } else if let Some(limit) = event.get("learn") {
            let numbers = text::numbers(limit, "limit")?;
            json!(purse.learn(numbers, text::read_stamp(limit, "changed")?))
        } else {
            input::field(event, "void")?;
            purse.void();
            json!(true)
        });
    }
    let grants: Vec<_> = purse
        .grants(now)
        .map(|grant| json!([grant.tokens, grant.usable_ms, grant.back_ms]))
        .collect();
    let (total, seq, want) = (purse.tokens(now), purse.seq(), purse.want());
    let purse = json!({"total": total, "seq": seq, "want": want, "grants": grants});
    Ok(json!({"results": results, "purse": purse}))
}

/// Where the host was frozen between two readings, and the readings it goes by.
fn watched(input: &Value) -> Result<(Value, Value), BadCase> {
    let mut watch: Option<Watch> = None;
    let (mut frozen, mut steady) = (Vec::new(), Vec::new());
    for reading in list(input, "readings")? {
        let at = |place: usize| reading.get(place).and_then(Value::as_u64);
        let (Some(wall), Some(mono_ms)) = (at(0), at(1)) else {
            return Err(BadCase("a reading is two instants".into()));
        };
        let now = Reading { wall: UnixMillis(wall), mono_ms };
        if let Some(watch) = &mut watch {
            frozen.push(watch.frozen(now));
        }
        let now = watch.get_or_insert_with(|| Watch::new(now)).steady();
        steady.push([now.wall.0, now.mono_ms]);
    }
    Ok((json!(frozen), json!(steady)))
}

fn writer(input: &Value) -> Result<Value, BadCase> {
    let received = UnixMillis(input::uint(input, "received")?);
    let sample = if input::field(input, "date")?.is_null() || text::flag(input, "frozen_since")? {
        None
    } else {
        Some(DateSample { date: UnixMillis(input::uint(input, "date")?), received })
    };
    Ok(json!(match may_write(sample, UnixMillis(input::uint(input, "now")?)) {
        WriterClock::Write => "write",
        WriterClock::ReadFirst => "read_first",
        WriterClock::ClockOff => "clock_off",
    }))
}
