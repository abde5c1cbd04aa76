//! When a token that was signed earlier is good enough.

use tollgate_core::{lookup::LookupId, stamp::Stamp, time::UnixMillis};

use crate::{Kid, Name};

/// What a token without binding was signed for. It says the same as another of the same purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose<'a> {
    /// The secret that the caller showed.
    pub lookup: LookupId,
    /// The record that was in force: its sealed `as_of`, not what the head has vouched for since.
    pub as_of: Stamp,
    /// The origin.
    pub audience: Name<'a>,
    /// The key it was signed with.
    pub kid: Kid,
}

/// A token without binding that was signed earlier, as a gate keeps it.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// What it was signed for.
    pub purpose: Purpose<'a>,
    /// When it was signed, in seconds since the Unix epoch.
    pub iat: u64,
    /// When it ends, in seconds since the Unix epoch.
    pub exp: u64,
}

impl Held<'_> {
    /// Whether the token may be sent again for `wanted` at `now`: its purpose is the same and more
    /// than half of its life is left.
    ///
    /// A clock that has stepped back behind `iat` makes a token unusable rather than longer-lived.
    #[must_use]
    pub fn reusable(&self, wanted: &Purpose<'_>, now: UnixMillis) -> bool {
        let (iat, exp) = (u128::from(self.iat), u128::from(self.exp));
        let now = u128::from(now.0);
        // 64-bit numbers times 2000 cannot overflow 128 bits.
        let (begin, end) = (iat.saturating_mul(1000), exp.saturating_mul(1000));
        let left = end.saturating_sub(now).saturating_mul(2);
        self.purpose == *wanted && now >= begin && left > end.saturating_sub(begin)
    }
}
