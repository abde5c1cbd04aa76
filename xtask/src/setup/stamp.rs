//! Remembers what was installed from what, so that a second run is fast.

use std::{fs, path::PathBuf};

use anyhow::Context;

use crate::project::Project;

/// Says for which input something was installed.
#[derive(Debug)]
pub(super) struct Stamp {
    path: PathBuf,
    key: String,
}

impl Stamp {
    /// A stamp called `name` for something made from `key`: the whole text of a lock file, say.
    pub(super) fn new(project: &Project, name: &str, key: String) -> Self {
        Self { path: project.tools().join("stamps").join(name), key }
    }

    /// Whether it was installed from exactly this.
    pub(super) fn holds(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|text| text == self.key)
    }

    /// Remembers that it was.
    pub(super) fn set(&self) -> anyhow::Result<()> {
        let folder = self.path.parent().context("a stamp lies in a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&self.path, &self.key).with_context(|| format!("{}", self.path.display()))
    }
}
