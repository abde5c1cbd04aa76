//! The words of `tollgate keys`.

use clap::{Args, Subcommand, ValueEnum};
use tollgate_core::lookup::LookupId;

use super::{details::Details, update::Update, verify::Verify};
use crate::{
    cli::settings::Rights,
    written::{Instant, duration},
};

/// The default of `--grace`.
const GRACE: &str = "24h";

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Keys {
    /// Make a key, and show its secret once
    #[command(after_help = "\
Examples:
  tollgate keys create --tenant acme --owner dev@acme.example \\
      --scope orders:read --limit burst:key=100,50/1s
  tollgate keys create --tenant acme --owner ci --expires +90d \\
      --unlimited --quota monthly:key=10000/month
  tollgate keys create --tenant acme --owner ci --template service --name ci-deploy
  tollgate keys create --settings - < settings.json
  tollgate keys create --tenant acme --owner ci --unlimited --json | jq -r .secret
  tollgate keys create --target prod --owner ci --env live --unlimited --label team=core

The secret is in the output of this command and nowhere else: not in the store, not in a log. With
--target NAME it is the management API that makes it; --settings is then what the API takes.")]
    Create(Box<Create>),
    /// List keys, in the order of their ids
    #[command(after_help = "\
Examples:
  tollgate keys list
  tollgate keys list --tenant acme --count 20
  tollgate keys list --after key_9mTq2XbWcY4LrK7d
  tollgate keys list --tenant acme --state active --expiring-before +30d
  tollgate keys list --tenant acme --label team=core --all --json
  tollgate keys list --target prod --scope orders:write --sort -created")]
    List(Box<List>),
    /// Show a key: what it may do, its state, and its secrets by their lookup ids or numbers
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
  tollgate keys update key_9mTq2XbWcY4LrK7d --role deployer --label team=core
  tollgate keys show key_9mTq2XbWcY4LrK7d --json | jq .key.settings > settings.json
  tollgate keys update key_9mTq2XbWcY4LrK7d --settings settings.json --if-version 1.41

What somebody else changes at the same time is not overwritten: fields that are given are put over
what is there then, and all settings only over the version that is named, or with --overwrite over
any.")]
    Update(Box<Update>),
    /// Give a key a new secret, shown once, and the older ones an end
    #[command(after_help = "\
Examples:
  tollgate keys rotate key_9mTq2XbWcY4LrK7d
  tollgate keys rotate key_9mTq2XbWcY4LrK7d --grace 7d
  tollgate keys rotate key_9mTq2XbWcY4LrK7d --grace 0s   # the old secret leaked")]
    Rotate(Rotate),
    /// Switch a key off until it is enabled
    #[command(after_help = "\
Examples:
  tollgate keys disable key_9mTq2XbWcY4LrK7d
  tollgate keys disable key_9mTq2XbWcY4LrK7d --reason payment --note invoice-4711")]
    Disable(Disable),
    /// Switch a disabled key on
    #[command(after_help = "Example:\n  tollgate keys enable key_9mTq2XbWcY4LrK7d")]
    Enable(One),
    /// End a key, or one of its secrets, for good
    #[command(after_help = "\
Examples:
  tollgate keys revoke key_9mTq2XbWcY4LrK7d
  tollgate keys revoke key_9mTq2XbWcY4LrK7d --reason compromised
  tollgate keys revoke key_9mTq2XbWcY4LrK7d --secret 2ccbc0e2728b2154939a868ede964808
  tollgate keys revoke key_9mTq2XbWcY4LrK7d --secret 1 --target prod")]
    Revoke(Revoke),
    /// Ask whether a key that somebody presented would pass
    #[command(after_help = "\
Examples:
  tollgate keys verify < key.txt
  tollgate keys verify --key-file key.txt --scope orders:read --ip 192.0.2.7
  tollgate keys verify --target prod --cost 5 < key.txt
  tollgate keys verify      # asks for the key

The key is read from standard input or from a file, and never from the command line, which every
user of a machine sees. Exit code 1 if it would be refused.")]
    Verify(Verify),
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Create {
    /// Whose customer it is
    #[arg(long)]
    pub(super) tenant: Option<String>,
    /// Who the key acts for
    #[arg(long)]
    pub(super) owner: Option<String>,
    /// What it is for; may be left out where only one env is configured
    #[arg(long)]
    pub(super) env: Option<String>,
    /// What people call it
    #[arg(long)]
    pub(super) name: Option<String>,
    /// All settings as JSON, from a file or, if it is called -, from standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["owner", "env", "Rights", "Details"])]
    pub(super) settings: Option<String>,
    /// The template that it is made by
    #[arg(long, value_name = "NAME", conflicts_with = "settings")]
    pub(super) template: Option<String>,
    /// Even if it has expired already: a key that every gate refuses
    #[arg(long)]
    pub(super) allow_past: bool,
    #[command(flatten)]
    pub(super) details: Details,
    #[command(flatten)]
    pub(super) rights: Rights,
}

#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct List {
    /// Those of one tenant
    #[arg(long)]
    pub(super) tenant: Option<String>,
    /// Those after this id, or after what the list before said
    #[arg(long, value_name = "ID")]
    pub(super) after: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) count: u16,
    /// All of them, page after page
    #[arg(long, conflicts_with = "count")]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) filter: Filter,
}

/// Which keys, and in which order: what the management API can tell.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Filter {
    /// Those with this text in id, name or description
    #[arg(long)]
    pub(super) text: Option<String>,
    /// Those of one owner
    #[arg(long)]
    pub(super) owner: Option<String>,
    /// Those of one env
    #[arg(long)]
    pub(super) env: Option<String>,
    /// Those that are active, disabled or revoked
    #[arg(long, value_enum)]
    pub(super) state: Option<State>,
    /// Those that may do this
    #[arg(long)]
    pub(super) scope: Option<String>,
    /// Those with a label: NAME, or NAME=VALUE
    #[arg(long)]
    pub(super) label: Option<String>,
    /// Those that end before: 2027-01-31, 2027-01-31T12:00:00Z or +30d
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse)]
    pub(super) expiring_before: Option<Instant>,
    /// Those that were made before and not used since, approximately: 2027-01-31, 2027-01-31T12:00:00Z or -30d
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse_past, allow_hyphen_values = true)]
    pub(super) unused_since: Option<Instant>,
    /// In this order: created, name, expires or id; with - before it the largest first
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true, value_parser = SORTS)]
    pub(super) sort: Option<String>,
}

const SORTS: [&str; 8] =
    ["created", "-created", "name", "-name", "expires", "-expires", "id", "-id"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum State {
    Active,
    Disabled,
    Revoked,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct One {
    /// The key's public id
    pub(super) id: String,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Rotate {
    /// The key's public id
    pub(super) id: String,
    /// For how long the older secrets are still good
    #[arg(long, value_name = "DURATION", default_value = GRACE, value_parser = duration)]
    pub(super) grace: u64,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Disable {
    /// The key's public id
    pub(super) id: String,
    #[command(flatten)]
    pub(super) why: Why,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Revoke {
    /// The key's public id
    pub(super) id: String,
    /// Only the secret of this lookup id or number, as `tollgate keys show` lists them
    #[arg(long, value_name = "SECRET", value_parser = secret, conflicts_with = "Why")]
    pub(super) secret: Option<Secret>,
    #[command(flatten)]
    pub(super) why: Why,
}

/// Why something is switched off or ended, for whoever reads it later.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct Why {
    /// The reason, which is kept and shown
    #[arg(long, value_name = "REASON", value_parser = tollgate_control::model::tables::REASONS)]
    pub(super) reason: Option<String>,
    /// What people should know besides
    #[arg(long, value_name = "TEXT")]
    pub(super) note: Option<String>,
}

/// Which secret of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Secret {
    Lookup(LookupId),
    Number(u32),
}

fn secret(text: &str) -> Result<Secret, String> {
    let what = "a secret is known by a number or by its lookup id of 32 hexadecimal digits; `tollgate keys show` lists \
                those of a key";
    if text.len() < 10
        && let Ok(number) = text.parse()
    {
        return Ok(Secret::Number(number));
    }
    LookupId::from_hex(text).map(Secret::Lookup).ok_or_else(|| what.to_owned())
}
