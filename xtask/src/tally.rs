//! What a step ran, read from what its runners printed.

use anyhow::{Context, bail};

/// How a runner of ours says what it ran besides tests: `tollgate-tally rows=120 held=3 …`.
pub(crate) const MARK: &str = "tollgate-tally ";

/// What was run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) tests: u64,
    /// Vector rows that agreed.
    pub(crate) rows: u64,
    /// Contract rows that held.
    pub(crate) held: u64,
    /// Contract rows that do not apply to this host.
    pub(crate) not_applicable: u64,
    /// Tests or rows that were not run although nobody said to leave them out.
    pub(crate) skipped: u64,
}

impl Tally {
    /// Adds what another step ran.
    pub(crate) fn add(&mut self, other: Self) {
        self.tests = self.tests.saturating_add(other.tests);
        self.rows = self.rows.saturating_add(other.rows);
        self.held = self.held.saturating_add(other.held);
        self.not_applicable = self.not_applicable.saturating_add(other.not_applicable);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }

    /// Reads the `test result:` lines of Rust's test runner and the [`MARK`] lines of our own.
    ///
    /// # Errors
    ///
    /// When such a line is not of its shape: what cannot be counted must not pass as counted.
    pub(crate) fn read(stdout: &str) -> anyhow::Result<Self> {
        let mut tally = Self::default();
        for line in stdout.lines().map(str::trim) {
            if let Some(result) = line.strip_prefix("test result: ") {
                tally
                    .add(Self::of_result(result).with_context(|| format!("cannot count: {line}"))?);
            } else if let Some(fields) = line.strip_prefix(MARK) {
                tally.add(Self::of_mark(fields).with_context(|| format!("cannot count: {line}"))?);
            }
        }
        Ok(tally)
    }

    /// `ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s`.
    fn of_result(result: &str) -> anyhow::Result<Self> {
        let (_, counts) = result.split_once(". ").context("no counts")?;
        let mut tally = Self::default();
        for part in counts.split("; ") {
            let (number, what) = part.split_once(' ').context("no number")?;
            match what {
                "passed" => tally.tests = number.parse()?,
                "ignored" | "filtered out" => {
                    tally.skipped = tally.skipped.saturating_add(number.parse()?);
                }
                _ => {}
            }
        }
        Ok(tally)
    }

    fn of_mark(fields: &str) -> anyhow::Result<Self> {
        let mut tally = Self::default();
        for field in fields.split_whitespace() {
            let (name, number) = field.split_once('=').context("no =")?;
            let number = number.parse()?;
            match name {
                "tests" => tally.tests = number,
                "rows" => tally.rows = number,
                "held" => tally.held = number,
                "not_applicable" => tally.not_applicable = number,
                "skipped" => tally.skipped = number,
                _ => bail!("no count is called {name}"),
            }
        }
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    fn check(stdout: &str, tests: u64, rows: u64, skipped: u64) {
        let expected = Tally { tests, rows, skipped, ..Tally::default() };
        assert_eq!(Tally::read(stdout).unwrap(), expected, "{stdout}");
    }

    #[test]
    fn tests_rows_and_skips_are_counted_from_what_the_runners_print() {
        let of = |passed, ignored, filtered| {
            format!(
                "test result: ok. {passed} passed; 0 failed; {ignored} ignored; 0 measured; \
                 {filtered} filtered out; finished in 0.00s\n"
            )
        };
        check("", 0, 0, 0);
        check(&of(5, 0, 0), 5, 0, 0);
        check(&of(5, 1, 2), 5, 0, 3);
        check(&(of(5, 0, 0) + "noise\n" + &of(7, 0, 0)), 12, 0, 0);
        check("  tollgate-tally rows=120\n", 0, 120, 0);
        check("tollgate-tally tests=1 rows=2 skipped=3", 1, 2, 3);
    }

    #[test]
    fn what_cannot_be_counted_is_an_error() {
        for line in ["test result: what", "tollgate-tally lines=4", "tollgate-tally rows=many"] {
            assert!(Tally::read(line).is_err(), "{line}");
        }
    }
}
