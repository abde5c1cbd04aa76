//! What clients are told of limits: `RateLimit-Policy` and `RateLimit`, and the older fields that most of
//! them read.
//!
//! Integers only; nothing is told that is more than is true.

use tollgate_core::{
    bucket::Wait,
    limit::{Limit, Period, Refill},
    record::Record,
    time::UnixMillis,
};

use crate::text::{push_number, push_quoted, same};

/// The largest integer of a structured field.
pub const INTEGER_MAX: u64 = 999_999_999_999_999;

/// Which fields are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// `RateLimit-Policy` and `RateLimit`.
    #[default]
    Standard,
    /// `RateLimit-Limit`, `-Remaining`, `-Reset`, and the same with `X-` in front.
    Legacy,
    /// All of them.
    Both,
    /// None.
    Off,
}

impl Style {
    const fn standard(self) -> bool {
        matches!(self, Self::Standard | Self::Both)
    }

    const fn legacy(self) -> bool {
        matches!(self, Self::Legacy | Self::Both)
    }
}

const STANDARD: [&str; 2] = ["ratelimit-policy", "ratelimit"];
const LEGACY: [&str; 6] = [
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// Whether a field is one that the gate writes in this style, so that the origin's own goes.
#[must_use]
pub fn is_written(name: &[u8], style: Style) -> bool {
    style.standard() && STANDARD.iter().any(|listed| same(name, listed))
        || style.legacy() && LEGACY.iter().any(|listed| same(name, listed))
}

/// What one limit or quota comes to for a client.
#[derive(Clone, Copy)]
struct Policy<'a> {
    limit: Limit<'a>,
    /// What may be spent.
    left: u32,
    /// In how many seconds all of it may be; or, where it refused, when to come back.
    reset_s: Option<u64>,
}

/// The fields of an answer to a request that passed: every limit and quota of the record. `left` has what may
/// still be spent of each, in the record's order, limits first.
#[must_use]
pub fn fields(
    record: &Record<'_>,
    left: &[u32],
    style: Style,
    now: UnixMillis,
) -> Vec<(&'static str, String)> {
    let policies = policies(record, left, now);
    let tightest = policies.clone().min_by_key(|policy| policy.left);
    written(record, policies, tightest, style)
}

/// The fields of an answer to a request that the limit or quota at `place`, counted as in [`fields`], refused:
/// that one only, and when to come back.
#[must_use]
pub fn refused(
    record: &Record<'_>,
    place: usize,
    wait: Wait,
    left: &[u32],
    style: Style,
) -> Vec<(&'static str, String)> {
    let named = limits(record).nth(place).map(|limit| {
        let left = left.get(place).copied().unwrap_or(0).min(limit.numbers.burst());
        Policy { limit, left, reset_s: retry_after_s(wait) }
    });
    written(record, named.into_iter(), named, style)
}

/// The seconds of `Retry-After`: rounded up, at least one; none for what never passes.
#[must_use]
pub fn retry_after_s(wait: Wait) -> Option<u64> {
    match wait {
        Wait::Later(wait_ms) => Some(wait_ms.div_ceil(1_000).clamp(1, INTEGER_MAX)),
        Wait::Never => None,
    }
}

/// The limits of a record and then its quotas.
pub(crate) fn limits<'a>(record: &Record<'a>) -> impl Iterator<Item = Limit<'a>> + Clone {
    record.limits.iter().chain(record.quotas)
}

fn policies<'a>(
    record: &Record<'a>,
    left: &[u32],
    now: UnixMillis,
) -> impl Iterator<Item = Policy<'a>> + Clone {
    let known = left.iter().copied().chain(std::iter::repeat(0));
    limits(record).zip(known).map(move |(limit, left)| {
        let left = left.min(limit.numbers.burst());
        let missing = limit.numbers.burst().saturating_sub(left);
        let reset_s = match limit.numbers.refill() {
            Refill::Steady { rate, period_ms } => Some(seconds_for(missing, rate, period_ms)),
            Refill::Each(period) => period.next(now).map(|next| next.since(now).div_ceil(1_000)),
        };
        Policy { limit, left, reset_s }
    })
}

/// In how many seconds a limit gains `tokens`, rounded up.
fn seconds_for(tokens: u32, rate: u32, period_ms: u32) -> u64 {
    let credit = u128::from(tokens).saturating_mul(period_ms.into());
    let a_second = u128::from(rate).saturating_mul(1_000).max(1);
    let seconds = u64::try_from(credit.div_ceil(a_second)).unwrap_or(INTEGER_MAX);
    seconds.min(INTEGER_MAX)
}

/// The window of a limit or quota in seconds; none if it has no end.
fn window_s(limit: &Limit<'_>) -> Option<u64> {
    match limit.numbers.refill() {
        Refill::Steady { rate, period_ms } => {
            Some(seconds_for(limit.numbers.burst(), rate, period_ms))
        }
        Refill::Each(Period::Day) => Some(86_400),
        Refill::Each(Period::Month) => Some(2_678_400),
        Refill::Each(Period::Total) => None,
    }
}

fn written<'a>(
    record: &Record<'a>,
    told: impl Iterator<Item = Policy<'a>>,
    tightest: Option<Policy<'a>>,
    style: Style,
) -> Vec<(&'static str, String)> {
    let mut fields = vec![];
    let Some(tightest) = tightest else {
        return fields;
    };
    if style.standard() {
        fields.reserve_exact(8);
        let (mut policy, mut state) = (String::new(), String::new());
        for limit in limits(record) {
            let item = item(&mut policy, &limit);
            parameter(item, "q", Some(limit.numbers.burst().into()));
            parameter(item, "w", window_s(&limit));
        }
        for Policy { limit, left, reset_s } in told {
            let item = item(&mut state, &limit);
            parameter(item, "r", Some(left.into()));
            parameter(item, "t", reset_s);
        }
        fields.extend(STANDARD.into_iter().zip([policy, state]));
    }
    if style.legacy() {
        let Policy { limit, left, reset_s } = tightest;
        let said = [Some(limit.numbers.burst().into()), Some(left.into()), reset_s];
        for (name, number) in LEGACY.into_iter().zip(said.into_iter().cycle()) {
            if let Some(number) = number {
                let mut value = String::new();
                push_number(&mut value, number);
                fields.push((name, value));
            }
        }
    }
    fields
}

/// Begins an item of a list with the limit's name.
fn item<'s>(to: &'s mut String, limit: &Limit<'_>) -> &'s mut String {
    if !to.is_empty() {
        to.push_str(", ");
    }
    to.push('"');
    push_quoted(to, limit.name.as_str());
    to.push('"');
    to
}

fn parameter(to: &mut String, name: &str, number: Option<u64>) {
    if let Some(number) = number {
        to.push(';');
        to.push_str(name);
        to.push('=');
        push_number(to, number);
    }
}
