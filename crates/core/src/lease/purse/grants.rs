//! The tokens in a purse, by when they end.

use crate::{lease::GRANTS_MAX, time::Reading};

/// Tokens that this holder alone may spend, for a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// How many are left of it.
    pub tokens: u32,
    /// When the message that brought it was first sent: its life counts from there.
    pub sent: Reading,
    /// How long they may be spent.
    pub usable_ms: u32,
    /// After how long what is left goes back.
    pub back_ms: u32,
}

impl Grant {
    pub(super) fn lives(&self, now: Reading) -> bool {
        self.tokens > 0 && now.since(self.sent) < u64::from(self.usable_ms)
    }

    pub(super) fn is_due(&self, now: Reading) -> bool {
        now.since(self.sent) >= u64::from(self.back_ms)
    }

    fn left_ms(&self, now: Reading) -> u64 {
        u64::from(self.usable_ms).saturating_sub(now.since(self.sent))
    }
}

/// The grants of one purse, those that end first in front.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Grants {
    // The last place is only ever used while one is being added.
    grants: [Grant; GRANTS_MAX + 1],
    len: usize,
}

impl Grants {
    fn as_slice(&self) -> &[Grant] {
        self.grants.get(..self.len).unwrap_or(&[])
    }

    fn as_mut_slice(&mut self) -> &mut [Grant] {
        self.grants.get_mut(..self.len).unwrap_or(&mut [])
    }

    pub(super) fn living(&self, now: Reading) -> impl Iterator<Item = &Grant> {
        self.as_slice().iter().filter(move |grant| grant.lives(now))
    }

    /// The tokens of those that `of` says, dead ones included that were not removed.
    pub(super) fn sum(&self, of: impl Fn(&Grant) -> bool) -> u32 {
        let those = self.as_slice().iter().filter(|grant| of(grant));
        those.fold(0, |sum, grant| sum.saturating_add(grant.tokens))
    }

    pub(super) fn total(&self, now: Reading) -> u64 {
        self.living(now).fold(0, |sum, grant| sum.saturating_add(u64::from(grant.tokens)))
    }

    /// Takes `cost` tokens, those that end first, or none.
    #[inline]
    pub(super) fn take(&mut self, cost: u32, now: Reading) -> bool {
        if let Some(first) = self.as_mut_slice().first_mut()
            && first.lives(now)
            && let Some(rest) = first.tokens.checked_sub(cost)
        {
            first.tokens = rest;
            return true;
        }
        self.take_from_all(cost, now)
    }

    fn take_from_all(&mut self, cost: u32, now: Reading) -> bool {
        if self.total(now) < u64::from(cost) {
            return false;
        }
        let mut missing = cost;
        for grant in self.as_mut_slice().iter_mut().filter(|grant| grant.lives(now)) {
            let taken = grant.tokens.min(missing);
            grant.tokens = grant.tokens.saturating_sub(taken);
            missing = missing.saturating_sub(taken);
        }
        true
    }

    /// Removes the grants that are dead or empty, and those that `also` says; tells how many tokens
    /// the latter had.
    pub(super) fn remove(&mut self, now: Reading, also: impl Fn(&Grant) -> bool) -> u32 {
        let mut kept = Self::default();
        let mut removed = 0_u32;
        for grant in self.living(now) {
            if also(grant) {
                removed = removed.saturating_add(grant.tokens);
            } else if let Some(place) = kept.grants.get_mut(kept.len) {
                *place = *grant;
                kept.len = kept.len.saturating_add(1);
            }
        }
        *self = kept;
        removed
    }

    /// Adds a grant. Beyond [`GRANTS_MAX`] the two that end first end together, at the earlier end.
    pub(super) fn add(&mut self, grant: Grant, now: Reading) {
        if grant.tokens == 0 {
            return;
        }
        let left = grant.left_ms(now);
        let place = self.as_slice().iter().take_while(|other| other.left_ms(now) <= left).count();
        self.len = self.len.saturating_add(1);
        if let Some(after) = self.as_mut_slice().get_mut(place..) {
            after.rotate_right(1);
            if let Some(vacant) = after.first_mut() {
                *vacant = grant;
            }
        }
        if self.len > GRANTS_MAX
            && let [first, rest @ ..] = self.as_mut_slice()
        {
            let second = rest.first().map_or(0, |second| second.tokens);
            first.tokens = first.tokens.saturating_add(second);
            rest.rotate_left(1);
            self.len = GRANTS_MAX;
        }
    }
}
