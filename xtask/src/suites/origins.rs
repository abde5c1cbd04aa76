//! The suite `origins`: what verifies the gate's identities, in the languages that origins are written in.

use std::{path::PathBuf, process::Command};

use anyhow::ensure;

use super::{
    gate::{binary, build},
    rust,
};
use crate::{
    setup::{self, Need},
    step::{Step, Surroundings},
    tally::Tally,
};

/// One step for each language: its tests, and the broken copies that they must notice.
pub(super) const STEPS: &[Step] = &[
    Step {
        name: "rust",
        about: "broken copies of the verifier in Rust, whose tests are those of the workspace",
        needs: &[],
        run: |with| crate::broken::some(with, "origin", 3),
    },
    Step {
        name: "python",
        about: "the shared rows, FastAPI under uvicorn and WSGI over TCP; types; broken copies",
        needs: &[Need::OriginsPython],
        run: python,
    },
    Step {
        name: "node",
        about: "the shared rows, Express, Fastify and fetch on three runtimes over TCP; types; broken copies",
        needs: &[Need::OriginsPython, Need::OriginsNode, Need::Workers],
        run: node,
    },
    Step {
        name: "go",
        about: "the shared rows, net/http over TCP; vet, gofmt; broken copies",
        needs: &[Need::OriginsPython, Need::Go],
        run: go,
    },
    Step {
        name: "envoy",
        about: "the shared rows, put to the real Envoy with its example; mistakes in its configuration",
        needs: &[Need::Python],
        run: envoy,
    },
    Step {
        name: "libraries",
        about: "the shared rows, put to PyJWT and jose with the lines of the page; mistakes in them",
        needs: &[Need::OriginsPython, Need::OriginsNode, Need::Workers],
        run: libraries,
    },
    Step { name: "build", about: "the release binary", needs: &[], run: build },
    Step {
        name: "gate",
        about: "an origin of each verifier, and Envoy, behind the real gate, whose key is rotated and which ends",
        needs: &[Need::Python, Need::OriginsPython, Need::OriginsNode, Need::Workers, Need::Go],
        run: gate,
    },
    Step {
        name: "crm",
        about: "the example pipeline-crm behind tollgate dev: its page, its client, its collection, its limit",
        needs: &[Need::Python, Need::Workers],
        run: crm,
    },
];

/// Types first: a copy is broken by a line, and not by what mypy would have said.
fn python(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.succeed(interpreter(with, "sdk/python").args(["-m", "mypy"]))?;
    let mut tests = interpreter(with, "sdk/python");
    tests.args(["-m", "tests"]).env("PYTHONPATH", "src");
    let mut tally = with.count(&mut tests)?;
    tally.add(with.count(broken(with).arg("python"))?);
    Ok(tally)
}

fn node(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let program = program(with)?;
    let run = |script: &str| {
        let mut command = with.project.command(&program);
        command.current_dir(with.project.path("sdk/node")).arg(script);
        command
    };
    with.succeed(&mut run("build.mjs"))?;
    let mut tally = with.count(&mut run("test/run.mjs"))?;
    tally.add(with.count(broken(with).args(["node", "--node"]).arg(&program))?);
    Ok(tally)
}

/// Rows first: what they are is checked by what makes them.
fn go(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.succeed(interpreter(with, "tests").args(["-m", "origins.generate", "--check"]))?;
    let mut tally =
        with.count(setup::go::command(with.project).args(["run", "./internal/check"]))?;
    let mut copies = broken(with);
    copies.envs(setup::go::environment(with.project));
    tally.add(with.count(copies.args(["go", "--go"]).arg(setup::go::program(with.project)))?);
    Ok(tally)
}

/// What a user would copy refuses what it says, and lets through no more than the table of differences has.
fn envoy(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut run = super::gate::python(with, "origins.stock.envoy", &["--tools"]);
    with.count(run.arg(with.project.tools()))
}

/// The same of what a reader would copy from the page.
fn libraries(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut run = interpreter(with, "tests");
    run.args(["-m", "origins.stock.libraries", "--node"]).arg(program(with)?);
    with.count(&mut run)
}

/// The verifiers and the gate agree: on who calls, on what is refused, and while keys come and go.
fn gate(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let program = program(with)?;
    let mut modules = with.project.command(&program);
    with.succeed(modules.current_dir(with.project.path("sdk/node")).arg("build.mjs"))?;
    let axum = rust::programs(with)?.join("examples/behind");
    let net_http = with.project.target.join("go/behind");
    let mut build = with.project.command(setup::go::program(with.project));
    build.current_dir(with.project.path("tests/origins/behind/programs/go"));
    build.envs(setup::go::environment(with.project)).args(["build", "-o"]).arg(&net_http).arg(".");
    with.succeed(&mut build)?;
    let mut run = interpreter(with, "tests");
    run.args(["-m", "origins.behind", "--binary"]).arg(binary(with)?).arg("--node").arg(program);
    run.arg("--tools").arg(with.project.tools());
    for (name, program) in [("axum", axum), ("net-http", net_http)] {
        run.arg("--built").arg(format!("{name}={}", program.display()));
    }
    with.count(&mut run)
}

/// The example as a reader starts it, in front of which is the file that a user would deploy.
fn crm(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let programs = rust::programs(with)?;
    let mut story = super::gate::python(with, "origins.crm.story", &["--binary"]);
    story.arg(binary(with)?).arg("--crm").arg(programs.join("pipeline-crm"));
    with.count(story.arg("--node").arg(program(with)?))
}

fn broken(with: &Surroundings<'_>) -> Command {
    let mut python = interpreter(with, "tests");
    python.args(["-m", "origins.broken_copies"]);
    python
}

/// The Node that Workers are tested with.
fn program(with: &Surroundings<'_>) -> anyhow::Result<PathBuf> {
    let program = with.project.path("workers/node_modules/.bin/node");
    ensure!(program.exists(), "there is no {}: the set-up installs it", program.display());
    Ok(program)
}

fn interpreter(with: &Surroundings<'_>, folder: &str) -> Command {
    let mut python = with.project.command(setup::python::interpreter_origins(with.project));
    python.current_dir(with.project.path(folder));
    python
}
