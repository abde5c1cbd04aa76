//! Programs from Debian packages: installed where we may, named where we may not, or unpacked into a folder
//! of the project's own, where nothing starts by itself.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use super::stamp::Stamp;
use crate::{exec, project::Project};

/// The servers and clients that examples are tested with, and the libraries that are seldom there already.
const PROXIES: [&str; 8] = [
    "nginx",
    "caddy",
    "haproxy",
    "wrk",
    "liblua5.3-0",
    "libopentracing-c-wrapper0",
    "libopentracing1",
    "libluajit-5.1-2",
];

/// The folder that the packages of [`proxies`] are unpacked into.
pub(crate) fn unpacked(project: &Project) -> PathBuf {
    project.tools().join("debian")
}

/// Unpacks nginx, Caddy, HAProxy and wrk: none of them is installed, so none starts with the machine.
pub(super) fn proxies(project: &Project) -> anyhow::Result<()> {
    let set = Set { name: "debian", packages: &PROXIES, kept: "packages", sign: "usr/sbin/nginx" };
    set.unpack(project).context("nginx, Caddy, HAProxy and wrk come from Debian's packages")
}

/// Packages that are unpacked together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Set {
    /// The folder below `.tools/` that they are unpacked into, as if it were `/`; the stamp is called so too.
    pub(super) name: &'static str,
    /// Their names.
    pub(super) packages: &'static [&'static str],
    /// The folder below `.tools/` that they are downloaded to.
    pub(super) kept: &'static str,
    /// A file that is there when they are.
    pub(super) sign: &'static str,
}

impl Set {
    /// Downloads and unpacks them, unless that was done before.
    pub(super) fn unpack(self, project: &Project) -> anyhow::Result<()> {
        let root = project.tools().join(self.name);
        let stamp = Stamp::new(project, self.name, self.packages.join(" "));
        if stamp.holds() && root.join(self.sign).exists() {
            return Ok(());
        }
        let (logs, kept) = (project.target.join("xtask"), project.tools().join(self.kept));
        for folder in [&root, &kept] {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
            fs::create_dir_all(folder)?;
        }
        let mut download = project.command("apt-get");
        download.arg("download").args(self.packages).current_dir(&kept);
        if exec::run(&mut download, &logs.join("apt-download.log")).is_err() {
            exec::run(project.command("apt-get").arg("update"), &logs.join("apt-update.log"))?;
            exec::run(&mut download, &logs.join("apt-download.log"))?;
        }
        for package in archives(&kept)? {
            let mut unpack = project.command("dpkg");
            unpack.arg("-x").arg(&package).arg(&root);
            exec::run(&mut unpack, &logs.join("dpkg.log"))?;
        }
        ensure!(root.join(self.sign).exists(), "the packages have no {}", self.sign);
        stamp.set()
    }
}

fn archives(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|end| end == "deb")).collect())
}

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
