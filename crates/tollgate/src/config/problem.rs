//! What is wrong with a configuration, and where.

use std::{fmt, path::PathBuf};

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// In the file.
    File {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
    },
    /// In this variable of the environment.
    Variable(String),
    /// As this argument.
    Argument(&'static str),
    /// Nowhere: it is the default.
    Default,
}

/// One thing that is wrong. It never holds a secret: no field of the configuration is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where.
    pub(crate) place: Place,
    /// The field's path, such as `gate.listen`; blank for the text itself.
    pub(crate) path: String,
    /// What is wrong, and what would be right.
    pub(crate) what: String,
}

impl Problem {
    pub(super) fn new(place: Place, path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place, path: path.into(), what: what.into() }
    }
}

/// A configuration that nothing may start with: everything that is wrong with it, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigError {
    file: PathBuf,
    problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) fn new(file: PathBuf, mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| (&a.place, &a.path).cmp(&(&b.place, &b.path)));
        // What the reader of TOML made of a value that it could not read is not worth a second line.
        problems.dedup_by(|later, earlier| later.place == earlier.place && earlier.path.is_empty());
        Self { file, problems }
    }

    /// The lines of the message: one for each problem.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.problems.iter().map(|problem| self.line(problem))
    }

    /// Everything that is wrong.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn line(&self, Problem { place, path, what }: &Problem) -> String {
        let file = self.file.display();
        let place = match place {
            Place::File { line, column } => format!("{file}:{line}:{column}"),
            Place::Variable(name) => name.clone(),
            Place::Argument(name) => (*name).to_owned(),
            Place::Default => file.to_string(),
        };
        if path.is_empty() {
            format!("{place}: {what}")
        } else {
            format!("{place}: {path}: {what}")
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&line)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
