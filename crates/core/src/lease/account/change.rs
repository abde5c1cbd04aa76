//! What becomes of an account when its numbers change, or a quota's period begins.

use super::{Account, Slot, outstanding, refill::room};
use crate::limit::{Numbers, Refill};

impl Account {
    /// Changes the numbers, and gives nothing but what a quota's count was raised by.
    pub(super) fn renumber(&mut self, slots: &[Slot], numbers: Numbers) {
        let (before, out) = (self.numbers, outstanding(slots));
        self.numbers = numbers;
        match (before.refill(), numbers.refill()) {
            (Refill::Each(_), Refill::Each(_)) => self.recount(before.burst()),
            (_, Refill::Steady { .. }) => {
                self.convert(before.unit(), out);
                self.debt = 0;
            }
            (Refill::Steady { .. }, Refill::Each(_)) => {
                self.convert(before.unit(), out);
                self.debt = out.saturating_sub(u64::from(numbers.burst()));
            }
        }
    }

    /// What a quota's period has spent stays spent when the count is another.
    fn recount(&mut self, before: u32) {
        let had = self.credit.saturating_add(u64::from(self.numbers.burst()));
        let owed = self.debt.saturating_add(u64::from(before));
        self.credit = had.saturating_sub(owed);
        self.debt = owed.saturating_sub(had);
    }

    /// Converts units only, and clips to the room there is.
    fn convert(&mut self, unit: u32, out: u64) {
        let credit = u128::from(self.credit)
            .saturating_mul(u128::from(self.numbers.unit()))
            .checked_div(u128::from(unit))
            .unwrap_or(0);
        let credit = u64::try_from(credit).unwrap_or(u64::MAX);
        self.credit = credit.min(room(self.numbers, out));
    }

    /// Begins a quota's period: nothing is spent yet, but something may be out.
    pub(super) fn begin_period(&mut self, slots: &[Slot]) {
        let out = outstanding(slots);
        self.credit = room(self.numbers, out);
        self.debt = out.saturating_sub(u64::from(self.numbers.burst()));
    }
}
