//! Broken copies: each breaks one guard in a copy of the code, and a named test must go red.
//!
//! A guard that no test notices is no guard. The copies are described in `tests/broken/<suite>/*.toml`:
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

use std::{num::NonZero, thread};

use anyhow::{anyhow, bail};

use crate::{console, step::Surroundings, tally::Tally};
use book::Copy;
use workshop::{Outcome, Workshop};

/// More would build what all copies share too often.
const WORKSHOPS_MAX: usize = 4;

/// Makes every broken copy of a suite, and is red unless each is caught by the test that it names.
///
/// There is a workshop for each processor; what they share is built in each of them.
pub(crate) fn step(with: &Surroundings<'_>, suite: &str) -> anyhow::Result<Tally> {
    all(with, suite, &book::read(with.project, suite)?)
}

/// The same for copies that take long to build: all of them in the long profile, else one of so many.
pub(crate) fn some(with: &Surroundings<'_>, suite: &str, one_of: usize) -> anyhow::Result<Tally> {
    let mut copies = book::read(with.project, suite)?;
    if !with.full {
        let known = copies.len();
        let mut at = 0..known;
        copies.retain(|_| at.next().is_some_and(|at| at.is_multiple_of(one_of)));
        console::progress(&format!("    {} of {known}; all of them with --full", copies.len()));
    }
    all(with, suite, &copies)
}

fn all(with: &Surroundings<'_>, suite: &str, copies: &[Copy]) -> anyhow::Result<Tally> {
    let workshops = thread::available_parallelism().map_or(1, NonZero::get).min(WORKSHOPS_MAX);
    let mut shares: Vec<Vec<&Copy>> = vec![vec![]; workshops];
    for (at, copy) in copies.iter().enumerate() {
        if let Some(share) = shares.get_mut(at.checked_rem(workshops).unwrap_or(0)) {
            share.push(copy);
        }
    }
    let mut missed = vec![];
    thread::scope(|scope| {
        let mut hands = vec![];
        for (at, share) in shares.iter().enumerate() {
            hands.push(scope.spawn(move || try_out(with, suite, at, share)));
        }
        for hand in hands {
            let done = hand.join().map_err(|_| anyhow!("a workshop panicked"))?;
            missed.extend(done?);
        }
        anyhow::Ok(())
    })?;
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

/// Tries out some copies in a workshop of their own; says which were not caught.
fn try_out(
    with: &Surroundings<'_>,
    suite: &str,
    at: usize,
    copies: &[&Copy],
) -> anyhow::Result<Vec<String>> {
    let workshop = Workshop::open(with.project, suite, at)?;
    let mut missed = vec![];
    for copy in copies {
        let caught = noticed(|| Ok(why_missed(copy, workshop.try_out(copy)?)))?;
        if let Caught::Late(why) | Caught::Never(why) = &caught {
            console::progress(&format!("    {}: {why}", copy.name));
        }
        if let Caught::Never(_) = caught {
            missed.push(copy.name.clone());
        }
    }
    Ok(missed)
}

/// When a copy was caught.
#[derive(Debug, PartialEq, Eq)]
enum Caught {
    /// At the first try.
    Soon,
    /// At the second: what is to be said of it.
    Late(String),
    /// At neither: why not.
    Never(String),
}

/// Plays a copy, and once more if it is not caught; `play` says why not.
///
/// A guard that goes red nearly always is a guard: a race in how the copy is played is no proof that nobody watches.
/// So what is seen at the second try counts as caught, and is told. No other test is played twice.
fn noticed(mut play: impl FnMut() -> anyhow::Result<Option<String>>) -> anyhow::Result<Caught> {
    let Some(first) = play()? else { return Ok(Caught::Soon) };
    let late = || Caught::Late(format!("seen at the second try; at the first: {first}"));
    Ok(play()?.map_or_else(late, Caught::Never))
}

/// Why a copy was not caught, if it was not.
fn why_missed(copy: &Copy, outcome: Outcome) -> Option<String> {
    Some(match outcome {
        Outcome::Caught => return None,
        Outcome::NotFound(times) => {
            format!("its text stands {times} times in {}, and must stand once", copy.file)
        }
        Outcome::DoesNotCompile(error) => format!("it does not compile: {error}"),
        Outcome::NotRun => format!("no test of {} is called {}", copy.package, copy.test),
        Outcome::Missed => format!("{} passes although the code is broken", copy.test),
        Outcome::Endless => format!("{} did not end", copy.test),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{Caught, noticed};

    fn check(missed: &[bool], plays: usize, expected: &Caught) {
        let mut left = missed.iter();
        let play = || Ok(left.next().unwrap().then(|| "it passes".to_owned()));
        assert_eq!(noticed(play).unwrap(), *expected, "{missed:?}");
        assert_eq!(left.len(), missed.len().checked_sub(plays).unwrap(), "{missed:?}");
    }

    #[test]
    fn a_copy_that_is_missed_is_played_once_more_and_no_more() {
        check(&[false, true], 1, &Caught::Soon);
        let late = "seen at the second try; at the first: it passes";
        check(&[true, false, false], 2, &Caught::Late(late.to_owned()));
        check(&[true, true, false], 2, &Caught::Never("it passes".to_owned()));
    }
}
