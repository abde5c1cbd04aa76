//! Conformance as WebAssembly: the same rows and other people's cases, through the same function, on V8.

use std::{fs, path::PathBuf};

use anyhow::ensure;

use crate::{exec, setup::wasm::TARGET, step::Surroundings, tally::Tally};

/// Feeds every row to the module built for WebAssembly.
pub(super) fn conformance(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    // What is compiled for this target alone has not been linted yet.
    let lints = ["clippy", "--locked", "--no-deps", "--target", TARGET];
    let mut clippy = with.project.cargo(&lints);
    for package in ["wasm", "edge", "engine", "http", "identity"] {
        clippy.args(["-p", &format!("tollgate-{package}")]);
    }
    with.succeed(clippy.args(["--", "--deny", "warnings"]))?;
    let arguments = ["build", "--locked", "--release", "--target", TARGET, "-p", "tollgate-wasm"];
    with.succeed(&mut with.project.cargo(&arguments))?;
    let module = with.project.target.join(TARGET).join("release/tollgate_wasm.wasm");
    let standards = standards(with)?;
    let mut node = with.project.command("node");
    node.arg("tests/wasm/conformance.mjs").arg(module).arg("tests/vectors").arg(standards);
    let tally = with.count(&mut node)?;
    ensure!(tally.rows > 0, "no row was run");
    Ok(tally)
}

/// Writes other people's cases for HMAC-SHA256 and Ed25519 as one more file of rows, and says in which folder.
fn standards(with: &Surroundings<'_>) -> anyhow::Result<PathBuf> {
    let mut cargo = with.project.cargo(&["run", "--locked", "--quiet", "-p", "tollgate-standards"]);
    let rows = exec::run(&mut cargo, &with.log)?.stdout;
    let folder = with.project.target.join("xtask/standards");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("standards.json"), rows)?;
    Ok(folder)
}
