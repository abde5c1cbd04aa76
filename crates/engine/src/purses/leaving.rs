//! What a holder that ends does with its purses: nothing stays in them that somebody else could spend.

use tollgate_core::{lease::Host, time::Reading};

use super::{Handle, Purses};

impl Purses {
    /// Looks after purses in which something is, so that it goes back, as long as fewer than `most` messages are open. Says
    /// how many purses hold something, or wait to hear what they hold.
    pub(crate) fn hand_back(&mut self, most: usize, now: Reading) -> usize {
        // Whatever is made from now on keeps nothing either.
        self.host = Host::Leaving;
        let is_open = |slot: &&super::Slot| slot.open;
        let mut open = self.slots.iter().flatten().filter(is_open).count();
        let mut held = 0_usize;
        for place in 0..self.slots.len() {
            let Some(Some(slot)) = self.slots.get_mut(place) else { continue };
            let tokens = slot.purse.as_mut().map_or(0, |purse| {
                purse.leave();
                purse.tokens(now)
            });
            if tokens == 0 && !slot.open {
                continue;
            }
            held = held.saturating_add(1);
            if !slot.open && open < most {
                open = open.saturating_add(1);
                let handle =
                    Handle { place: u32::try_from(place).unwrap_or(u32::MAX), born: slot.born };
                self.touch_one(handle);
            }
        }
        held
    }
}
