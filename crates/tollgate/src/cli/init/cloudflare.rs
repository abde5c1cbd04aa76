//! `tollgate init --target cloudflare`: the first admin key of a deployment, and what the deployment is to know of it.
//!
//! The key is made here and printed once. The deployment is given its sealed record alone, with which nobody can ask
//! for anything: there is no other way in.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde_json::json;
use tollgate_core::{stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Effective, Ledger, Settings, compile};
use tollgate_store_sqlite::{Access, Store};

use super::{exists, lost, write_new};
use crate::{
    cli::{
        Failure, Output,
        output::{command, quoted},
    },
    clock,
    config::{Config, SECRETS, Source, StorePlace},
    issuing::{self, Issued},
    secrets::{Secrets, SecretsFile},
};

/// What a new configuration holds; the rest is at its defaults.
const CONFIG: &str = "\
# Tollgate on Cloudflare. What the deployment itself reads stands in wrangler.toml, under the same names: keys.prefix
# and keys.envs must be the same in both. `tollgate config reference` explains every field.

[keys]
prefix = \"tg\"
envs = [\"live\"]

[secrets]
path = \"tollgate.secrets.json\"

[cloudflare]
# The host and the path of `admin` in wrangler.toml.
# url = \"https://admin.example.com/\"
admin_key = \"tollgate.admin-key\"
";

/// The file of the record, beside the configuration.
const RECORD: &str = "tollgate.admin.json";

/// Whose key it is. Keys of this tenant administer, and keys of no other.
const TENANT: &str = "operators";

/// What it may do.
const SCOPES: [&str; 2] = ["keys:read", "keys:write"];

/// Who may read the record.
const MODE: u32 = 0o600;

/// Mints the first admin key, and makes what is missing of configuration and secrets.
pub(super) fn run(source: &Source, output: &mut Output<'_>) -> Result<(), Failure> {
    // Everything that could refuse is looked at before anything is written.
    let kept = exists(&source.file)?;
    let config = if kept { source.load()? } else { source.parse(CONFIG)? };
    let record = source.file.with_file_name(RECORD);
    if exists(&record)? {
        let message = "exists already, and a deployment may know its key: nothing was made. For another first key \
                       move it away; keys of the same tenant are made with `tollgate keys create --target cloudflare`";
        return Err(Failure::refused("file_exists", message).of(&record));
    }
    let held = source.environment.secrets().is_some();
    let found = held || exists(&config.secrets)?;
    if !found {
        no_keys(&config)?;
    }
    let now = clock::read().wall;
    let secrets = match found {
        true => Secrets::load(&config.secrets, &source.environment)?,
        false => Secrets::create(config.identity.algorithm.as_str(), now)?,
    };
    let (issued, text) = minted(&config, &secrets, now)?;
    if !kept {
        write_new(&source.file, CONFIG)?;
    }
    if !found {
        SecretsFile::new(&config.secrets).create(&secrets)?;
    }
    write(&record, &text).map_err(|error| Failure::from(error).of(&record))?;
    let made = Made { source, config: &config, record, issued, held, kept, found };
    made.show(output)
}

/// Refuses to make secrets beside a store whose keys were made under others.
fn no_keys(config: &Config) -> Result<(), Failure> {
    let StorePlace::File(path) = &config.store else { return Ok(()) };
    if !exists(path)? {
        return Ok(());
    }
    let opened = Store::open(path, Access::ReadWrite);
    let mut store = opened.map_err(|error| Failure::from(error).of(path))?;
    match store.keys(None, 1, None)?.keys.is_empty() {
        true => Ok(()),
        false => Err(lost(&config.secrets, path)),
    }
}

/// The key, and its sealed record.
fn minted(
    config: &Config,
    secrets: &Secrets,
    now: UnixMillis,
) -> Result<(Issued, Vec<u8>), Failure> {
    let peppers = secrets.peppers()?;
    let env = config.keys.brand.envs().next().map(|env| env.as_str().to_owned());
    let blank = issuing::blank(TENANT.into(), "admin".into(), env.unwrap_or_default());
    let settings = Settings { scopes: SCOPES.map(str::to_owned).into(), ..blank };
    let issued = issuing::unlisted((config.keys.prefix, &peppers), settings, now)?;
    let effective = Effective {
        as_of: Stamp { incarnation: 1, epoch: 1 },
        key: &issued.key,
        owner_stopped: false,
        tenant_stopped: false,
    };
    let text = compile(&effective, issued.secret.lookup(), &peppers, peppers.issuing());
    let text = text.map_err(|error| Failure::failed(error.code(), error.to_string()))?;
    Ok((issued, text))
}

/// Writes a file that did not exist, for its owner alone.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    file.write_all(text).and_then(|()| file.sync_all())
}

/// What there is now.
struct Made<'a> {
    source: &'a Source,
    config: &'a Config,
    record: PathBuf,
    issued: Issued,
    /// Whether the secrets are in the environment.
    held: bool,
    kept: bool,
    found: bool,
}

impl Made<'_> {
    /// What gives the deployment its secrets, and starts it.
    fn commands(&self) -> [String; 3] {
        let put = "wrangler secret put";
        let secrets = match self.held {
            true => format!("printenv {SECRETS} | {put} TOLLGATE_SECRETS"),
            false => format!("{put} TOLLGATE_SECRETS < {}", quoted(&self.config.secrets)),
        };
        let record = format!("{put} TOLLGATE_ADMIN < {}", quoted(&self.record));
        [secrets, record, "wrangler deploy".to_owned()]
    }

    /// Shows the key: the only time.
    fn show(&self, output: &mut Output<'_>) -> Result<(), Failure> {
        let commands = self.commands();
        let secrets = (!self.held).then_some(&self.config.secrets);
        let document = json!({
            "config": self.source.file, "secrets": secrets, "admin_record": self.record,
            "key": { "id": self.issued.key.id }, "secret": self.issued.secret.as_str(),
            "commands": commands,
        });
        let what = |found: bool| if found { "kept as it was" } else { "made" };
        output.show(&document, |out| {
            writeln!(out, "{}\n", self.issued.secret.as_str())?;
            writeln!(out, "This is the first admin key. It is shown once and kept nowhere: put it into a password store, and")?;
            writeln!(out, "into TOLLGATE_ADMIN_KEY or the file {} of mode 0600 where it is used.\n", self.config.cloudflare.admin_key.display())?;
            writeln!(out, "{:<12} {}   ({})", "config", self.source.file.display(), what(self.kept))?;
            if let Some(secrets) = secrets {
                writeln!(out, "{:<12} {}   ({})", "secrets", secrets.display(), what(self.found))?;
            }
            writeln!(out, "{:<12} {}   (made; all that the deployment learns of the key)", "record", self.record.display())?;
            writeln!(out, "\nNext:")?;
            commands.iter().try_for_each(|line| writeln!(out, "  {line}"))?;
            let words = "keys list --target cloudflare --url https://admin.example.com/";
            writeln!(out, "  {}", command(&self.source.file, words))
        })?;
        Ok(())
    }
}
