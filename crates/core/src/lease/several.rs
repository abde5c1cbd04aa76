//! Several limits on one request: from every purse, or from none.

use core::borrow::BorrowMut;

use super::purse::{Purse, Spend};
use crate::{bucket::Wait, time::Reading};

/// What became of an attempt to spend from several purses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpendAll {
    /// Every purse gave.
    Taken,
    /// None gave, and there is nothing to ask.
    Refused {
        /// The place of the purse that names the longest wait; of several, the first.
        purse: usize,
        /// That wait.
        wait: Wait,
    },
    /// None gave. Those whose [`Purse::standing`] is [`Spend::Ask`] must be asked first.
    Ask,
}

/// Takes `cost` tokens from every purse, or none from any.
///
/// If any refuses, the longest wait is named, and nothing is asked for a request that cannot pass.
/// Purses stand in the record's order, which decides ties.
pub fn spend_all<P: BorrowMut<Purse>>(purses: &mut [P], cost: u32, now: Reading) -> SpendAll {
    if purses.iter().all(|purse| purse.borrow().standing(cost, now) == Spend::Taken) {
        for purse in purses {
            let _taken = purse.borrow_mut().spend(cost, now);
        }
        return SpendAll::Taken;
    }
    match longest_refusal(purses, cost, now) {
        Some((purse, wait)) => SpendAll::Refused { purse, wait },
        None => SpendAll::Ask,
    }
}

/// The place of the purse that refuses longest, and its wait, if any refuses; of equals the first.
pub(crate) fn longest_refusal<P: BorrowMut<Purse>>(
    purses: &[P],
    cost: u32,
    now: Reading,
) -> Option<(usize, Wait)> {
    let mut longest: Option<(usize, Wait)> = None;
    for (place, purse) in purses.iter().enumerate() {
        if let Spend::Refused(wait) = purse.borrow().standing(cost, now)
            && longest.is_none_or(|(_, known)| wait > known)
        {
            longest = Some((place, wait));
        }
    }
    longest
}
