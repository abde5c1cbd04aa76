//! `tollgate dev`: a gate in front of a demo origin, with a key that is ready to be used.

mod folder;
mod key;
mod origin;

use std::{
    io::{self, ErrorKind, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::Context;
use tokio::net::TcpListener;
use tollgate_core::time::UnixMillis;

use crate::{
    cli::command,
    config::{Environment, Identity, Source},
    issuing,
    serve::{
        self, Doors, Running, Seen, doors,
        log::{Level, Log},
    },
    written::{instant_text, limit_text},
};
use folder::Folder;
use key::Ready;

/// Where everything is kept unless another folder is named.
pub(crate) const FOLDER: &str = "tollgate-dev";

/// Where the demo's origin usually is, and what a configuration does not place.
const ORIGIN: SocketAddr = loopback(3000);
const ADMIN: SocketAddr = loopback(9090);
const CONTROL: SocketAddr = loopback(9091);

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// How many requests a command to be pasted sends at most.
const REQUESTS_MAX: u64 = 100;

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The folder for configuration, store and secrets.
    pub(crate) data: PathBuf,
    /// Whether to begin anew, forgetting what the folder holds.
    pub(crate) fresh: bool,
    /// What stands behind the gate, unless the demo.
    pub(crate) origin: Option<Own>,
}

/// An origin that somebody else has started.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    /// Where it is.
    pub(crate) url: String,
    /// What it is called in the identities that it gets, unless as usual.
    pub(crate) audience: Option<String>,
}

/// Where requests go that the gate lets pass.
enum Behind<'a> {
    Demo(TcpListener),
    Own(&'a Own),
}

impl Behind<'_> {
    /// A path to ask for.
    const fn path(&self) -> &'static str {
        match self {
            Self::Demo(_) => "/orders",
            Self::Own(_) => "/",
        }
    }

    /// What the configuration is to say of it, by the names of variables.
    fn settings(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        const URL: &str = "TOLLGATE_ORIGIN_URL";
        Ok(match self {
            Self::Demo(door) => vec![(URL, format!("http://{}", door.local_addr()?))],
            Self::Own(Own { url, audience }) => {
                let audience = audience.clone().map(|name| ("TOLLGATE_IDENTITY_AUDIENCE", name));
                std::iter::once((URL, url.clone())).chain(audience).collect()
            }
        })
    }
}

/// Starts everything, says how to try it, and serves until told to stop.
pub(crate) fn run(options: &Options, out: &mut impl io::Write) -> anyhow::Result<()> {
    let folder = Folder::open(options)?;
    let log = Log::start(Level::Warn).context("no thread for the log")?;
    serve::runtime()?.block_on(async {
        let usual = folder.source(&[]).load()?;
        let (gate_at, admin_at) = (usual.gate.listen, usual.admin.unwrap_or(ADMIN));
        let control_at = usual.control.map_or(CONTROL, |control| control.listen);
        let gate = listen(gate_at)?;
        let behind = match &options.origin {
            Some(own) => Behind::Own(own),
            None => Behind::Demo(listen(ORIGIN)?),
        };
        let admin = listen(admin_at)?;
        let control = listen(control_at)?;
        let demo = match &behind {
            Behind::Demo(door) => Some(("the origin", door, ORIGIN)),
            Behind::Own(_) => None,
        };
        for (name, door, usual) in [
            Some(("the gate", &gate, gate_at)),
            demo,
            Some(("administration", &admin, admin_at)),
            Some(("the management API", &control, control_at)),
        ]
        .into_iter()
        .flatten()
        {
            tell_port(out, name, door, usual)?;
        }
        let mut places = places(&gate, &admin, &control)?;
        places.extend(behind.settings()?);
        let source = folder.source(&places);
        let config = source.load()?;
        let (secrets, mut store) = folder.fill(&config, &source)?;
        let ready = key::ready(&folder.key(), &config, &secrets, &mut store)?;
        let forged = key::forged(&config)?;
        tell_gate(out, &gate, &behind, &config.identity)?;
        tell(out, &folder, (&gate, &admin, behind.path()), (&ready, &forged))?;
        let operators = config.control.as_ref().map(|control| control.operators.as_str());
        let first = key::admin(operators, &config, &secrets, &mut store)?;
        tell_admin(out, &control, first.as_ref())?;

        let seen = Seen::at(&config.secrets);
        let doors = Doors {
            gate: Some(gate),
            decide: None,
            admin: Some(admin),
            control: Some(control),
            tls: None,
        };
        let (identity, connections) = (config.identity.clone(), config.connections.clone());
        let running = Running::start(source, config, (&secrets, seen), store, doors, log)?;
        let served = running.gate.clone();
        if let Behind::Demo(door) = behind {
            let trust = origin::Trust {
                keys: Box::new(move || served.live().keys.clone()),
                issuer: identity.issuer,
                audience: identity.audience,
            };
            tokio::spawn(origin::attend(door, trust));
        }
        serve::until_told(running, &connections).await
    })
}

/// What stands in the place of the file's addresses, since ports may be taken.
fn places(
    gate: &TcpListener,
    admin: &TcpListener,
    control: &TcpListener,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("TOLLGATE_GATE_LISTEN", gate.local_addr()?.to_string()),
        ("TOLLGATE_ADMIN_LISTEN", admin.local_addr()?.to_string()),
        ("TOLLGATE_CONTROL_LISTEN", control.local_addr()?.to_string()),
    ])
}

/// Listens at `usual`, or on another port if that one is taken.
fn listen(usual: SocketAddr) -> anyhow::Result<TcpListener> {
    let door = match doors::listen(usual) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            doors::listen(SocketAddr::new(usual.ip(), 0))
        }
        other => other,
    };
    door.with_context(|| format!("cannot listen on {usual}"))
}

/// Says where something is that is not where it usually is.
fn tell_port(
    out: &mut impl Write,
    name: &str,
    door: &TcpListener,
    usual: SocketAddr,
) -> anyhow::Result<()> {
    let (port, usual) = (door.local_addr()?.port(), usual.port());
    if usual != 0 && port != usual {
        writeln!(out, "Port {usual} is taken: {name} is on port {port} instead.")?;
    }
    Ok(())
}

/// Says what is there, and what an origin needs to know to believe the gate.
fn tell_gate(
    out: &mut impl Write,
    gate: &TcpListener,
    behind: &Behind<'_>,
    identity: &Identity,
) -> anyhow::Result<()> {
    let gate = gate.local_addr()?;
    match behind {
        Behind::Demo(_) => writeln!(
            out,
            "A gate on http://{gate}, and behind it an origin that shows what it receives."
        )?,
        Behind::Own(Own { url, .. }) => {
            let Identity { issuer, audience, .. } = identity;
            writeln!(
                out,
                "\
A gate on http://{gate}, and behind it {url}, which verifies Tollgate-Identity with
issuer {issuer}, audience {audience}, keys http://{gate}/.well-known/tollgate/jwks.json

What follows asks for /, which your origin may not have: put in a path of its own."
            )?
        }
    }
    Ok(())
}

fn tell(
    out: &mut impl Write,
    folder: &Folder,
    (gate, admin, path): (&TcpListener, &TcpListener, &str),
    (ready, forged): (&Ready, &str),
) -> anyhow::Result<()> {
    let (gate, admin) = (gate.local_addr()?, admin.local_addr()?);
    let (file, kept) = (folder.file(), folder.key());
    let (key, allowance) = (ready.secret.as_str(), allowance(ready));
    let more = "keys create --tenant acme --owner me --scope orders:read --unlimited";
    let more = command(&file, more);
    let (file, kept) = (file.display(), kept.display());
    let again = if ready.kept { "It is that of the last start" } else { "It is new" };
    let resume = resume(ready, &folder.file());
    let many = ready.key.settings.limits.iter().map(|limit| limit.burst).min().unwrap_or(0);
    let many = many.saturating_add(3).min(REQUESTS_MAX);
    write!(
        out,
        "\
This key is good {allowance}:

  {key}

{again}, kept in {kept}, which only you may read; --fresh makes another.
{resume}
Allowed, and the origin knows who calls:

  curl -H 'X-API-Key: {key}' http://{gate}{path}

Refused: right in shape, made by somebody else:

  curl -i -H 'X-API-Key: {forged}' http://{gate}{path}

Too many at once, with the time to wait:

  for i in $(seq {many}); do curl -si -H 'X-API-Key: {key}' http://{gate}{path} | grep -iE '^(HTTP|retry-after)'; done

Metrics are on http://{admin}/metrics; the settings are in {file}:
change them and send SIGHUP. One more key, of your own kind:

  {more}

"
    )?;
    Ok(())
}

/// Says where keys are managed over HTTP, and shows the first admin key when it is made.
fn tell_admin(
    out: &mut impl Write,
    control: &TcpListener,
    first: Option<&issuing::Issued>,
) -> anyhow::Result<()> {
    let control = control.local_addr()?;
    writeln!(out, "The management API is on http://{control}/api/keys.")?;
    match first {
        Some(issued) => writeln!(
            out,
            "This admin key may do everything there. It is shown this once, and kept nowhere:\n\n  {}\n",
            issued.secret.as_str()
        )?,
        None => {
            writeln!(out, "Its admin key was shown at the first start; --fresh makes another.\n")?
        }
    }
    writeln!(out, "Ctrl-C stops it.")?;
    Ok(out.flush()?)
}

/// What to do first where the key's owner or tenant is stopped.
fn resume(Ready { key, stopped, .. }: &Ready, file: &Path) -> String {
    let (tenant, owner) = (&key.settings.tenant, &key.settings.owner);
    let words = match (stopped.tenant, stopped.owner) {
        (true, _) => format!("tenants resume {tenant}"),
        (false, true) => format!("owners resume {tenant} {owner}"),
        (false, false) => return String::new(),
    };
    format!("It is stopped, and refused until: {}\n", command(file, &words))
}

/// How long the key is good, and how much of it.
fn allowance(Ready { key, .. }: &Ready) -> String {
    let until = key.settings.expires.map(|expires| instant_text(UnixMillis(expires)));
    let until = until.map_or_else(|| "for ever".to_owned(), |until| format!("until {until}"));
    match key.settings.limits.as_slice() {
        [] => format!("{until}, without limits"),
        [limit] if limit.period_ms == 1_000 => {
            let (burst, rate) = (limit.burst, limit.rate);
            format!("{until}, for {burst} requests at once and {rate} more a second")
        }
        limits => {
            let limits: Vec<_> = limits.iter().map(limit_text).collect();
            format!("{until}, within {}", limits.join(" "))
        }
    }
}

impl Folder {
    /// Where the configuration comes from, with `places` in the place of what it says.
    fn source(&self, places: &[(&'static str, String)]) -> Source {
        let variables = places.iter().map(|(name, value)| ((*name).into(), value.into()));
        Source { file: self.file(), environment: Environment::of(variables), store: None }
    }
}
