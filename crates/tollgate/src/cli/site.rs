//! What commands work on: the configuration, its secrets and its store.

use std::{fs, io::ErrorKind, path::Path};

use tollgate_core::{pepper::Peppers, time::UnixMillis};
use tollgate_store_sqlite::{Access, Store};

use super::Failure;
use crate::{
    clock,
    config::{Config, SECRETS, Source, StorePlace},
    secrets::{Secrets, SecretsFile},
};

/// One deployment, as its configuration names it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) source: Source,
    pub(super) config: Config,
    pub(super) now: UnixMillis,
}

impl Site {
    /// Reads the configuration.
    pub(super) fn open(source: Source) -> Result<Self, Failure> {
        let config = source.load()?;
        Ok(Self { source, config, now: clock::read().wall })
    }

    /// The secrets, from the environment or the file.
    pub(super) fn secrets(&self) -> Result<Secrets, Failure> {
        Ok(Secrets::load(&self.config.secrets, &self.source.environment)?)
    }

    /// The ring of peppers.
    pub(super) fn peppers(&self) -> Result<Peppers, Failure> {
        Ok(self.secrets()?.peppers()?)
    }

    /// The secrets file, for who changes it.
    pub(super) fn secrets_file(&self) -> Result<SecretsFile, Failure> {
        if self.source.environment.secrets().is_some() {
            return Err(Failure::refused(
                "secrets_in_environment",
                format!(
                    "the secrets are in {SECRETS}, which only whoever starts the gate can change"
                ),
            ));
        }
        Ok(SecretsFile::new(&self.config.secrets))
    }

    /// The ledger.
    pub(super) fn ledger(&self) -> Result<Store, Failure> {
        let path = self.store_path()?;
        Store::open(path, Access::ReadWrite).map_err(|error| Failure::from(error).of(path))
    }

    /// The ledger, unless there is none yet.
    pub(super) fn ledger_if_any(&self) -> Result<Option<Store>, Failure> {
        match &self.config.store {
            StorePlace::Memory => Ok(None),
            StorePlace::File(path) => match fs::metadata(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                _ => self.ledger().map(Some),
            },
        }
    }

    /// Where the store is.
    ///
    /// # Errors
    ///
    /// When it is in memory.
    pub(super) fn store_path(&self) -> Result<&Path, Failure> {
        match &self.config.store {
            StorePlace::File(path) => Ok(path),
            StorePlace::Memory => Err(Failure::refused(
                "store_in_memory",
                "store.path is memory, which only the gate itself can reach: name a file, or take the key \
                 that `tollgate serve` prints",
            )),
        }
    }
}
