//! What is counted of requests with a key, in the shape in which it travels and is kept.

use crate::{decision::Denial, id::Id, json::INTEGER_MAX, lookup::LookupId, time::UnixMillis};

/// The longest name of a route, in bytes: what is longer is cut.
pub const ROUTE_MAX: usize = 128;

/// The most lines of one batch.
pub const LINES_MAX: usize = 200;

/// The most counts of what origins answered in one batch.
pub const ANSWERS_MAX: usize = 400;

/// The code of what passed. Everything else goes by its [`Denial::code`].
pub const ALLOWED: &str = "allowed";

/// The milliseconds of an hour.
pub const HOUR_MS: u64 = 3_600_000;

/// What origins answer with: the class of the status, or nothing before the request was over.
pub const STATUSES: [&str; 6] = [NO_ANSWER, "1xx", "2xx", "3xx", "4xx", "5xx"];

/// What is said where an origin gave no answer.
pub const NO_ANSWER: &str = "none";

/// How long the heads of answers took, in milliseconds: each count is of those that took at most so long, and longer
/// than the one before.
pub const TOOK_MS: [u64; 13] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// The same as words, and one for what took longer.
pub const TOOK: [&str; 14] =
    ["1", "2", "5", "10", "25", "50", "100", "250", "500", "1000", "2500", "5000", "10000", "inf"];

/// What a count is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Of what was decided: [`ALLOWED`], or the code of a denial.
    #[default]
    Code,
    /// Of what the origin answered: one of [`STATUSES`].
    Status,
    /// Of how long that took: one of [`TOOK`].
    Took,
}

impl Kind {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Status => "status",
            Self::Took => "took",
        }
    }
}

/// About when a secret was last used: when a request with it was last allowed, by the clock of the host that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// Whose.
    pub lookup: LookupId,
    /// When.
    pub at: UnixMillis,
}

/// So many requests of one key, under one route, in one hour, of which the same became.
///
/// Key, owner and tenant are empty together: requests for which no record was held, and those of keys for which there
/// was no more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The hours since 1970, of the counting host's clock.
    pub hour: u64,
    /// The key's tenant.
    pub tenant: &'a str,
    /// Its owner.
    pub owner: &'a str,
    /// Its public id.
    pub key: &'a str,
    /// The route's name; empty for what falls under none.
    pub route: &'a str,
    /// [`ALLOWED`], or why not.
    pub code: &'a str,
    /// How many.
    pub count: u64,
}

/// The hour of an instant.
#[must_use]
pub const fn hour_of(now: UnixMillis) -> u64 {
    now.0 / HOUR_MS
}

impl Line<'_> {
    /// Whether this is a line that a host of ours can have counted: what came over a network is kept only then.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        let Self { hour, tenant, owner, key, route, code, count } = *self;
        let ids = [tenant, owner, key];
        let known = code == ALLOWED || Denial::CODES.contains(&code);
        (ids.iter().all(|id| id.is_empty()) || ids.iter().all(|id| Id::new(id).is_ok()))
            && route.len() <= ROUTE_MAX
            && route
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'))
            && known
            && hour <= INTEGER_MAX / HOUR_MS
            && (1..=INTEGER_MAX).contains(&count)
    }
}
