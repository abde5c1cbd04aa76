//! The errands whose replies are waited for, or were lately.

use std::collections::VecDeque;

use tollgate_core::time::Reading;

use crate::{ErrandId, Lookup, purses::Handle};

/// For how long a reply is made sense of: a head is of no use after a second, and no deadline is longer.
const FLIGHT_MAX_MS: u64 = 2_000;

/// What an errand was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Head,
    Record {
        fetch: u32,
        of: Lookup,
    },
    Lease(Handle),
    /// The batch of that number.
    Usage(u64),
}

/// An errand that was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight {
    pub(crate) target: Target,
    pub(crate) sent: Reading,
}

/// Flights by the number of their errand: numbers follow each other, so the list is short.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    flights: VecDeque<Option<Flight>>,
    /// The number of the first in the list.
    first: u64,
}

impl Flights {
    /// The number of an errand that is sent now.
    pub(crate) fn open(&mut self, target: Target, now: Reading) -> ErrandId {
        let gone = |flight: &Option<Flight>| {
            flight.is_none_or(|flight| now.since(flight.sent) > FLIGHT_MAX_MS)
        };
        while self.flights.front().is_some_and(gone) {
            self.flights.pop_front();
            self.first = self.first.saturating_add(1);
        }
        let id = self.first.saturating_add(u64::try_from(self.flights.len()).unwrap_or(0));
        self.flights.push_back(Some(Flight { target, sent: now }));
        ErrandId(id)
    }

    /// The errand that a reply is for; none if there is none that one is waited for.
    pub(crate) fn get(&self, id: ErrandId) -> Option<Flight> {
        *self.flights.get(self.place(id)?)?
    }

    /// No other reply to it is waited for.
    pub(crate) fn close(&mut self, id: ErrandId) {
        if let Some(flight) = self.place(id).and_then(|place| self.flights.get_mut(place)) {
            *flight = None;
        }
    }

    /// Nothing that was sent so far is waited for.
    pub(crate) fn clear(&mut self) {
        let sent = u64::try_from(self.flights.len()).unwrap_or(u64::MAX);
        self.first = self.first.saturating_add(sent);
        self.flights.clear();
    }

    fn place(&self, id: ErrandId) -> Option<usize> {
        usize::try_from(id.0.checked_sub(self.first)?).ok()
    }
}
