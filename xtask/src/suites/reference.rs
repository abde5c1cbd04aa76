//! The independent reference, written in Python from the specification alone.

use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::{exec, setup, step::Surroundings, tally::Tally};

/// Random cases of the quick profile, and of the long one.
const CASES: u32 = 100_000;
const CASES_FULL: u32 = 1_000_000;
/// Random cases are the same in every run: a case that disagrees can be looked at again.
const SEED: u32 = 20_261;

/// The reference computes every row itself.
pub(super) fn check(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let ran = exec::run(&mut python(with, &["check"])?, &with.log)?;
    // `keys: 120 rows (at least …`, a line for each suite of vectors.
    let counts = ran.stdout.lines().filter_map(|line| {
        let (number, _) = line.split_once(": ")?.1.split_once(" rows ")?;
        number.parse::<u64>().ok()
    });
    let rows = counts.sum();
    ensure!(rows > 0, "the reference checked no row");
    Ok(Tally { rows, ..Tally::default() })
}

/// Every wrong copy of the reference is contradicted by a row.
pub(super) fn mistakes(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let ran = exec::run(&mut python(with, &["wrong"])?, &with.log)?;
    // The last line: `41 mistakes (at least 40), 41 contradicted`.
    let last = ran.stdout.lines().last().unwrap_or_default();
    let number = last.split_once(' ').and_then(|(number, _)| number.parse().ok());
    let tests = number.with_context(|| format!("cannot count: {last}"))?;
    Ok(Tally { tests, ..Tally::default() })
}

/// The reference makes random cases and answers them; the core must answer each alike.
pub(super) fn random(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    // With the selection of the step `native`, so that nothing of it is compiled a second time.
    let build = ["build", "--locked", "--workspace", "--tests", "--bins"];
    exec::run(&mut with.project.cargo(&build), &with.log)?;
    let count = if with.full { CASES_FULL } else { CASES }.to_string();
    let seed = SEED.to_string();
    let mut maker = python(with, &["random", "--count", &count, "--seed", &seed])?;
    let mut maker = maker.stdout(Stdio::piped()).spawn().context("the reference does not run")?;
    let cases = maker.stdout.take().context("the reference has no output")?;
    let mut core = with.project.command(with.project.target.join("debug/tollgate-differential"));
    let compared = exec::run_fed(&mut core, cases, &with.log);
    let made = maker.wait()?;
    let compared = compared?;
    ensure!(made.success(), "the reference stopped before it had made {count} cases");
    let said = format!("{count} cases agree, 0 do not");
    ensure!(compared.stdout.contains(&said), "fewer than {count} cases were compared");
    Tally::read(&compared.stdout)
}

fn python(with: &Surroundings<'_>, arguments: &[&str]) -> anyhow::Result<Command> {
    let folder = with.project.path("tests");
    ensure!(
        folder.join("reference").is_dir(),
        "there is no independent reference in tests/reference"
    );
    let mut python = with.project.command(setup::python::interpreter(with.project));
    python.current_dir(folder).args(["-m", "reference"]).args(arguments);
    Ok(python)
}
