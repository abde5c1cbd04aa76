//! Broken copies: each breaks one guard in a copy of the code, and a named test must go red.
//!
//! A guard that no test notices is no guard. The copies are described in `tests/broken/*.toml`:
//!
//! ```toml
//! [[copy]]
//! name = "an-older-answer-is-accepted"
//! why = "an answer that was overtaken would bring back tokens that were spent since"
//! file = "crates/core/src/lease/holder.rs"
//! find = "if answer.sequence < self.sequence {"
//! replace = "if false {"
//! package = "tollgate-core"
//! target = "lease"          # the file in tests/, or "lib"; all test targets if left out
//! test = "an_older_answer_is_refused"
//! ```

mod book;
mod workshop;

use anyhow::bail;

use crate::{console, step::Surroundings, tally::Tally};
use workshop::{Outcome, Workshop};

/// Makes every broken copy, and is red unless each is caught by the test that it names.
pub(crate) fn step(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let copies = book::read(with.project)?;
    let workshop = Workshop::open(with.project)?;
    let mut missed = vec![];
    for copy in &copies {
        let outcome = workshop.try_out(copy)?;
        let said = match outcome {
            Outcome::Caught => continue,
            Outcome::NotFound(times) => {
                format!("its text stands {times} times in {}, and must stand once", copy.file)
            }
            Outcome::DoesNotCompile(error) => format!("it does not compile: {error}"),
            Outcome::NotRun => format!("no test of {} is called {}", copy.package, copy.test),
            Outcome::Missed => format!("{} passes although the code is broken", copy.test),
            Outcome::Endless => format!("{} did not end", copy.test),
        };
        console::progress(&format!("    {}: {said}", copy.name));
        missed.push(copy.name.clone());
    }
    if !missed.is_empty() {
        bail!(
            "{} of {} broken copies were not caught: {}",
            missed.len(),
            copies.len(),
            missed.join(", ")
        );
    }
    Ok(Tally { tests: u64::try_from(copies.len())?, ..Tally::default() })
}
