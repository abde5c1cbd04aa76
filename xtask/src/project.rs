//! Where things are.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::settings;

/// The checkout that xtask was built from.
#[derive(Debug)]
pub(crate) struct Project {
    /// Its top folder.
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    /// Cargo's description of the workspace, without dependencies.
    pub(crate) metadata: Value,
}

impl Project {
    /// Finds the checkout and asks cargo about it.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.parent().context("xtask lies in no folder")?.to_owned();
        let metadata = metadata(&root, &["--no-deps"])?;
        let target = metadata.get("target_directory").and_then(Value::as_str);
        let target = target.context("cargo names no target folder")?;
        Ok(Self { target: PathBuf::from(target), root, metadata })
    }

    /// Cargo's description of the workspace with all its dependencies; reaches for no network.
    pub(crate) fn full_metadata(&self) -> anyhow::Result<Value> {
        metadata(&self.root, &["--locked", "--offline"])
    }

    /// The members of the workspace.
    pub(crate) fn packages(&self) -> impl Iterator<Item = &Value> {
        self.metadata.get("packages").and_then(Value::as_array).into_iter().flatten()
    }

    /// A path below the top folder.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Where set-up installs to.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// `program`, run in the top folder.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("CARGO_TERM_COLOR", "never");
        command
    }

    /// Cargo with these arguments, building into the shared target folder.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(settings::cargo());
        command.args(arguments).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// Every file of the checkout that git tracks or would track, relative to the top folder.
    pub(crate) fn files(&self) -> anyhow::Result<Vec<String>> {
        let mut git = self.command("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let output = git.output().context("git does not run")?;
        ensure!(output.status.success(), "git does not list the files of {}", self.root.display());
        let text = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
        let mut files: Vec<String> = text.split('\0').map(str::to_owned).collect();
        // A file that was deleted but not yet committed is listed all the same.
        files.retain(|file| !file.is_empty() && self.path(file).is_file());
        files.sort();
        files.dedup();
        Ok(files)
    }
}

fn metadata(root: &Path, more: &[&str]) -> anyhow::Result<Value> {
    let mut cargo = Command::new(settings::cargo());
    cargo.current_dir(root).args(["metadata", "--format-version", "1"]).args(more);
    let output = cargo.output().context("cargo does not run")?;
    ensure!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")
}
