//! What happens to holders, and to the numbers.

use tollgate_core::{
    limit::{Numbers, Refill},
    stamp::Stamp,
};

use super::{Event, World};
use tollgate_testkit::Random;

impl World {
    pub(super) fn fault(&mut self) {
        let per_second = self.settings.faults.holders_per_second.max(1);
        let next = self.random.exponential(1_000_000 / per_second);
        self.push(next, Event::Fault);
        let hosts = u64::try_from(self.hosts.len()).expect("few holders");
        let holder = usize::try_from(self.random.below(hosts)).expect("few holders");
        let host = &mut self.hosts[holder];
        if host.frozen_until_us > self.now_us {
            return;
        }
        // Both clocks can be wrong within one lease, but a reading is taken in between: what two
        // clocks lose between the same two readings nobody can see.
        host.read(self.now_us, &mut self.random);
        match self.random.below(4) {
            0 => host.restart(&self.limits, &mut self.random),
            1 | 2 => {
                let micros = self.random.one_of(&[300_000, 900_000, 1_500_000, 6_000_000]);
                host.frozen_until_us = self.now_us + micros;
                host.clocks.frozen_us += i64::try_from(micros).expect("short");
                let life = host.life;
                self.push(micros, Event::Wake { holder, life });
            }
            _ => {
                let step = signed(&mut self.random, self.settings.faults.skew_ms * 1_000);
                host.clocks.wall_off_us += step;
                host.read(self.now_us, &mut self.random);
            }
        }
    }

    /// The first limit's numbers change, or the ledger is restored; holders learn it by and by.
    pub(super) fn change(&mut self) {
        let next = self.random.below(8_000_000);
        self.push(next, Event::Change);
        let restored = self.random.happens(200);
        let numbers = self.random.one_of(&self.settings.changes);
        let Stamp { incarnation, epoch } = self.limits[0].1;
        let changed = if restored {
            Stamp { incarnation: incarnation + 1, epoch: self.random.below(3) }
        } else {
            Stamp { incarnation, epoch: epoch + 1 }
        };
        self.change_to(numbers, changed);
    }

    /// Changes the first limit's numbers, as of `changed`; holders learn it by and by.
    pub fn change_to(&mut self, numbers: Numbers, changed: Stamp) {
        self.limits[0] = (numbers, changed);
        if let Refill::Each(_) = numbers.refill() {
            self.buckets[0].oracle.raise(numbers);
        }
        for holder in 0..self.hosts.len() {
            let after = self.random.below(3_000_000);
            self.push(after, Event::Learn { holder });
        }
    }
}

/// A number from −`most` to `most`.
pub(super) fn signed(random: &mut Random, most: u64) -> i64 {
    let most = i64::try_from(most).expect("small");
    let width = u64::try_from(2 * most + 1).expect("small");
    i64::try_from(random.below(width)).expect("small") - most
}
