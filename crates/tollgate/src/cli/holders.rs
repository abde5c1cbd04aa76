//! `tollgate owners` and `tollgate tenants`.

use clap::{Args, Subcommand};
use serde_json::json;
use tollgate_core::time::UnixMillis;
use tollgate_ledger::{Change, Holder, Ledger, PAGE_MAX};

use super::{Failure, Output, output::columns, site::Site};
use crate::written::instant_text;

#[derive(Debug, Subcommand)]
pub(super) enum Owners {
    /// List the owners of a tenant: their keys, and which of them are stopped since when
    #[command(
        after_help = "Examples:\n  tollgate owners list acme\n  tollgate owners list acme --json"
    )]
    List(ListOwners),
    /// Switch off all keys of an owner
    #[command(after_help = "Example:\n  tollgate owners stop acme dev@acme.example")]
    Stop(Owner),
    /// End the stop; each key is then what it was
    #[command(after_help = "Example:\n  tollgate owners resume acme dev@acme.example")]
    Resume(Owner),
}

#[derive(Debug, Subcommand)]
pub(super) enum Tenants {
    /// List the tenants: their keys, and which of them are stopped since when
    #[command(after_help = "Examples:\n  tollgate tenants list\n  tollgate tenants list --json")]
    List(Pages),
    /// Switch off all keys of a tenant
    #[command(after_help = "Example:\n  tollgate tenants stop acme")]
    Stop(Tenant),
    /// End the stop; each key is then what it was
    #[command(after_help = "Example:\n  tollgate tenants resume acme")]
    Resume(Tenant),
}

#[derive(Args, Debug)]
pub(super) struct ListOwners {
    /// Whose owners
    tenant: String,
    #[command(flatten)]
    pages: Pages,
}

#[derive(Args, Debug)]
pub(super) struct Pages {
    /// Those after this name
    #[arg(long, value_name = "NAME")]
    after: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
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
        Owners::List(ListOwners { tenant, pages }) => {
            return list(Some(&tenant), &pages, site, output);
        }
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
        Tenants::List(pages) => return list(None, &pages, site, output),
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

/// Lists the owners of `tenant`, or the tenants.
fn list(
    tenant: Option<&str>,
    pages: &Pages,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let count = usize::from(pages.count).min(PAGE_MAX);
    let (mut ledger, after) = (site.ledger()?, pages.after.as_deref());
    let holders = match tenant {
        Some(tenant) => ledger.owners(tenant, after, count)?,
        None => ledger.tenants(after, count)?,
    };
    // A full page is followed by another, which may be empty.
    let next = holders.last().filter(|_| holders.len() >= count).map(|last| last.name.as_str());
    let name = if tenant.is_some() { "owners" } else { "tenants" };
    let documents: Vec<_> = holders.iter().map(|holder| document(holder, tenant)).collect();
    let mut document = json!({ name: documents, "next": next });
    let mut all_stopped = false;
    if let (Some(tenant), Some(fields)) = (tenant, document.as_object_mut()) {
        all_stopped = ledger.stopped(tenant, "")?.tenant;
        fields.insert("tenant_stopped".to_owned(), all_stopped.into());
    }
    output.show(&document, |out| {
        let mut head = vec![name.trim_end_matches('s'), "keys", "stopped since"];
        head.extend(tenant.is_none().then_some("owners stopped"));
        let head = head.into_iter().map(str::to_owned).collect();
        let rows = holders.iter().map(|holder| row(holder, tenant.is_none()));
        columns(out, &std::iter::once(head).chain(rows).collect::<Vec<_>>())?;
        if let Some(tenant) = tenant.filter(|_| all_stopped) {
            writeln!(out, "\nTheir tenant {tenant} is stopped, so all of their keys are refused.")?;
        }
        let Some(next) = next else { return Ok(()) };
        let of = tenant.map_or_else(String::new, |tenant| format!(" {tenant}"));
        let words = format!("{name} list{of} --after {next}");
        writeln!(out, "\nThere may be more: {}", site.command(&words))
    })?;
    Ok(())
}

/// The holder for programs. Fields are added, and never renamed or removed.
fn document(holder: &Holder, tenant: Option<&str>) -> serde_json::Value {
    let Holder { name, keys, stopped, since, owners_stopped } = holder;
    let since_ms = since.map(|since| since.0);
    match tenant {
        Some(tenant) => json!({
            "tenant": tenant, "owner": name, "keys": keys,
            "stopped": stopped, "stopped_since_ms": since_ms,
        }),
        None => json!({
            "tenant": name, "keys": keys, "stopped": stopped, "stopped_since_ms": since_ms,
            "owners_stopped": owners_stopped,
        }),
    }
}

fn row(holder: &Holder, is_tenant: bool) -> Vec<String> {
    let since = |at: Option<UnixMillis>| at.map_or_else(|| "long ago".to_owned(), instant_text);
    let stopped = if holder.stopped { since(holder.since) } else { "-".to_owned() };
    let mut row = vec![holder.name.clone(), holder.keys.to_string(), stopped];
    row.extend(is_tenant.then(|| holder.owners_stopped.to_string()));
    row
}
