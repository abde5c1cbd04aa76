//! What is written in Python: most of the tests, and a verifier.

use anyhow::ensure;

use crate::{setup, step::Surroundings, tally::Tally};

/// Every name is there, used, and given to one thing only: a second function of a name would take the first one's place.
pub(super) fn names(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let files = with.project.files()?;
    let files: Vec<_> = files.iter().filter(|file| file.ends_with(".py")).collect();
    ensure!(!files.is_empty(), "there is no Python");
    let mut pyflakes = with.project.command(setup::python::interpreter(with.project));
    with.succeed(pyflakes.args(["-m", "pyflakes"]).args(&files))?;
    let tests = files.len().try_into()?;
    Ok(Tally { tests, ..Tally::default() })
}
