//! The configuration: one TOML file and the environment, read strictly.
//!
//! What is unknown, given twice, of another type or out of bounds stops the start, and everything that is wrong is
//! said at once, each with its place. Whoever holds a [`Config`] holds checked values.

mod build;
mod checks;
mod document;
mod environment;
pub(crate) mod fields;
pub(crate) mod fixed;
mod problem;
pub(crate) mod reference;
mod rules;
mod suggest;
mod table;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs::File,
    io::Read,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use tollgate_control::Origins;
use tollgate_core::{
    head::MaxStaleness,
    key::{Brand, Prefix},
    network::Block,
};
use tollgate_http::route::{RouteLimit, Rules};
use tollgate_identity::Algorithm;

pub(crate) use checks::{PLACES, is_target_name, table_name};
pub(crate) use environment::{ADMIN_KEY, Environment, SECRETS};
pub(crate) use problem::{ConfigError, Place, Problem};

use crate::remote;
use document::Value;
use fields::Field;

/// The file that is read unless another is named.
pub(crate) const FILE: &str = "tollgate.toml";

/// The tenant of the operators unless another is named.
pub(crate) const OPERATORS: &str = "operators";

/// The longest file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The most texts in one list.
const PLACES_MAX: usize = 256;

/// Everything that an operator sets.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) keys: Keys,
    pub(crate) store: StorePlace,
    /// Where peppers and signing keys are, unless the environment holds them.
    pub(crate) secrets: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) gate: Gate,
    /// None: nothing is proxied.
    pub(crate) origin: Option<Origin>,
    pub(crate) connections: Connections,
    pub(crate) cache: Cache,
    /// None: nobody is told decisions.
    pub(crate) decide: Option<Decide>,
    /// None: there is no listener for metrics.
    pub(crate) admin: Option<SocketAddr>,
    /// None: there is no management API.
    pub(crate) control: Option<Control>,
    pub(crate) log: Logged,
    /// None: connections are plain HTTP.
    pub(crate) tls: Option<Tls>,
    pub(crate) cloudflare: Cloudflare,
    pub(crate) dynamodb: Dynamodb,
    /// Management APIs elsewhere, by the names that the configuration gives them.
    pub(crate) targets: BTreeMap<String, Profile>,
    /// In their order: the first that matches applies.
    pub(crate) routes: Vec<Route>,
    /// The same, as requests are matched against them.
    pub(crate) rules: Rules,
}

/// The management API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Control {
    pub(crate) listen: SocketAddr,
    /// The tenant whose admin keys may act for others.
    pub(crate) operators: String,
    /// Whose pages may ask.
    pub(crate) origins: Origins,
}

/// What keys look like, and where a request may present one.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) brand: Brand,
    pub(crate) prefix: Prefix,
    /// In lower case.
    pub(crate) header: Option<Box<str>>,
    pub(crate) query: Option<Box<str>>,
    pub(crate) forward: bool,
}

/// Where the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StorePlace {
    /// Gone when the process ends.
    Memory,
    File(PathBuf),
}

/// What identities say of this gate.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) issuer: Box<str>,
    pub(crate) audience: Box<str>,
    /// Of the next signing key.
    pub(crate) algorithm: Algorithm,
}

/// How requests are taken and decided.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) listen: SocketAddr,
    pub(crate) realm: Box<str>,
    pub(crate) max_staleness: MaxStaleness,
    pub(crate) max_staleness_ms: u64,
    pub(crate) store_deadline_ms: u32,
    pub(crate) trusted_hops: Vec<Block>,
    /// In lower case.
    pub(crate) country_header: Option<Box<str>>,
    pub(crate) rate_limit_fields: RateLimitFields,
    /// False only on loopback.
    pub(crate) checking: bool,
}

/// How answers tell what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateLimitFields {
    Standard,
    Legacy,
    Both,
    Off,
}

/// Where allowed requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) server: Server,
    /// Who may have signed its certificate, unless whom this machine trusts.
    pub(crate) ca: Option<PathBuf>,
    /// Whom it is told that requests are for.
    pub(crate) host: Told,
    /// Whether it is spoken to in HTTP/2, without asking first.
    pub(crate) http2: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) idle_timeout: Duration,
}

/// What an origin is told in `Host`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// What the client wrote.
    Client,
    /// The host of its URL.
    Origin,
}

/// Where an origin is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// Whether it is spoken to under TLS.
    pub(crate) tls: bool,
    /// Host and, where it is given, port: what a connection is made to and `Host` may say.
    pub(crate) authority: Box<str>,
}

/// What one client may take up.
#[derive(Clone, Debug)]
pub(crate) struct Connections {
    pub(crate) max: usize,
    pub(crate) requests_max: usize,
    pub(crate) max_age: Duration,
    pub(crate) head_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) head_bytes_max: usize,
    pub(crate) fields_max: usize,
    pub(crate) drain: Duration,
}

/// How much is held in memory.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    pub(crate) records_bytes: usize,
    pub(crate) absences: usize,
    pub(crate) purses: usize,
}

/// Who may ask for decisions, and where.
#[derive(Clone, Debug)]
pub(crate) struct Decide {
    pub(crate) listen: SocketAddr,
    pub(crate) trusted: Vec<Block>,
}

/// Of which requests the log tells one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logged {
    Off,
    /// Those that the gate itself refused or failed.
    Refused,
    All,
}

/// The files of a certificate chain and its key.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// A deployment on Cloudflare, for whoever changes its keys.
#[derive(Clone, Debug)]
pub(crate) struct Cloudflare {
    /// Where it is administered, unless the command line says so.
    pub(crate) url: Option<remote::Place>,
    /// Where the admin key is, unless the environment holds it.
    pub(crate) admin_key: PathBuf,
}

/// A management API, for whoever asks it.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// What stands before `/api`.
    pub(crate) url: remote::Place,
    /// Where the admin key is, unless the environment holds it.
    pub(crate) admin_key: PathBuf,
    /// Who may have signed its certificate, unless whom this machine trusts.
    pub(crate) ca: Option<PathBuf>,
}

/// Tables in DynamoDB, for whoever changes their keys.
#[derive(Clone, Debug)]
pub(crate) struct Dynamodb {
    /// Where keys, records and the head are, unless the command line says so.
    pub(crate) ledger: String,
    /// Where buckets are.
    pub(crate) buckets: String,
}

/// What requests of one kind need.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    /// None given: all.
    pub(crate) methods: Vec<String>,
    pub(crate) path: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) cost: u32,
    /// Besides those of the key.
    pub(crate) limits: Vec<RouteLimit>,
    pub(crate) public: bool,
    pub(crate) key_from: Option<KeyPlace>,
    pub(crate) bind: bool,
    pub(crate) cache: bool,
    pub(crate) cors: Cors,
}

/// The one place that a route takes keys from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    Authorization,
    XApiKey,
    /// That of `keys.header`.
    Header,
    /// That of `keys.query`.
    Query,
}

/// What becomes of a CORS preflight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cors {
    Refuse,
    Forward,
    Answer { origins: Vec<String>, methods: Vec<String>, headers: Vec<String>, max_age_s: u32 },
}

/// Where a configuration comes from, so that it can be read again.
#[derive(Debug)]
pub(crate) struct Source {
    /// The file.
    pub(crate) file: PathBuf,
    /// The environment that the process was started with.
    pub(crate) environment: Environment,
    /// What the command line says in the place of `store.path`.
    pub(crate) store: Option<String>,
}

impl Source {
    /// Reads the file as it is now.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, each with its place.
    pub(crate) fn load(&self) -> Result<Config, ConfigError> {
        let problem = |what: String| {
            let path = Problem { place: Place::Default, path: String::new(), what };
            ConfigError::new(self.file.clone(), vec![path])
        };
        self.parse(&text_of(&self.file).map_err(problem)?)
    }

    /// Reads `text` as if the file held it.
    ///
    /// # Errors
    ///
    /// As [`Self::load`].
    pub(crate) fn parse(&self, text: &str) -> Result<Config, ConfigError> {
        let mut problems = vec![];
        let mut document = document::read(text, &mut problems);
        document::lay_over(&mut document, &self.environment, &mut problems);
        if let (Some(store), Some(field)) = (&self.store, fields::field("store", "path")) {
            let value = Value::Text(store.clone());
            document::set(&mut document, field, value, Place::Argument("--store"));
        }
        match build::config(&document, &self.file, &mut problems) {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigError::new(self.file.clone(), problems)),
        }
    }
}

/// Whether `text` is the URL of a server, as `[origin]` has one.
pub(crate) fn is_server(text: &str) -> bool {
    checks::server(text).is_some()
}

/// The variable of the environment that sets `field`.
pub(crate) fn variable(field: &Field) -> String {
    format!("{}{}_{}", environment::PREFIX, field.table, field.name).to_uppercase()
}

/// The text of a file.
fn text_of(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            let what =
                "there is no such file: `tollgate init` makes one, `--config FILE` names another";
            return what.to_owned();
        }
        format!("cannot be read: {error}")
    };
    let mut bytes = vec![];
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(format!("has more than {FILE_BYTES_MAX} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}
