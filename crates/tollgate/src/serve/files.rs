//! How many files may be open: every connection to the gate is one, and so may every request to the origin be.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use super::log::{Level, Log};
use crate::config::Connections;

/// What is open besides: the store, the log, listeners, connections that are kept for later.
const RESERVE: u64 = 256;

/// Takes as many as are to be had, and says so if they are too few for `connections`.
pub(crate) fn provide(connections: &Connections, log: &Log) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let most = if raised.is_ok() { maximum } else { current };
    let needed = needed(connections);
    // None is no limit.
    if let Some(most) = most.filter(|&most| most < needed) {
        log.say(Level::Warn, "files_limited", json!({ "open_max": most, "needed": needed }));
    }
}

/// One for each connection, and one for each request.
fn needed(connections: &Connections) -> u64 {
    let &Connections { max, requests_max, .. } = connections;
    u64::try_from(max.saturating_add(requests_max)).unwrap_or(u64::MAX).saturating_add(RESERVE)
}
