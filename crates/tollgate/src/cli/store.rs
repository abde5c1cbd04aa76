//! `tollgate store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use tollgate_store_sqlite as sqlite;

use super::{Failure, Output, site::Site};

#[derive(Debug, Subcommand)]
pub(super) enum Store {
    /// Copy the store to a new file, while gates use it
    #[command(after_help = "\
Example:
  tollgate store backup /var/backups/tollgate-2026-11-21.db

Back the secrets up as well, and elsewhere: without its peppers a store is of no use.")]
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
revoke again what must not come back.")]
    Restore,
}

#[derive(Args, Debug)]
pub(super) struct Backup {
    /// The new file
    to: PathBuf,
}

pub(super) fn run(command: Store, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    match command {
        Store::Backup(Backup { to }) => {
            sqlite::backup(&site.store()?, &to).map_err(|error| Failure::from(error).of(&to))?;
            output.show(&json!({ "backup": to }), |out| {
                writeln!(out, "backup       {}", to.display())
            })?;
        }
        Store::Restore => {
            let path = site.store_path()?;
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
