//! What clients are told of limits: `RateLimit-Policy` and `RateLimit`, and the older fields that most of
//! them read.
//!
//! Integers only; nothing is told that is more than is true.

use tollgate_core::{
    bucket::Wait,
    limit::{Limit, Numbers, Period, Refill},
    record::{Bounds, Record},
    time::UnixMillis,
};

use crate::{
    route::RouteLimit,
    text::{push_number, same},
};

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
struct Told<'a> {
    policy: Policy<'a>,
    /// What may be spent.
    left: u32,
    /// In how many seconds all of it may be; or, where it refused, when to come back.
    reset_s: Option<u64>,
}

/// A limit or quota, as clients know it.
#[derive(Clone, Copy)]
pub(crate) struct Policy<'a> {
    name: &'a str,
    of_route: bool,
    numbers: Numbers,
}

impl Policy<'_> {
    /// The name: one of a route is told from one of a key.
    pub(crate) fn push_name(&self, to: &mut String) {
        if self.of_route {
            to.push('@');
        }
        to.push_str(self.name);
    }
}

/// Every limit of a record, then its quotas, then the limits of the route: the order of what is left of each.
pub(crate) fn policies<'a>(
    record: impl Into<Bounds<'a>>,
    route: &'a [RouteLimit],
) -> impl Iterator<Item = Policy<'a>> {
    let Bounds { limits, quotas } = record.into();
    let own = limits.iter().chain(quotas);
    let own = own.map(|Limit { name, numbers, .. }| Policy {
        name: name.as_str(),
        of_route: false,
        numbers,
    });
    own.chain(route.iter().map(|RouteLimit { name, numbers, .. }| Policy {
        name,
        of_route: true,
        numbers: *numbers,
    }))
}

/// The fields of an answer to a request that passed: every limit and quota of the record, and every limit of
/// the route. `left` has what may still be spent of each, in that order.
#[must_use]
pub fn fields<'a>(
    record: impl Into<Bounds<'a>>,
    route: &'a [RouteLimit],
    left: &[u32],
    style: Style,
    now: UnixMillis,
) -> Vec<(&'static str, String)> {
    let left = left.iter().copied().chain(std::iter::repeat(0));
    let (mut lists, mut tightest) = (Lists::new(style), None);
    for (policy, left) in policies(record, route).zip(left) {
        let burst = policy.numbers.burst();
        let left = left.min(burst);
        let reset_s = match policy.numbers.refill() {
            Refill::Steady { rate, period_ms } => {
                Some(seconds_for(burst.saturating_sub(left), rate, period_ms))
            }
            Refill::Each(period) => period.next(now).map(|next| next.since(now).div_ceil(1_000)),
        };
        let told = Told { policy, left, reset_s };
        lists.offer(&policy);
        lists.tell(&told);
        if tightest.is_none_or(|tightest: Told<'_>| left < tightest.left) {
            tightest = Some(told);
        }
    }
    lists.finish(tightest)
}

/// The fields of an answer to a request that the limit or quota at `place`, counted as in [`fields`], refused:
/// that one only, and when to come back.
#[must_use]
pub fn refused(
    record: &Record<'_>,
    route: &[RouteLimit],
    place: usize,
    wait: Wait,
    left: &[u32],
    style: Style,
) -> Vec<(&'static str, String)> {
    let mut lists = Lists::new(style);
    let mut named = None;
    for (at, policy) in policies(record, route).enumerate() {
        lists.offer(&policy);
        if at == place {
            let left = left.get(place).copied().unwrap_or(0).min(policy.numbers.burst());
            named = Some(Told { policy, left, reset_s: retry_after_s(wait) });
        }
    }
    if let Some(told) = &named {
        lists.tell(told);
    }
    lists.finish(named)
}

/// The seconds of `Retry-After`: rounded up, at least one; none for what never passes.
#[must_use]
pub fn retry_after_s(wait: Wait) -> Option<u64> {
    match wait {
        Wait::Later(wait_ms) => Some(wait_ms.div_ceil(1_000).clamp(1, INTEGER_MAX)),
        Wait::Never => None,
    }
}

/// In how many seconds a limit gains `tokens`, rounded up.
fn seconds_for(tokens: u32, rate: u32, period_ms: u32) -> u64 {
    let credit = u128::from(tokens).saturating_mul(period_ms.into());
    let a_second = u128::from(rate).saturating_mul(1_000).max(1);
    let seconds = u64::try_from(credit.div_ceil(a_second)).unwrap_or(INTEGER_MAX);
    seconds.min(INTEGER_MAX)
}

/// The window of a limit or quota in seconds; none if it has no end.
fn window_s(numbers: Numbers) -> Option<u64> {
    match numbers.refill() {
        Refill::Steady { rate, period_ms } => Some(seconds_for(numbers.burst(), rate, period_ms)),
        Refill::Each(Period::Day) => Some(86_400),
        Refill::Each(Period::Month) => Some(2_678_400),
        Refill::Each(Period::Total) => None,
    }
}

/// Both lists of the standard fields, while they are written; nothing is made for what is not told.
struct Lists {
    style: Style,
    policy: String,
    state: String,
}

/// What most lists fit in.
const LIST_BYTES: usize = 64;

impl Lists {
    const fn new(style: Style) -> Self {
        Self { style, policy: String::new(), state: String::new() }
    }

    fn offer(&mut self, policy: &Policy<'_>) {
        if self.style.standard() {
            let item = item(&mut self.policy, policy);
            parameter(item, ";q=", Some(policy.numbers.burst().into()));
            parameter(item, ";w=", window_s(policy.numbers));
        }
    }

    fn tell(&mut self, told: &Told<'_>) {
        if self.style.standard() {
            let item = item(&mut self.state, &told.policy);
            parameter(item, ";r=", Some(told.left.into()));
            parameter(item, ";t=", told.reset_s);
        }
    }

    /// The fields; none if there is nothing to be told.
    fn finish(self, tightest: Option<Told<'_>>) -> Vec<(&'static str, String)> {
        let Self { style, policy, state } = self;
        let Some(tightest) = tightest else { return vec![] };
        let mut fields = Vec::with_capacity(STANDARD.len());
        if style.standard() {
            fields.extend(STANDARD.into_iter().zip([policy, state]));
        }
        if style.legacy() {
            let burst = tightest.policy.numbers.burst().into();
            let said = [Some(burst), Some(tightest.left.into()), tightest.reset_s];
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
}

/// Begins an item of a list with the policy's name. No character of an identifier needs an escape.
fn item<'s>(to: &'s mut String, policy: &Policy<'_>) -> &'s mut String {
    if to.is_empty() {
        to.reserve(LIST_BYTES);
    } else {
        to.push_str(", ");
    }
    to.push('"');
    policy.push_name(to);
    to.push('"');
    to
}

fn parameter(to: &mut String, name: &str, number: Option<u64>) {
    if let Some(number) = number {
        to.push_str(name);
        push_number(to, number);
    }
}
