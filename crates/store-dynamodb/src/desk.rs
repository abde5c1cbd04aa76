//! One step of a bucket: the core's exchange between the bytes that were read and those to write.

use tollgate_core::{
    lease::{
        Account, Answer, Ask, CALLS_MAX_DYNAMODB, Exchange, Forget, STATE_HEADER_MAX,
        STATE_HOLDER_MAX, Slot, Standard,
    },
    time::UnixMillis,
};

/// The most holders that spend from one bucket at one time.
pub const HOLDERS: usize = 128;

/// A bucket stays for so long after it could be forgotten: writers' clocks differ, and an answer may be asked for again.
const KEPT_SECONDS: u64 = 60;

/// A bucket's state is not one that was written here. It stays as it is: a fresh bucket would be a full one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// What an exchange has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchanged {
    /// What the holder is told, once the state is written.
    pub(crate) answer: Answer,
    /// What is to be written; none if the answer had been given before.
    pub(crate) write: Option<Next>,
    /// Whether an instant was repaired that no honest clock has written.
    pub(crate) repaired: bool,
}

/// A bucket as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) state: Vec<u8>,
    /// When it may be forgotten, in seconds since 1970; never, if there is none.
    pub(crate) ttl: Option<u64>,
}

/// One exchange with the bucket of this state, or with a new one if there is none, after so many writes that the store
/// refused.
pub(crate) fn exchange(
    state: Option<&[u8]>,
    ask: &Ask,
    refused: u32,
    now: UnixMillis,
) -> Result<Exchanged, Unreadable> {
    let mut slots = vec![Slot::VACANT; HOLDERS];
    let mut account = match state {
        Some(state) => Account::decode(state, &mut slots).map_err(|_| Unreadable)?,
        None => Account::new(ask, now),
    };
    // The own answer comes first: it was given, whatever has become of the clock since.
    let answered = |slot: &Slot| slot.holder() == Some(ask.holder) && slot.seq() >= ask.seq;
    let repaired = !slots.iter().any(answered) && account.repair(&mut slots, now);
    if !slots.iter().any(answered) {
        account.count_refused(refused, now);
    }
    let sizing = Standard { calls_max: CALLS_MAX_DYNAMODB };
    let answer = match account.exchange(&mut slots, ask, now, &sizing) {
        Exchange::Unchanged(answer) => return Ok(Exchanged { answer, write: None, repaired }),
        Exchange::Write(answer) => answer,
    };
    let room = STATE_HEADER_MAX.saturating_add(HOLDERS.saturating_mul(STATE_HOLDER_MAX));
    let mut state = vec![0; room];
    let len = account.encode(&slots, &mut state).map_err(|_| Unreadable)?;
    state.truncate(len);
    let ttl = match account.forget(&mut slots, now) {
        Forget::Now => Some(account.instant()),
        Forget::At(at) => Some(at),
        Forget::Never => None,
    };
    let ttl = ttl.map(|at| at.0.div_ceil(1_000).saturating_add(KEPT_SECONDS));
    Ok(Exchanged { answer, write: Some(Next { state, ttl }), repaired })
}

#[cfg(test)]
mod tests;
