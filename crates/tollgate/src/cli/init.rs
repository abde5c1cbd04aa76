//! `tollgate init`.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::Path,
};

use clap::Args;
use serde_json::json;
use tollgate_store_sqlite::{Access, Store};

use super::{Failure, Output};
use crate::{
    clock,
    config::{Source, StorePlace},
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

# [[routes]]
# methods = [\"GET\"]
# path = \"/orders/**\"
# scopes = [\"orders:read\"]
";

#[derive(Args, Debug)]
pub(super) struct Init {}

/// Makes configuration, secrets and store, where there are none.
pub(super) fn run(Init {}: Init, source: &Source, output: &mut Output<'_>) -> Result<(), Failure> {
    let now = clock::read().wall;
    // Everything that could refuse is looked at before anything is written.
    let config = source.parse(CONFIG)?;
    let StorePlace::File(store) = &config.store else {
        return Err(Failure::usage(
            "store_in_memory",
            "a store in memory needs no init: `tollgate dev` has one",
        ));
    };
    let held = source.environment.secrets().is_some();
    let secrets = (!held).then_some(config.secrets.as_path());
    for path in [Some(source.file.as_path()), Some(store), secrets].into_iter().flatten() {
        if fs::symlink_metadata(path).is_ok() {
            let message = "exists already, and is not overwritten: remove it, or choose another place with --config";
            return Err(Failure::refused("file_exists", message).of(path));
        }
    }
    write_new(&source.file)?;
    if let Some(path) = secrets {
        let drawn = Secrets::create(config.identity.algorithm.as_str(), now)?;
        SecretsFile::new(path).create(&drawn)?;
    }
    Store::open(store, Access::Create).map_err(|error| Failure::from(error).of(store))?;
    let document = json!({ "config": source.file, "secrets": secrets, "store": store });
    output.show(&document, |out| {
        writeln!(out, "config       {}", source.file.display())?;
        if let Some(path) = secrets {
            writeln!(out, "secrets      {}   (only you may read it: back it up, and show it to nobody)", path.display())?;
        }
        writeln!(out, "store        {}", store.display())?;
        writeln!(out)?;
        writeln!(out, "Next:")?;
        writeln!(out, "  tollgate keys create --tenant acme --owner dev@acme.example --limit burst:key=100,50/1s")?;
        writeln!(out, "  tollgate doctor")?;
        writeln!(out, "  tollgate serve")
    })?;
    Ok(())
}

fn write_new(path: &Path) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written =
        file.and_then(|mut file| file.write_all(CONFIG.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        let lost = error.kind() == ErrorKind::NotFound;
        let failure = Failure::from(error);
        let folder = || Failure::failed("io", "its folder does not exist: make it first");
        if lost { folder().of(path) } else { failure.of(path) }
    })
}
