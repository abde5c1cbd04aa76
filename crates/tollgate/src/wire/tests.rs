//! What is let through, what is not, and what a client hears of it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::indexing_slicing, reason = "places in a test's own bytes")]
#![expect(clippy::string_slice, reason = "places in a test's own text")]
#![expect(clippy::as_conversions, reason = "slices of lists of several lengths in one table")]
#![expect(clippy::panic, reason = "a test stops at what should not be")]
#![expect(clippy::arithmetic_side_effects, reason = "sums of a test's own lengths")]

mod bodies;
mod frames;
mod heads;
mod life;
mod opening;
mod second;
mod server;
mod stream;
mod tls;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    Limits, Violation, Witness,
    framing::{Framing, Step},
};

const LIMITS: Limits = Limits {
    head: Duration::from_secs(10),
    idle: Duration::from_secs(60),
    head_bytes_max: 2_048,
    fields_max: 16,
};

/// What became of a stream of bytes.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    /// How many bytes passed.
    passed: usize,
    /// The heads among them: whether each asks for an upgrade.
    heads: Vec<bool>,
    /// What was wrong with those that did not pass.
    violation: Option<Violation>,
}

/// Judges `bytes`, which arrive in two pieces, or one by one for every `every`.
fn judge(bytes: &[u8], arrivals: impl IntoIterator<Item = usize>) -> Verdict {
    let mut framing = Framing::new(LIMITS);
    let mut verdict = Verdict { passed: 0, heads: vec![], violation: None };
    for arrived in arrivals {
        loop {
            match framing.step(&bytes[verdict.passed..arrived]) {
                Ok(Step::More) => break,
                Ok(Step::Pass(count)) => verdict.passed += count,
                Ok(Step::Head { bytes, upgrade }) => {
                    verdict.passed += bytes;
                    verdict.heads.push(upgrade);
                }
                Err(violation) => {
                    verdict.violation = Some(violation);
                    return verdict;
                }
            }
        }
    }
    verdict
}

/// Judges `bytes` at once, byte by byte, and cut at every place: the verdict must be the same.
fn verdict(bytes: &[u8]) -> Verdict {
    let end = bytes.len();
    let whole = judge(bytes, [end]);
    let name = String::from_utf8_lossy(&bytes[..end.min(200)]);
    assert_eq!(judge(bytes, 0..=end), whole, "byte by byte: {name:?}");
    for cut in 0..end {
        assert_eq!(judge(bytes, [cut, end]), whole, "cut at {cut}: {name:?}");
    }
    whole
}

/// `bytes` are a number of whole requests.
fn passes(bytes: &[u8], heads: usize) {
    let verdict = verdict(bytes);
    let name = String::from_utf8_lossy(bytes);
    assert_eq!(verdict.violation, None, "{name:?}");
    assert_eq!((verdict.passed, verdict.heads.len()), (bytes.len(), heads), "{name:?}");
}

/// `bytes` are refused, and nothing of the first `heads` requests is kept back nor anything else let through.
fn refused(bytes: &[u8], heads: usize, violation: Violation) {
    let verdict = verdict(bytes);
    let name = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
    assert_eq!((verdict.violation, verdict.heads.len()), (Some(violation), heads), "{name:?}");
}

/// Remembers what it hears.
#[derive(Default)]
struct Heard(Mutex<Vec<Violation>>);

impl Witness for Heard {
    fn refused(&self, violation: Violation) -> String {
        self.0.lock().unwrap().push(violation);
        String::from("req_1")
    }
}

fn witness() -> Arc<Heard> {
    Arc::default()
}
