//! Who has one of the few connections of a listener, and who makes room for somebody else when none is left.
//!
//! Whoever has opened most of them and shown no key gives way first. So what one address opens is in the way of no other,
//! and what many open is in the way for [`PATIENCE`]. Addresses are told apart as limits do: of IPv6 by /64.

use std::{
    convert::Infallible,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};
use tollgate_core::network::Address;

/// For how long a connection may wait undisturbed where nobody else is in the way less.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// The seats of one listener.
pub(crate) struct Seats {
    /// How many there are.
    most: usize,
    /// How many of them one address has at most.
    share: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    sitting: Vec<Sitting>,
    next: u64,
}

/// One connection.
struct Sitting {
    number: u64,
    address: Address,
    /// Since when it waits: since it came or, once a key was proved on it, since its last answer.
    since: Instant,
    /// A key was proved on it.
    proved: bool,
    /// What it asked is being answered.
    asks: bool,
    /// Dropped when it is to go.
    _stays: oneshot::Sender<Infallible>,
}

/// A seat that is taken, until it is dropped.
pub(crate) struct Seat {
    seats: Arc<Seats>,
    number: u64,
}

/// Ready when a connection has to go.
pub(crate) type Leaves = oneshot::Receiver<Infallible>;

/// Somebody who got in.
pub(crate) struct Entered {
    pub(crate) seat: Seat,
    pub(crate) leaves: Leaves,
    /// Whether another had to.
    pub(crate) pushed: bool,
}

impl Seats {
    /// So many, of which one address has `share` at most.
    pub(crate) fn new(most: usize, share: usize) -> Arc<Self> {
        Arc::new(Self { most, share, taken: Mutex::default() })
    }

    /// A seat for whoever comes from `peer`; none if nobody can be asked to go.
    pub(crate) fn enter(self: &Arc<Self>, peer: IpAddr, now: Instant) -> Option<Entered> {
        let address = Address::new(peer).counted();
        let mut taken = self.taken();
        let own = taken.of(address);
        let pushed = own >= self.share || taken.sitting.len() >= self.most;
        if pushed {
            let among = (own >= self.share).then_some(address);
            let goes = taken.goes(among, own, now)?;
            taken.sitting.swap_remove(goes);
        }
        let number = taken.next;
        taken.next = number.wrapping_add(1);
        let (stays, leaves) = oneshot::channel();
        let sitting =
            Sitting { number, address, since: now, proved: false, asks: false, _stays: stays };
        taken.sitting.push(sitting);
        let seat = Seat { seats: Arc::clone(self), number };
        Some(Entered { seat, leaves, pushed })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    /// How many an address has.
    fn of(&self, address: Address) -> usize {
        self.sitting.iter().filter(|sitting| sitting.address == address).count()
    }

    /// Who goes for somebody whose address has `own` already, of those at `among` if that is said.
    ///
    /// Nobody goes whose question is being answered: what becomes of it would not be known. And nobody who has shown a key,
    /// as long as anybody could who has not, be it in a moment.
    fn goes(&self, among: Option<Address>, own: usize, now: Instant) -> Option<usize> {
        let rests = |sitting: &Sitting| {
            !sitting.asks && among.is_none_or(|address| address == sitting.address)
        };
        let strangers = self.sitting.iter().any(|sitting| rests(sitting) && !sitting.proved);
        let candidates = self.sitting.iter().enumerate().filter_map(|(place, sitting)| {
            if !rests(sitting) || (strangers && sitting.proved) {
                return None;
            }
            let crowd = self.of(sitting.address);
            // With the newcomer its own address must not have more than is left to the other.
            let crowds = !sitting.proved && crowd > own.saturating_add(1);
            let waited = now.saturating_duration_since(sitting.since) >= PATIENCE;
            let order = (usize::MAX.saturating_sub(crowd), sitting.since);
            (crowds || waited).then_some((order, place))
        });
        candidates.min().map(|(_, place)| place)
    }
}

impl Seat {
    /// What came over the connection is being answered from here on.
    pub(crate) fn asks(&self) {
        self.with(|sitting| sitting.asks = true);
    }

    /// It was answered; a key was `proved` for it, or not.
    pub(crate) fn rests(&self, proved: bool, now: Instant) {
        self.with(|sitting| {
            sitting.asks = false;
            // Without a key no number of questions makes it look younger.
            if proved {
                (sitting.proved, sitting.since) = (true, now);
            }
        });
    }

    fn with(&self, doing: impl FnOnce(&mut Sitting)) {
        let mut taken = self.seats.taken();
        if let Some(sitting) = taken.sitting.iter_mut().find(|known| known.number == self.number) {
            doing(sitting);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.taken().sitting.retain(|sitting| sitting.number != self.number);
    }
}

#[cfg(test)]
mod tests;
