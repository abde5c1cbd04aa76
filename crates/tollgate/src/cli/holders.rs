//! `tollgate owners` and `tollgate tenants`.

use clap::{Args, Subcommand};
use serde_json::json;
use tollgate_ledger::{Change, Ledger};

use super::{Failure, Output, site::Site};

#[derive(Debug, Subcommand)]
pub(super) enum Owners {
    /// Switch off all keys of an owner
    #[command(after_help = "Example:\n  tollgate owners stop acme dev@acme.example")]
    Stop(Owner),
    /// End the stop; each key is then what it was
    #[command(after_help = "Example:\n  tollgate owners resume acme dev@acme.example")]
    Resume(Owner),
}

#[derive(Debug, Subcommand)]
pub(super) enum Tenants {
    /// Switch off all keys of a tenant
    #[command(after_help = "Example:\n  tollgate tenants stop acme")]
    Stop(Tenant),
    /// End the stop; each key is then what it was
    #[command(after_help = "Example:\n  tollgate tenants resume acme")]
    Resume(Tenant),
}

#[derive(Args, Debug)]
pub(super) struct Owner {
    /// Whose owner it is
    tenant: String,
    /// The owner
    owner: String,
}

#[derive(Args, Debug)]
pub(super) struct Tenant {
    /// The tenant
    tenant: String,
}

pub(super) fn owners(command: Owners, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let (Owner { tenant, owner }, stopped) = match command {
        Owners::Stop(owner) => (owner, true),
        Owners::Resume(owner) => (owner, false),
    };
    let of = (tenant.clone(), owner.clone());
    let change = match stopped {
        true => Change::StopOwner { tenant, owner },
        false => Change::ResumeOwner { tenant, owner },
    };
    run(&change, (of.0, Some(of.1)), stopped, site, output)
}

pub(super) fn tenants(
    command: Tenants,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let (Tenant { tenant }, stopped) = match command {
        Tenants::Stop(tenant) => (tenant, true),
        Tenants::Resume(tenant) => (tenant, false),
    };
    let of = tenant.clone();
    let change = match stopped {
        true => Change::StopTenant { tenant },
        false => Change::ResumeTenant { tenant },
    };
    run(&change, (of, None), stopped, site, output)
}

fn run(
    change: &Change,
    (tenant, owner): (String, Option<String>),
    stopped: bool,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    site.ledger()?.change(change, site.now)?;
    let whose = match &owner {
        Some(owner) => format!("owner {owner} of tenant {tenant}"),
        None => format!("tenant {tenant}"),
    };
    let document = json!({ "tenant": tenant, "owner": owner, "stopped": stopped });
    output.show(&document, |out| match stopped {
        true => writeln!(
            out,
            "All keys of {whose} are switched off. Every gate that reaches the store knows it within a second."
        ),
        false => writeln!(out, "The keys of {whose} are what they were before the stop."),
    })?;
    Ok(())
}
