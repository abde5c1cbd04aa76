//! The suite `gate`: the native gate, as it would be deployed.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, ensure};

use crate::{
    broken, exec,
    setup::{self, Need},
    size,
    step::{Step, Surroundings},
    tally::Tally,
};

/// The build first: what follows is put to the file that it leaves.
pub(super) const STEPS: &[Step] = &[
    Step { name: "build", about: "the release binary", needs: &[], run: build },
    Step {
        name: "size",
        about: "the release binary against the budget",
        needs: &[],
        run: size::command_step,
    },
    Step {
        name: "contract",
        about: "the contract of every gate, put to the release binary through each of its doors",
        needs: &[Need::Python, Need::Strace],
        run: contract,
    },
    Step {
        name: "contract-tls",
        about: "the same through its own doors, with origins under TLS",
        needs: &[Need::Python, Need::Strace],
        run: contract_tls,
    },
    Step {
        name: "contract-guards",
        about: "made-up gates that are wrong, each caught by a row of the contract",
        needs: &[Need::Python],
        run: guards,
    },
    Step {
        name: "proxies",
        about: "every example with its real proxy, and mistakes in its configuration",
        needs: &[Need::Python, Need::Proxies],
        run: proxies,
    },
    Step {
        name: "faults",
        about: "gates on one store that are killed, locked out, or cannot write",
        needs: &[Need::Python, Need::Strace],
        run: faults,
    },
    Step {
        name: "revocation",
        about: "200 revocations, timed to the last admission anywhere",
        needs: &[Need::Python, Need::Strace],
        run: revocation,
    },
    Step {
        name: "refusals",
        about: "what refused keys read of the store and leave in memory",
        needs: &[Need::Python, Need::Strace],
        run: refusals,
    },
    Step {
        name: "broken",
        about: "broken copies of the gate's libraries, of which each run takes one in two",
        needs: &[],
        run: |with| broken::some(with, "gate-libs", 2),
    },
    Step {
        name: "broken-binary",
        about: "broken copies of the command itself, of which each run takes one in four",
        needs: &[],
        run: |with| broken::some(with, "gate-binary", 4),
    },
];

/// Builds the file that a user would deploy.
pub(super) fn build(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.succeed(&mut with.project.cargo(&["build", "--locked", "--release", "-p", "tollgate"]))
}

/// Every row of the contract holds for it at every door, or does not apply there and says why.
///
/// It is the file that was measured: the driver compares.
fn contract(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.count(&mut native(with)?)
}

/// The rows do not ask how the gate reaches its origin.
fn contract_tls(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut run = native(with)?;
    for door in ["tcp", "tls", "h2"] {
        run.args(["--door", door]);
    }
    with.count(run.arg("--origin-tls"))
}

fn native(with: &Surroundings<'_>) -> anyhow::Result<Command> {
    let mut run = python(with, "contract", &["run", "--host", "native", "--verbose", "--binary"]);
    run.arg(binary(with)?).arg("--sha256").arg(size::command(with.project)?.sha256);
    Ok(run)
}

/// The rows can fail.
fn guards(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.count(&mut python(with, "contract", &["guards"]))
}

/// What a user would copy works as it stands, and a row notices what can be forgotten in it. The long profile
/// builds the container's program as the Dockerfile does, and runs that too.
fn proxies(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut run = python(with, "proxies", &["--mistakes", "--tools"]);
    run.arg(with.project.tools()).arg("--binary").arg(binary(with)?);
    if with.full {
        run.arg("--image").arg(image(with)?);
    }
    with.count(&mut run)
}

/// The static program of the container image.
fn image(with: &Surroundings<'_>) -> anyhow::Result<PathBuf> {
    let about = exec::run(with.project.command("rustc").arg("-vV"), &with.log)?;
    let target = about.stdout.lines().find_map(|line| line.strip_prefix("host: "));
    let target = target.context("rustc does not say what it builds for")?;
    let mut build =
        with.project.cargo(&["build", "--release", "--locked", "--package", "tollgate"]);
    build.args(["--target", target]).env("RUSTFLAGS", "-C target-feature=+crt-static");
    exec::run(&mut build, &with.log)?;
    Ok(with.project.target.join(target).join("release/tollgate"))
}

/// Nothing acknowledged is lost, nothing is minted, and what cannot be written is refused loudly.
fn faults(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.count(python(with, "gate.faults", &["--binary"]).arg(binary(with)?))
}

/// A revoked key is refused within what G4 promises, by busy gates and by gates that were left alone.
fn revocation(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.count(python(with, "gate.revocation", &["--binary"]).arg(binary(with)?))
}

/// A hundred thousand of them, or a million.
fn refusals(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut run = python(with, "gate.refusals", &["--binary"]);
    run.arg(binary(with)?);
    if with.full {
        run.arg("--full");
    }
    with.count(&mut run)
}

pub(super) fn binary(with: &Surroundings<'_>) -> anyhow::Result<PathBuf> {
    let binary = with.project.target.join("release/tollgate");
    ensure!(binary.is_file(), "there is no release binary: the step `build` makes it");
    Ok(binary)
}

pub(super) fn python(with: &Surroundings<'_>, package: &str, arguments: &[&str]) -> Command {
    let mut python = with.project.command(setup::python::interpreter(with.project));
    python.current_dir(with.project.path("tests")).args(["-m", package]).args(arguments);
    python
}
