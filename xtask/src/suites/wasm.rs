//! Conformance as WebAssembly: the same rows, through the same function, on V8.

use anyhow::ensure;

use crate::{setup::wasm::TARGET, step::Surroundings, tally::Tally};

/// Feeds every row to the module built for WebAssembly.
pub(super) fn conformance(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    // What is compiled for this target alone has not been linted yet.
    let lints = ["clippy", "--locked", "--no-deps", "--target", TARGET];
    let packages = ["-p", "tollgate-wasm", "-p", "tollgate-edge", "--", "--deny", "warnings"];
    with.succeed(with.project.cargo(&lints).args(packages))?;
    let arguments = ["build", "--locked", "--release", "--target", TARGET, "-p", "tollgate-wasm"];
    with.succeed(&mut with.project.cargo(&arguments))?;
    let module = with.project.target.join(TARGET).join("release/tollgate_wasm.wasm");
    let mut node = with.project.command("node");
    node.arg("tests/wasm/conformance.mjs").arg(module).arg("tests/vectors");
    let tally = with.count(&mut node)?;
    ensure!(tally.rows > 0, "no row was run");
    Ok(tally)
}
