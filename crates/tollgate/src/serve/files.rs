//! How many files may be open: every connection to the gate is one, and so is every one to the origin.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use super::log::{Level, Log};

/// What is open besides: the store, the log, listeners, connections that are kept for later.
const RESERVE: u64 = 256;

/// Takes as many as are to be had, and says so if they are too few for `connections_max`.
pub(crate) fn provide(connections_max: usize, log: &Log) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let most = if raised.is_ok() { maximum } else { current };
    let needed = needed(connections_max);
    // None is no limit.
    if let Some(most) = most.filter(|&most| most < needed) {
        log.say(Level::Warn, "files_limited", json!({ "open_max": most, "needed": needed }));
    }
}

/// One for either side of each connection.
fn needed(connections_max: usize) -> u64 {
    u64::try_from(connections_max).unwrap_or(u64::MAX).saturating_mul(2).saturating_add(RESERVE)
}
