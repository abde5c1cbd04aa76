//! One step of a suite.

use std::{path::PathBuf, process::Command};

use crate::{console, exec, project::Project, setup::Need, tally::Tally};

/// How a runner of ours says what is to be read although all was well.
const TOLD: &str = "tollgate-told ";

/// One step of a suite: data, so that a suite can be read as a list.
#[derive(Debug)]
pub(crate) struct Step {
    /// One word; the floor file and the logs use it too.
    pub(crate) name: &'static str,
    /// What it shows, as a fragment.
    pub(crate) about: &'static str,
    /// What must be installed.
    pub(crate) needs: &'static [Need],
    /// Does it, and says what was run.
    pub(crate) run: fn(&Surroundings<'_>) -> anyhow::Result<Tally>,
}

/// What a step is given.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    /// The checkout.
    pub(crate) project: &'a Project,
    /// Whether the long profile was asked for.
    pub(crate) full: bool,
    /// Where this step's output is kept.
    pub(crate) log: PathBuf,
}

impl Surroundings<'_> {
    /// Runs `command`, which must succeed, shows what it wants to be read, and counts what it says it ran.
    pub(crate) fn count(&self, command: &mut Command) -> anyhow::Result<Tally> {
        if self.full {
            command.env("TOLLGATE_FULL", "1");
        }
        let ran = exec::run(command, &self.log)?;
        for told in ran.stdout.lines().filter_map(|line| line.strip_prefix(TOLD)) {
            console::progress(&format!("    {told}"));
        }
        Tally::read(&ran.stdout)
    }

    /// Runs `command`, which must succeed; there is nothing to count.
    pub(crate) fn succeed(&self, command: &mut Command) -> anyhow::Result<Tally> {
        exec::run(command, &self.log)?;
        Ok(Tally::default())
    }
}
