//! The chores of this repository, behind one command: `cargo xtask test|bench|size|tidy|setup`.
//!
//! Start reading at [`suites`]: a suite is a list of steps, a step is a name, what it needs, and a
//! function. Everything else here runs steps, counts what they ran, or installs what they need.

mod args;
mod bench;
mod broken;
mod budget;
mod clock;
mod console;
mod exec;
mod floor;
mod project;
mod settings;
mod setup;
mod size;
mod step;
mod suite;
mod suites;
mod tally;
mod tidy;

use std::process::ExitCode;

use args::{Chore, Usage};

/// Everything that was asked for ran and held.
const GREEN: u8 = 0;
/// Something did not hold, or could not be run.
const RED: u8 = 1;
/// The command line was not understood; nothing was run.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let chore = match args::read(settings::arguments()) {
        Ok(chore) => chore,
        Err(Usage(message)) => {
            console::complain(&message);
            return ExitCode::from(MISUSED);
        }
    };
    match run(chore) {
        Ok(true) => ExitCode::from(GREEN),
        Ok(false) => ExitCode::from(RED),
        Err(error) => {
            console::complain(&format!("{error:#}"));
            ExitCode::from(RED)
        }
    }
}

fn run(chore: Chore) -> anyhow::Result<bool> {
    if let Chore::Help(text) = chore {
        console::line(text);
        return Ok(true);
    }
    let project = project::Project::find()?;
    match chore {
        Chore::Help(_) => Ok(true),
        Chore::Test(wanted) => suite::test(&project, wanted),
        Chore::Bench { suites, json, full } => bench::run(&project, &suites, json, full),
        Chore::Size => size::run(&project),
        Chore::Tidy => tidy::run(&project),
        Chore::Setup { without } => setup::all(&project, &without),
    }
}
