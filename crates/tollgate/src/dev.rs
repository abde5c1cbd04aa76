//! `tollgate dev`: a gate in front of a demo origin, with a key that is ready to be used.

mod folder;
mod origin;

use std::{
    io::{self, ErrorKind, Write},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use anyhow::{Context, anyhow};
use tokio::net::TcpListener;
use tollgate_core::{
    key::{Draw, Env, mint},
    limit::LimitScope,
    pepper::{Pepper, Peppers},
    stamp::Stamp,
};
use tollgate_ledger::{LimitSpec, Settings};
use tollgate_store_sqlite::Store;

use crate::{
    clock,
    config::{Config, Environment, Source},
    issuing,
    secrets::Secrets,
    serve::{
        self, Doors, Running, Seen, doors,
        log::{Level, Log},
    },
};
use folder::Folder;

/// Where everything is kept unless another folder is named.
pub(crate) const FOLDER: &str = "tollgate-dev";

/// The usual ports; where one is taken a free one is used.
const GATE_PORT: u16 = 8080;
const ORIGIN_PORT: u16 = 3000;
const ADMIN_PORT: u16 = 9090;

/// How many requests the key may send at once, and how many more a second.
const BURST: u64 = 5;
const RATE: u64 = 1;

/// How long the key is valid.
const KEY_LIFE_MS: u64 = 24 * 3_600_000;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The folder for configuration, store and secrets.
    pub(crate) data: PathBuf,
    /// Whether to begin anew, forgetting what the folder holds.
    pub(crate) fresh: bool,
}

/// Starts everything, says how to try it, and serves until told to stop.
pub(crate) fn run(options: &Options, out: &mut impl io::Write) -> anyhow::Result<()> {
    let folder = Folder::open(options)?;
    let log = Log::start(Level::Warn).context("no thread for the log")?;
    serve::runtime()?.block_on(async {
        let gate = listen(GATE_PORT)?;
        let origin = listen(ORIGIN_PORT)?;
        let admin = listen(ADMIN_PORT)?;
        let source = folder.source(&places(&gate, &origin, &admin)?);
        let config = source.load()?;
        let (secrets, mut store) = folder.fill(&config, &source)?;
        let (key, forged) = keys(&config, &secrets, &mut store)?;
        tell(out, &folder, &gate, &admin, (&key, &forged))?;

        let seen = Seen::at(&config.secrets);
        let doors = Doors { gate: Some(gate), decide: None, admin: Some(admin), tls: None };
        let (identity, connections) = (config.identity.clone(), config.connections.clone());
        let running = Running::start(source, config, (&secrets, seen), store, doors, log)?;
        let served = running.gate.clone();
        let trust = origin::Trust {
            keys: Box::new(move || served.live().keys.clone()),
            issuer: identity.issuer,
            audience: identity.audience,
        };
        tokio::spawn(origin::attend(origin, trust));
        serve::until_told(running, &connections).await
    })
}

/// What stands in the place of the file's addresses, since ports may be taken.
fn places(
    gate: &TcpListener,
    origin: &TcpListener,
    admin: &TcpListener,
) -> anyhow::Result<[(&'static str, String); 3]> {
    Ok([
        ("TOLLGATE_GATE_LISTEN", gate.local_addr()?.to_string()),
        ("TOLLGATE_ORIGIN_URL", format!("http://{}", origin.local_addr()?)),
        ("TOLLGATE_ADMIN_LISTEN", admin.local_addr()?.to_string()),
    ])
}

/// Listens on loopback, on `port` if that is free.
fn listen(port: u16) -> anyhow::Result<TcpListener> {
    let at = |port| doors::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let door = match at(port) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => at(0),
        other => other,
    };
    door.context("cannot listen on loopback")
}

/// A key that is good for a day, and one of the same shape that somebody else made.
fn keys(config: &Config, secrets: &Secrets, store: &mut Store) -> anyhow::Result<(String, String)> {
    let now = clock::read().wall;
    let env = config.keys.brand.envs().next().context("the configuration accepts no env")?;
    let limit = LimitSpec {
        name: "burst".into(),
        scope: LimitScope::Key,
        burst: BURST,
        rate: RATE,
        period_ms: 1_000,
        changed: Stamp::default(),
    };
    let settings = Settings {
        plan: Some("pro".into()),
        scopes: vec!["orders:read".into()],
        limits: vec![limit],
        expires: Some(now.plus(KEY_LIFE_MS).0),
        ..issuing::blank("acme".into(), "dev@acme.example".into(), env.as_str().into())
    };
    let with = (config.keys.prefix, &secrets.peppers()?);
    let name = Some("tollgate dev".to_owned());
    let issued = issuing::create(store, with, name, settings, now)
        .map_err(|error| anyhow!("no key was made: {error:?}"))?;
    Ok((issued.secret.as_str().to_owned(), forged(config, env)?))
}

/// A key whose check is right and whose pepper is nobody's.
fn forged(config: &Config, env: Env) -> anyhow::Result<String> {
    let (mut secret, mut random) = ([0; 32], [0; 19]);
    for bytes in [secret.as_mut_slice(), random.as_mut_slice()] {
        getrandom::fill(bytes).context("no randomness to be had")?;
    }
    let theirs = Peppers::new(&[Pepper { id: 0, secret: &secret }], 0)?;
    Ok(mint(config.keys.prefix, env, &theirs, &Draw::new(&random)?).as_str().to_owned())
}

fn tell(
    out: &mut impl Write,
    folder: &Folder,
    gate: &TcpListener,
    admin: &TcpListener,
    (key, forged): (&str, &str),
) -> anyhow::Result<()> {
    let (gate, admin) = (gate.local_addr()?, admin.local_addr()?);
    let file = folder.file();
    let file = file.display();
    let many = BURST.saturating_add(3);
    write!(
        out,
        "\
A gate on http://{gate}, and behind it an origin that shows what it receives.
This key is good for a day, for {BURST} requests at once and {RATE} more a second:

  {key}

Allowed, and the origin knows who calls:

  curl -H 'X-API-Key: {key}' http://{gate}/orders

Refused: right in shape, made by somebody else:

  curl -i -H 'X-API-Key: {forged}' http://{gate}/orders

Too many at once, with the time to wait:

  for i in $(seq {many}); do curl -si -H 'X-API-Key: {key}' http://{gate}/orders | grep -iE '^(HTTP|retry-after)'; done

Metrics are on http://{admin}/metrics; the settings are in {file}:
change them and send SIGHUP, or make more keys with `tollgate --config {file} keys create`.
Ctrl-C stops it.
"
    )?;
    Ok(out.flush()?)
}

impl Folder {
    /// Where the configuration comes from, with `places` in the place of what it says.
    fn source(&self, places: &[(&'static str, String)]) -> Source {
        let variables = places.iter().map(|(name, value)| ((*name).into(), value.into()));
        Source { file: self.file(), environment: Environment::of(variables), store: None }
    }
}
