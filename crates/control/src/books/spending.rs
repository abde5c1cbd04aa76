//! What is spent where buckets are kept.

use tollgate_core::{bucket::Wait, limit::Numbers, lookup::LookupId, stamp::Stamp};

use super::{Caller, Seen};

/// What is to be spent of which buckets, in the name of whoever holds a key.
#[derive(Clone, Copy, Debug)]
pub struct Spending<'a> {
    /// Whoever asks.
    pub caller: &'a Caller,
    /// The secret of the key that it is spent for.
    pub lookup: LookupId,
    /// What was read of that key: if it is not so any more, nothing is spent.
    pub seen: &'a Seen,
    /// The buckets.
    pub tokens: &'a [Tokens],
    /// How many tokens of each.
    pub cost: u32,
    /// Whether it is only looked at what would come of it.
    pub dry_run: bool,
}

/// A bucket, and the numbers that the key has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// What it is called.
    pub bucket: String,
    /// The numbers.
    pub numbers: Numbers,
    /// When they last changed.
    pub changed: Stamp,
}

/// How a bucket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The whole tokens that it had.
    pub before: u32,
    /// Those that it has if the cost is spent.
    pub left: u32,
    /// That it has not enough, and when it would if nobody else spends; none if it has.
    pub refused: Option<Wait>,
}
