//! What ships: its size against the budget, and the hash by which a file is known again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};

use crate::{
    budget::{Budget, Size},
    console, exec,
    project::Project,
    setup::{self, Need, wasm::TARGET},
    step::Surroundings,
    tally::Tally,
};

/// The modules that are measured: the budget's name, and the package.
const MODULES: [(&str, &str); 1] = [("edge", "tollgate-edge")];
/// What the Workers deploy: the budget's name, and the file that `workers/build.mjs` lays down.
const WORKERS: [(&str, &str); 2] =
    [("worker-gate", "workers/gate/gate.wasm"), ("worker-objects", "workers/objects/objects.wasm")];
/// The command: the budget's name, the package and the file.
const COMMAND: &str = "tollgate";

/// A file that was measured.
#[derive(Debug)]
pub(crate) struct Measured {
    name: &'static str,
    size: Size,
    most: Size,
    /// By which it is known again: in hexadecimal.
    pub(crate) sha256: String,
}

impl Measured {
    fn is_within(&self) -> bool {
        self.size.raw <= self.most.raw && self.size.gzip <= self.most.gzip
    }

    fn line(&self) -> String {
        let Self { name, size, most, sha256 } = self;
        let said = if self.is_within() { "within" } else { "ABOVE" };
        format!(
            "{name}: {} bytes, {} after gzip, sha256 {sha256}: {said} its budget of {} and {}",
            size.raw, size.gzip, most.raw, most.gzip
        )
    }
}

/// Measures everything that ships, prints a line for each, and says whether all are within the budget.
///
/// The command is measured as it was built last, and built only if it never was.
pub(crate) fn run(project: &Project) -> anyhow::Result<bool> {
    setup::ready(project, Need::Wasm)?;
    let mut measured = modules(project)?;
    if !command_file(project).is_file() {
        let log = project.target.join("xtask/size-command.log");
        exec::run(&mut project.cargo(&["build", "--locked", "--release", "-p", COMMAND]), &log)?;
    }
    measured.push(command(project)?);
    for one in &measured {
        console::line(&one.line());
    }
    Ok(measured.iter().all(Measured::is_within))
}

/// The modules for edge runtimes, as a step of a suite.
pub(crate) fn step(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    judged(&modules(with.project)?)
}

/// The command that the step `build` has made, as a step of a suite.
pub(crate) fn command_step(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    judged(&[command(with.project)?])
}

/// The modules that the suite's step `build` has laid down for the Workers, as a step of a suite.
pub(crate) fn workers_step(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let module = |&(name, file): &(&'static str, &str)| {
        measure(with.project, name, &with.project.path(file))
    };
    judged(&WORKERS.iter().map(module).collect::<anyhow::Result<Vec<_>>>()?)
}

/// The command as a user would deploy it: whoever runs another file than this one runs something else.
pub(crate) fn command(project: &Project) -> anyhow::Result<Measured> {
    let file = command_file(project);
    ensure!(file.is_file(), "there is no release binary: the step `build` makes it");
    measure(project, COMMAND, &file)
}

fn command_file(project: &Project) -> PathBuf {
    project.target.join("release").join(COMMAND)
}

fn modules(project: &Project) -> anyhow::Result<Vec<Measured>> {
    let module = |&(name, package): &(&'static str, &str)| {
        let cargo = ["build", "--locked", "--profile", "edge", "--target", TARGET, "-p", package];
        exec::run(&mut project.cargo(&cargo), &project.target.join("xtask/size-build.log"))?;
        let file = format!("{}.wasm", package.replace('-', "_"));
        measure(project, name, &project.target.join(TARGET).join("edge").join(file))
    };
    MODULES.iter().map(module).collect()
}

fn judged(measured: &[Measured]) -> anyhow::Result<Tally> {
    for one in measured {
        console::progress(&format!("    {}", one.line()));
    }
    ensure!(
        measured.iter().all(Measured::is_within),
        "what ships is larger than tests/budget.toml allows"
    );
    Ok(Tally { tests: u64::try_from(measured.len())?, ..Tally::default() })
}

fn measure(project: &Project, name: &'static str, file: &Path) -> anyhow::Result<Measured> {
    let most = Budget::read(project)?.sizes.get(name).copied();
    let most = most.with_context(|| format!("no size.{name} in the budget"))?;
    let raw = fs::metadata(file).with_context(|| format!("{}", file.display()))?.len();
    let gzip = read_by(project, "gzip", &["-9", "-n", "-c"], file)?.len();
    let hashed = String::from_utf8(read_by(project, "sha256sum", &["-b"], file)?)?;
    let sha256 = hashed.split(' ').next().unwrap_or_default().trim_start_matches('\\').to_owned();
    ensure!(sha256.len() == 64, "sha256sum said {hashed}");
    Ok(Measured { name, size: Size { raw, gzip: u64::try_from(gzip)? }, most, sha256 })
}

/// What `program` makes of a file.
fn read_by(
    project: &Project,
    program: &str,
    arguments: &[&str],
    file: &Path,
) -> anyhow::Result<Vec<u8>> {
    let ran = project.command(program).args(arguments).arg(file).output();
    let ran = ran.with_context(|| format!("{program} does not run"))?;
    ensure!(ran.status.success(), "{program} failed on {}", file.display());
    Ok(ran.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_within_its_budget_if_both_its_sizes_are() {
        for (raw, gzip, within) in [(9, 4, true), (10, 5, true), (11, 5, false), (10, 6, false)] {
            let most = Size { raw: 10, gzip: 5 };
            let one = Measured { name: "a", size: Size { raw, gzip }, most, sha256: String::new() };
            assert_eq!(one.is_within(), within, "{}", one.line());
        }
    }
}
