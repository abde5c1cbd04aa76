//! What can be checked without compiling: house rules that are tests.
//!
//! Each module below checks one thing and adds a [`Finding`] for everything that is not as it should.

mod documents;
mod layers;
mod licences;
mod source;
mod spdx;
mod vectors;

use crate::{clock::Stopwatch, console, project::Project, step::Surroundings, tally::Tally};

/// Something that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The file, with the line where there is one.
    place: String,
    /// What to do about it.
    what: String,
}

/// Checks one thing.
type Check = fn(&Project, &mut Findings) -> anyhow::Result<()>;

/// What is checked, and what by.
const CHECKS: [(&str, Check); 5] = [
    ("layers", layers::check),
    ("licences", licences::check),
    ("source", source::check),
    ("documents", documents::check),
    ("vectors", vectors::check),
];

/// Findings, as they are made.
#[derive(Debug, Default)]
pub(crate) struct Findings(Vec<Finding>);

impl Findings {
    /// Adds one.
    fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.0.push(Finding { place: place.into(), what: what.into() });
    }
}

/// Checks everything, prints what was found, and says whether that was nothing.
pub(crate) fn run(project: &Project) -> anyhow::Result<bool> {
    let watch = Stopwatch::start();
    let findings = look(project)?;
    for Finding { place, what } in &findings.0 {
        console::line(&format!("{place}: {what}"));
    }
    let verdict = match findings.0.len() {
        0 => "green".to_owned(),
        count => format!("RED: {count} findings"),
    };
    console::line(&format!(
        "tidy: {}, {}: {verdict}",
        CHECKS.map(|(name, _)| name).join(", "),
        watch.shown()
    ));
    Ok(findings.0.is_empty())
}

/// The same as a step of a suite.
pub(crate) fn step(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let findings = look(with.project)?;
    for Finding { place, what } in &findings.0 {
        console::progress(&format!("    {place}: {what}"));
    }
    anyhow::ensure!(findings.0.is_empty(), "{} findings", findings.0.len());
    Ok(Tally::default())
}

fn look(project: &Project) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    for (name, check) in CHECKS {
        check(project, &mut findings).map_err(|error| error.context(format!("tidy: {name}")))?;
    }
    Ok(findings)
}
