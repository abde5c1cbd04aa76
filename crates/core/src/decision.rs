//! The decision: a pure function of what was presented, what is known, the request and the time.
//!
//! Everything else fetches its arguments or renders its result. See `docs/spec/answers.md`.

mod denial;
mod meter;

pub use denial::Denial;
pub use meter::Short;

use core::borrow::BorrowMut;

use crate::{
    head::{Checked, Current, CurrentAbsence, Freshness},
    lease::Purse,
    limit::{Limit, LimitScope},
    network::{Address, Country, admits},
    pepper::Genuine,
    record::{Record, State},
    scope::{Scope, first_missing},
    time::Reading,
};

/// What a request presented.
///
/// Only a key that was proved gets as far as a record, and only a record that the head vouches for:
///
/// ```compile_fail,E0308
/// use tollgate_core::{decision::{Known, Presented}, key::ApiKey};
/// fn trust<'a>(key: ApiKey<'a>, known: Known<'a>) -> Presented<'a> {
///     Presented::Genuine(key, known)
/// }
/// ```
///
/// ```compile_fail,E0308
/// use tollgate_core::{decision::Known, record::Record};
/// fn believe(record: Record<'_>) -> Known<'_> {
///     Known::Current(record)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no allocator to box the record with")]
pub enum Presented<'a> {
    /// Something that can be read in more than one way.
    Ambiguous,
    /// Nothing.
    Missing,
    /// A key that is malformed or that nobody of ours made.
    Refused,
    /// A key that somebody who holds the pepper made.
    Genuine(Genuine, Known<'a>),
}

/// What is known of a genuine key.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no allocator to box the record with")]
pub enum Known<'a> {
    /// Nothing yet: it has not been fetched.
    Nothing,
    /// It could not be fetched.
    Failed,
    /// The ledger does not know it.
    Absent(CurrentAbsence),
    /// Its record, which is from a later incarnation than the head.
    Ahead,
    /// Its record, which the head vouches for.
    Current(Current<'a>),
}

impl<'a> From<Checked<Current<'a>>> for Known<'a> {
    /// What a host knows of a key once the head has judged the record that it holds.
    fn from(checked: Checked<Current<'a>>) -> Self {
        match checked {
            Checked::Current(current) => Self::Current(current),
            Checked::Outdated => Self::Nothing,
            Checked::HeadBehind => Self::Ahead,
        }
    }
}

/// What a decision looks at in a request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The client's address, as far as it can be believed.
    pub address: Option<Address>,
    /// The client's country, as far as it is known.
    pub country: Option<Country>,
    /// The scopes that the route requires.
    pub required: &'a [Scope<'a>],
    /// How many tokens the request costs.
    pub cost: u32,
    /// The route's own limits, at most [`ROUTE_LIMITS_MAX`], counted besides those of the record.
    pub limits: &'a [Limit<'a>],
}

/// The most limits of a route's own.
pub const ROUTE_LIMITS_MAX: usize = 4;

/// What comes of looking: a verdict, or what must be fetched before there can be one.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no allocator to box the record with")]
pub enum Step<'a> {
    /// The end.
    Verdict(Verdict<'a>),
    /// Fetch this, then decide again.
    Await(Need),
}

/// Whether a request passes: final.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no allocator to box the record with")]
pub enum Verdict<'a> {
    /// It passes.
    Allow(Allowed<'a>),
    /// It does not.
    Deny(Denial),
}

/// What must be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The key's record.
    Record,
    /// A head that is young enough.
    Head,
    /// Tokens, for these purses.
    Tokens(Short),
}

/// A request that passes, and on the strength of what. [`decide`] is the only place that makes one.
///
/// ```compile_fail,E0451
/// use tollgate_core::{decision::Allowed, head::Current};
/// fn wave_through(current: Current<'_>) -> Allowed<'_> {
///     Allowed { current, flagged: false }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    current: Current<'a>,
    flagged: bool,
}

impl<'a> Allowed<'a> {
    /// The record that allowed it.
    #[must_use]
    pub const fn record(&self) -> &Record<'a> {
        self.current.record()
    }

    /// Whether the authority could not be reached, so that this was decided from what was known before.
    #[must_use]
    pub const fn flagged(&self) -> bool {
        self.flagged
    }
}

/// Decides.
///
/// `purses` are those of the record's limits, then of its quotas, then of the route's limits, in their order;
/// tokens leave them only if the request passes. `now` is read once per request.
///
/// # Security
///
/// What is missing here never allows: without a fresh head, a purse or an address that a rule needs, the
/// answer is to fetch it or *unavailable*.
pub fn decide<'a, P: BorrowMut<Purse>>(
    presented: Presented<'a>,
    freshness: Freshness,
    request: &Request<'_>,
    purses: &mut [P],
    now: Reading,
) -> Step<'a> {
    let (genuine, known) = match presented {
        Presented::Ambiguous => return deny(Denial::RequestInvalid),
        Presented::Missing => return deny(Denial::CredentialMissing),
        Presented::Refused => return deny(Denial::KeyInvalid),
        Presented::Genuine(genuine, known) => (genuine, known),
    };
    let flagged = match freshness {
        Freshness::Await => return Step::Await(Need::Head),
        Freshness::Lost => return deny(Denial::Unavailable),
        Freshness::Flagged => true,
        Freshness::Fresh | Freshness::Renew => false,
    };
    let current = match known {
        Known::Nothing => return Step::Await(Need::Record),
        Known::Failed => return deny(Denial::Unavailable),
        Known::Ahead if flagged => return deny(Denial::Unavailable),
        Known::Ahead => return Step::Await(Need::Head),
        Known::Absent(absence) if absence.absence().lookup == genuine.lookup() => {
            return deny(Denial::KeyInvalid);
        }
        Known::Current(current) if concerns(&current, genuine) => current,
        // Somebody else's record or absence says nothing about this key.
        Known::Absent(_) | Known::Current(_) => return deny(Denial::Unavailable),
    };
    let record = current.record();
    if let Err(denial) = screen(record, request, now) {
        return deny(denial);
    }
    match meter::take(record, request, purses, now) {
        Ok(()) => Step::Verdict(Verdict::Allow(Allowed { current, flagged })),
        Err(meter::Untaken::Refused(denial)) => deny(denial),
        Err(meter::Untaken::Short(_)) if flagged => deny(Denial::Unavailable),
        Err(meter::Untaken::Short(short)) => Step::Await(Need::Tokens(short)),
    }
}

const fn deny<'a>(denial: Denial) -> Step<'a> {
    Step::Verdict(Verdict::Deny(denial))
}

fn concerns(current: &Current<'_>, genuine: Genuine) -> bool {
    current.record().lookup == genuine.lookup() && current.record().env == genuine.env()
}

/// Everything that can be said without spending.
fn screen(record: &Record<'_>, request: &Request<'_>, now: Reading) -> Result<(), Denial> {
    match record.state {
        State::Active => {}
        State::Revoked => return Err(Denial::KeyRevoked),
        State::TenantDisabled => return Err(Denial::TenantDisabled),
        State::OwnerDisabled => return Err(Denial::OwnerDisabled),
        State::Disabled => return Err(Denial::KeyDisabled),
    }
    if record.expires.is_some_and(|expires| now.wall >= expires) {
        return Err(Denial::KeyExpired);
    }
    if record.not_before.is_some_and(|not_before| now.wall < not_before) {
        return Err(Denial::KeyNotYetValid);
    }
    if !admits(request.address, record.ips_allowed.iter(), record.ips_denied.iter()) {
        return Err(Denial::IpDenied);
    }
    if !admits(request.country, record.countries_allowed.iter(), record.countries_denied.iter()) {
        return Err(Denial::CountryDenied);
    }
    if let Some(required) = first_missing(record.scopes.iter(), request.required) {
        return Err(Denial::ScopeMissing { required });
    }
    let by_address = |limit: Limit<'_>| limit.scope == LimitScope::Ip;
    let mut limits = record.limits.iter().chain(request.limits.iter().copied());
    if request.address.is_none() && limits.any(by_address) {
        return Err(Denial::Unavailable);
    }
    Ok(())
}
