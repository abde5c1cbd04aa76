//! Python with pinned packages, in a folder of the project's own.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};

use super::stamp::Stamp;
use crate::{exec, project::Project};

/// Packages, and the folder of the tools that they are installed into.
struct Environment {
    name: &'static str,
    requirements: &'static str,
}

const USUAL: Environment = Environment { name: "python", requirements: "tests/requirements.txt" };
/// They want other versions of what the others want too.
const AWS: Environment = Environment { name: "aws", requirements: "tests/aws/requirements.txt" };
const CONTROL: Environment =
    Environment { name: "control", requirements: "tests/control/requirements.txt" };

/// What verifiers in origins are built on, and the frameworks that they are tested under.
const ORIGINS: Environment =
    Environment { name: "origins", requirements: "sdk/python/requirements.txt" };

/// The Python that has the packages.
pub(crate) fn interpreter(project: &Project) -> PathBuf {
    USUAL.interpreter(project)
}

/// The Python that has the packages of the tests of AWS.
pub(crate) fn interpreter_aws(project: &Project) -> PathBuf {
    AWS.interpreter(project)
}

/// The Python that has the packages of the tests of the management API.
pub(crate) fn interpreter_control(project: &Project) -> PathBuf {
    CONTROL.interpreter(project)
}

/// The Python that has the packages of verifiers in origins.
pub(crate) fn interpreter_origins(project: &Project) -> PathBuf {
    ORIGINS.interpreter(project)
}

/// Makes the folder and installs the packages, each by its hash.
pub(super) fn install(project: &Project) -> anyhow::Result<()> {
    USUAL.install(project)
}

/// The same for the tests of AWS.
pub(super) fn install_aws(project: &Project) -> anyhow::Result<()> {
    AWS.install(project)
}

/// The same for the tests of the management API.
pub(super) fn install_control(project: &Project) -> anyhow::Result<()> {
    CONTROL.install(project)
}

/// The same for verifiers in origins.
pub(super) fn install_origins(project: &Project) -> anyhow::Result<()> {
    ORIGINS.install(project)
}

impl Environment {
    fn interpreter(&self, project: &Project) -> PathBuf {
        project.tools().join(self.name).join("bin/python")
    }

    fn install(&self, project: &Project) -> anyhow::Result<()> {
        let Self { name, requirements } = self;
        let output = project.command("python3").arg("--version").output();
        let output =
            output.context("python3 does not run: install Python 3 from your system's packages")?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let lock = fs::read_to_string(project.path(requirements)).context(*requirements)?;
        let stamp = Stamp::new(project, name, format!("{version}\n{lock}"));
        let interpreter = self.interpreter(project);
        if stamp.holds() && interpreter.exists() {
            return Ok(());
        }
        let logs = project.target.join("xtask");
        let mut venv = project.command("python3");
        venv.args(["-m", "venv", "--clear"]).arg(project.tools().join(name));
        exec::run(&mut venv, &logs.join(format!("{name}-venv.log")))
            .context("on Debian, `sudo apt-get install python3-venv` brings what is missing")?;
        let mut pip = project.command(&interpreter);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        pip.args(["--require-hashes", "--only-binary", ":all:", "--requirement", requirements]);
        exec::run(&mut pip, &logs.join(format!("{name}-pip.log")))?;
        ensure!(interpreter.exists(), "the new Python is not where it should be");
        stamp.set()
    }
}
