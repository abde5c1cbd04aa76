//! How much is lent, and for how long: decides how well a bucket is used, never whether it is safe.

use crate::limit::{Numbers, Refill};

/// Authority calls a second beyond which a bucket's holders are slowed down.
pub const CALLS_MAX: u32 = 300;

/// The same where every call is a conditional write on one DynamoDB item.
pub const CALLS_MAX_DYNAMODB: u32 = 30;

const LIFE_MS: u32 = 5_000;
const SCARCE_LIFE_MS: u32 = 500;
const ROUND_MIN_MS: u32 = 100;
/// Below it, tokens in a purse are too large a part of the bucket to lie about.
const LEASED_BURST_MIN: u32 = 32;

/// What there is to decide upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The bucket's numbers.
    pub numbers: Numbers,
    /// Its credit in whole tokens.
    pub credit: u32,
    /// Holders heard lately, the asking one included: at least 1.
    pub holders: u32,
    /// Calls within the last second, this one included.
    pub calls: u32,
    /// Whether the authority knows nothing of this holder.
    pub first: bool,
    /// Whether a request for more than half of the burst waits, here or elsewhere.
    pub large: bool,
    /// Tokens that requests are waiting for.
    pub waiting: u32,
    /// The largest single request among them.
    pub cost: u32,
    /// Tokens wanted for the future.
    pub want: u32,
    /// How long the holder waits for its answer.
    pub deadline_ms: u32,
}

/// What to lend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Tokens for the waiting requests.
    pub granted_waiting: u32,
    /// Tokens for the future.
    pub granted: u32,
    /// How long they live.
    pub life_ms: u32,
}

/// A policy of lending.
///
/// # If an implementation is wrong
///
/// It lends too much or too little: the authority clips everything to what was asked for and to the
/// credit there is, so holders starve or call too often, and nothing is ever over.
pub trait Sizing {
    /// The calls a second that `holders` may cause together.
    fn budget(&self, holders: u32) -> u32;

    /// The time in which each of `holders` calls about once.
    fn round_ms(&self, numbers: Numbers, holders: u32) -> u32;

    /// What to lend.
    fn size(&self, situation: &Situation) -> Size;
}

/// The policy of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    /// Authority calls a second that one bucket may cost.
    pub calls_max: u32,
}

impl Default for Standard {
    fn default() -> Self {
        Self { calls_max: CALLS_MAX }
    }
}

impl Sizing for Standard {
    fn budget(&self, holders: u32) -> u32 {
        let wished = if holders <= 16 { 80 } else { holders.saturating_mul(15) / 2 };
        wished.min(self.calls_max).max(1)
    }

    fn round_ms(&self, numbers: Numbers, holders: u32) -> u32 {
        let calls = self.budget(holders).max(1);
        let by_calls = holders.saturating_mul(1_000).checked_div(calls).unwrap_or(u32::MAX);
        let round = match numbers.refill() {
            Refill::Each(_) => by_calls,
            Refill::Steady { rate, .. } => {
                let divisor = u64::from(rate).saturating_mul(4).max(1);
                let by_burst = numbers.cap().saturating_mul(3).checked_div(divisor).unwrap_or(0);
                by_calls.min(u32::try_from(by_burst).unwrap_or(u32::MAX))
            }
        };
        round.max(ROUND_MIN_MS)
    }

    fn size(&self, now: &Situation) -> Size {
        let burst = now.numbers.burst();
        let useful =
            if now.credit >= now.cost { now.waiting } else { now.waiting.saturating_sub(now.cost) };
        let granted_waiting = useful.min(now.credit);
        let rest = now.credit.saturating_sub(granted_waiting);
        let ample = u64::from(rest).saturating_mul(4) > u64::from(burst);
        let round = self.round_ms(now.numbers, now.holders);
        let holders = now.holders.max(1);
        let fair = if now.large || burst < LEASED_BURST_MIN {
            0
        } else if ample && now.calls <= self.budget(now.holders) {
            if now.first && u64::from(rest).saturating_mul(2) <= u64::from(burst) {
                0
            } else {
                (burst / 8).min(burst.checked_div(holders.saturating_mul(2)).unwrap_or(0))
            }
        } else {
            let even = now.credit.checked_div(holders).unwrap_or(0);
            refill_share(now.numbers, round, holders).max(even).saturating_sub(granted_waiting)
        };
        let life_ms = if ample {
            LIFE_MS
        } else {
            let by_round = round.saturating_mul(3) / 2;
            SCARCE_LIFE_MS.max(by_round).max(now.deadline_ms.saturating_mul(3))
        };
        Size { granted_waiting, granted: now.want.min(fair).min(rest), life_ms }
    }
}

/// One holder's part of what a round refills, rounded up.
fn refill_share(numbers: Numbers, round_ms: u32, holders: u32) -> u32 {
    let Refill::Steady { rate, period_ms } = numbers.refill() else { return 0 };
    let gained = u64::from(rate).saturating_mul(u64::from(round_ms));
    let divisor = u64::from(period_ms).saturating_mul(u64::from(holders)).max(1);
    u32::try_from(gained.div_ceil(divisor)).unwrap_or(u32::MAX)
}
