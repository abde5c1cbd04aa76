//! How asks, answers and what they hold are written in cases.

use serde_json::{Value, json};
use tollgate_core::{
    bucket::Wait,
    lease::{Answer, Ask, Deadline, HolderId, Lease, Slot},
    limit::Numbers,
    stamp::Stamp,
};

use crate::{
    BadCase,
    bucket::{self, small, written},
    input,
};

pub(super) fn numbers(value: &Value, name: &str) -> Result<Numbers, BadCase> {
    bucket::numbers(input::field(value, name)?)?.map_err(|error| BadCase(error.to_string()))
}

pub(crate) fn flag(value: &Value, name: &str) -> Result<bool, BadCase> {
    let flag = input::field(value, name)?.as_bool();
    flag.ok_or_else(|| BadCase(format!("{name} is neither true nor false")))
}

pub(super) fn pair(value: &Value, name: &str) -> Result<[u32; 2], BadCase> {
    let pair = input::field(value, name)?;
    let part = |place: usize| pair.get(place).and_then(Value::as_u64);
    match (part(0).map(u32::try_from), part(1).map(u32::try_from)) {
        (Some(Ok(first)), Some(Ok(second))) => Ok([first, second]),
        _ => Err(BadCase(format!("{name} is no pair"))),
    }
}

pub(super) fn read_stamp(value: &Value, name: &str) -> Result<Stamp, BadCase> {
    let stamp = input::field(value, name)?;
    let part = |place: usize| stamp.get(place).and_then(Value::as_u64);
    match (part(0), part(1)) {
        (Some(incarnation), Some(epoch)) => Ok(Stamp { incarnation, epoch }),
        _ => Err(BadCase(format!("{name} is no stamp"))),
    }
}

pub(super) fn stamp(stamp: Stamp) -> Value {
    json!([stamp.incarnation, stamp.epoch])
}

pub(super) fn wait(wait: Wait) -> Value {
    match wait {
        Wait::Later(wait) => json!(wait),
        Wait::Never => json!("never"),
    }
}

pub(crate) fn holder(value: &Value) -> Result<HolderId, BadCase> {
    let id = input::hex(value, "holder")?.try_into();
    Ok(HolderId(id.map_err(|_| BadCase("a holder id has 16 bytes".into()))?))
}

/// An ask, or none if one of its numbers is out of its bounds.
pub(super) fn ask(value: &Value) -> Result<Option<Ask>, BadCase> {
    let count = |name| Ok(u32::try_from(input::uint(value, name)?).ok());
    let read = (
        bucket::numbers(input::field(value, "limit")?)?.ok(),
        count("deadline_ms")?.and_then(Deadline::new),
        [count("waiting")?, count("cost")?, count("want")?, count("keep")?, count("back")?],
    );
    let (holder, seq) = (holder(value)?, input::uint(value, "seq")?);
    let changed = read_stamp(value, "changed")?;
    let (
        Some(numbers),
        Some(deadline),
        [Some(waiting), Some(cost), Some(want), Some(keep), Some(back)],
    ) = read
    else {
        return Ok(None);
    };
    let ask = Ask { holder, seq, numbers, changed, deadline, waiting, cost, want, keep, back };
    Ok((seq > 0).then_some(ask))
}

pub(crate) fn asked(ask: &Ask) -> Value {
    json!({
        "holder": input::to_hex(&ask.holder.0), "seq": ask.seq, "limit": written(ask.numbers),
        "changed": stamp(ask.changed), "deadline_ms": ask.deadline.millis(), "waiting": ask.waiting,
        "cost": ask.cost, "want": ask.want, "keep": ask.keep, "back": ask.back,
    })
}

pub(super) fn answer(answer: &Answer) -> Value {
    match answer {
        Answer::Stale { seq } => json!({"stale": seq}),
        Answer::Lease(lease) => json!({
            "seq": lease.seq, "granted_waiting": lease.granted_waiting, "granted": lease.granted,
            "ttl_ms": lease.ttl_ms, "retry_after_ms": wait(lease.retry_after),
            "ask_after_ms": lease.ask_after_ms, "limit": written(lease.numbers),
            "changed": stamp(lease.changed), "left": lease.left,
        }),
    }
}

pub(super) fn read_answer(value: &Value) -> Result<Answer, BadCase> {
    if value.get("stale").is_some() {
        return Ok(Answer::Stale { seq: input::uint(value, "stale")? });
    }
    let retry_after = if value.get("retry_after_ms").and_then(Value::as_str) == Some("never") {
        Wait::Never
    } else {
        Wait::Later(input::uint(value, "retry_after_ms")?)
    };
    Ok(Answer::Lease(Lease {
        seq: input::uint(value, "seq")?,
        granted_waiting: small(value, "granted_waiting")?,
        granted: small(value, "granted")?,
        ttl_ms: small(value, "ttl_ms")?,
        retry_after,
        ask_after_ms: small(value, "ask_after_ms")?,
        numbers: numbers(value, "limit")?,
        changed: read_stamp(value, "changed")?,
        left: small(value, "left")?,
    }))
}

pub(super) fn slot(slot: &Slot) -> Value {
    let id = slot.holder().map_or_else(String::new, |id| input::to_hex(&id.0));
    let (heard, forget_at) = slot.times().unwrap_or_default();
    let out: Vec<_> = slot.outstanding().map(|(tokens, until)| json!([tokens, until.0])).collect();
    json!({
        "id": id, "seq": slot.seq(), "heard": heard.0, "forget_at": forget_at.0, "out": out,
    })
}
