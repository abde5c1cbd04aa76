//! The requests that wait: each is held once, and found again by tickets.

use std::collections::VecDeque;

use tollgate_core::time::Reading;

use crate::{Inquiry, records::at};

/// How long a request waits in all, whatever it waits for one after the other.
pub const WAIT_MAX_MS: u64 = 3_000;

/// A request that waits.
#[derive(Debug)]
pub(crate) struct Parked<W> {
    pub(crate) inquiry: Inquiry,
    pub(crate) waiter: W,
    pub(crate) arrived: Reading,
    /// How many heads it has waited for.
    pub(crate) heads: u8,
}

/// What stands in the queue of something that is waited for. Later ones have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    place: u32,
    pub(crate) number: u64,
}

/// Everything that waits, at most as much as was allowed for.
#[derive(Debug)]
pub(crate) struct Lot<W> {
    places: Vec<Place<W>>,
    vacant: Vec<u32>,
    /// By arrival: the place, and the first number that its request had.
    arrivals: VecDeque<(u32, u64)>,
    number: u64,
    max: usize,
}

#[derive(Debug)]
struct Place<W> {
    first: u64,
    number: u64,
    /// None also while it is looked at.
    parked: Option<Parked<W>>,
}

impl<W> Lot<W> {
    pub(crate) const fn new(max: usize) -> Self {
        Self { places: Vec::new(), vacant: Vec::new(), arrivals: VecDeque::new(), number: 0, max }
    }

    pub(crate) const fn len(&self) -> usize {
        self.places.len().saturating_sub(self.vacant.len())
    }

    pub(crate) const fn is_full(&self) -> bool {
        self.len() >= self.max
    }

    /// The number of the newest ticket.
    pub(crate) const fn newest(&self) -> u64 {
        self.number
    }

    /// Takes a request in. The caller has looked whether there is room.
    pub(crate) fn park(&mut self, parked: Parked<W>) -> Ticket {
        let number = self.next();
        let occupied = Place { first: number, number, parked: Some(parked) };
        let place = match self.vacant.pop() {
            Some(place) => {
                if let Some(vacant) = self.places.get_mut(at(place)) {
                    *vacant = occupied;
                }
                place
            }
            None => {
                self.places.push(occupied);
                u32::try_from(self.places.len().saturating_sub(1)).unwrap_or(u32::MAX)
            }
        };
        self.forget_the_gone();
        self.arrivals.push_back((place, number));
        Ticket { place, number }
    }

    /// Takes a request up, to be looked at, if the ticket is still its own.
    ///
    /// Then it is [put back](Self::put_back), or its place is [left](Self::leave).
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Parked<W>> {
        let place = self.places.get_mut(at(ticket.place))?;
        if place.number == ticket.number { place.parked.take() } else { None }
    }

    /// Goes on waiting for the same.
    pub(crate) fn put_back(&mut self, ticket: Ticket, parked: Parked<W>) {
        if let Some(place) = self.places.get_mut(at(ticket.place)) {
            place.parked = Some(parked);
        }
    }

    /// Waits for something else from now on: tickets for what it waited for are void.
    pub(crate) fn put_elsewhere(&mut self, ticket: Ticket, parked: Parked<W>) -> Ticket {
        let number = self.next();
        if let Some(place) = self.places.get_mut(at(ticket.place)) {
            (place.number, place.parked) = (number, Some(parked));
        }
        Ticket { number, ..ticket }
    }

    /// Waits no more.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        if let Some(place) = self.places.get_mut(at(ticket.place)) {
            (place.number, place.first, place.parked) = (0, 0, None);
            self.vacant.push(ticket.place);
        }
    }

    /// What the request of a ticket costs, if it still waits with that ticket.
    pub(crate) fn cost(&self, ticket: Ticket) -> Option<u32> {
        let place = self.places.get(at(ticket.place))?;
        let parked = place.parked.as_ref().filter(|_| place.number == ticket.number)?;
        Some(parked.inquiry.demand.cost())
    }

    /// The request that has waited for too long, if one has.
    pub(crate) fn overdue(&mut self, now: Reading) -> Option<Ticket> {
        self.left_ms(now).filter(|&left| left == 0)?;
        let (place, _) = self.arrivals.pop_front()?;
        let number = self.places.get(at(place))?.number;
        Some(Ticket { place, number })
    }

    /// How long the one that has waited longest may go on waiting.
    pub(crate) fn left_ms(&mut self, now: Reading) -> Option<u64> {
        loop {
            let &(place, first) = self.arrivals.front()?;
            let waiting = self.places.get(at(place)).filter(|place| place.first == first);
            match waiting.and_then(|place| place.parked.as_ref()) {
                Some(parked) => return Some(WAIT_MAX_MS.saturating_sub(now.since(parked.arrived))),
                None => self.arrivals.pop_front(),
            };
        }
    }

    /// Every request, in the order of arrival, each of which leaves.
    pub(crate) fn empty(&mut self) -> impl Iterator<Item = Parked<W>> {
        self.vacant.clear();
        self.arrivals.clear();
        let mut places = core::mem::take(&mut self.places);
        places.sort_unstable_by_key(|place| place.first);
        places.into_iter().filter_map(|place| place.parked)
    }

    const fn next(&mut self) -> u64 {
        self.number = self.number.saturating_add(1);
        self.number
    }

    /// Keeps the list of arrivals as short as what waits, about.
    fn forget_the_gone(&mut self) {
        if self.arrivals.len() > self.max.saturating_mul(2) {
            let Self { places, arrivals, .. } = self;
            arrivals.retain(|&(place, first)| {
                places.get(at(place)).is_some_and(|place| place.first == first)
            });
        }
    }
}
