//! What an operator is told who has not asked to be told.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use crate::settings::{Clock, OnMissed};

/// Writes why a fetch brought no keys to standard error, at most once in an interval: with no key in hand there may be a
/// fetch each second.
pub(crate) fn on_stderr(interval_ms: u64, clock: Clock) -> OnMissed {
    let last = Mutex::new(None);
    Arc::new(move |error| {
        let at = clock();
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| at.since(last) >= interval_ms) {
            *last = Some(at);
            // Where nobody reads it, nobody is told.
            drop(writeln!(io::stderr(), "tollgate: {error}"));
        }
    })
}
