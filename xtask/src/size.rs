//! Builds what ships to an edge runtime, and compares its size with the budget.

use std::fs;

use anyhow::{Context, ensure};

use crate::{
    budget::Budget,
    console, exec,
    project::Project,
    setup::{self, Need, wasm::TARGET},
    step::Surroundings,
    tally::Tally,
};

/// The modules that are measured: the budget's name, and the package.
const MODULES: [(&str, &str); 1] = [("edge", "tollgate-edge")];

/// Measures every module, prints a line for each, and says whether all are within the budget.
pub(crate) fn run(project: &Project) -> anyhow::Result<bool> {
    setup::ready(project, Need::Wasm)?;
    let lines = measure(project)?;
    for (line, _) in &lines {
        console::line(line);
    }
    Ok(lines.iter().all(|(_, within)| *within))
}

/// The same as a step of a suite.
pub(crate) fn step(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let lines = measure(with.project)?;
    for (line, _) in &lines {
        console::progress(&format!("    {line}"));
    }
    ensure!(
        lines.iter().all(|(_, within)| *within),
        "a module is larger than tests/budget.toml allows"
    );
    Ok(Tally { tests: u64::try_from(lines.len())?, ..Tally::default() })
}

fn measure(project: &Project) -> anyhow::Result<Vec<(String, bool)>> {
    let budget = Budget::read(project)?;
    let mut lines = vec![];
    for (name, package) in MODULES {
        let most =
            budget.sizes.get(name).with_context(|| format!("no size.{name} in the budget"))?;
        let cargo = ["build", "--locked", "--profile", "edge", "--target", TARGET, "-p", package];
        exec::run(&mut project.cargo(&cargo), &project.target.join("xtask/size-build.log"))?;
        let file = format!("{}.wasm", package.replace('-', "_"));
        let module = project.target.join(TARGET).join("edge").join(file);
        let raw = fs::metadata(&module).with_context(|| format!("{}", module.display()))?.len();
        let mut gzip = project.command("gzip");
        let gzip =
            gzip.args(["-9", "-n", "-c"]).arg(&module).output().context("gzip does not run")?;
        ensure!(gzip.status.success(), "gzip failed on {}", module.display());
        let gzip = u64::try_from(gzip.stdout.len())?;
        let within = raw <= most.raw && gzip <= most.gzip;
        let said = if within { "within" } else { "ABOVE" };
        let line = format!(
            "{name}: {raw} bytes, {gzip} after gzip: {said} its budget of {} and {}",
            most.raw, most.gzip
        );
        lines.push((line, within));
    }
    Ok(lines)
}
