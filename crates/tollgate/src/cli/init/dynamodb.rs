//! `tollgate init --target dynamodb`: the secrets of a deployment on AWS, its tables if they are to be made here, and the
//! first head in them.
//!
//! No admin key is made: IAM says who may write the tables.

use serde_json::json;
use tollgate_ledger::Ledger;
use tollgate_store_dynamodb::{Publisher, Standing};

use super::{exists, lost, write_new};
use crate::{
    aws,
    cli::{
        Failure, Output,
        output::{command, quoted},
    },
    clock,
    config::{Config, Source},
    secrets::{Secrets, SecretsFile},
};

/// What a new configuration holds; the rest is at its defaults.
const CONFIG: &str = "\
# Tollgate on AWS. What the authorizer itself reads stands in its TOLLGATE_CONFIG, under the same names: keys.prefix
# and keys.envs must be the same in both. `tollgate config reference` explains every field.

[keys]
prefix = \"tg\"
envs = [\"live\"]

[secrets]
path = \"tollgate.secrets.json\"

# Region and credentials are those of the usual AWS environment and files.
[dynamodb]
ledger = \"tollgate-ledger\"
buckets = \"tollgate-buckets\"
";

/// Makes what is missing of configuration, secrets, tables and head, and keeps what is there.
pub(super) fn run(
    create_tables: bool,
    source: &Source,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    // Everything that could refuse is looked at before anything is written.
    let kept = exists(&source.file)?;
    let config = if kept { source.load()? } else { source.parse(CONFIG)? };
    let held = source.environment.secrets().is_some();
    let found = held || exists(&config.secrets)?;
    let mut publisher = aws::publisher(&config.dynamodb, None, None)?;
    let standing = publisher.standing()?;
    let now = clock::read().wall;
    let secrets = match found {
        true => Secrets::load(&config.secrets, &source.environment)?,
        false => {
            no_keys(&config, &mut publisher, standing)?;
            Secrets::create(config.identity.algorithm.as_str(), now)?
        }
    };
    if !kept {
        write_new(&source.file, CONFIG)?;
    }
    if !found {
        SecretsFile::new(&config.secrets).create(&secrets)?;
    }
    let begun = begin(create_tables, &mut publisher, standing)?;
    let made = Made { source, config: &config, held, kept, found, begun };
    made.show(output)
}

/// Refuses to make secrets beside a table whose keys were made under others.
fn no_keys(config: &Config, publisher: &mut Publisher, standing: Standing) -> Result<(), Failure> {
    let empty = match standing {
        Standing::NoTable | Standing::Empty => true,
        Standing::Begun => publisher.keys(None, 1, None)?.keys.is_empty(),
    };
    if empty { Ok(()) } else { Err(lost(&config.secrets, config.dynamodb.ledger.as_ref())) }
}

/// What there is of the tables.
struct Begun {
    /// None if they are not there.
    ledger: Option<bool>,
    /// Whether they were made now.
    tables: bool,
    /// Whether they cannot be put back to a point in time.
    unprotected: bool,
}

fn begin(
    create_tables: bool,
    publisher: &mut Publisher,
    standing: Standing,
) -> Result<Begun, Failure> {
    let mut begun = Begun { ledger: None, tables: false, unprotected: false };
    if create_tables {
        let tables = publisher.make_tables()?;
        begun.tables = tables.iter().any(|table| table.made);
        begun.unprotected = tables.iter().any(|table| table.made && !table.recovers);
    } else if standing == Standing::NoTable {
        return Ok(begun);
    }
    begun.ledger = Some(publisher.begin(clock::read().wall)?.is_some());
    Ok(begun)
}

/// What there is now.
struct Made<'a> {
    source: &'a Source,
    config: &'a Config,
    /// Whether the secrets are in the environment.
    held: bool,
    kept: bool,
    found: bool,
    begun: Begun,
}

impl Made<'_> {
    /// What comes next.
    fn commands(&self) -> Vec<String> {
        let again = command(&self.source.file, "init --target dynamodb");
        let mut commands = vec![];
        if !self.held {
            let file = quoted(&self.config.secrets);
            commands.push(format!(
                "aws secretsmanager create-secret --name tollgate --secret-string file://{file}"
            ));
        }
        if self.begun.ledger.is_none() {
            commands.push("sam build && sam deploy --guided".to_owned());
            commands.push(again);
        }
        let envs: Vec<_> = self.config.keys.brand.envs().collect();
        let env = match envs.as_slice() {
            [first, _, ..] => format!(" --env {}", first.as_str()),
            _ => String::new(),
        };
        let create = format!(
            "keys create --target dynamodb --tenant acme --owner dev@acme.example{env} --limit burst:key=100,50/1s"
        );
        commands.push(command(&self.source.file, &create));
        commands
    }

    fn show(&self, output: &mut Output<'_>) -> Result<(), Failure> {
        let Config { dynamodb, secrets, .. } = self.config;
        let secrets = (!self.held).then_some(secrets);
        let commands = self.commands();
        let document = json!({
            "config": self.source.file, "secrets": secrets,
            "tables": { "ledger": dynamodb.ledger, "buckets": dynamodb.buckets, "made": self.begun.tables },
            "ledger_begun": self.begun.ledger, "recoverable": !self.begun.unprotected, "commands": commands,
        });
        let what = |found: bool| if found { "kept as it was" } else { "made" };
        output.show(&document, |out| {
            writeln!(out, "{:<12} {}   ({})", "config", self.source.file.display(), what(self.kept))?;
            if let Some(secrets) = secrets {
                writeln!(out, "{:<12} {}   ({}; only you may read it)", "secrets", secrets.display(), what(self.found))?;
            }
            let ledger = match (self.begun.ledger, self.begun.tables) {
                (None, _) => "not there: a template makes it, or --create-tables",
                (Some(true), true) => "made, and a ledger begun in it",
                (Some(true), false) => "a ledger is begun in it",
                (Some(false), _) => "kept as it was",
            };
            writeln!(out, "{:<12} {}   ({ledger})", "table", dynamodb.ledger)?;
            if self.begun.unprotected {
                writeln!(out, "\nThis DynamoDB cannot put tables back to a point in time: back them up in another way.")?;
            }
            writeln!(out, "\nNext:")?;
            commands.iter().try_for_each(|line| writeln!(out, "  {line}"))
        })?;
        Ok(())
    }
}
