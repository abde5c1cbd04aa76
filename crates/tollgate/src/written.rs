//! Limits, quotas, instants and durations as people write them, in the configuration and on the command line.

mod instant;
mod numbers;

pub(crate) use instant::{Instant, duration, duration_text, instant_text};
pub(crate) use numbers::{limit, limit_text, quota, quota_text};
