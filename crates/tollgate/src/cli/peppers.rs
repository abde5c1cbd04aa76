//! `tollgate peppers`.

use clap::{Args, Subcommand};
use serde_json::json;
use tollgate_ledger::Ledger;

use super::{Failure, Output, output::columns, site::Site};
use crate::secrets::{ChangeRefused, Secrets};

/// How running gates come to know of a change.
pub(super) const TELL: &str =
    "Gates that read this file know it within a second; give it to all others.";

#[derive(Debug, Subcommand)]
pub(super) enum Peppers {
    /// List the peppers, and how many living secrets each has
    #[command(after_help = "Examples:\n  tollgate peppers list\n  tollgate peppers list --json")]
    List,
    /// Add a random pepper, under which no key is minted yet
    #[command(after_help = "\
Examples:
  tollgate peppers add
  tollgate peppers add --id 7

Tell every gate before you let it issue: a gate that does not know a pepper refuses its keys.")]
    Add(Add),
    /// Mint new keys under this pepper from now on
    #[command(after_help = "Example:\n  tollgate peppers use 1")]
    Use(One),
    /// Remove a pepper under which no living key is
    #[command(after_help = "\
Examples:
  tollgate peppers retire 0
  tollgate peppers retire 0 --force   # the pepper leaked: its keys must be replaced anyway")]
    Retire(Retire),
}

#[derive(Args, Debug)]
pub(super) struct Add {
    /// Its id; the lowest free one if left out
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=15))]
    id: Option<u8>,
}

#[derive(Args, Debug)]
pub(super) struct One {
    /// The pepper's id
    #[arg(value_parser = clap::value_parser!(u8).range(0..=15))]
    id: u8,
}

#[derive(Args, Debug)]
pub(super) struct Retire {
    /// The pepper's id
    #[arg(value_parser = clap::value_parser!(u8).range(0..=15))]
    id: u8,
    /// Even if living keys were minted under it: they are refused from then on
    #[arg(long)]
    force: bool,
}

pub(super) fn run(command: Peppers, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    match command {
        Peppers::List => list(site, output),
        Peppers::Add(Add { id }) => add(id, site, output),
        Peppers::Use(One { id }) => issue_under(id, site, output),
        Peppers::Retire(arguments) => retire(&arguments, site, output),
    }
}

fn list(site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let secrets = site.secrets()?;
    let in_use = living(site)?;
    let count = |id: u8| in_use.and_then(|counts| counts.get(usize::from(id)).copied());
    let issues = |id: u8| id == secrets.issuing();
    let peppers = secrets
        .pepper_ids()
        .map(|id| json!({ "id": id, "issuing": issues(id), "living_secrets": count(id) }));
    let document = json!({ "peppers": peppers.collect::<Vec<_>>() });
    output.show(&document, |out| {
        let head = ["id", "issues", "living secrets"].map(str::to_owned);
        let rows = secrets.pepper_ids().map(|id| {
            let count = count(id).map_or_else(|| "no store".to_owned(), |count| count.to_string());
            [id.to_string(), if issues(id) { "yes" } else { "no" }.to_owned(), count]
        });
        columns(out, &std::iter::once(head).chain(rows).collect::<Vec<_>>())
    })?;
    Ok(())
}

fn add(id: Option<u8>, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let in_use = living(site)?;
    let used = |id: u8| count(in_use.as_ref(), id) > 0;
    let file = site.secrets_file()?;
    let id = file.change(|secrets| Ok::<_, Failure>(secrets.add_pepper(id, used)?))?;
    site.tell("peppers.add", &id.to_string());
    output.show(&json!({ "id": id, "issuing": false }), |out| {
        writeln!(out, "Pepper {id} is added; no key is minted under it yet.")?;
        writeln!(out, "{TELL}\nNext, when all of them know it: tollgate peppers use {id}")
    })?;
    Ok(())
}

fn issue_under(id: u8, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let change = |secrets: &mut Secrets| {
        let before = secrets.issuing();
        secrets.use_pepper(id)?;
        Ok::<_, Failure>(before)
    };
    let before = site.secrets_file()?.change(change)?;
    site.tell("peppers.use", &id.to_string());
    output.show(&json!({ "id": id, "issuing": true }), |out| {
        writeln!(out, "New keys and rotations are minted under pepper {id}. {TELL}")?;
        if before == id {
            return Ok(());
        }
        writeln!(
            out,
            "Next: rotate the keys of pepper {before} (`tollgate peppers list` counts them), then:"
        )?;
        writeln!(out, "  tollgate peppers retire {before}")
    })?;
    Ok(())
}

fn retire(arguments: &Retire, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let &Retire { id, force } = arguments;
    let lost = site.secrets_file()?.change(|secrets| {
        // In this order, so that what is said first is what to do first.
        secrets.retire_pepper(id)?;
        let in_use = living(site)?;
        let lost = count(in_use.as_ref(), id);
        if lost > 0 && !force {
            let message = format!(
                "{lost} living secrets were minted under pepper {id}: rotate their keys first, or --force, \
                 which makes them worthless"
            );
            return Err(Failure::refused("pepper_in_use", message));
        }
        Ok(lost)
    })?;
    site.tell("peppers.retire", &id.to_string());
    output.show(&json!({ "id": id, "lost_secrets": lost }), |out| {
        writeln!(out, "Pepper {id} is gone; {lost} living secrets were minted under it.")?;
        writeln!(out, "{TELL}")
    })?;
    Ok(())
}

/// How many living secrets each pepper has; none where there is no store yet.
fn living(site: &Site) -> Result<Option<[u64; 16]>, Failure> {
    match site.ledger_if_any()? {
        Some(mut ledger) => Ok(Some(ledger.peppers_in_use(site.now)?)),
        None => Ok(None),
    }
}

fn count(in_use: Option<&[u64; 16]>, id: u8) -> u64 {
    in_use.and_then(|counts| counts.get(usize::from(id))).copied().unwrap_or(0)
}

impl From<ChangeRefused> for Failure {
    fn from(error: ChangeRefused) -> Self {
        if let ChangeRefused::Secrets(error) = error {
            return error.into();
        }
        Self::refused(error.code(), error.to_string())
    }
}
