//! The authority's state as bytes, for stores that keep it in one item.

mod varint;

use core::fmt;

use super::{
    HolderId,
    account::{Account, Entry, Given, Meter, Slot},
    outstanding::Outstanding,
};
use crate::{
    bucket::Wait,
    limit::{Numbers, Period, Refill},
    stamp::Stamp,
    time::UnixMillis,
};
use varint::{Input, Output};

const VERSION: u8 = 2;

/// The most bytes that a state takes besides its holders.
pub const STATE_HEADER_MAX: usize = 2 + 3 * 5 + 2 * 10 + 3 * 10 + 10 + 2 * 5 + 10;

/// The most bytes that one holder takes; about 40 are usual, and 56 are rarely exceeded.
pub const STATE_HOLDER_MAX: usize = 16 + 3 * 10 + 1 + 4 * 15 + 5 * 5 + 10;

/// Why bytes are not a state, or a state could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateError {
    /// Written by a version that this one does not know.
    Version,
    /// The bytes end too early, go on too long, or are not spelled as they are written.
    Malformed,
    /// It says what cannot be: numbers out of bounds, more out than there is, a holder twice.
    Impossible,
    /// It has more holders than there are slots.
    TooManyHolders,
    /// The buffer is too small.
    Full,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "the state has an unknown version",
            Self::Malformed => "the state is malformed",
            Self::Impossible => "the state contradicts itself",
            Self::TooManyHolders => "the state has more holders than there are slots",
            Self::Full => "the state does not fit",
        })
    }
}

impl core::error::Error for StateError {}

impl Account {
    /// Writes the state, as an exchange has left it, and says how many bytes it took.
    ///
    /// # Errors
    ///
    /// When `buffer` is too small: [`STATE_HEADER_MAX`] and [`STATE_HOLDER_MAX`] a slot suffice.
    pub fn encode(&self, slots: &[Slot], buffer: &mut [u8]) -> Result<usize, StateError> {
        let mut out = Output::new(buffer);
        out.byte(VERSION)?;
        encode_numbers(self.numbers, &mut out)?;
        if let Refill::Each(_) = self.numbers.refill() {
            out.number(self.debt)?;
        }
        out.number(self.changed.incarnation)?;
        out.number(self.changed.epoch)?;
        out.number(self.credit)?;
        out.number(self.instant.0)?;
        out.number(self.large_until.since(self.instant))?;
        out.number((self.instant.0 / 1_000).saturating_sub(self.meter.second))?;
        out.number(u64::from(self.meter.this))?;
        out.number(u64::from(self.meter.before))?;
        let entries = slots.iter().filter_map(|slot| slot.0.as_ref());
        out.number(u64::try_from(entries.clone().count()).unwrap_or(u64::MAX))?;
        for entry in entries {
            entry.encode(self.instant, &mut out)?;
        }
        Ok(out.len())
    }

    /// Reads a state into `slots`, and returns its account.
    ///
    /// Whatever cannot have been written is an error, and then `slots` are all vacant.
    ///
    /// # Errors
    ///
    /// When the bytes are not exactly a state, or it does not fit `slots`.
    pub fn decode(bytes: &[u8], slots: &mut [Slot]) -> Result<Self, StateError> {
        slots.fill(Slot::VACANT);
        let read = Self::decode_into(bytes, slots);
        if read.is_err() {
            slots.fill(Slot::VACANT);
        }
        read
    }

    fn decode_into(bytes: &[u8], slots: &mut [Slot]) -> Result<Self, StateError> {
        let mut input = Input::new(bytes);
        if input.byte()? != VERSION {
            return Err(StateError::Version);
        }
        let numbers = decode_numbers(&mut input)?;
        let debt = match numbers.refill() {
            Refill::Steady { .. } => 0,
            Refill::Each(_) => input.number()?,
        };
        let changed = Stamp { incarnation: input.number()?, epoch: input.number()? };
        let credit = input.number()?;
        let instant = UnixMillis(input.number()?);
        let large_until = match input.number()? {
            0 => UnixMillis(0),
            ahead => later(instant, ahead)?,
        };
        let second = (instant.0 / 1_000).checked_sub(input.number()?);
        let second = second.ok_or(StateError::Impossible)?;
        let meter = Meter { second, this: input.small()?, before: input.small()? };
        let holders = usize::try_from(input.number()?).map_err(|_| StateError::TooManyHolders)?;
        let places = slots.get_mut(..holders).ok_or(StateError::TooManyHolders)?;
        for place in 0..places.len() {
            let entry = Entry::decode(instant, &mut input)?;
            let (before, rest) = places.split_at_mut(place);
            if before.iter().any(|slot| slot.holder() == Some(entry.id)) {
                return Err(StateError::Impossible);
            }
            if let Some(slot) = rest.first_mut() {
                slot.0 = Some(entry);
            }
        }
        input.end()?;
        let account = Self { numbers, changed, credit, debt, instant, large_until, meter };
        if account.is_within_burst(slots) { Ok(account) } else { Err(StateError::Impossible) }
    }
}

impl Entry {
    fn encode(&self, instant: UnixMillis, out: &mut Output<'_>) -> Result<(), StateError> {
        out.bytes(&self.id.0)?;
        out.number(self.seq)?;
        out.number(instant.since(self.heard))?;
        out.number(self.forget_at.since(self.heard))?;
        let portions = self.out.portions();
        out.byte(u8::try_from(portions.len()).unwrap_or(u8::MAX))?;
        for portion in portions {
            out.number(u64::from(portion.tokens))?;
            out.number(portion.until.since(instant))?;
        }
        out.number(u64::from(self.given.granted_waiting))?;
        out.number(u64::from(self.given.granted))?;
        out.number(u64::from(self.given.ttl_ms))?;
        out.number(match self.given.retry_after {
            Wait::Never => 0,
            Wait::Later(wait) => wait.saturating_add(1),
        })?;
        out.number(u64::from(self.given.ask_after_ms))?;
        out.number(u64::from(self.given.left))
    }

    fn decode(instant: UnixMillis, input: &mut Input<'_>) -> Result<Self, StateError> {
        let id = HolderId(input.bytes()?);
        let seq = input.number()?;
        let heard = instant.0.checked_sub(input.number()?).ok_or(StateError::Impossible)?;
        let heard = UnixMillis(heard);
        let forget_at = later(heard, input.number()?)?;
        let mut out = Outstanding::default();
        let portions = usize::from(input.byte()?);
        for _ in 0..portions {
            let (tokens, until) = (input.small()?, later(instant, input.number()?)?);
            let in_order = out.last_until().unwrap_or(instant) < until;
            if tokens == 0 || !in_order || portions > super::GRANTS_MAX {
                return Err(StateError::Impossible);
            }
            out.add(tokens, until);
        }
        let given = Given {
            granted_waiting: input.small()?,
            granted: input.small()?,
            ttl_ms: input.small()?,
            retry_after: match input.number()? {
                0 => Wait::Never,
                wait => Wait::Later(wait.saturating_sub(1)),
            },
            ask_after_ms: input.small()?,
            left: input.small()?,
        };
        Ok(Self { id, seq, given, heard, forget_at, out })
    }
}

fn encode_numbers(numbers: Numbers, out: &mut Output<'_>) -> Result<(), StateError> {
    let kind = match numbers.refill() {
        Refill::Steady { .. } => 0,
        Refill::Each(Period::Day) => 1,
        Refill::Each(Period::Month) => 2,
        Refill::Each(Period::Total) => 3,
    };
    out.byte(kind)?;
    out.number(u64::from(numbers.burst()))?;
    if let Refill::Steady { rate, period_ms } = numbers.refill() {
        out.number(u64::from(rate))?;
        out.number(u64::from(period_ms))?;
    }
    Ok(())
}

fn decode_numbers(input: &mut Input<'_>) -> Result<Numbers, StateError> {
    let kind = input.byte()?;
    let burst = input.number()?;
    let numbers = match kind {
        0 => Numbers::steady(burst, input.number()?, input.number()?),
        1 => Numbers::quota(burst, Period::Day),
        2 => Numbers::quota(burst, Period::Month),
        3 => Numbers::quota(burst, Period::Total),
        _ => return Err(StateError::Malformed),
    };
    numbers.map_err(|_| StateError::Impossible)
}

fn later(instant: UnixMillis, millis: u64) -> Result<UnixMillis, StateError> {
    instant.0.checked_add(millis).map(UnixMillis).ok_or(StateError::Impossible)
}
