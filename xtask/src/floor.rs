//! What each step is committed to run at least: `tests/floor.toml`.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;

use crate::tally::Tally;

/// What a step must at least have run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Least {
    /// Tests.
    pub(crate) tests: u64,
    /// Vector rows.
    pub(crate) rows: u64,
}

/// The floor of every step, by suite and step.
#[derive(Debug, Default)]
pub(crate) struct Floor(BTreeMap<String, BTreeMap<String, Least>>);

const HEAD: &str = "\
# What each step runs at least: a step that runs fewer is red.
# `cargo xtask test --raise-floor` writes higher numbers after a green run; lower ones are written by
# hand, in a commit that says why.
";

impl Floor {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("no {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let table: toml::Table = text.parse()?;
        let mut floor = Self::default();
        for (suite, steps) in &table {
            for (step, numbers) in steps.as_table().context("a suite is a table of steps")? {
                let number = |name: &str| -> anyhow::Result<u64> {
                    let number = numbers.get(name).and_then(toml::Value::as_integer);
                    let number = number.with_context(|| format!("{suite}.{step} lacks {name}"))?;
                    u64::try_from(number).with_context(|| format!("{suite}.{step}.{name}"))
                };
                let least = Least { tests: number("tests")?, rows: number("rows")? };
                floor.0.entry(suite.clone()).or_default().insert(step.clone(), least);
            }
        }
        Ok(floor)
    }

    /// The floor of one step; nothing if it is committed to nothing.
    pub(crate) fn of(&self, suite: &str, step: &str) -> Option<Least> {
        self.0.get(suite)?.get(step).copied()
    }

    /// The steps of a suite that are committed to something.
    pub(crate) fn steps<'a>(&'a self, suite: &str) -> impl Iterator<Item = &'a str> {
        self.0.get(suite).into_iter().flatten().map(|(step, _)| step.as_str())
    }

    /// Raises the floor of one step to what it ran; it is never lowered.
    pub(crate) fn raise(&mut self, suite: &str, step: &str, ran: Tally) {
        let least = self.0.entry(suite.to_owned()).or_default().entry(step.to_owned()).or_default();
        least.tests = least.tests.max(ran.tests);
        least.rows = least.rows.max(ran.rows);
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = HEAD.to_owned();
        for (suite, steps) in &self.0 {
            text += &format!("\n[{suite}]\n");
            for (step, least) in steps {
                let Least { tests, rows } = least;
                text += &format!("{step} = {{ tests = {tests}, rows = {rows} }}\n");
            }
        }
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

impl Least {
    /// What `ran` falls short of, as a sentence.
    pub(crate) fn lacks(self, ran: Tally) -> Option<String> {
        (ran.tests < self.tests || ran.rows < self.rows).then(|| {
            format!(
                "ran {} tests and {} vector rows, but tests/floor.toml commits it to {} and {}",
                ran.tests, ran.rows, self.tests, self.rows
            )
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn fewer_than_committed_is_named_and_more_is_not() {
        let floor = Floor::parse("[core]\nnative = { tests = 5, rows = 2 }").unwrap();
        let least = floor.of("core", "native").unwrap();
        for (tests, rows, short) in [(5, 2, false), (6, 3, false), (4, 2, true), (5, 1, true)] {
            let ran = Tally { tests, rows, ..Tally::default() };
            assert_eq!(least.lacks(ran).is_some(), short, "{tests} {rows}");
        }
    }

    #[test]
    fn a_floor_only_rises() {
        let mut floor = Floor::parse("[core]\nnative = { tests = 5, rows = 2 }").unwrap();
        floor.raise("core", "native", Tally { tests: 9, rows: 1, ..Tally::default() });
        assert_eq!(floor.of("core", "native"), Some(Least { tests: 9, rows: 2 }));
    }

    #[test]
    fn a_floor_that_cannot_be_read_is_an_error() {
        for text in
            ["core = 3", "[core]\nnative = { tests = 5 }", "[core]\nx = { tests = -1, rows = 0 }"]
        {
            assert!(Floor::parse(text).is_err(), "{text}");
        }
    }
}
