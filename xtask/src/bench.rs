//! Measures: runs the benches, and prints a table or one JSON object a line.
//!
//! A bench is a cargo bench called `times`, or a script for Node; either prints a table, or with
//! `--json` an object a line: name, value, unit, and for ratios both sides. Instruction counts follow
//! where valgrind is.

use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::{
    console, exec,
    project::Project,
    setup::{self, Need, debian, python, wasm},
    suites,
};

/// Runs the benches of these suites, or of all that stand.
pub(crate) fn run(
    project: &Project,
    suites: &[String],
    as_json: bool,
    full: bool,
) -> anyhow::Result<bool> {
    let standing: Vec<&str> = suites::standing().collect();
    for suite in suites {
        ensure!(standing.contains(&suite.as_str()), "the suite {suite} does not stand yet");
    }
    let wanted = |suite: &str| suites.is_empty() || suites.iter().any(|wanted| wanted == suite);
    if wanted("core") {
        native(project, as_json)?;
        on_v8(project, as_json)?;
        counts(project, as_json)?;
    }
    if wanted("gate") {
        gate(project, as_json, full)?;
    }
    if wanted("cloudflare") {
        cloudflare(project, as_json)?;
    }
    Ok(true)
}

/// The gate as a Worker on workerd, beside an empty Worker and two hand-written checks.
fn cloudflare(project: &Project, as_json: bool) -> anyhow::Result<()> {
    for need in [Need::Wasm, Need::Workers, Need::Proxies] {
        setup::ready(project, need)?;
    }
    let log = project.target.join("xtask/bench-build.log");
    let node = project.path("workers/node_modules/.bin/node");
    exec::run(project.command(&node).arg("workers/build.mjs"), &log)?;
    let load = ["build", "--locked", "--release", "-p", "tollgate-load"];
    exec::run(&mut project.cargo(&load), &log)?;
    let mut bench = project.command(&node);
    bench.arg("tests/workers/bench.mjs").arg(debian::unpacked(project).join("usr/bin/wrk"));
    bench.arg(project.target.join("release/tollgate-load"));
    show(project, "cloudflare", bench.args(as_json.then_some("--json")), as_json)
}

/// The release binary on loopback, beside itself unchecked and beside nginx; the long part loads it with a million keys.
fn gate(project: &Project, as_json: bool, full: bool) -> anyhow::Result<()> {
    setup::ready(project, Need::Python)?;
    setup::ready(project, Need::Proxies)?;
    let packages = ["build", "--locked", "--release", "-p", "tollgate", "-p", "tollgate-load"];
    exec::run(&mut project.cargo(&packages), &project.target.join("xtask/bench-build.log"))?;
    let mut python = project.command(python::interpreter(project));
    python.current_dir(project.path("tests")).args(["-m", "gate.bench"]);
    for program in ["release/tollgate", "release/tollgate-load"] {
        python.arg(project.target.join(program));
    }
    python.arg(debian::unpacked(project).join("usr/sbin/nginx"));
    python.args(full.then_some("--full"));
    show(project, "gate", python.args(as_json.then_some("--json")), as_json)
}

fn native(project: &Project, as_json: bool) -> anyhow::Result<()> {
    let mut found = false;
    for package in project.packages() {
        let name = package.get("name").and_then(Value::as_str).unwrap_or_default();
        let targets = package.get("targets").and_then(Value::as_array).into_iter().flatten();
        let mut benches = targets.filter(|target| {
            target.get("name").is_some_and(|name| name == "times")
                && target.get("kind").is_some_and(|kinds| *kinds == json!(["bench"]))
        });
        if benches.next().is_some() {
            found = true;
            let mut cargo =
                project.cargo(&["bench", "--locked", "-p", name, "--bench", "times", "--"]);
            show(project, name, cargo.args(as_json.then_some("--json")), as_json)?;
        }
    }
    ensure!(found, "no package has a bench called times");
    Ok(())
}

fn on_v8(project: &Project, as_json: bool) -> anyhow::Result<()> {
    setup::ready(project, Need::Wasm)?;
    setup::ready(project, Need::Node)?;
    let build =
        ["build", "--locked", "--profile", "edge", "--target", wasm::TARGET, "-p", "tollgate-edge"];
    exec::run(&mut project.cargo(&build), &project.target.join("xtask/bench-build.log"))?;
    let module = project.target.join(wasm::TARGET).join("edge/tollgate_edge.wasm");
    let mut node = project.command("node");
    node.arg("tests/edge/bench.mjs").arg(module);
    show(project, "v8", node.args(as_json.then_some("--json")), as_json)
}

fn counts(project: &Project, as_json: bool) -> anyhow::Result<()> {
    if let Err(error) = setup::ready(project, Need::Valgrind) {
        console::progress(&format!("instruction counts are left out: {error:#}"));
        return Ok(());
    }
    for (name, count) in suites::counts::count(project)? {
        if as_json {
            let entry = json!({"name": name, "value": count, "unit": "instructions"});
            console::line(&entry.to_string());
        } else {
            console::line(&format!("{name:<34} {count:>8} instructions"));
        }
    }
    Ok(())
}

/// Runs a bench and passes its figures on.
fn show(project: &Project, name: &str, command: &mut Command, as_json: bool) -> anyhow::Result<()> {
    console::progress(&format!("> bench: {name}"));
    let ran = exec::run(command, &project.target.join(format!("xtask/bench-{name}.log")))?;
    let lines: Vec<&str> = ran.stdout.lines().filter(|line| !line.trim().is_empty()).collect();
    ensure!(!lines.is_empty(), "the bench {name} measured nothing");
    for line in lines {
        if as_json {
            let entry: Value = serde_json::from_str(line)
                .with_context(|| format!("the bench {name} printed {line:?}, which is no JSON"))?;
            let whole = ["name", "value", "unit"].iter().all(|field| entry.get(field).is_some());
            ensure!(whole, "the bench {name} printed {line:?}, which lacks name, value or unit");
        }
        console::line(line);
    }
    Ok(())
}
