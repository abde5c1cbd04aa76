//! `tollgate init`.

mod cloudflare;
mod dynamodb;

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    path::Path,
};

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use serde_json::json;
use tollgate_ledger::Ledger;
use tollgate_store_sqlite::{Access, Commanded, Store};

use super::{
    Failure, Output,
    output::command,
    target::{self, Where},
};
use crate::{
    clock,
    config::{Config, PLACES, Source, StorePlace},
    issuing::{self, Issued},
    secrets::{Secrets, SecretsFile},
};

/// What a new configuration holds; the rest is at its defaults.
const CONFIG: &str = "\
# Tollgate. `tollgate config reference` explains every field; `tollgate config check` reads this file strictly.

[keys]
prefix = \"tg\"
envs = [\"live\"]

[store]
path = \"tollgate.db\"

[secrets]
path = \"tollgate.secrets.json\"

[identity]
issuer = \"tollgate\"
audience = \"origin\"

[gate]
listen = \"127.0.0.1:8080\"

[origin]
url = \"http://127.0.0.1:3000\"

[admin]
listen = \"127.0.0.1:9090\"

# The management API. With this, `tollgate init` makes its first admin key, also where all else is there already.
# [control]
# listen = \"127.0.0.1:9091\"

# [[routes]]
# methods = [\"GET\"]
# path = \"/orders/**\"
# scopes = [\"orders:read\"]
";

#[derive(Args, Debug)]
pub(super) struct Init {
    /// For a gate here, or for a deployment: its first admin key, and the files of its secrets
    #[arg(
        long,
        default_value = "local",
        value_name = "WHERE",
        value_parser = PossibleValuesParser::new(PLACES).try_map(|text| target::known(&text))
    )]
    target: Where,
    /// Make the two tables in DynamoDB too, where no template makes them
    #[arg(long)]
    create_tables: bool,
}

/// What is there already.
struct Found {
    config: bool,
    /// In the file or in the environment.
    secrets: bool,
    store: bool,
    /// Whether the management API is configured and nobody could ask it anything.
    no_admin: bool,
}

/// Makes what is missing of configuration, secrets and store, and keeps what is there.
pub(super) fn run(
    Init { target, create_tables }: Init,
    source: &Source,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    match target {
        Where::Cloudflare => return cloudflare::run(source, output),
        Where::Dynamodb => return dynamodb::run(create_tables, source, output),
        Where::Local | Where::Api(_) => {}
    }
    // Everything that could refuse is looked at before anything is written.
    let (config, found) = look(source)?;
    let held = source.environment.secrets().is_some();
    let secrets = (!held).then_some(config.secrets.as_path());
    let store = match &config.store {
        StorePlace::File(path) => Some(path.as_path()),
        StorePlace::Memory => None,
    };
    // In this order: a store may refuse to begin anew.
    if let Some(path) = store.filter(|_| !found.store) {
        Store::open(path, Access::Create).map_err(|error| Failure::from(error).of(path))?;
    }
    if let Some(path) = secrets.filter(|_| !found.secrets) {
        let drawn = Secrets::create(config.identity.algorithm.as_str(), clock::read().wall)?;
        SecretsFile::new(path).create(&drawn)?;
    }
    if !found.config {
        write_new(&source.file, CONFIG)?;
    }
    let admin = match store.filter(|_| found.no_admin) {
        Some(path) => admin(&config, source, path)?,
        None => None,
    };
    let parts = [
        ("config", Some(source.file.as_path()), found.config),
        ("secrets", secrets, found.secrets),
        ("store", store, found.store),
    ];
    let those = |kept: bool| {
        let those = parts.iter().filter(move |(_, path, found)| path.is_some() && *found == kept);
        those.map(|(name, ..)| *name).collect::<Vec<_>>()
    };
    let mut document = json!({
        "config": source.file, "secrets": secrets, "store": store,
        "made": those(false), "kept": those(true),
    });
    if let (Some(issued), Some(document)) = (&admin, document.as_object_mut()) {
        let shown = json!({ "id": issued.key.id, "secret": issued.secret.as_str() });
        document.insert("admin_key".to_owned(), shown);
    }
    output.show(&document, |out| {
        for (name, path, found) in parts {
            let Some(path) = path else { continue };
            let what = match (name, found) {
                (_, true) => "kept as it was",
                ("secrets", false) => {
                    "made; only you may read it: back it up, and show it to nobody"
                }
                (_, false) => "made",
            };
            writeln!(out, "{name:<12} {}   ({what})", path.display())?;
        }
        if let Some(issued) = &admin {
            writeln!(
                out,
                "\nThe first admin key of the management API, shown once and kept nowhere:\n"
            )?;
            writeln!(out, "  {}", issued.secret.as_str())?;
            asking(out, source, &config)?;
        }
        next(out, source, &config)
    })?;
    Ok(())
}

/// How the management API is asked from then on.
fn asking(out: &mut dyn Write, source: &Source, config: &Config) -> io::Result<()> {
    let Some(control) = &config.control else { return Ok(()) };
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    writeln!(
        out,
        "\nPut it into a file that only you may read, as with (umask 077; cat > here.admin-key), and name"
    )?;
    writeln!(
        out,
        "the API in the configuration of whoever asks it, here or on another machine:\n"
    )?;
    writeln!(out, "  [targets.here]")?;
    writeln!(out, "  url = \"{scheme}://{}\"", control.listen)?;
    writeln!(out, "  admin_key = \"here.admin-key\"\n")?;
    writeln!(out, "Then, while `{}` runs:", command(&source.file, "serve"))?;
    writeln!(out, "  {}", command(&source.file, "keys list --target here"))
}

/// The first admin key of the management API.
fn admin(config: &Config, source: &Source, store: &Path) -> Result<Option<Issued>, Failure> {
    let Some(control) = &config.control else { return Ok(None) };
    let secrets = Secrets::load(&config.secrets, &source.environment)?;
    let peppers = secrets.peppers()?;
    let env = config.keys.brand.envs().next().map(|env| env.as_str().to_owned());
    let opened = Store::open(store, Access::ReadWrite);
    let mut store = opened.map_err(|error| Failure::from(error).of(store))?;
    let (by, of) = ((config.keys.prefix, &peppers), (&control.operators, env.unwrap_or_default()));
    Ok(issuing::first_admin(&mut Commanded(&mut store), by, (of.0, &of.1), clock::read().wall)?)
}

/// What there is, if nothing of it stands against making the rest.
fn look(source: &Source) -> Result<(Config, Found), Failure> {
    let kept = exists(&source.file)?;
    let config = if kept { source.load()? } else { source.parse(CONFIG)? };
    let folder = source.file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        let failure = Failure::failed("io", "its folder does not exist: make it first");
        return Err(failure.of(&source.file));
    }
    let secrets = source.environment.secrets().is_some() || exists(&config.secrets)?;
    if secrets {
        Secrets::load(&config.secrets, &source.environment)?;
    }
    let mut no_admin = config.control.is_some() && config.store != StorePlace::Memory;
    let store = match &config.store {
        StorePlace::Memory => true,
        StorePlace::File(path) if exists(path)? => {
            let opened = Store::open(path, Access::ReadWrite);
            let mut store = opened.map_err(|error| Failure::from(error).of(path))?;
            // SECURITY: under new peppers every one of these keys would be forged, and the file that
            // makes them good could be overlooked for ever.
            if !secrets && !store.keys(None, 1, None)?.keys.is_empty() {
                return Err(lost(&config.secrets, path));
            }
            if let Some(control) = &config.control {
                no_admin = !issuing::has_admin(&mut store, &control.operators)?;
            }
            true
        }
        StorePlace::File(_) => false,
    };
    if kept && secrets && store && !no_admin {
        let message = "exists already, and so do its secrets and its store: nothing was made, and nothing is \
                       overwritten";
        return Err(Failure::refused("file_exists", message).of(&source.file));
    }
    Ok((config, Found { config: kept, secrets, store, no_admin }))
}

fn lost(secrets: &Path, store: &Path) -> Failure {
    let message = format!(
        "there is no such file, but the store {} has keys, and new secrets would make all of them worthless: put the \
         file back from its backup, or name its place with secrets.path; if it is lost, move the store away and make \
         new keys",
        store.display()
    );
    Failure::refused("secrets_missing", message).of(secrets)
}

/// What to do next.
fn next(out: &mut dyn Write, source: &Source, config: &Config) -> io::Result<()> {
    writeln!(out, "\nNext:")?;
    let envs: Vec<_> = config.keys.brand.envs().collect();
    let env = match envs.as_slice() {
        [first, _, ..] => format!(" --env {}", first.as_str()),
        _ => String::new(),
    };
    let keys = format!(
        "keys create --tenant acme --owner dev@acme.example{env} --limit burst:key=100,50/1s"
    );
    let keys = (config.store != StorePlace::Memory).then_some(keys.as_str());
    for words in keys.into_iter().chain(["doctor", "serve"]) {
        writeln!(out, "  {}", command(&source.file, words))?;
    }
    Ok(())
}

fn exists(path: &Path) -> Result<bool, Failure> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::from(error).of(path)),
    }
}

fn write_new(path: &Path, config: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written =
        file.and_then(|mut file| file.write_all(config.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| Failure::from(error).of(path))
}
