//! The commands.

mod api;
mod audit;
mod books;
mod completions;
mod configuration;
mod failure;
mod filed;
mod flags;
mod holders;
mod init;
mod input;
mod inspect;
mod keys;
mod limits;
mod manual;
mod memory;
mod output;
mod paint;
mod peppers;
mod progress;
mod roles;
mod settings;
mod signing_keys;
mod site;
mod standing;
mod store;
mod target;
mod usage;

use std::{
    io::{self, Write},
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand};

pub(crate) use failure::Failure;
pub(crate) use output::{Output, command};

use crate::{
    config::{Environment, FILE, Source},
    dev,
    doctor::{self, Doctor},
    exit::Exit,
    serve,
};
use site::Site;
use target::To;

/// Tollgate: API keys checked, metered and revoked at the edge
#[derive(Debug, Parser)]
#[command(
    name = "tollgate",
    version,
    term_width = 100,
    disable_help_subcommand = false,
    arg_required_else_help = false,
    after_help = concat!(
        "Start with `tollgate dev` to see a gate at work, or `tollgate init` to make one.\n\n",
        "Exit codes: 0 done, 1 it failed or something was found, 2 the command line is wrong, ",
        "3 refused because of what is there"
    )
)]
struct Cli {
    /// The configuration
    #[arg(long, global = true, value_name = "FILE", default_value = FILE)]
    config: PathBuf,
    /// Print one JSON document, whose fields are never renamed or removed
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make configuration, secrets and store: what is missing of them
    #[command(after_help = "\
Examples:
  tollgate init
  tollgate init --config /etc/tollgate/tollgate.toml
  cp examples/nginx/tollgate.toml . && tollgate init
  tollgate init --target cloudflare
  tollgate init --target dynamodb --create-tables

What exists is kept as it is, and nothing is overwritten. Secrets are not made for a store that has
keys: those were made under others. Exit code 3 if nothing is missing.")]
    Init(init::Init),
    /// Serve: stand in front of an origin, and beside other proxies
    #[command(after_help = "\
Examples:
  tollgate serve
  tollgate serve --config /etc/tollgate/tollgate.toml
  tollgate serve --store memory   # for development: prints a key, which ends with the process

SIGTERM lets requests finish; SIGHUP reads configuration and secrets again. The secrets' file is
looked at every second.")]
    Serve(Serve),
    /// Start a gate and a demo origin on loopback, with a key and commands to try
    #[command(after_help = "\
Configuration, secrets, store and the key are kept in one folder for the next start.

Examples:
  tollgate dev
  tollgate dev --fresh               # forget what was there
  tollgate dev --origin http://127.0.0.1:4000 --audience crm   # in front of yours
  tollgate dev --data /tmp/tollgate
  cargo run --release -- dev         # from a clone")]
    Dev(Dev),
    /// Make, change and end keys
    Keys(To<keys::Keys>),
    /// Make, show and change owners, and stop and resume all keys of one
    Owners(To<holders::Owners>),
    /// Make, show and change tenants, and stop and resume all keys of one
    Tenants(To<holders::Tenants>),
    /// Scopes under one name, which keys can have
    Roles(To<roles::Roles>),
    /// What new keys have, and what is asked of them
    Templates(To<roles::Templates>),
    /// The numbers of limits that keys share
    Limits(To<limits::Limits>),
    /// The secrets under which keys are minted
    Peppers(To<peppers::Peppers>),
    /// The keys that sign identities
    #[command(subcommand)]
    SigningKeys(signing_keys::SigningKeys),
    /// Copy the store, and make a copy the store again
    Store(To<store::Store>),
    /// Add up what was counted of requests
    #[command(after_help = "\
Examples:
  tollgate usage --tenant acme
  tollgate usage --tenant acme --by key,code --step day --from -30d
  tollgate usage --tenant acme --key key_9mTq2XbWcY4LrK7d --json
  tollgate usage --target prod --owner ci --csv > usage.csv")]
    Usage(Box<usage::Usage>),
    /// The log of what was changed by whom
    Audit(To<audit::Audit>),
    /// Explain a key: what it says of itself, whether it is genuine, and what the store knows
    #[command(after_help = "\
Examples:
  tollgate inspect < key.txt
  pbpaste | tollgate inspect --json
  tollgate inspect      # asks for the key

Works offline; with the peppers it tells whether the key is genuine, with the store whose it is.
No byte of the key's body is printed. Exit code 1 if the key is not good.")]
    Inspect(inspect::Inspect),
    /// Look for what is allowed and unsafe: in the configuration, its files, the store's keys and its audit
    #[command(after_help = "\
Examples:
  tollgate doctor
  tollgate doctor --json
  tollgate doctor --proxy envoy.yaml --proxy nginx.conf
  tollgate doctor cloudflare
  tollgate doctor aws --proxy main.tf
  tollgate doctor --list

Exit code 1 if there is a warning; notes alone are 0.")]
    Doctor(Doctor),
    /// Check and explain the configuration
    #[command(subcommand)]
    Config(configuration::Configuration),
    /// Print what a shell needs to complete commands
    #[command(after_help = "\
Examples:
  tollgate completions bash > ~/.local/share/bash-completion/completions/tollgate
  tollgate completions zsh > ~/.zfunc/_tollgate
  tollgate completions fish > ~/.config/fish/completions/tollgate.fish
  tollgate completions powershell >> $PROFILE")]
    Completions(completions::Completions),
    /// Print the help of every command, as Markdown
    #[command(after_help = "Example:\n  tollgate manual > cli.md")]
    Manual,
    /// Print the version
    #[command(after_help = "Example:\n  tollgate version --json")]
    Version,
}

#[derive(Args, Debug)]
struct Serve {
    /// The store, in the place of store.path: a file, or memory
    #[arg(long, value_name = "PATH")]
    store: Option<String>,
}

#[derive(Args, Debug)]
struct Dev {
    /// The folder for configuration, secrets and store
    #[arg(long, value_name = "FOLDER", default_value = dev::FOLDER)]
    data: PathBuf,
    /// Begin anew: forget what the folder holds
    #[arg(long)]
    fresh: bool,
    /// Your own origin, in the place of the demo: http://HOST:PORT
    #[arg(long, value_name = "URL", value_parser = origin)]
    origin: Option<String>,
    /// What the signed identity calls your origin [default: origin]
    #[arg(long, value_name = "NAME", requires = "origin")]
    audience: Option<String>,
}

/// The URL of an origin.
fn origin(text: &str) -> Result<String, &'static str> {
    let wanted = "it must be http://HOST:PORT or https://HOST:PORT, without a path";
    if crate::config::is_server(text) { Ok(text.to_owned()) } else { Err(wanted) }
}

/// Runs what the command line says.
pub(crate) fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let text = error.render().to_string();
            let text = text.trim_start_matches("error: ").trim_end();
            let failure = Failure::usage("arguments_invalid", text);
            // Nothing of a wrong line is parsed, so it is looked for.
            let json = std::env::args_os().any(|word| word == "--json");
            return failure.next("`tollgate help` lists the commands").say(json);
        }
        // Help and version were asked for. Whoever closes the output has read enough.
        Err(help) => {
            let _ = write!(io::stdout().lock(), "{}", help.render());
            return Exit::Done;
        }
    };
    let json = cli.json;
    let mut out = io::stdout().lock();
    match cli.run(&mut Output::new(&mut out, json)) {
        Ok(exit) => exit,
        Err(failure) => failure.say(json),
    }
}

impl Cli {
    fn run(self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let source = Source { file: self.config, environment: Environment::read(), store: None };
        let done = |()| Exit::Done;
        match self.command {
            Command::Init(arguments) => init::run(arguments, &source, output).map(done),
            Command::Serve(Serve { store }) => {
                let source = Source { store, ..source };
                let fill = |config: &_, secrets: &_, store: &mut _| {
                    memory::fill(config, secrets, store, output)
                };
                Ok(serve::run(source, fill).map(done)?)
            }
            Command::Dev(Dev { data, fresh, origin, audience }) => {
                let origin = origin.map(|url| dev::Own { url, audience });
                let options = dev::Options { data, fresh, origin };
                Ok(dev::run(&options, &mut output.raw()).map(done)?)
            }
            Command::Keys(To { command, target }) => {
                command.check(&target)?;
                keys::run(command, &Site::of(source, target)?, output)
            }
            Command::Owners(To { command, target }) => {
                holders::owners(command, &Site::of(source, target)?, output).map(done)
            }
            Command::Tenants(To { command, target }) => {
                holders::tenants(command, &Site::of(source, target)?, output).map(done)
            }
            Command::Roles(To { command, target }) => {
                roles::roles(command, &Site::of(source, target)?, output).map(done)
            }
            Command::Templates(To { command, target }) => {
                roles::templates(command, &Site::of(source, target)?, output).map(done)
            }
            Command::Limits(To { command, target }) => {
                limits::run(command, &Site::of(source, target)?, output).map(done)
            }
            Command::Peppers(To { command, target }) => {
                peppers::run(command, &Site::of(source, target)?, output).map(done)
            }
            Command::SigningKeys(command) => {
                signing_keys::run(command, &Site::open(source)?, output).map(done)
            }
            Command::Store(To { command, target }) => {
                store::run(command, &Site::of(source, target)?, output).map(done)
            }
            Command::Usage(mut given) => {
                let target = std::mem::take(&mut given.target);
                usage::run(&given, &Site::of(source, target)?, output).map(done)
            }
            Command::Audit(command) => audit::run(command, source, output),
            Command::Inspect(arguments) => inspect::run(arguments, source, output),
            Command::Doctor(arguments) => doctor::run(&arguments, source, output),
            Command::Config(command) => configuration::run(&command, &source, output),
            Command::Completions(given) => completions::run(&given, output).map(done),
            Command::Manual => manual::run(output).map(done),
            Command::Version => manual::version(output).map(done),
        }
    }
}
