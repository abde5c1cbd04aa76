//! The independent reference, written in Python from the specification alone.

use anyhow::ensure;

use crate::{setup, step::Surroundings, tally::Tally};

/// The reference computes every row itself, and every one of its wrong copies is contradicted.
pub(super) fn check(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    ensure!(
        with.project.path("tests/reference").is_dir(),
        "tests/reference is not there: no independent reference has been written yet"
    );
    let mut python = with.project.command(setup::python::interpreter(with.project));
    python.current_dir(with.project.path("tests")).args(["-m", "reference", "check"]);
    with.count(&mut python)
}
