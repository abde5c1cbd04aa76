//! What a limit or a quota allows, before anybody has spent anything.

use core::fmt;

use crate::{id::Id, stamp::Stamp};

/// The numbers of a limit or a quota, within their bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    burst: u32,
    refill: Refill,
}

/// How a bucket fills up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refill {
    /// Steadily: `rate` tokens every `period_ms` milliseconds.
    Steady {
        /// Tokens per period.
        rate: u32,
        /// The period's length.
        period_ms: u32,
    },
    /// Not within its period, and wholly at the start of the next: a quota.
    Each(Period),
}

/// The period of a quota, in the authority's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// One UTC day.
    Day,
    /// One UTC month.
    Month,
    /// For ever: what is spent does not come back.
    Total,
}

/// The numbers of a limit are out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumbersError;

impl fmt::Display for NumbersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("burst, rate, period and count are 1 to 2^32-1, and burst × period below 2^63")
    }
}

impl core::error::Error for NumbersError {}

impl Numbers {
    /// A limit of `burst` tokens that gains `rate` tokens every `period_ms`.
    ///
    /// # Errors
    ///
    /// When a number is zero or above 2³²−1, or a full bucket's credit would not fit 63 bits.
    pub fn steady(burst: u64, rate: u64, period_ms: u64) -> Result<Self, NumbersError> {
        let (burst, rate, period_ms) = (positive(burst)?, positive(rate)?, positive(period_ms)?);
        let credit = u64::from(burst).checked_mul(u64::from(period_ms)).ok_or(NumbersError)?;
        i64::try_from(credit).map_err(|_| NumbersError)?;
        Ok(Self { burst, refill: Refill::Steady { rate, period_ms } })
    }

    /// A quota of `count` tokens in each `period`.
    ///
    /// # Errors
    ///
    /// When the count is zero or above 2³²−1.
    pub fn quota(count: u64, period: Period) -> Result<Self, NumbersError> {
        Ok(Self { burst: positive(count)?, refill: Refill::Each(period) })
    }

    /// The most tokens that a bucket of these numbers holds.
    #[must_use]
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// How it fills up again.
    #[must_use]
    pub const fn refill(self) -> Refill {
        self.refill
    }

    /// What a token costs in credit: the period of a limit, 1 for a quota.
    #[inline]
    #[must_use]
    pub const fn unit(self) -> u32 {
        match self.refill {
            Refill::Steady { period_ms, .. } => period_ms,
            Refill::Each(_) => 1,
        }
    }

    /// The credit of a full bucket, below 2⁶³.
    #[inline]
    #[must_use]
    pub fn cap(self) -> u64 {
        u64::from(self.burst).saturating_mul(u64::from(self.unit()))
    }
}

fn positive(number: u64) -> Result<u32, NumbersError> {
    u32::try_from(number).ok().filter(|&number| number > 0).ok_or(NumbersError)
}

/// Whose requests a limit counts together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitScope {
    /// Those of one key, whatever its secrets.
    Key,
    /// Those of all keys of one owner.
    Owner,
    /// Those of all keys of one tenant.
    Tenant,
    /// Those from one client address within the tenant (IPv6: from one /64).
    Ip,
    /// All requests of the deployment.
    Global,
}

impl LimitScope {
    /// Every scope, in the order of the specification.
    pub const ALL: [Self; 5] = [Self::Key, Self::Owner, Self::Tenant, Self::Ip, Self::Global];

    /// How the scope is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Owner => "owner",
            Self::Tenant => "tenant",
            Self::Ip => "ip",
            Self::Global => "global",
        }
    }
}

impl Period {
    /// Every period, in the order of the specification.
    pub const ALL: [Self; 3] = [Self::Day, Self::Month, Self::Total];

    /// How the period is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Total => "total",
        }
    }
}

/// One limit or quota of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit<'a> {
    /// Its name, unique among the limits and quotas of one record.
    pub name: Id<'a>,
    /// Whose requests it counts together.
    pub scope: LimitScope,
    /// What it allows.
    pub numbers: Numbers,
    /// When *these numbers* last changed: not the record's `as_of`.
    pub changed: Stamp,
}
