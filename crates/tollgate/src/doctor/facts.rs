//! What the checks look at, fetched once.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use tollgate_core::time::UnixMillis;
use tollgate_identity::SigningKey;
use tollgate_ledger::{Key, KeyState, Ledger, PAGE_MAX};
use tollgate_store_sqlite::{Access, Store};

use super::{Lack, audit::Audited, foreign, lacks, mounts};
use crate::{
    cli::Failure,
    clock,
    config::{Config, Source, StorePlace},
    secrets::{Exposure, Secrets, exposure},
};

/// The most keys that are looked at.
const KEYS_MAX: usize = 100_000;

/// The longest file of a proxy, in bytes.
const PROXY_BYTES_MAX: u64 = 1 << 20;

/// Everything that is known.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) config: Config,
    /// Who may read the secrets' file; none if the environment holds them.
    pub(super) secrets: Option<Exposure>,
    /// Who may read the private key of `[tls]`.
    pub(super) tls_key: Option<Exposure>,
    /// Who may read the files of admin keys, by the fields that name them.
    pub(super) admin_keys: Vec<(String, Exposure)>,
    /// The kind of file system that the store is on, where that can be told.
    pub(super) store_on: Option<String>,
    /// What a gate needs and has not.
    pub(super) lacks: Vec<Lack>,
    /// Those that are not revoked.
    pub(super) keys: Vec<Key>,
    /// What was found of the audit; none where it could not be looked at.
    pub(super) audit: Option<Audited>,
    /// The configurations of proxies: names and texts.
    pub(super) proxies: Vec<(String, String)>,
    pub(super) now: UnixMillis,
}

impl Facts {
    /// Fetches them, and says what could not be.
    pub(super) fn fetch(
        source: Source,
        proxies: &[PathBuf],
    ) -> Result<(Self, Vec<String>), Failure> {
        let config = source.load()?;
        let mut unseen = vec![];
        // What is not there at all, or cannot be read, is among what lacks.
        let lacks = lacks(&config, &source.environment);
        let seen = |path: &Path| exposure(path).ok();
        let in_environment = source.environment.secrets().is_some();
        let secrets = if in_environment { None } else { seen(&config.secrets) };
        let tls_key = config.tls.as_ref().and_then(|tls| seen(&tls.key));
        let named = config.targets.iter().map(|(name, target)| {
            (format!("targets.{name}.admin_key"), target.admin_key.as_path())
        });
        let own = ("cloudflare.admin_key".to_owned(), config.cloudflare.admin_key.as_path());
        let own = config.cloudflare.url.is_some().then_some(own);
        let admin_keys = named.chain(own).filter_map(|(field, path)| Some((field, seen(path)?)));
        let admin_keys = admin_keys.collect();
        let now = clock::read().wall;
        let (keys, audit, store_on) = match &config.store {
            StorePlace::Memory => (vec![], None, None),
            StorePlace::File(path) => {
                let (keys, whole) = keys(path).unwrap_or((vec![], true));
                if !whole {
                    let most = format!("{}: keys after the first {KEYS_MAX}", path.display());
                    unseen.push(most);
                }
                // Without secrets the keys are believed that are kept beside their checkpoints.
                let secrets = Secrets::load(&config.secrets, &source.environment).ok();
                let signer = secrets.and_then(|secrets| secrets.signer(now).ok());
                let audit = audit(path, signer.as_ref(), &lacks, &mut unseen);
                (keys, audit, mounts::kind_of(path))
            }
        };
        let proxies = proxies.iter().map(|path| read(path)).collect::<Result<_, _>>()?;
        let facts = Self {
            config,
            secrets,
            tls_key,
            admin_keys,
            store_on,
            lacks,
            keys,
            audit,
            proxies,
            now,
        };
        Ok((facts, unseen))
    }
}

impl Facts {
    /// What is remarkable about the files of other systems under the name of a check.
    pub(super) fn remarked(&self, code: &str) -> Vec<String> {
        let files = self.proxies.iter();
        let remarks = files.flat_map(|(name, text)| foreign::remarks(name, text, &self.config));
        remarks.filter(|remark| remark.code == code).map(|remark| remark.what).collect()
    }
}

/// What is found of the audit, if the store can be read.
fn audit(
    path: &Path,
    signer: Option<&SigningKey>,
    lacks: &[Lack],
    unseen: &mut Vec<String>,
) -> Option<Audited> {
    // A store that is not there, or cannot be read, is told of otherwise.
    if lacks.iter().any(|lack| lack.code.starts_with("store_")) {
        return None;
    }
    match Audited::look(path, signer) {
        Ok(audit) => {
            unseen.extend(audit.unseen(path));
            Some(audit)
        }
        Err(error) => {
            unseen.push(format!("{}: the audit: {}", path.display(), error.message()));
            None
        }
    }
}

/// The keys that are not revoked, and whether they are all.
fn keys(path: &Path) -> Result<(Vec<Key>, bool), Failure> {
    let mut ledger = Store::open(path, Access::ReadWrite)?;
    let mut keys = vec![];
    let mut after: Option<String> = None;
    loop {
        let page = ledger.keys(after.as_deref(), PAGE_MAX, None)?;
        keys.extend(page.keys.into_iter().filter(|key| key.state != KeyState::Revoked));
        after = page.next;
        if after.is_none() || keys.len() >= KEYS_MAX {
            return Ok((keys, after.is_none()));
        }
    }
}

fn read(path: &Path) -> Result<(String, String), Failure> {
    let mut text = String::new();
    let room = PROXY_BYTES_MAX.saturating_add(1);
    let read = File::open(path).and_then(|file| file.take(room).read_to_string(&mut text));
    let read = read.map_err(|error| Failure::from(error).of(path))?;
    if u64::try_from(read).unwrap_or(u64::MAX) > PROXY_BYTES_MAX {
        let long = format!("has more than {PROXY_BYTES_MAX} bytes");
        return Err(Failure::failed("io", long).of(path));
    }
    Ok((path.display().to_string(), text))
}

/// The nearest folder of `path` that exists, without links.
pub(super) fn existing(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    absolute.ancestors().find_map(|folder| fs::canonicalize(folder).ok())
}
