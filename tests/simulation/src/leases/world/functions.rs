//! Functions: each serves one request at a time, and runs nothing between two.

use super::{Event, World};
use tollgate_core::limit::Numbers;

/// How long a request looks for a function that is free.
const PATIENCE_US: u64 = 1_000_000;

/// When it looks again.
const AGAIN_US: u64 = 4_000;

impl World {
    /// Gives a request to its holder, or to another that is free if it is a function at work.
    pub(super) fn route(&mut self, holder: usize, cost: u32, came_us: u64) {
        let count = self.hosts.len();
        let free = (holder..count).chain(0..holder).find(|&other| {
            !self.hosts[other].is_busy() && self.hosts[other].frozen_until_us <= self.now_us
        });
        match free {
            _ if !self.hosts[holder].is_busy() => self.serve(holder, cost),
            Some(free) => self.serve(free, cost),
            None if self.now_us > came_us + PATIENCE_US => self.tally.unavailable += 1,
            None => self.push(AGAIN_US, Event::Route { holder, cost, came_us }),
        }
    }

    fn serve(&mut self, holder: usize, cost: u32) {
        self.step(holder, |host, at, now, effects, _| host.request(cost, at, now, effects));
    }

    /// A holder dies, and another takes its place.
    pub fn kill(&mut self, holder: usize) {
        let limits = self.limits.clone();
        self.hosts[holder].restart(&limits, &mut self.random);
    }

    /// The tokens of a bucket that holders have.
    #[must_use]
    pub fn out(&self, bucket: usize) -> u64 {
        self.hosts.iter().map(|host| host.purses[bucket].tokens(host.peek(self.now_us))).sum()
    }

    /// The tokens that a bucket has left, as its authority counts them.
    #[must_use]
    pub fn credit(&self, bucket: usize) -> u64 {
        let account = self.buckets[bucket].account.as_ref();
        account.map_or(0, |account| {
            let numbers: Numbers = account.limit().0;
            account.credit() / u64::from(numbers.unit())
        })
    }
}
