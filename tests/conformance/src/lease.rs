//! `lease.*`: docs/spec/bucket-and-lease.md.

mod text;

use serde_json::{Value, json};
use tollgate_core::{
    lease::{
        Account, DateSample, Forget, HOLDERS_MAX, Host, Purse, Queue, Received, Situation, Sizing,
        Slot, Spend, Standard, Tick, Watch, WriterClock, may_write,
    },
    time::{Reading, UnixMillis},
};

use crate::{
    BadCase,
    bucket::{list, small, written},
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
        "authority" => authority(input),
        "holder" => holder(input),
        "freeze" => freeze(input),
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

fn authority(input: &Value) -> Result<Value, BadCase> {
    let sizing = Standard { calls_max: small(input, "calls_max")? };
    let places = usize::try_from(input::uint(input, "slots")?).unwrap_or(0);
    if places == 0 || places > HOLDERS_MAX {
        return Err(BadCase("slots is 1 to 1024".into()));
    }
    let mut slots = vec![Slot::VACANT; places];
    let mut account: Option<Account> = None;
    let mut answers = Vec::new();
    for step in list(input, "steps")? {
        let now = UnixMillis(input::uint(step, "now")?);
        if step.get("repair").is_some() {
            let account = account.as_mut().ok_or_else(|| BadCase("no bucket to repair".into()))?;
            answers.push(json!(account.repair(&mut slots, now)));
        } else {
            let ask = text::ask(input::field(step, "ask")?)?;
            let account = account.get_or_insert_with(|| Account::new(&ask, now));
            answers.push(text::answer(&account.exchange(&mut slots, &ask, now, &sizing).answer()));
        }
    }
    let mut account = account.ok_or_else(|| BadCase("no step".into()))?;
    let (numbers, changed) = account.limit();
    let mut state = json!({
        "limit": written(numbers), "changed": text::stamp(changed),
        "credit": account.credit().to_string(), "instant": account.instant().0,
        "large_until": account.large_until().0,
    });
    let mut holders: Vec<_> = slots.iter().filter(|slot| slot.holder().is_some()).collect();
    holders.sort_by_key(|slot| slot.holder());
    let sum: u64 = slots.iter().flat_map(Slot::outstanding).map(|(out, _)| u64::from(out)).sum();
    let holders: Vec<_> = holders.into_iter().map(text::slot).collect();
    let instant = account.instant();
    let alarm = match account.forget(&mut slots, instant) {
        Forget::Now => json!(instant.0),
        Forget::At(at) => json!(at.0),
        Forget::Never => json!("never"),
    };
    if let Some(state) = state.as_object_mut() {
        state.insert("outstanding".into(), json!(sum));
        state.insert("holders".into(), json!(holders));
        state.insert("alarm".into(), alarm);
    }
    Ok(json!({"answers": answers, "state": state}))
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

fn freeze(input: &Value) -> Result<Value, BadCase> {
    let mut watch: Option<Watch> = None;
    let mut frozen = Vec::new();
    for reading in list(input, "readings")? {
        let at = |place: usize| reading.get(place).and_then(Value::as_u64);
        let (Some(wall), Some(mono_ms)) = (at(0), at(1)) else {
            return Err(BadCase("a reading is two instants".into()));
        };
        let now = Reading { wall: UnixMillis(wall), mono_ms };
        match &mut watch {
            Some(watch) => frozen.push(watch.frozen(now)),
            None => watch = Some(Watch::new(now)),
        }
    }
    Ok(json!(frozen))
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
