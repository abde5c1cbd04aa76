//! Node, which must be there already.

use anyhow::{Context, ensure};

use crate::project::Project;

const OLDEST: u32 = 20;

/// Node runs and is new enough.
pub(super) fn check(project: &Project) -> anyhow::Result<()> {
    let line = "install Node 20 or newer from your system's packages or nodejs.org";
    let output = project.command("node").arg("--version").output();
    let output = output.with_context(|| format!("node does not run: {line}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major =
        version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    ensure!(major.unwrap_or(0_u32) >= OLDEST, "node is {version}: {line}");
    Ok(())
}
