//! Steps that are one call of cargo.

use std::path::PathBuf;

use crate::{exec, settings, step::Surroundings, tally::Tally};

/// What runs again wherever the code is compiled differently.
pub(super) const SHARED: [&str; 6] =
    ["-p", "tollgate-core", "-p", "tollgate-identity", "-p", "tollgate-conformance"];

/// Switches SHA instructions off where the hash could use them.
const SOFTWARE_SHA: &str = "--cfg sha2_256_backend=\"soft\"";

/// The code is formatted.
pub(super) fn format(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    with.succeed(&mut with.project.cargo(&["fmt", "--all", "--", "--check"]))
}

/// The lints hold on every target of every package.
pub(super) fn lints(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let arguments =
        ["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    with.succeed(&mut with.project.cargo(&arguments))
}

/// Every test of every package.
pub(super) fn native(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut cargo =
        with.project.cargo(&["test", "--locked", "--workspace", "--tests", "--no-fail-fast"]);
    with.count(cargo.args(["--", "--show-output"]))
}

/// Builds the programs that other suites start as they are built for tests, and gives their folder.
///
/// They are built together and with an example, as [`native`] builds every package and its tests: what they depend on has
/// the same features then, and is not compiled anew for each of them.
pub(super) fn programs(with: &Surroundings<'_>) -> anyhow::Result<PathBuf> {
    let mut cargo = with.project.cargo(&["build", "--locked", "--workspace"]);
    let cargo = cargo.args(["--bin", "tollgate", "--bin", "pipeline-crm", "--example", "behind"]);
    exec::run(cargo, &with.log)?;
    Ok(with.project.target.join("debug"))
}

/// The examples in the documentation, and those that must not compile.
pub(super) fn documents(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut cargo = with.project.cargo(&["test", "--locked", "--doc"]);
    for package in ["core", "identity", "native", "origin"] {
        cargo.args(["-p", &format!("tollgate-{package}")]);
    }
    with.count(&mut cargo)
}

/// The tests again, on the path that a machine without SHA instructions takes.
pub(super) fn software(with: &Surroundings<'_>) -> anyhow::Result<Tally> {
    let mut cargo = with.project.cargo(&["test", "--locked", "--tests", "--no-fail-fast"]);
    cargo.args(SHARED).args(["--", "--show-output"]);
    // A folder of its own: other flags in the same folder would rebuild everything, every time.
    cargo.env("CARGO_TARGET_DIR", with.project.target.join("software"));
    cargo.env("RUSTFLAGS", format!("{} {SOFTWARE_SHA}", settings::rustflags()));
    with.count(&mut cargo)
}
