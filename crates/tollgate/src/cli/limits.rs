//! `tollgate limits`.

use clap::{Args, Subcommand};
use serde_json::json;
use tollgate_core::limit::LimitScope;
use tollgate_ledger::{Change, Ledger, LimitSpec, QuotaSpec, Renumbered};

use super::{Failure, Output, flags::Given, site::Site};
use crate::written;

#[derive(Debug, Subcommand)]
pub(super) enum Limits {
    /// Give a limit or a quota that keys share other numbers, in all of them at once
    #[command(after_help = "\
Examples:
  tollgate limits set --tenant acme --limit all:tenant=2000,1000/1s
  tollgate limits set --tenant acme --owner dev@acme.example --limit all:owner=200,100/1s
  tollgate limits set --tenant acme --quota monthly:tenant=50000/month
  tollgate limits set --limit everybody:global=10000,5000/1s

A limit of scope owner, tenant, ip or global is one bucket for all keys that carry it, so its numbers
change for all of them or for none. A limit of scope key is its key's own: `tollgate keys update`.")]
    Set(Set),
}

#[derive(Args, Debug)]
pub(super) struct Set {
    /// Whose limit it is, unless it is global
    #[arg(long)]
    tenant: Option<String>,
    /// Whose limit it is, if its scope is owner
    #[arg(long, requires = "tenant")]
    owner: Option<String>,
    /// The limit with its new numbers: NAME:SCOPE=BURST,RATE/PERIOD
    #[arg(long, value_name = "LIMIT", value_parser = written::limit, required_unless_present = "quota")]
    limit: Option<LimitSpec>,
    /// The quota with its new count: NAME:SCOPE=COUNT/day|month|total
    #[arg(long, value_name = "QUOTA", value_parser = written::quota, conflicts_with = "limit")]
    quota: Option<QuotaSpec>,
}

pub(super) fn run(command: Limits, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let Limits::Set(Set { tenant, owner, limit, quota }) = command;
    let (limit, quota) = (limit.map(Renumbered::Limit), quota.map(Renumbered::Quota));
    let missing = || Failure::usage("limit_missing", "say which limit: --limit or --quota");
    let spec = limit.or(quota).ok_or_else(missing)?;
    named(spec.scope(), tenant.as_deref(), owner.as_deref())?;
    let (name, scope) = (spec.name().to_owned(), spec.scope().as_str());
    let change = Change::Renumber {
        tenant: tenant.clone().unwrap_or_default(),
        owner: owner.clone().unwrap_or_default(),
        spec,
    };
    let changed = site.ledger()?.change(&change, site.now);
    let receipt = changed.map_err(|error| Given::Flags.failure(error))?;
    let document = json!({
        "tenant": tenant, "owner": owner, "name": name, "scope": scope, "keys": receipt.others,
    });
    output.show(&document, |out| {
        writeln!(
            out,
            "{name} has other numbers in all {} keys that carry it. Every gate that reaches the store knows it within a second.",
            receipt.others
        )
    })?;
    Ok(())
}

/// Whether it is said whose limit of this scope it is, and no more than that.
fn named(scope: LimitScope, tenant: Option<&str>, owner: Option<&str>) -> Result<(), Failure> {
    let takes = match scope {
        LimitScope::Key => {
            let message =
                "a limit of scope key is its key's own: `tollgate keys update` changes it";
            return Err(Failure::usage("limit_not_shared", message));
        }
        LimitScope::Owner if tenant.is_none() || owner.is_none() => "--tenant and --owner",
        LimitScope::Tenant | LimitScope::Ip if tenant.is_none() || owner.is_some() => {
            "--tenant alone"
        }
        LimitScope::Global if tenant.is_some() => "neither --tenant nor --owner",
        LimitScope::Owner | LimitScope::Tenant | LimitScope::Ip | LimitScope::Global => {
            return Ok(());
        }
    };
    let message = format!("a limit of scope {} takes {takes}", scope.as_str());
    Err(Failure::usage("holder_unclear", message))
}
