//! `--target`: whether the ledger is the store that is here, or that of a deployment.

use std::path::Path;

use clap::{Args, Subcommand, ValueEnum};

use super::Failure;
use crate::{
    config::{ADMIN_KEY, Environment},
    remote::{AdminKey, Place},
};

/// A command, and whose ledger it is about.
#[derive(Args, Debug)]
pub(super) struct To<C: Subcommand> {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(subcommand)]
    pub(super) command: C,
}

/// Where the ledger is.
#[derive(Args, Debug, Default)]
pub(super) struct Target {
    /// Whose keys: those of the store here, or of a deployment
    #[arg(long, global = true, value_enum, default_value = "local", value_name = "WHERE")]
    pub(super) target: Where,
    /// Where the deployment is administered, in the place of cloudflare.url
    #[arg(long, global = true, value_name = "URL", value_parser = place)]
    pub(super) url: Option<Place>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Where {
    // The store of the configuration.
    #[default]
    Local,
    // The deployment that cloudflare.url or --url names.
    Cloudflare,
}

fn place(text: &str) -> Result<Place, String> {
    let what =
        "a URL such as https://admin.example.com/: without query, and http only on this machine";
    Place::parse(text).ok_or_else(|| what.to_owned())
}

impl Target {
    /// How a command says the same again.
    pub(super) fn words(&self) -> String {
        match (self.target, &self.url) {
            (Where::Local, _) => String::new(),
            (Where::Cloudflare, None) => " --target cloudflare".to_owned(),
            (Where::Cloudflare, Some(url)) => format!(" --target cloudflare --url {url}"),
        }
    }
}

/// The admin key: from the environment, or from a file that only its owner may read. There is no argument for it: every
/// user of a machine sees those.
pub(super) fn admin_key(environment: &Environment, path: &Path) -> Result<AdminKey, Failure> {
    let unusable =
        |error: &dyn std::fmt::Display| Failure::failed("admin_key_unusable", error.to_string());
    match environment.admin_key() {
        Some(text) => {
            AdminKey::parse(text).map_err(|error| unusable(&error).of(Path::new(ADMIN_KEY)))
        }
        None => AdminKey::read(path).map_err(|error| unusable(&error).of(path)),
    }
}
