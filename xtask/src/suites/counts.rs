//! Instruction counts: exact, repeatable, and therefore gated, which times never are.
//!
//! callgrind does not see SHA instructions, so these are the counts of the software path.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::{budget::Budget, console, exec, project::Project, step::Surroundings, tally::Tally};

/// How often each operation is done under callgrind: the loop around it weighs little then.
const TIMES: u64 = 100;

/// Bytes of the arguments, whatever the case is called.
const ARGUMENTS: usize = 80;

/// Compares the counts with `tests/budget.toml`.
pub(super) fn compare(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let budget = Budget::read(with.project)?;
    let counts = count(with.project)?;
    let lines: Vec<String> =
        counts.iter().map(|(name, count)| format!("{name}: {count} instructions\n")).collect();
    fs::write(&with.log, lines.concat())?;
    let faults = budget.faults(&counts);
    for fault in &faults {
        console::progress(&format!("    {fault}"));
    }
    ensure!(faults.is_empty(), "{} counts are not within tests/budget.toml", faults.len());
    Ok(Tally { tests: u64::try_from(counts.len())?, ..Tally::default() })
}

/// The instructions of one operation, by its name.
pub(crate) fn count(project: &Project) -> anyhow::Result<BTreeMap<String, u64>> {
    let program = build(project)?;
    let names = exec::attempt(&mut project.command(&program), None)?;
    ensure!(names.success(), "the counting program does not list its cases");
    let folder = project.target.join("callgrind");
    fs::create_dir_all(&folder)?;
    let mut counts = BTreeMap::new();
    for name in names.stdout.lines().filter(|name| !name.is_empty()) {
        let out = folder.join("out");
        let mut valgrind = project.command("valgrind");
        valgrind.args(["--tool=callgrind", "--toggle-collect=count::measured"]);
        valgrind.arg(format!("--callgrind-out-file={}", out.display()));
        // Arguments lie on the stack, and how what follows is aligned decides how the C library copies:
        // with leading zeros they are equally long for all, and what must cost the same can.
        let times = format!("{TIMES:0>width$}", width = ARGUMENTS.saturating_sub(name.len()));
        valgrind.arg(&program).args([name, &times]);
        exec::run(&mut valgrind, &folder.join("log"))?;
        let text = fs::read_to_string(&out)?;
        let total =
            text.lines().find_map(|line| line.strip_prefix("totals: ")?.parse::<u64>().ok());
        let total = total.with_context(|| format!("callgrind counted nothing for {name}"))?;
        ensure!(total > 0, "callgrind counted nothing for {name}");
        counts.insert(name.to_owned(), total / TIMES);
    }
    ensure!(!counts.is_empty(), "there is nothing to count");
    Ok(counts)
}

/// Builds the counting program, and says where it lies.
fn build(project: &Project) -> anyhow::Result<PathBuf> {
    let mut cargo = project.cargo(&["build", "--locked", "--release", "-p", "tollgate-core"]);
    cargo.args(["--bench", "count", "--message-format=json-render-diagnostics"]);
    let ran = exec::run(&mut cargo, &project.target.join("xtask/count-build.log"))?;
    let messages = ran.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter_map(|message| {
        let named = message.get("target")?.get("name")? == "count";
        let path = message.get("executable")?.as_str()?;
        named.then(|| PathBuf::from(path))
    });
    programs.next_back().context("cargo built no counting program")
}
