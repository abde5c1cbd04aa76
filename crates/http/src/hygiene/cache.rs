//! What caches are told of an answer to a request with a key.
//!
//! The key is stripped before the origin, which would let it take an authorised answer for a public one. So
//! unless a route opts in, such an answer is `private`, and in every case it varies with what carries a key.

use super::{folded, folds_to};
use crate::{credential::Sources, text::trim};

/// What a denial and everything else that the gate answers itself says of caches.
pub const NO_STORE: &str = "no-store";

/// The most bytes of the origin's own directives that are looked at.
const DIRECTIVES_MAX: usize = 4_096;

/// Directives that a private cache understands and that make nothing public.
const KEPT: [&str; 8] = [
    "no-store",
    "no-cache",
    "max-age",
    "no-transform",
    "must-revalidate",
    "immutable",
    "stale-while-revalidate",
    "stale-if-error",
];

/// So many of them say how long an answer may be kept.
const DATED: usize = 3;

/// Whether `name` tells some cache how long it may keep an answer.
#[must_use]
pub fn is_cache_control(name: &[u8]) -> bool {
    // Targeted fields (RFC 9213) are called after whom they target.
    let targeted = b"cachecontrol";
    let ends_so = || {
        let mut found = folded(name).rev();
        targeted.iter().rev().all(|&byte| found.next() == Some(byte))
    };
    let listed = [
        "expires",
        "pragma",
        "surrogate-control",
        "edge-control",
        "x-accel-expires",
        "x-cache-ttl",
    ];
    listed.iter().any(|listed| folds_to(name, listed)) || ends_so()
}

/// The `Cache-Control` of an answer that no shared cache may keep, from the origin's own.
///
/// What the origin says to private caches stays, in its order; `public`, `s-maxage` and what is unknown goes.
/// Where it does not say how long a private cache may keep the answer, that one asks each time; with more
/// directives than are looked at nothing is kept, anywhere.
pub fn forced<'a>(values: impl Iterator<Item = &'a [u8]>) -> String {
    let mut forced = String::from("private");
    let (mut left, mut dated) = (DIRECTIVES_MAX, false);
    for value in values {
        let Some(rest) = left.checked_sub(value.len()) else {
            return String::from(NO_STORE);
        };
        left = rest;
        for directive in value.split(|&byte| byte == b',').map(trim) {
            let Some(place) = kept(directive) else {
                continue;
            };
            dated |= place < DATED;
            forced.push_str(", ");
            forced.extend(directive.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
        }
    }
    if !dated {
        forced.push_str(", no-cache");
    }
    forced
}

/// The place in [`KEPT`] of a directive without an argument, or with one that is a number.
fn kept(directive: &[u8]) -> Option<usize> {
    let mut parts = directive.splitn(2, |&byte| byte == b'=');
    let name = parts.next().unwrap_or_default();
    let numeric = |argument: &[u8]| !argument.is_empty() && argument.iter().all(u8::is_ascii_digit);
    let place = KEPT.iter().position(|kept| name.eq_ignore_ascii_case(kept.as_bytes()))?;
    parts.next().is_none_or(numeric).then_some(place)
}

/// The `Vary` that an answer to a request with a key has, beside the origin's own.
#[must_use]
pub fn vary(sources: &Sources) -> String {
    let mut vary = String::from("Authorization, X-API-Key");
    if let Some(header) = &sources.header {
        vary.push_str(", ");
        vary.push_str(header);
    }
    vary
}
