//! Go 1.19, from Debian's packages and unpacked into a folder of the project's own.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, ensure};

use super::debian::Set;
use crate::project::Project;

const SET: Set = Set {
    name: "go",
    packages: &["golang-1.19-go", "golang-1.19-src"],
    kept: "packages-go",
    sign: "usr/lib/go-1.19/bin/go",
};

/// Unpacks the compiler and the source of its library.
pub(super) fn install(project: &Project) -> anyhow::Result<()> {
    SET.unpack(project)
        .context("Go 1.19 comes from Debian's packages; `--without go` leaves it out")?;
    let root = root(project);
    // A link that leads from one package into the other.
    ensure!(root.join("src/net/http").exists(), "{} has no source", root.display());
    let output = command(project).arg("version").output().context("go does not run")?;
    ensure!(output.status.success(), "{} does not run", program(project).display());
    Ok(())
}

/// The program itself.
pub(crate) fn program(project: &Project) -> PathBuf {
    root(project).join("bin/go")
}

/// Go in `sdk/go`, which asks no network, calls no C compiler, and keeps what it built below the target folder.
pub(crate) fn command(project: &Project) -> Command {
    let mut go = project.command(program(project));
    go.current_dir(project.path("sdk/go")).envs(environment(project));
    go
}

/// What it is told by its surroundings, whatever the caller's are.
pub(crate) fn environment(project: &Project) -> [(&'static str, PathBuf); 8] {
    let below = |name: &str| project.target.join("go").join(name);
    [
        ("GOROOT", root(project)),
        ("GOCACHE", below("cache")),
        ("GOPATH", below("path")),
        ("GOPROXY", "off".into()),
        ("GOENV", "off".into()),
        ("GOFLAGS", "".into()),
        ("GOWORK", "off".into()),
        ("CGO_ENABLED", "0".into()),
    ]
}

fn root(project: &Project) -> PathBuf {
    project.tools().join("go/usr/lib/go-1.19")
}
