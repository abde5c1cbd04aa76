//! What the Rust toolchain says about itself.

use std::path::PathBuf;

use anyhow::{Context, ensure};

use crate::project::Project;

/// The toolchain's own folder.
pub(super) fn sysroot() -> anyhow::Result<PathBuf> {
    rustc(&["--print", "sysroot"]).map(PathBuf::from)
}

/// The compiler's version, such as `1.95.0`.
pub(super) fn version() -> anyhow::Result<String> {
    let text = rustc(&["--version"])?;
    text.split_whitespace().nth(1).map(str::to_owned).context("rustc names no version")
}

/// Asks rustup for something; false if there is no rustup or its host cannot be reached.
pub(super) fn rustup(project: &Project, arguments: &[&str]) -> bool {
    let output = project.command("rustup").args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

fn rustc(arguments: &[&str]) -> anyhow::Result<String> {
    // The folder of xtask's own source: there the pinned toolchain is the one that answers.
    let mut command = std::process::Command::new("rustc");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments);
    let output = command.output().context("rustc does not run")?;
    ensure!(output.status.success(), "rustc {} failed", arguments.join(" "));
    Ok(String::from_utf8(output.stdout).context("rustc's answer")?.trim().to_owned())
}
