//! Whether what a gate needs beside its configuration is there: secrets, a certificate, a store, and a key in it.

use std::{fs, io::ErrorKind, path::Path};

use tollgate_ledger::{KeyState, Ledger, PAGE_MAX};
use tollgate_store_sqlite::{Access, OpenFailure, Store};

use crate::{
    cli::Failure,
    config::{Config, Environment, StorePlace},
    secrets::Secrets,
    wire::tls::Tls,
};

/// The most pages of keys that are looked through for one that is not revoked.
const PAGES_MAX: usize = 100;

/// One thing that a gate needs and has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lack {
    /// The name of the check of `doctor` that tells it.
    pub(crate) code: &'static str,
    /// The field that says where it should be.
    pub(crate) field: &'static str,
    /// Where that is, and what is wrong there.
    pub(crate) what: String,
}

impl Lack {
    /// What to do about it, as `doctor` says it.
    pub(crate) fn advice(&self) -> &'static str {
        let check = super::CHECKS.iter().find(|check| check.code == self.code);
        check.map_or("", |check| check.advice)
    }
}

/// What a gate with this configuration would lack.
pub(crate) fn lacks(config: &Config, environment: &Environment) -> Vec<Lack> {
    let secrets = secrets(config, environment);
    let found = [secrets, certificate(config), store(config)];
    found.into_iter().flatten().collect()
}

fn secrets(config: &Config, environment: &Environment) -> Option<Lack> {
    let (path, held) = (&config.secrets, environment.secrets().is_some());
    let error = Secrets::load(path, environment).err()?;
    Some(if !held && is_missing(path) {
        Lack { code: "secrets_missing", field: "secrets.path", what: nothing_at(path) }
    } else {
        Lack { code: "secrets_unusable", field: "secrets.path", what: error.to_string() }
    })
}

fn certificate(config: &Config) -> Option<Lack> {
    let tls = config.tls.as_ref()?;
    let error = Tls::load(&tls.certificate, &tls.key, config.connections.head_timeout).err()?;
    let field = error.field(&tls.certificate);
    let failure = Failure::from(anyhow::Error::new(error));
    Some(Lack { code: "tls_unusable", field, what: failure.message().to_owned() })
}

fn store(config: &Config) -> Option<Lack> {
    let StorePlace::File(path) = &config.store else { return None };
    let lack = |code, what| Some(Lack { code, field: "store.path", what });
    match Store::open(path, Access::ReadWrite) {
        Err(OpenFailure::Missing) => lack("store_missing", nothing_at(path)),
        Err(error) => lack("store_unusable", Failure::from(error).of(path).message().to_owned()),
        Ok(mut store) => match has_key(&mut store) {
            Ok(true) => None,
            Ok(false) => lack("no_keys", format!("{}: no key that is not revoked", path.display())),
            Err(error) => lack("store_unusable", error.of(path).message().to_owned()),
        },
    }
}

/// Whether somebody could be let in.
fn has_key(store: &mut Store) -> Result<bool, Failure> {
    let mut after: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let page = store.keys(after.as_deref(), PAGE_MAX, None)?;
        if page.keys.iter().any(|key| key.state != KeyState::Revoked) {
            return Ok(true);
        }
        after = page.next;
        if after.is_none() {
            return Ok(false);
        }
    }
    // Whoever has revoked so many knows how keys are made.
    Ok(true)
}

fn is_missing(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

fn nothing_at(path: &Path) -> String {
    format!("{}: there is no such file", path.display())
}
