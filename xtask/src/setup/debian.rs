//! Programs from Debian packages: installed where we may, named where we may not.

use anyhow::bail;

use crate::{exec, project::Project};

/// Makes sure that `program`, which the package `package` carries, runs.
pub(super) fn program(project: &Project, program: &str, package: &str) -> anyhow::Result<()> {
    if runs(project, program) {
        return Ok(());
    }
    if !(runs(project, "apt-get") && root(project)) {
        bail!(
            "{program} is missing; type `sudo apt-get install {package}`, or your system's line for it, \
             or leave it out with `--without {program}`"
        );
    }
    install(project, package)?;
    if runs(project, program) {
        return Ok(());
    }
    bail!("the package {package} was installed, but {program} does not run")
}

/// Installs a Debian package.
fn install(project: &Project, package: &str) -> anyhow::Result<()> {
    let logs = project.target.join("xtask");
    exec::run(project.command("apt-get").arg("update"), &logs.join("apt-update.log"))?;
    let mut apt = project.command("apt-get");
    apt.args(["install", "--yes", "--no-install-recommends", package]);
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    exec::run(&mut apt, &logs.join("apt-install.log"))?;
    Ok(())
}

fn runs(project: &Project, program: &str) -> bool {
    project.command(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn root(project: &Project) -> bool {
    project.command("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}
