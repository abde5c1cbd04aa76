//! `--target`: whether the ledger is the store that is here, that of a deployment, or a table.

use std::path::Path;

use clap::{Args, Subcommand};

use super::Failure;
use crate::{
    config::{self, ADMIN_KEY, Environment},
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
    /// Whose keys: of the store here (local), of a deployment (cloudflare, dynamodb), or of the management API that
    /// [targets.NAME] names
    #[arg(long, global = true, default_value = "local", value_name = "WHERE", value_parser = aim)]
    pub(super) target: Where,
    /// Where the deployment is administered, in the place of cloudflare.url
    #[arg(long, global = true, value_name = "URL", value_parser = place)]
    pub(super) url: Option<Place>,
    /// The ledger's table in DynamoDB, in the place of dynamodb.ledger
    #[arg(long, global = true, value_name = "NAME", value_parser = table)]
    pub(super) table: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Where {
    // The store of the configuration.
    #[default]
    Local,
    // The deployment that cloudflare.url or --url names.
    Cloudflare,
    // The tables that dynamodb.ledger and dynamodb.buckets name.
    Dynamodb,
    // The management API that the configuration has under this name.
    Api(String),
}

/// Reads a place that has no name of its own.
pub(super) fn known(text: &str) -> Result<Where, String> {
    match text {
        "local" => Ok(Where::Local),
        "cloudflare" => Ok(Where::Cloudflare),
        "dynamodb" => Ok(Where::Dynamodb),
        _ => Err("it is local, cloudflare or dynamodb".to_owned()),
    }
}

fn aim(text: &str) -> Result<Where, String> {
    let what = "local, cloudflare, dynamodb, or NAME of a [targets.NAME]: 1 to 32 of a-z 0-9 _ -";
    let named = || config::is_target_name(text).then(|| Where::Api(text.to_owned()));
    known(text).or_else(|_| named().ok_or_else(|| what.to_owned()))
}

fn place(text: &str) -> Result<Place, String> {
    let what =
        "a URL such as https://admin.example.com/: without query, and http only on this machine";
    Place::parse(text).ok_or_else(|| what.to_owned())
}

fn table(text: &str) -> Result<String, String> {
    let what = "the name of a table: 3 to 255 of A-Z a-z 0-9 . _ -";
    config::table_name(text).map(str::to_owned).ok_or_else(|| what.to_owned())
}

impl Target {
    /// Whether a management API is asked.
    pub(super) const fn is_api(&self) -> bool {
        matches!(self.target, Where::Api(_))
    }

    /// How a command says the same again.
    pub(super) fn words(&self) -> String {
        match (&self.target, &self.url, &self.table) {
            (Where::Local, ..) => String::new(),
            (Where::Cloudflare, None, _) => " --target cloudflare".to_owned(),
            (Where::Cloudflare, Some(url), _) => format!(" --target cloudflare --url {url}"),
            (Where::Dynamodb, _, None) => " --target dynamodb".to_owned(),
            (Where::Api(name), ..) => format!(" --target {name}"),
            (Where::Dynamodb, _, Some(table)) => format!(" --target dynamodb --table {table}"),
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
