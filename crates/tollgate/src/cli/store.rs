//! `tollgate store`.

use std::{io::ErrorKind, path::PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use tollgate_store_sqlite::{self as sqlite, OpenFailure};

use super::{Failure, Output, site::Site, target::Where};

#[derive(Debug, Subcommand)]
pub(super) enum Store {
    /// Copy the store to a new file, while gates use it
    #[command(after_help = "\
Example:
  tollgate store backup /var/backups/tollgate-2026-11-21.db

No file is overwritten. Back the secrets up as well, and elsewhere: without its peppers a store is of no use.")]
    Backup(Backup),
    /// Make an older copy, put where the store was, the store again
    #[command(after_help = "\
Example:
  systemctl stop tollgate
  cp /var/backups/tollgate-2026-11-21.db tollgate.db
  rm -f tollgate.db-wal tollgate.db-shm
  tollgate store restore
  systemctl start tollgate

No gate may run meanwhile. What was changed after the copy was made is lost, revocations among it:
revoke again what must not come back. A store that is no older copy is left as it is, unless --force is given.

In DynamoDB a table is put back under another name:
  aws dynamodb restore-table-to-point-in-time --source-table-name tollgate-ledger \\
      --target-table-name tollgate-ledger-2 --restore-date-time 2026-11-21T12:00:00Z
  tollgate store restore --target dynamodb --table tollgate-ledger-2
Then give gates and commands the new name. The buckets table stays: nothing of it is put back.

On Cloudflare the ledger's object goes back by itself; docs/cloudflare.md says how. Then
  tollgate store restore --target cloudflare
with the deployment's own admin key, before which that ledger answers nothing.")]
    Restore(Restore),
    /// Write the records in DynamoDB that changes have left to be written
    #[command(after_help = "\
Example:
  tollgate store publish --target dynamodb

A stop of a tenant with many keys is in force at once; gates read the keys' documents until their records
are written. Every later change writes some of them, and this command all.")]
    Publish,
}

/// The most keys whose records are written before it is said how far it is.
const KEYS_AT_ONCE: usize = 1_000;

#[derive(Args, Debug)]
pub(super) struct Restore {
    /// Begin a new incarnation of a local store that is no older copy, too
    #[arg(long)]
    force: bool,
}

#[derive(Args, Debug)]
pub(super) struct Backup {
    /// The new file
    to: PathBuf,
}

pub(super) fn run(command: Store, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    match (command, site.aims()) {
        (_, Where::Api(name)) => {
            let message =
                format!("a store is looked after where it is: {name} is a management API");
            return Err(Failure::usage("target_unfit", message));
        }
        (Store::Restore(_), Where::Cloudflare) => restore_there(site, output)?,
        (Store::Publish, Where::Cloudflare) => {
            let message = "a deployment on Cloudflare writes its records by itself";
            return Err(Failure::usage("target_unfit", message));
        }
        (Store::Backup(_), Where::Cloudflare) => {
            let message = "a deployment on Cloudflare goes back by itself, to any moment of the last \
                           30 days: docs/cloudflare.md says how";
            return Err(Failure::usage("target_unfit", message));
        }
        (Store::Backup(_), Where::Dynamodb) => {
            let message = "tables are put back to any second of the last 35 days: `aws dynamodb \
                           restore-table-to-point-in-time`, then `tollgate store restore --target dynamodb`";
            return Err(Failure::usage("target_unfit", message));
        }
        (Store::Publish, Where::Local) => {
            let message = "gates read this store itself: there is nothing to be written for them";
            return Err(Failure::usage("target_unfit", message));
        }
        (Store::Publish, Where::Dynamodb) => publish(site, output)?,
        (Store::Restore(_), Where::Dynamodb) => begin_anew(site, output)?,
        (Store::Backup(Backup { to }), Where::Local) => {
            sqlite::backup(&site.store()?, &to).map_err(|error| unmade(error).of(&to))?;
            output.show(&json!({ "backup": to }), |out| {
                writeln!(out, "backup       {}", to.display())
            })?;
        }
        (Store::Restore(Restore { force }), Where::Local) => {
            let path = site.store_path()?;
            // What opens is no older copy: gates may be using it.
            if !force && site.store().is_ok() {
                let message = "this is no older copy, and there is nothing to restore; --force makes gates forget \
                               what they hold all the same: stop them first";
                return Err(Failure::refused("store_current", message).of(path));
            }
            let stamp =
                sqlite::restore(path, site.now).map_err(|error| Failure::from(error).of(path))?;
            let document = json!({
                "store": path, "incarnation": stamp.incarnation, "epoch": stamp.epoch,
            });
            output.show(&document, |out| {
                writeln!(out, "store        {}", path.display())?;
                writeln!(
                    out,
                    "incarnation  {}, in which no gate uses anything it held before",
                    stamp.incarnation
                )?;
                writeln!(out)?;
                writeln!(
                    out,
                    "Revoke again what was revoked after the copy was made, then start the gates."
                )
            })?;
        }
    }
    Ok(())
}

/// Why there is no backup.
fn unmade(error: OpenFailure) -> Failure {
    if matches!(&error, OpenFailure::File(cause) if cause.kind() == ErrorKind::AlreadyExists) {
        return Failure::refused("file_exists", "exists already, and nothing is overwritten");
    }
    Failure::from(error)
}

/// Makes a deployment's ledger that went back the ledger again.
fn restore_there(site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let stamp = site.remote()?.restore()?;
    let document = json!({ "incarnation": stamp.incarnation, "epoch": stamp.epoch });
    output.show(&document, |out| {
        writeln!(
            out,
            "incarnation  {}, in which no gate uses anything it held before",
            stamp.incarnation
        )?;
        writeln!(out, "\nRevoke again what was revoked after the moment that it went back to.")
    })?;
    Ok(())
}

/// Makes a table that was put back a ledger again.
fn begin_anew(site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let mut publisher = site.publisher()?;
    let stamp = publisher.restore(site.now)?;
    let table = publisher.table().to_owned();
    let document = json!({
        "store": table, "incarnation": stamp.incarnation, "epoch": stamp.epoch,
    });
    output.show(&document, |out| {
        writeln!(out, "table        {table}")?;
        writeln!(
            out,
            "incarnation  {}, in which no gate uses anything it held before",
            stamp.incarnation
        )?;
        writeln!(out, "\nRevoke again what was revoked after the moment that it was put back to, then write all records:")?;
        writeln!(out, "  {}", site.command("store publish"))
    })?;
    Ok(())
}

/// Writes what is left to be written, however much that is.
fn publish(site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    // Without peppers nothing can be sealed.
    site.peppers()?;
    let mut publisher = site.publisher()?;
    let mut keys = 0_usize;
    loop {
        let done = publisher.publish(KEYS_AT_ONCE)?;
        keys = keys.saturating_add(done.keys);
        if done.all {
            break;
        }
    }
    output.show(&json!({ "keys": keys }), |out| match keys {
        0 => writeln!(out, "Every record is written."),
        _ => writeln!(out, "The records of {keys} keys are written: nothing is left."),
    })?;
    Ok(())
}
