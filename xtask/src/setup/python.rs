//! Python with pinned packages, in a folder of the project's own.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};

use super::stamp::Stamp;
use crate::{exec, project::Project};

const REQUIREMENTS: &str = "tests/requirements.txt";

/// The Python that has the packages.
pub(crate) fn interpreter(project: &Project) -> PathBuf {
    project.tools().join("python/bin/python")
}

/// Makes the folder and installs the packages, each by its hash.
pub(super) fn install(project: &Project) -> anyhow::Result<()> {
    let output = project.command("python3").arg("--version").output();
    let output =
        output.context("python3 does not run: install Python 3 from your system's packages")?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let lock = fs::read_to_string(project.path(REQUIREMENTS)).context(REQUIREMENTS)?;
    let stamp = Stamp::new(project, "python", format!("{version}\n{lock}"));
    if stamp.holds() && interpreter(project).exists() {
        return Ok(());
    }
    let logs = project.target.join("xtask");
    let mut venv = project.command("python3");
    venv.args(["-m", "venv", "--clear"]).arg(project.tools().join("python"));
    exec::run(&mut venv, &logs.join("python-venv.log"))
        .context("on Debian, `sudo apt-get install python3-venv` brings what is missing")?;
    let mut pip = project.command(interpreter(project));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip.args(["--require-hashes", "--only-binary", ":all:", "--requirement", REQUIREMENTS]);
    exec::run(&mut pip, &logs.join("python-pip.log"))?;
    ensure!(interpreter(project).exists(), "the new Python is not where it should be");
    stamp.set()
}
