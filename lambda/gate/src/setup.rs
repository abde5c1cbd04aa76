//! From the environment to what a gate runs with.

use std::fmt;

use serde_json::Value;
use tollgate_core::{lease, stamp::Stamp, time::UnixMillis};
use tollgate_gate::{
    settings::SettingsError,
    setup::{Changed, Setup},
};
use zeroize::Zeroizing;

use crate::{Environment, fetch, lines};

/// The gate's configuration, as TOML or JSON.
const CONFIG: &str = "TOLLGATE_CONFIG";

/// The same in a file of the package, where it is longer than the environment may be.
const CONFIG_FILE: &str = "TOLLGATE_CONFIG_FILE";

/// Peppers and signing keys, as the JSON of the secrets file.
const SECRETS: &str = "TOLLGATE_SECRETS";

/// What their settings begin with, and all members of their file.
const SECRETS_PATH: &str = "secrets";
const SECRETS_MEMBERS: [&str; 10] =
    ["peppers", "id", "secret", "issuing", "signing", "kid", "alg", "seed", "from", "until"];

/// How often the numbers of the limits of routes have been changed.
const LIMITS_EPOCH: &str = "TOLLGATE_LIMITS_EPOCH";

/// The longest configuration or secret that is read, in bytes.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What the engine of an environment keeps to where nothing is set: it serves one request at a time, and runs nothing
/// after its answer.
const BASE: tollgate_engine::Settings = tollgate_engine::Settings {
    store_deadline_ms: 1_000,
    host: lease::Host::Bare,
    replica: false,
    records_bytes_max: 8 << 20,
    absences_max: 1_024,
    purses_max: 4_096,
    parked_max: 16,
    fetches_max: 16,
    ..tollgate_engine::Settings::EMBEDDED
};

/// Everything that is set, as lines, and what does not stand in them.
pub struct Settings {
    lines: Zeroizing<String>,
    /// Whether the secrets among the lines were fetched.
    fetched: bool,
    limits_epoch: Option<u64>,
}

// SECURITY: secrets are among the lines.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Settings")
    }
}

/// Why a gate cannot start: nothing passes then. No value is shown, since it may be a secret.
#[derive(Debug)]
pub enum StartError {
    /// A setting is missing or wrong.
    Settings(SettingsError),
    /// Secrets could not be fetched, by the name of what failed.
    Secrets(&'static str),
    /// Secrets were fetched, and are none to start with.
    Fetched(SettingsError),
    /// There is no randomness.
    Random,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::Secrets(what) => f.write_str(what),
            Self::Fetched(error) => write!(f, "{}: {error}", fetch::ARN),
            Self::Random => f.write_str("there is no randomness to be had"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<SettingsError> for StartError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

impl Settings {
    /// What `environment` says, with `secrets` as the JSON of the secrets file; none where the environment holds them.
    ///
    /// # Errors
    ///
    /// When something is missing, or cannot be read.
    pub fn read(environment: &Environment, secrets: Option<&str>) -> Result<Self, StartError> {
        let mut text = Zeroizing::new(String::with_capacity(TEXT_BYTES_MAX));
        let config = config(environment)?;
        lines::push(&lines::tree(&config, CONFIG)?, "", &mut text)?;
        let fetched = secrets.is_some();
        let secrets = secrets.or_else(|| environment.text(SECRETS));
        let secrets = secrets.ok_or_else(|| SettingsError::new(SECRETS, "is not set"))?;
        let name = if fetched { SECRETS_PATH } else { SECRETS };
        push_secrets(secrets, name, &mut text).map_err(|error| told(fetched, error))?;
        let limits_epoch = environment.text(LIMITS_EPOCH).map(|text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let epoch = text.parse().ok().filter(|epoch| digits && (1..1 << 53).contains(epoch));
            epoch.ok_or_else(|| SettingsError::new(LIMITS_EPOCH, "is no whole number from 1 on"))
        });
        Ok(Self { lines: text, fetched, limits_epoch: limits_epoch.transpose()? })
    }

    /// What it comes to at `now`.
    pub(crate) fn setup(&self, now: UnixMillis) -> Result<Setup, StartError> {
        let read = |changed| Setup::read(&self.lines, BASE, &changed, now);
        let setup = read(Changed::default()).map_err(|error| told(self.fetched, error))?;
        if setup.limits.is_empty() {
            return Ok(setup);
        }
        // Environments of two versions share buckets for a while: which numbers are newer must be said.
        let unset = || SettingsError::new(LIMITS_EPOCH, "is not set, and a route has limits");
        let stamp = Stamp { incarnation: 0, epoch: self.limits_epoch.ok_or_else(unset)? };
        let changed = setup.limits.iter().map(|limit| (limit.name.clone(), stamp));
        Ok(read(Changed(changed.collect()))?)
    }
}

/// Adds the lines of the secrets file.
fn push_secrets(text: &str, name: &str, to: &mut String) -> Result<(), SettingsError> {
    let tree = bounded(text, name)?;
    let tree = serde_json::from_str(tree);
    let tree: Value = tree.map_err(|_| SettingsError::new(name, "is no JSON"))?;
    // SECURITY: errors name members, and one that nobody knows may be a secret.
    if !has_only_known_members(&tree) {
        return Err(SettingsError::new(name, "has a member that a secrets file has not"));
    }
    lines::push(&tree, SECRETS_PATH, to)
}

/// Called for each level of a tree, which its reader has kept to a depth.
fn has_only_known_members(tree: &Value) -> bool {
    match tree {
        Value::Object(members) => members.iter().all(|(name, value)| {
            SECRETS_MEMBERS.contains(&name.as_str()) && has_only_known_members(value)
        }),
        Value::Array(items) => items.iter().all(has_only_known_members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Which setting is to be looked at: what is wrong with secrets that were fetched is not in the environment.
fn told(fetched: bool, error: SettingsError) -> StartError {
    if fetched && error.path().starts_with(SECRETS_PATH) {
        StartError::Fetched(error)
    } else {
        StartError::Settings(error)
    }
}

/// The configuration as it is written. No configuration is none that asks for nothing: it may have been forgotten.
fn config(environment: &Environment) -> Result<String, SettingsError> {
    if let Some(text) = environment.text(CONFIG) {
        return bounded(text, CONFIG).map(str::to_owned);
    }
    let unset = || SettingsError::new(CONFIG, "is not set");
    let name = environment.text(CONFIG_FILE).ok_or_else(unset)?;
    let root = environment.text("LAMBDA_TASK_ROOT").unwrap_or(".");
    let text = std::fs::read_to_string(std::path::Path::new(root).join(name));
    let text = text.map_err(|_| SettingsError::new(CONFIG_FILE, "cannot be read"))?;
    bounded(&text, CONFIG_FILE)?;
    Ok(text)
}

fn bounded<'t>(text: &'t str, name: &str) -> Result<&'t str, SettingsError> {
    Some(text)
        .filter(|text| text.len() <= TEXT_BYTES_MAX)
        .ok_or_else(|| SettingsError::new(name, "is too long"))
}
