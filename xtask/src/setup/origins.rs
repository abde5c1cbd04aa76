//! What the verifier for Node is built with and tested under, each of the version in `sdk/node/package-lock.json`.

use std::fs;

use anyhow::{Context, ensure};

use super::stamp::Stamp;
use crate::{exec, project::Project};

const FOLDER: &str = "sdk/node";
const LOCK: &str = "sdk/node/package-lock.json";
/// What must be there.
const NEEDED: [&str; 4] = ["jose", "express", "fastify", "typescript"];

/// Installs the packages below `sdk/node/`, which git leaves out.
pub(super) fn install(project: &Project) -> anyhow::Result<()> {
    super::node::check(project)?;
    let lock = fs::read_to_string(project.path(LOCK)).context(LOCK)?;
    super::workers::hostless(&lock).context(LOCK)?;
    let stamp = Stamp::new(project, "origins-node", lock);
    let modules = project.path(FOLDER).join("node_modules");
    let there = || NEEDED.iter().all(|name| modules.join(name).exists());
    if stamp.holds() && there() {
        return Ok(());
    }
    let mut npm = project.command("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--no-progress"]);
    let log = project.target.join("xtask/origins-npm.log");
    exec::run(npm.current_dir(project.path(FOLDER)), &log)
        .context("npm does not install the packages of sdk/node/package-lock.json")?;
    ensure!(there(), "npm has installed the packages, but not {}", NEEDED.join(", "));
    stamp.set()
}
