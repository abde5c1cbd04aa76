//! What one holder has been lent and may still spend, as the authority must assume.

use crate::time::UnixMillis;

/// The most portions that are told apart for one holder, at the authority and in a purse.
///
/// Beyond it the two that end first become one: at the authority with the later end, in the purse
/// with the earlier. Both err on the safe side, and a busy holder has two or three.
pub const GRANTS_MAX: usize = 4;

/// Tokens that are out until an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Portion {
    pub(crate) tokens: u32,
    pub(crate) until: UnixMillis,
}

/// The portions of one holder, those that end first in front; none is empty, no two end together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outstanding {
    // The last place is only ever used while one is being added.
    portions: [Portion; GRANTS_MAX + 1],
    len: usize,
}

impl Outstanding {
    pub(crate) fn portions(&self) -> &[Portion] {
        self.portions.get(..self.len).unwrap_or(&[])
    }

    fn portions_mut(&mut self) -> &mut [Portion] {
        self.portions.get_mut(..self.len).unwrap_or(&mut [])
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn tokens(&self) -> u64 {
        self.portions().iter().fold(0, |sum, portion| sum.saturating_add(u64::from(portion.tokens)))
    }

    /// The end of the portion that ends last.
    pub(crate) fn last_until(&self) -> Option<UnixMillis> {
        self.portions().last().map(|portion| portion.until)
    }

    /// The first end after `after`.
    pub(crate) fn next_until(&self, after: UnixMillis) -> Option<UnixMillis> {
        self.portions().iter().map(|portion| portion.until).find(|&until| until > after)
    }

    /// The tokens whose end is exactly `until`.
    pub(crate) fn ending_at(&self, until: UnixMillis) -> u32 {
        let ending = self.portions().iter().find(|portion| portion.until == until);
        ending.map_or(0, |portion| portion.tokens)
    }

    /// Removes what ends at `at` or earlier, and says how many tokens that were.
    pub(crate) fn expire(&mut self, at: UnixMillis) -> u64 {
        let dead = self.portions().iter().take_while(|portion| portion.until <= at);
        let (count, tokens) = dead.fold((0_usize, 0_u64), |(count, tokens), portion| {
            (count.saturating_add(1), tokens.saturating_add(u64::from(portion.tokens)))
        });
        self.remove_front(count);
        tokens
    }

    /// Cuts it to `keep` tokens, from the front, so that they are those that end last.
    pub(crate) fn cut(&mut self, keep: u64) {
        let mut surplus = self.tokens().saturating_sub(keep);
        let mut gone = 0_usize;
        for portion in self.portions_mut() {
            let taken = u64::from(portion.tokens).min(surplus);
            surplus = surplus.saturating_sub(taken);
            portion.tokens =
                portion.tokens.saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX));
            if portion.tokens == 0 {
                gone = gone.saturating_add(1);
            }
        }
        self.remove_front(gone);
    }

    /// Adds tokens that end at `until`.
    pub(crate) fn add(&mut self, tokens: u32, until: UnixMillis) {
        if tokens == 0 {
            return;
        }
        if let Some(same) = self.portions_mut().iter_mut().find(|portion| portion.until == until) {
            same.tokens = same.tokens.saturating_add(tokens);
            return;
        }
        let place = self.portions().iter().take_while(|portion| portion.until < until).count();
        self.len = self.len.saturating_add(1);
        if let Some(after) = self.portions_mut().get_mut(place..) {
            after.rotate_right(1);
            if let Some(portion) = after.first_mut() {
                *portion = Portion { tokens, until };
            }
        }
        if self.len > GRANTS_MAX {
            if let [first, second, ..] = self.portions_mut() {
                second.tokens = second.tokens.saturating_add(first.tokens);
            }
            self.remove_front(1);
        }
    }

    /// Brings every end `millis` forward.
    pub(crate) fn shift_back(&mut self, millis: u64) {
        for portion in self.portions_mut() {
            portion.until = UnixMillis(portion.until.0.saturating_sub(millis));
        }
    }

    fn remove_front(&mut self, count: usize) {
        if count > 0 {
            self.portions.rotate_left(count);
            self.len = self.len.saturating_sub(count);
            for vacant in self.portions.iter_mut().skip(self.len) {
                *vacant = Portion::default();
            }
        }
    }
}
