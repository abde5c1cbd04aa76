//! `tollgate keys`.

mod update;
mod view;

use std::io::{self, Write};

use clap::{Args, Subcommand};
use serde_json::json;
use tollgate_core::{lookup::LookupId, time::UnixMillis};
use tollgate_ledger::{Change, Key, Ledger, PAGE_MAX, Receipt, Settings};

use super::{
    Failure, Output,
    flags::Given,
    output::columns,
    settings::{self, Rights},
    site::Site,
    standing::{Gates, Standing},
};
use crate::{
    issuing::{self, IssueError, Issued},
    written::{duration, duration_text, instant_text},
};
use update::Update;
pub(super) use view::{document, lines, verdict};

/// The default of `--grace`.
const GRACE: &str = "24h";

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Make a key, and show its secret once
    #[command(after_help = "\
Examples:
  tollgate keys create --tenant acme --owner dev@acme.example \\
      --scope orders:read --limit burst:key=100,50/1s
  tollgate keys create --tenant acme --owner ci --expires +90d \\
      --unlimited --quota monthly:key=10000/month
  tollgate keys create --settings - < settings.json
  tollgate keys create --tenant acme --owner ci --unlimited --json | jq -r .secret

The secret is in the output of this command and nowhere else: not in the store, not in a log.")]
    Create(Create),
    /// List keys, in the order of their ids
    #[command(after_help = "\
Examples:
  tollgate keys list
  tollgate keys list --tenant acme --count 20
  tollgate keys list --after key_9mTq2XbWcY4LrK7d")]
    List(List),
    /// Show a key: what it may do, its state, and its secrets by their lookup ids
    #[command(after_help = "\
Examples:
  tollgate keys show key_9mTq2XbWcY4LrK7d
  tollgate keys show key_9mTq2XbWcY4LrK7d --json")]
    Show(One),
    /// Change what a key may do; what is not given stays
    #[command(after_help = "\
Examples:
  tollgate keys update key_9mTq2XbWcY4LrK7d --limit burst:key=200,100/1s
  tollgate keys update key_9mTq2XbWcY4LrK7d --scope orders:read --scope orders:write
  tollgate keys update key_9mTq2XbWcY4LrK7d --clear expires
  tollgate keys show key_9mTq2XbWcY4LrK7d --json | jq .key.settings > settings.json
  tollgate keys update key_9mTq2XbWcY4LrK7d --settings settings.json --if-version 1.41

What somebody else changes at the same time is not overwritten: fields that are given are put over
what is there then, and all settings only over the version that is named, or with --overwrite over
any.")]
    Update(Update),
    /// Give a key a new secret, shown once, and the older ones an end
    #[command(after_help = "\
Examples:
  tollgate keys rotate key_9mTq2XbWcY4LrK7d
  tollgate keys rotate key_9mTq2XbWcY4LrK7d --grace 7d
  tollgate keys rotate key_9mTq2XbWcY4LrK7d --grace 0s   # the old secret leaked")]
    Rotate(Rotate),
    /// Switch a key off until it is enabled
    #[command(after_help = "Example:\n  tollgate keys disable key_9mTq2XbWcY4LrK7d")]
    Disable(One),
    /// Switch a disabled key on
    #[command(after_help = "Example:\n  tollgate keys enable key_9mTq2XbWcY4LrK7d")]
    Enable(One),
    /// End a key, or one of its secrets, for good
    #[command(after_help = "\
Examples:
  tollgate keys revoke key_9mTq2XbWcY4LrK7d
  tollgate keys revoke key_9mTq2XbWcY4LrK7d --secret 2ccbc0e2728b2154939a868ede964808")]
    Revoke(Revoke),
}

#[derive(Args, Debug)]
pub(super) struct Create {
    /// Whose customer it is
    #[arg(long, required_unless_present = "settings")]
    tenant: Option<String>,
    /// Who the key acts for
    #[arg(long, required_unless_present = "settings")]
    owner: Option<String>,
    /// What it is for; may be left out where only one env is configured
    #[arg(long)]
    env: Option<String>,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// All settings as JSON, from a file or, if it is called -, from standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tenant", "owner", "env", "Rights"])]
    settings: Option<String>,
    /// Even if it has expired already: a key that every gate refuses
    #[arg(long)]
    allow_past: bool,
    #[command(flatten)]
    rights: Rights,
}

#[derive(Args, Debug)]
pub(super) struct List {
    /// Those of one tenant
    #[arg(long)]
    tenant: Option<String>,
    /// Those after this id
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
}

#[derive(Args, Debug)]
pub(super) struct One {
    /// The key's public id
    id: String,
}

#[derive(Args, Debug)]
pub(super) struct Rotate {
    /// The key's public id
    id: String,
    /// For how long the older secrets are still good
    #[arg(long, value_name = "DURATION", default_value = GRACE, value_parser = duration)]
    grace: u64,
}

#[derive(Args, Debug)]
pub(super) struct Revoke {
    /// The key's public id
    id: String,
    /// Only the secret of this lookup id
    #[arg(long, value_name = "LOOKUP", value_parser = lookup)]
    secret: Option<LookupId>,
}

fn lookup(text: &str) -> Result<LookupId, String> {
    let what = "a lookup id is 32 hexadecimal digits; `tollgate keys show` lists those of a key";
    LookupId::from_hex(text).ok_or_else(|| what.to_owned())
}

pub(super) fn run(command: Keys, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    match command {
        Keys::Create(arguments) => create(arguments, site, output),
        Keys::List(arguments) => list(&arguments, site, output),
        Keys::Show(One { id }) => show(&id, site, output),
        Keys::Update(arguments) => update::run(&arguments, site, output),
        Keys::Rotate(arguments) => rotate(&arguments, site, output),
        Keys::Disable(One { id }) => change(Change::Disable { id }, "disabled", site, output),
        Keys::Enable(One { id }) => change(Change::Enable { id }, "enabled", site, output),
        Keys::Revoke(arguments) => revoke(arguments, site, output),
    }
}

fn create(arguments: Create, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let Create { tenant, owner, env, name, settings, allow_past, rights } = arguments;
    let given = if settings.is_some() { Given::Json } else { Given::Flags };
    let settings = match (settings, tenant, owner) {
        (Some(from), ..) => settings::read(&from)?,
        (None, Some(tenant), Some(owner)) => {
            if !rights.says_limits() {
                return Err(Failure::usage(
                    "limits_missing",
                    "say how fast the key may be used: --limit burst:key=100,50/1s, or --unlimited",
                ));
            }
            let mut settings = issuing::blank(tenant, owner, only_env(env, site)?);
            rights.lay_over(&mut settings, site.now);
            settings
        }
        (None, ..) => {
            return Err(Failure::usage("settings_missing", "--tenant and --owner are needed"));
        }
    };
    let accepted = site.config.keys.brand.envs().any(|env| env.as_str() == settings.env);
    if !accepted {
        let message =
            format!("env {:?} is not among keys.envs: no gate would accept the key", settings.env);
        return Err(Failure::usage("env_not_accepted", message));
    }
    if !allow_past {
        ahead(&settings, None, site.now)?;
    }
    let (mut ledger, peppers) = (site.ledger()?, site.peppers()?);
    let by = (site.config.keys.prefix, &peppers);
    let issued = issuing::create(&mut ledger, by, name, settings, site.now);
    let issued = issued.map_err(|error| match error {
        IssueError::Ledger(error) => given.failure(error),
        error @ (IssueError::Env | IssueError::Randomness | IssueError::NoKey) => error.into(),
    })?;
    let standing = Gates::of(site).judge(issued.key.clone(), &mut ledger)?;
    present(&issued, &standing, None, output)
}

/// Refuses an end that has passed, unless it was the key's already: a slip would look like a key that works.
fn ahead(settings: &Settings, before: Option<&Settings>, now: UnixMillis) -> Result<(), Failure> {
    let same = before.is_some_and(|before| before.expires == settings.expires);
    let Some(expires) = settings.expires.filter(|&expires| expires <= now.0 && !same) else {
        return Ok(());
    };
    let message = format!(
        "expires {} has passed, so every gate would refuse the key: look at the year, or --allow-past",
        instant_text(UnixMillis(expires))
    );
    Err(Failure::usage("expires_past", message))
}

/// The env that is given, or the only one there is.
fn only_env(given: Option<String>, site: &Site) -> Result<String, Failure> {
    let envs: Vec<String> =
        site.config.keys.brand.envs().map(|env| env.as_str().to_owned()).collect();
    match (given, envs.as_slice()) {
        (Some(env), _) => Ok(env),
        (None, [env]) => Ok(env.clone()),
        (None, envs) => {
            let message =
                format!("say which env the key is for: --env {}", envs.join(" or --env "));
            Err(Failure::usage("env_missing", message))
        }
    }
}

fn rotate(arguments: &Rotate, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let (mut ledger, peppers) = (site.ledger()?, site.peppers()?);
    let key = known(&mut ledger, &arguments.id)?;
    let by = (site.config.keys.prefix, &peppers);
    let of = (key.id.as_str(), key.settings.env.as_str());
    let issued = issuing::rotate(&mut ledger, by, of, arguments.grace, site.now)?;
    let standing = Gates::of(site).judge(issued.key.clone(), &mut ledger)?;
    present(&issued, &standing, Some(arguments.grace), output)
}

/// Shows a secret: the only place that does.
fn present(
    Issued { secret, .. }: &Issued,
    standing: &Standing,
    grace_ms: Option<u64>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let document = json!({ "key": document(standing), "secret": secret.as_str() });
    output.show(&document, |out| {
        writeln!(out, "{}", secret.as_str())?;
        writeln!(out)?;
        writeln!(out, "This is shown once and kept nowhere. Its holder sends it as")?;
        writeln!(out, "  Authorization: Bearer <key>   or   X-API-Key: <key>")?;
        if let Some(grace_ms) = grace_ms {
            let grace = duration_text(grace_ms);
            writeln!(out, "The older secrets of the key are good for {grace} more at most.")?;
        }
        writeln!(out)?;
        lines(out, standing)
    })?;
    Ok(())
}

fn list(arguments: &List, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let count = usize::from(arguments.count).min(PAGE_MAX);
    let mut ledger = site.ledger()?;
    let page = ledger.keys(arguments.after.as_deref(), count, arguments.tenant.as_deref())?;
    let gates = Gates::of(site);
    let standings = page.keys.into_iter().map(|key| gates.judge(key, &mut ledger));
    let standings = standings.collect::<Result<Vec<_>, _>>()?;
    let keys: Vec<_> = standings.iter().map(document).collect();
    let document = json!({ "keys": keys, "next": page.next, "notes": gates.notes() });
    output.show(&document, |out| {
        let head = ["id", "state", "tenant", "owner", "env", "name"].map(str::to_owned);
        let rows = standings.iter().map(|standing| {
            let Key { id, name, settings, state, .. } = standing.key.clone();
            let refused = standing.refusal().map(|refusal| refusal.word.clone());
            let state = refused.unwrap_or_else(|| view::state(state).to_owned());
            [id, state, settings.tenant, settings.owner, settings.env, name.unwrap_or_default()]
        });
        columns(out, &std::iter::once(head).chain(rows).collect::<Vec<_>>())?;
        unseen(out, &gates)?;
        match &page.next {
            Some(next) => {
                let words = format!("keys list --after {next}");
                writeln!(out, "\nThere are more: {}", site.command(&words))
            }
            None => Ok(()),
        }
    })?;
    Ok(())
}

fn show(id: &str, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let mut ledger = site.ledger()?;
    let key = known(&mut ledger, id)?;
    let gates = Gates::of(site);
    let standing = gates.judge(key, &mut ledger)?;
    let document = json!({ "key": document(&standing), "notes": gates.notes() });
    output.show(&document, |out| {
        lines(out, &standing)?;
        unseen(out, &gates)
    })?;
    Ok(())
}

/// Says what could not be looked at.
fn unseen(out: &mut dyn Write, gates: &Gates) -> io::Result<()> {
    gates.notes().iter().try_for_each(|note| writeln!(out, "not looked at: {note}"))
}

fn revoke(arguments: Revoke, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let Revoke { id, secret } = arguments;
    let Some(lookup) = secret else {
        return change(Change::Revoke { id }, "revoked", site, output);
    };
    let key = known(&mut site.ledger()?, &id)?;
    if key.secret(lookup).is_none() {
        let message = "the key has no secret of this lookup id; `tollgate keys show` lists them";
        return Err(Failure::refused("secret_unknown", message));
    }
    change(Change::RevokeSecret { lookup }, "rid of one secret", site, output)
}

/// Makes a change of one key, and says what the key is now.
fn change(change: Change, done: &str, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let mut ledger = site.ledger()?;
    let receipt = ledger.change(&change, site.now)?;
    tell(receipt, &mut ledger, done, site, output)
}

/// Says what a key is after a change of it.
fn tell(
    receipt: Receipt,
    ledger: &mut impl Ledger,
    done: &str,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let key = receipt.key.ok_or(IssueError::NoKey)?;
    let standing = Gates::of(site).judge(key, ledger)?;
    output.show(&json!({ "key": document(&standing) }), |out| {
        writeln!(
            out,
            "{} is {done}. Every gate that reaches the store knows it within a second.",
            standing.key.id
        )
    })?;
    Ok(())
}

fn known(ledger: &mut impl Ledger, id: &str) -> Result<Key, Failure> {
    let unknown = || {
        Failure::refused(
            "key_unknown",
            format!("no key has the id {id:?}: `tollgate keys list` shows them"),
        )
    };
    // SECURITY: what is no id may be a secret that was put here by mistake.
    if !id.starts_with("key_") || id.len() > 64 {
        return Err(Failure::usage(
            "id_malformed",
            "a key's id begins with key_: `tollgate keys list` shows them",
        ));
    }
    ledger.key(id)?.ok_or_else(unknown)
}

impl From<IssueError> for Failure {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Env => Self::usage("env_malformed", "an env is 1 to 8 of a-z 0-9"),
            IssueError::Randomness => {
                Self::failed("no_randomness", "the system gives no randomness")
            }
            IssueError::Ledger(error) => error.into(),
            IssueError::NoKey => Self::failed("store_damaged", "the store told nothing of the key"),
        }
    }
}
