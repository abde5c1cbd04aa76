//! `lease.authority` and `lease.state`: a bucket's authority, and what it stores.

use serde_json::{Value, json};
use tollgate_core::{
    lease::{
        Account, Forget, HOLDERS_MAX, STATE_HEADER_MAX, STATE_HOLDER_MAX, Slot, Standard,
        StateError,
    },
    time::UnixMillis,
};

use super::text;
use crate::{
    BadCase,
    bucket::{list, small, written},
    input,
};

/// The result of `lease.authority`.
pub(super) fn run(input: &Value) -> Result<Value, BadCase> {
    let sizing = Standard { calls_max: small(input, "calls_max")? };
    let mut slots = table(input)?;
    let mut account: Option<Account> = None;
    let mut answers = Vec::new();
    for step in list(input, "steps")? {
        let now = UnixMillis(input::uint(step, "now")?);
        if step.get("repair").is_some() {
            let damaged = account.as_mut().map(|account| account.repair(&mut slots, now));
            answers.push(json!(damaged.unwrap_or(false)));
        } else if let Some(ask) = text::ask(input::field(step, "ask")?)? {
            let account = account.get_or_insert_with(|| Account::new(&ask, now));
            answers.push(text::answer(&account.exchange(&mut slots, &ask, now, &sizing).answer()));
        } else {
            answers.push(json!("malformed"));
        }
    }
    let stored = if input.get("store").is_some() && text::flag(input, "store")? {
        Some(account.map_or(Ok(Value::Null), |account| stored(&account, &slots))?)
    } else {
        None
    };
    let state = account.map_or(Value::Null, |account| state(account, &mut slots));
    Ok(match stored {
        Some(stored) => json!({"answers": answers, "state": state, "stored": stored}),
        None => json!({"answers": answers, "state": state}),
    })
}

/// The result of `lease.state`.
pub(super) fn read(input: &Value) -> Result<Value, BadCase> {
    let mut slots = table(input)?;
    Ok(match Account::decode(&input::hex(input, "hex")?, &mut slots) {
        Ok(account) => state(account, &mut slots),
        Err(error) => json!({"error": match error {
            StateError::Version => "version",
            StateError::Malformed => "malformed",
            StateError::Impossible => "impossible",
            StateError::TooManyHolders => "too_many_holders",
            StateError::Full => return Err(BadCase("reading needs no room".into())),
        }}),
    })
}

fn table(input: &Value) -> Result<Vec<Slot>, BadCase> {
    match usize::try_from(input::uint(input, "slots")?) {
        Ok(places) if (1..=HOLDERS_MAX).contains(&places) => Ok(vec![Slot::VACANT; places]),
        _ => Err(BadCase("slots is 1 to 1024".into())),
    }
}

fn stored(account: &Account, slots: &[Slot]) -> Result<Value, BadCase> {
    let mut in_order = slots.to_vec();
    in_order.sort_by_key(Slot::holder);
    let room = slots.len().saturating_mul(STATE_HOLDER_MAX).saturating_add(STATE_HEADER_MAX);
    let mut buffer = vec![0; room];
    let len = account.encode(&in_order, &mut buffer);
    let len = len.map_err(|error| BadCase(error.to_string()))?;
    Ok(json!(input::to_hex(buffer.get(..len).unwrap_or_default())))
}

fn state(mut account: Account, slots: &mut [Slot]) -> Value {
    let (numbers, changed) = account.limit();
    let (credit, debt) = (account.credit().to_string(), account.debt());
    let (instant, large_until) = (account.instant(), account.large_until());
    let mut holders: Vec<_> = slots.iter().filter(|slot| slot.holder().is_some()).collect();
    holders.sort_by_key(|slot| slot.holder());
    let sum: u64 = slots.iter().flat_map(Slot::outstanding).map(|(out, _)| u64::from(out)).sum();
    let holders: Vec<_> = holders.into_iter().map(text::slot).collect();
    let alarm = match account.forget(slots, instant) {
        Forget::Now => json!(instant.0),
        Forget::At(at) => json!(at.0),
        Forget::Never => json!("never"),
    };
    json!({
        "limit": written(numbers), "changed": text::stamp(changed), "credit": credit,
        "debt": debt, "instant": instant.0, "large_until": large_until.0, "outstanding": sum,
        "holders": holders, "alarm": alarm,
    })
}
