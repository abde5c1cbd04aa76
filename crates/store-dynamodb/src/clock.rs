//! The own clock, and whether it may stand in for the authority's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::BeforeDeserializationInterceptorContextRef,
    },
    error::BoxError,
    primitives::{DateTime, DateTimeFormat},
};
use tollgate_core::{
    lease::{DateSample, WriterClock, may_write},
    time::{Reading, UnixMillis},
};

/// A sample is of no use after so long, on whichever clock.
const SAMPLE_AGE_MAX_MS: u64 = 60_000;

/// What a round trip is taken to last until one was measured.
const ROUND_TRIP_MS: u64 = 10;

/// Whether answers must say what time it is at the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dates {
    /// DynamoDB's always do: without, nothing is written.
    Required,
    /// DynamoDB Local's do not: then the own clock is believed. One that says it is gone by all the same.
    Optional,
}

/// Reads the clocks, and remembers what the store's answers said of its own.
#[derive(Debug)]
pub(crate) struct Clock {
    read: fn() -> Reading,
    dates: Dates,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    sample: Option<(DateSample, Reading)>,
    /// Whether an answer came without a date since the last freeze, and none with one.
    dateless: bool,
    round_trip_x8: Option<u64>,
}

impl Clock {
    pub(crate) fn new(read: fn() -> Reading, dates: Dates) -> Self {
        Self { read, dates, heard: Mutex::default() }
    }

    pub(crate) fn now(&self) -> Reading {
        (self.read)()
    }

    /// Takes in an answer that has just arrived.
    pub(crate) fn hear(&self, date: Option<UnixMillis>) {
        let now = self.now();
        let mut heard = self.heard();
        match date {
            Some(date) => {
                heard.sample = Some((DateSample { date, received: now.wall }, now));
                heard.dateless = false;
            }
            None => heard.dateless = heard.sample.is_none(),
        }
    }

    /// Whether this writer may write now.
    pub(crate) fn may_write(&self) -> WriterClock {
        let now = self.now();
        let heard = self.heard();
        if self.dates == Dates::Optional && heard.dateless {
            return WriterClock::Write;
        }
        let young = |&(_, at): &(DateSample, Reading)| now.since(at) <= SAMPLE_AGE_MAX_MS;
        may_write(heard.sample.filter(young).map(|(sample, _)| sample), now.wall)
    }

    /// What was heard before a freeze says nothing about the clock after it.
    pub(crate) fn distrust(&self) {
        let mut heard = self.heard();
        (heard.sample, heard.dateless) = (None, false);
    }

    /// A call has taken so long.
    pub(crate) fn took(&self, millis: u64) {
        let mut heard = self.heard();
        heard.round_trip_x8 = Some(match heard.round_trip_x8 {
            None => millis.saturating_mul(8),
            Some(x8) => x8.saturating_sub(x8 / 8).saturating_add(millis),
        });
    }

    /// How long a call takes.
    pub(crate) fn round_trip_ms(&self) -> u64 {
        self.heard().round_trip_x8.map_or(ROUND_TRIP_MS, |x8| x8 / 8)
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        // Whatever a thread has left half done is overwritten by the next answer.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows every answer's date to a clock.
#[derive(Clone, Debug)]
pub(crate) struct Listener(pub(crate) Arc<Clock>);

impl Intercept for Listener {
    fn name(&self) -> &'static str {
        "tollgate-dates"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.hear(context.response().headers().get("date").and_then(instant));
        Ok(())
    }
}

/// The instant of a date as HTTP writes it.
fn instant(date: &str) -> Option<UnixMillis> {
    let date = DateTime::from_str(date, DateTimeFormat::HttpDate).ok()?;
    u64::try_from(date.to_millis().ok()?).ok().map(UnixMillis)
}

#[cfg(test)]
mod tests;
