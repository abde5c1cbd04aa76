//! What the Workers are tested with: Node 22, workerd and wrangler, each of the version in `workers/package-lock.json`.

use std::fs;

use anyhow::{Context, ensure};

use super::stamp::Stamp;
use crate::{exec, project::Project};

const FOLDER: &str = "workers";
const LOCK: &str = "workers/package-lock.json";
/// A Worker of one line, served and asked.
const CHECK: &str = "tests/workers/answers.mjs";
/// Where an installed program of the folder is.
const PROGRAMS: &str = "workers/node_modules/.bin";
/// What must be there.
const NEEDED: [&str; 3] = ["node", "workerd", "wrangler"];

/// Installs the packages below `workers/`, which git leaves out, and shows that workerd answers.
pub(super) fn install(project: &Project) -> anyhow::Result<()> {
    super::node::check(project)?;
    let lock = fs::read_to_string(project.path(LOCK)).context(LOCK)?;
    hostless(&lock).context(LOCK)?;
    let stamp = Stamp::new(project, "workers", lock);
    let there = || NEEDED.iter().all(|name| project.path(PROGRAMS).join(name).exists());
    if stamp.holds() && there() {
        return Ok(());
    }
    let logs = project.target.join("xtask");
    let mut npm = project.command("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--no-progress"]);
    exec::run(npm.current_dir(project.path(FOLDER)), &logs.join("workers-npm.log"))
        .context("npm does not install the packages of workers/package-lock.json")?;
    ensure!(there(), "npm has installed the packages, but not {}", NEEDED.join(", "));
    let mut serve = project.command(project.path(PROGRAMS).join("node"));
    exec::run(serve.arg(CHECK), &logs.join("workers-answers.log"))
        .context("workerd is installed, but a Worker of one line does not answer")?;
    stamp.set()
}

/// A lock file that names a host would send everybody there.
pub(super) fn hostless(lock: &str) -> anyhow::Result<()> {
    let named = lock.lines().find(|line| line.trim_start().starts_with("\"resolved\""));
    ensure!(
        named.is_none(),
        "the lock file names where packages come from: write it with the .npmrc beside it"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::hostless;

    #[test]
    fn a_lock_file_names_versions_and_hashes_but_no_host() {
        let host = "  \"resolved\": \"https://registry.example/a.tgz\",\n";
        for (text, held) in [
            ("{\n  \"version\": \"1.0.0\",\n  \"integrity\": \"sha512-x\"\n}\n", true),
            (&format!("{{\n{host}}}\n"), false),
            (include_str!("../../../workers/package-lock.json"), true),
        ] {
            assert_eq!(hostless(text).is_ok(), held, "{}", text.len());
        }
    }
}
