//! What commands work on: the configuration, its secrets and its store.

use std::{fs, io::ErrorKind, path::Path};

use tollgate_core::{pepper::Peppers, time::UnixMillis};
use tollgate_store_dynamodb::Publisher;
use tollgate_store_sqlite::{Access, Store};

use super::{
    Failure,
    books::Books,
    output::command,
    target::{self, Target, Where},
};
use crate::{
    aws, clock,
    config::{Config, Profile, SECRETS, Source, StorePlace},
    remote::Remote,
    secrets::{Secrets, SecretsFile},
};

/// One deployment, as its configuration names it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) source: Source,
    pub(super) config: Config,
    pub(super) now: UnixMillis,
    target: Target,
}

impl Site {
    /// Reads the configuration.
    pub(super) fn open(source: Source) -> Result<Self, Failure> {
        Self::of(source, Target::default())
    }

    /// Reads the configuration, for commands whose ledger is where `target` says.
    pub(super) fn of(source: Source, target: Target) -> Result<Self, Failure> {
        if let (Where::Api(name), Err(error)) = (&target.target, fs::metadata(&source.file))
            && error.kind() == ErrorKind::NotFound
        {
            let section = section(name);
            let message = format!(
                "there is no such file, and so no target: put this into it, or name another with --config FILE\n{section}"
            );
            return Err(Failure::usage("target_unknown", message).of(&source.file));
        }
        let config = source.load()?;
        let site = Self { source, config, now: clock::read().wall, target };
        if site.target.url.is_some() && site.target.target == Where::Local {
            let message = "--url is where a deployment is administered: --target cloudflare";
            return Err(Failure::usage("target_missing", message));
        }
        if site.target.table.is_some() && site.target.target != Where::Dynamodb {
            let message = "--table is where a ledger is in DynamoDB: --target dynamodb";
            return Err(Failure::usage("target_missing", message));
        }
        if matches!(site.target.target, Where::Api(_)) {
            if site.target.url.is_some() {
                let message =
                    "a target of the configuration says itself where it is: leave out --url";
                return Err(Failure::usage("target_missing", message));
            }
            site.profile()?;
        }
        Ok(site)
    }

    /// A command to be pasted, for this site.
    pub(super) fn command(&self, words: &str) -> String {
        command(&self.source.file, &format!("{words}{}", self.target.words()))
    }

    /// A command to be pasted that does not ask the target.
    pub(super) fn here(&self, words: &str) -> String {
        command(&self.source.file, words)
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

    /// The store that is here.
    pub(super) fn store(&self) -> Result<Store, Failure> {
        let path = self.store_path()?;
        Store::open(path, Access::ReadWrite).map_err(|error| Failure::from(error).of(path))
    }

    /// The ledger, here or of a deployment.
    pub(super) fn ledger(&self) -> Result<Books, Failure> {
        match &self.target.target {
            Where::Local => self.store().map(Books::Here),
            Where::Cloudflare => self.remote().map(Books::There),
            Where::Dynamodb => Ok(Books::Table(Box::new(self.publisher()?))),
            Where::Api(name) => {
                let message = format!(
                    "the management API of {name} does not do this: run the command where its store is"
                );
                Err(Failure::refused("not_over_the_api", message))
            }
        }
    }

    /// The ledger, unless there is none yet.
    pub(super) fn ledger_if_any(&self) -> Result<Option<Books>, Failure> {
        match (&self.config.store, &self.target.target) {
            (_, Where::Cloudflare | Where::Dynamodb | Where::Api(_)) => self.ledger().map(Some),
            (StorePlace::Memory, Where::Local) => Ok(None),
            (StorePlace::File(path), Where::Local) => match fs::metadata(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                _ => self.ledger().map(Some),
            },
        }
    }

    /// Tells in the audit what was done to the secrets, where the audit is here.
    pub(super) fn tell(&self, operation: &'static str, subject: &str) {
        match self.ledger_if_any() {
            Ok(Some(mut ledger)) => ledger.tell(operation, subject, self.now),
            Ok(None) => {}
            Err(_) => {
                eprintln!("tollgate: the audit does not tell of this change: there is no store")
            }
        }
    }

    /// The names of the keys that have signed the audit, where that is here. A store that cannot be read keeps no key
    /// from being replaced.
    pub(super) fn signers(&self) -> Vec<String> {
        let Ok(Some(Books::Here(mut store))) = self.ledger_if_any() else { return vec![] };
        let signers = tollgate_control::Books::signers(&mut store).unwrap_or_default();
        signers.into_iter().map(|signer| signer.kid).collect()
    }

    /// Whose ledger is meant.
    pub(super) const fn aims(&self) -> &Where {
        &self.target.target
    }

    /// The management API that is meant.
    ///
    /// # Errors
    ///
    /// When the configuration has none of the name.
    pub(super) fn profile(&self) -> Result<&Profile, Failure> {
        let Where::Api(name) = &self.target.target else {
            return Err(Failure::usage("target_missing", "name a management API with --target"));
        };
        self.config.targets.get(name).ok_or_else(|| {
            let known: Vec<_> = self.config.targets.keys().map(String::as_str).collect();
            let known = match known.as_slice() {
                [] => format!("put this into it\n{}", section(name)),
                known => format!("it has {}", known.join(", ")),
            };
            let message = format!("there is no [targets.{name}] in it: {known}");
            Failure::usage("target_unknown", message).of(&self.source.file)
        })
    }

    /// The ledger in its table. Without secrets that can be read it can be changed all the same: its records are then
    /// written by whoever has them.
    pub(super) fn publisher(&self) -> Result<Publisher, Failure> {
        let peppers = match self.secrets() {
            Ok(secrets) => Some(secrets.peppers()?),
            Err(_) => None,
        };
        aws::publisher(&self.config.dynamodb, self.target.table.as_deref(), peppers)
    }

    /// The ledger of the deployment.
    pub(super) fn remote(&self) -> Result<Remote, Failure> {
        let given = self.target.url.as_ref().or(self.config.cloudflare.url.as_ref());
        let place = given.ok_or_else(|| {
            let message = "say where the deployment is administered: --url, or cloudflare.url in the configuration";
            Failure::usage("url_missing", message)
        })?;
        let key = target::admin_key(&self.source.environment, &self.config.cloudflare.admin_key)?;
        Ok(Remote::new(place.clone(), key)?)
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

/// What a configuration says of a management API.
fn section(name: &str) -> String {
    format!(
        "[targets.{name}]\nurl = \"https://…\"   # what stands before /api\n\
         admin_key = \"{name}.admin-key\"   # a file that only you may read"
    )
}
