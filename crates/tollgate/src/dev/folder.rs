//! The folder of `tollgate dev`: configuration, secrets and store, made where they are missing.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use tollgate_store_sqlite::{Access, Store};

use super::Options;
use crate::{
    clock,
    config::{Config, FILE, Source, StorePlace},
    secrets::{Secrets, SecretsFile},
};

/// What the configuration says on first start.
const SETTINGS: &str = "\
# Made by `tollgate dev`, which listens on other ports where these are taken, and puts the demo, or what
# `--origin` names, in the place of the origin.
# `tollgate config reference` lists everything that can be set.

[gate]
listen = \"127.0.0.1:8080\"
# More than the usual 50: this machine has other things to do as well.
store_deadline_ms = 1000

[origin]
url = \"http://127.0.0.1:3000\"

[admin]
listen = \"127.0.0.1:9090\"

[control]
listen = \"127.0.0.1:9091\"

# The first route that matches applies; without one a key is needed, and costs one token.
[[routes]]
path = \"/orders/**\"
scopes = [\"orders:read\"]
";

/// The files that a fresh start forgets: only what was made here.
const MADE: [&str; 4] = [FILE, "tollgate.secrets.json", "tollgate.db", KEY];

/// Where the key to try is kept.
const KEY: &str = "tollgate.key";

/// The folder.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder if it is missing, for its owner only, and forgets what it holds if asked to.
    pub(super) fn open(options: &Options) -> anyhow::Result<Self> {
        let folder = Self(options.data.clone());
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder.0);
        made.with_context(|| format!("cannot make {}", folder.0.display()))?;
        if options.fresh {
            folder.forget()?;
        }
        let file = folder.file();
        if !file.exists() {
            fs::write(&file, SETTINGS)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(folder)
    }

    /// The configuration's file.
    pub(super) fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    /// The file that keeps the key to try.
    pub(super) fn key(&self) -> PathBuf {
        self.0.join(KEY)
    }

    /// The secrets and the store of `config`, made if they are missing.
    pub(super) fn fill(
        &self,
        config: &Config,
        source: &Source,
    ) -> anyhow::Result<(Secrets, Store)> {
        if !config.secrets.exists() && source.environment.secrets().is_none() {
            let algorithm = config.identity.algorithm.as_str();
            let secrets = Secrets::create(algorithm, clock::read().wall)?;
            SecretsFile::new(&config.secrets).create(&secrets)?;
        }
        let secrets = Secrets::load(&config.secrets, &source.environment)?;
        let store = match &config.store {
            StorePlace::Memory => Store::memory()?,
            StorePlace::File(path) => Store::open(path, Access::Create)
                .with_context(|| format!("the store in {}", path.display()))?,
        };
        Ok((secrets, store))
    }

    /// Removes what was made here, and what belongs to it.
    fn forget(&self) -> anyhow::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_str().is_some_and(is_made) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
}

/// Whether a file is one of ours: what SQLite and the ledger keep beside the store has its name in front.
fn is_made(name: &str) -> bool {
    MADE.iter().any(|made| {
        name.strip_prefix(made).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
    })
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
