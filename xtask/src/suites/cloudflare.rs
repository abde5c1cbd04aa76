//! The suite `cloudflare`: the Workers, on the runtime that they are deployed to.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, ensure};

use super::rust;
use crate::{
    exec,
    setup::{self, Need},
    size,
    step::{Step, Surroundings},
    tally::Tally,
};

/// The build first: what follows is put to the modules that it lays down.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "build",
        about: "the modules that are deployed, as `wrangler deploy` builds them",
        needs: &[Need::Wasm, Need::Workers],
        run: build,
    },
    Step {
        name: "size",
        about: "the modules against the budget",
        needs: &[],
        run: size::workers_step,
    },
    Step {
        name: "objects",
        about: "workerd: buckets, relays, the ledger; streams, WebSockets, the gate as a library",
        needs: &[Need::Wasm, Need::Workers],
        run: objects,
    },
    Step {
        name: "terraform",
        about: "the Terraform module deploys what `wrangler.toml` does",
        needs: &[Need::Python],
        run: terraform,
    },
    Step {
        name: "contract",
        about: "the contract of every gate, put to the deployed modules on workerd",
        needs: &[Need::Python, Need::Workers],
        run: contract,
    },
    Step {
        name: "faults",
        about: "eight gates over the same objects: revocations, limits, and everything that can fail",
        needs: &[Need::Python, Need::Workers],
        run: faults,
    },
    Step {
        name: "tls",
        about: "the command administers a deployment over TLS, and no other than it believes",
        needs: &[Need::Python, Need::Workers],
        run: tls,
    },
    Step {
        name: "guards",
        about: "broken copies of the modules, each of which one of these cases must notice",
        needs: &[Need::Python, Need::Workers],
        run: guards,
    },
    Step {
        name: "edge-runtime",
        about: "the same module in another JavaScript runtime",
        needs: &[Need::Python, Need::Workers],
        run: edge_runtime,
    },
];

/// Where installed programs are.
const PROGRAMS: &str = "workers/node_modules/.bin";

fn build(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.succeed(node(with)?.arg("workers/build.mjs"))
}

/// Node's own runner, whose summary is counted: what was left out is no pass.
fn objects(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut files = vec![];
    for entry in std::fs::read_dir(with.project.path("tests/workers"))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    ensure!(!files.is_empty(), "there are no tests of Workers");
    let mut run = node(with)?;
    run.args(["--test", "--test-reporter=tap"]).args(files);
    summary(&exec::run(&mut run, &with.log)?.stdout)
}

/// Read as HCL, and nothing is applied.
fn terraform(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.count(&mut python(with, "workers.terraform", &[]))
}

/// Every row of the contract holds on workerd, or does not apply there and says why.
fn contract(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut run = python(with, "contract", &["run", "--host", "workers", "--verbose", "--binary"]);
    with.count(run.arg(command(with)?))
}

/// What is promised holds over many isolates, and whatever the platform does.
fn faults(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.count(&mut python(with, "workers", &[]))
}

/// Certificates of an authority of a deployment's own, and of everybody else.
fn tls(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut run = python(with, "workers.tls", &["--binary"]);
    with.count(run.arg(command(with)?))
}

/// The cases can fail. Of the copies that take long the short profile plays one, the long one all.
fn guards(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut run = python(with, "workers", &["--guards"]);
    if !with.full {
        run.arg("--in-turn");
    }
    with.count(&mut run)
}

/// The same file gives the same verdicts where there is nothing of Cloudflare.
fn edge_runtime(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut run =
        python(with, "contract", &["run", "--host", "edge-runtime", "--verbose", "--binary"]);
    with.count(run.arg(command(with)?))
}

/// The command, with which deployments are administered.
fn command(with: &Surroundings<'_>) -> anyhow::Result<PathBuf> {
    Ok(rust::programs(with)?.join("tollgate"))
}

/// What Node's runner says at its end: `# pass 12`, `# fail 0`, `# skipped 0`.
fn summary(stdout: &str) -> anyhow::Result<Tally> {
    let said = |what: &str| {
        let line =
            stdout.lines().rev().find_map(|line| line.strip_prefix("# ")?.strip_prefix(what));
        let number = line.with_context(|| format!("the runner does not say `{what}`"))?;
        anyhow::Ok(number.trim().parse::<u64>()?)
    };
    let skipped = said("skipped")?.saturating_add(said("todo")?).saturating_add(said("cancelled")?);
    Ok(Tally { tests: said("pass")?, skipped, ..Tally::default() })
}

fn node(with: &Surroundings<'_>) -> anyhow::Result<Command> {
    let program: PathBuf = with.project.path(PROGRAMS).join("node");
    ensure!(program.exists(), "there is no {}: the set-up installs it", program.display());
    Ok(with.project.command(program))
}

fn python(with: &Surroundings<'_>, package: &str, arguments: &[&str]) -> Command {
    let mut python = with.project.command(setup::python::interpreter(with.project));
    python.current_dir(with.project.path("tests")).args(["-m", package]).args(arguments);
    python
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn a_summary_is_counted_and_what_was_left_out_is_no_pass() {
        let text =
            "ok 1 - a\n# tests 3\n# pass 2\n# fail 0\n# cancelled 0\n# skipped 1\n# todo 0\n";
        let tally = summary(text).ok();
        assert_eq!(tally.map(|tally| (tally.tests, tally.skipped)), Some((2, 1)));
        assert!(summary("ok 1 - a\n").is_err());
    }
}
