//! `tollgate owners` and `tollgate tenants`.

use clap::{Args, Subcommand};
use serde_json::json;
use tollgate_core::{stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Change, Holder, Ledger, PAGE_MAX};

use super::{
    Failure, Output,
    filed::{self, HolderBody, Kind, Listing, Of, OwnerBody, Whole},
    keys::{Why, version},
    output::columns,
    site::Site,
    target::Where,
};
use crate::written::instant_text;

#[derive(Debug, Subcommand)]
pub(super) enum Owners {
    /// List the owners of a tenant: their keys, and which of them are stopped since when
    #[command(
        after_help = "Examples:\n  tollgate owners list acme\n  tollgate owners list acme --json"
    )]
    List(ListOwners),
    /// Make an owner: whom keys act for
    #[command(after_help = "\
Examples:
  tollgate owners create acme ci --kind service --name Deployments
  tollgate owners create acme dev@acme.example --kind user")]
    Create(Create<OwnerBody>),
    /// Show an owner
    #[command(after_help = "Example:\n  tollgate owners show acme dev@acme.example")]
    Show(Owner),
    /// Change what is said of an owner
    #[command(after_help = "\
Examples:
  tollgate owners update acme ci --name Deployments --metadata contact=ops
  tollgate owners show acme ci --json > owner.json
  tollgate owners update acme ci --from owner.json --if-version 1.41")]
    Update(Update<OwnerBody>),
    /// Delete an owner that has no keys
    #[command(after_help = "Example:\n  tollgate owners delete acme ci")]
    Delete(Delete),
    /// Switch off all keys of an owner
    #[command(after_help = "\
Examples:
  tollgate owners stop acme dev@acme.example
  tollgate owners stop acme dev@acme.example --reason owner_left")]
    Stop(Stop),
    /// End the stop; each key is then what it was
    #[command(after_help = "Example:\n  tollgate owners resume acme dev@acme.example")]
    Resume(Owner),
}

#[derive(Debug, Subcommand)]
pub(super) enum Tenants {
    /// List the tenants: their keys, and which of them are stopped since when
    #[command(after_help = "Examples:\n  tollgate tenants list\n  tollgate tenants list --json")]
    List(Pages),
    /// Make a tenant: a workspace of its own
    #[command(after_help = "Example:\n  tollgate tenants create acme --name Acme")]
    Create(CreateTenant),
    /// Show a tenant
    #[command(after_help = "Example:\n  tollgate tenants show acme")]
    Show(Tenant),
    /// Change what is said of a tenant
    #[command(after_help = "\
Examples:
  tollgate tenants update acme --description Customer
  tollgate tenants show acme --json > tenant.json
  tollgate tenants update acme --from tenant.json --if-version 1.41")]
    Update(UpdateTenant),
    /// Delete a tenant of which nothing is left
    #[command(after_help = "Example:\n  tollgate tenants delete acme")]
    Delete(DeleteTenant),
    /// Switch off all keys of a tenant
    #[command(after_help = "\
Examples:
  tollgate tenants stop acme
  tollgate tenants stop acme --reason payment --note invoice-4711")]
    Stop(StopTenant),
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

#[derive(Args, Debug)]
pub(super) struct Create<B: Args> {
    #[command(flatten)]
    owner: Owner,
    /// All of it as JSON, as `show --json` has it, from a file or, if it is called -, from standard input
    #[arg(long, value_name = "FILE")]
    from: Option<String>,
    #[command(flatten)]
    body: B,
}

#[derive(Args, Debug)]
pub(super) struct CreateTenant {
    #[command(flatten)]
    tenant: Tenant,
    /// All of it as JSON, as `show --json` has it, from a file or, if it is called -, from standard input
    #[arg(long, value_name = "FILE")]
    from: Option<String>,
    #[command(flatten)]
    body: HolderBody,
}

#[derive(Args, Debug)]
pub(super) struct Update<B: Args> {
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    whole: Whole,
    #[command(flatten)]
    body: B,
}

#[derive(Args, Debug)]
pub(super) struct UpdateTenant {
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    whole: Whole,
    #[command(flatten)]
    body: HolderBody,
}

#[derive(Args, Debug)]
pub(super) struct Delete {
    #[command(flatten)]
    owner: Owner,
    /// Only if it is at this version, as `show` tells it
    #[arg(long, value_name = "VERSION", value_parser = version)]
    if_version: Option<Stamp>,
}

#[derive(Args, Debug)]
pub(super) struct DeleteTenant {
    #[command(flatten)]
    tenant: Tenant,
    /// Only if it is at this version, as `show` tells it
    #[arg(long, value_name = "VERSION", value_parser = version)]
    if_version: Option<Stamp>,
}

#[derive(Args, Debug)]
pub(super) struct Stop {
    #[command(flatten)]
    owner: Owner,
    #[command(flatten)]
    why: Why,
}

#[derive(Args, Debug)]
pub(super) struct StopTenant {
    #[command(flatten)]
    tenant: Tenant,
    #[command(flatten)]
    why: Why,
}

impl Pages {
    /// The same, of the management API.
    fn listing(&self) -> Listing {
        Listing::of(self.after.clone(), self.count)
    }
}

impl Owner {
    fn of(&self) -> Of<'_> {
        Of { kind: Kind::Owner, tenant: Some(&self.tenant), name: &self.owner }
    }
}

impl Tenant {
    fn of(&self) -> Of<'_> {
        Of { kind: Kind::Tenant, tenant: None, name: &self.tenant }
    }
}

pub(super) fn owners(command: Owners, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let (Owner { tenant, owner }, why, stopped) = match command {
        Owners::List(ListOwners { tenant, pages }) => {
            return list(Some(&tenant), &pages, site, output);
        }
        Owners::Create(it) => {
            return filed::create(it.owner.of(), it.body.body(), it.from.as_deref(), site, output);
        }
        Owners::Show(owner) => return filed::show(owner.of(), site, output),
        Owners::Update(it) => {
            return filed::update(it.owner.of(), it.body.body(), &it.whole, site, output);
        }
        Owners::Delete(it) => return filed::delete(it.owner.of(), it.if_version, site, output),
        Owners::Stop(Stop { owner, why }) => (owner, why, true),
        Owners::Resume(owner) => (owner, Why::none(), false),
    };
    let of = (tenant.clone(), Some(owner.clone()));
    let change = match stopped {
        true => Change::StopOwner { tenant, owner },
        false => Change::ResumeOwner { tenant, owner },
    };
    run(&change, of, (stopped, &why), site, output)
}

pub(super) fn tenants(
    command: Tenants,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let (Tenant { tenant }, why, stopped) = match command {
        Tenants::List(pages) => return list(None, &pages, site, output),
        Tenants::Create(it) => {
            return filed::create(it.tenant.of(), it.body.body(), it.from.as_deref(), site, output);
        }
        Tenants::Show(tenant) => return filed::show(tenant.of(), site, output),
        Tenants::Update(it) => {
            return filed::update(it.tenant.of(), it.body.body(), &it.whole, site, output);
        }
        Tenants::Delete(it) => return filed::delete(it.tenant.of(), it.if_version, site, output),
        Tenants::Stop(StopTenant { tenant, why }) => (tenant, why, true),
        Tenants::Resume(tenant) => (tenant, Why::none(), false),
    };
    let of = (tenant.clone(), None);
    let change = match stopped {
        true => Change::StopTenant { tenant },
        false => Change::ResumeTenant { tenant },
    };
    run(&change, of, (stopped, &why), site, output)
}

fn run(
    change: &Change,
    (tenant, owner): (String, Option<String>),
    (stopped, why): (bool, &Why),
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let of = match &owner {
        Some(owner) => Of { kind: Kind::Owner, tenant: Some(&tenant), name: owner },
        None => Of { kind: Kind::Tenant, tenant: None, name: &tenant },
    };
    let mut document = json!({ "tenant": tenant, "owner": owner, "stopped": stopped });
    match site.elsewhere()? {
        Some(mut api) => document = filed::stop(of, (stopped, why), &mut api, site)?,
        // A reason is kept by the management API, which is here as well.
        None if why.given() => {
            filed::stop(of, (stopped, why), &mut site.api()?, site)?;
        }
        None => {
            site.ledger()?.change(change, site.now)?;
        }
    }
    let whose = match &owner {
        Some(owner) => format!("owner {owner} of tenant {tenant}"),
        None => format!("tenant {tenant}"),
    };
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
    if let Where::Api(_) = site.aims() {
        let kind = if tenant.is_some() { Kind::Owner } else { Kind::Tenant };
        return filed::list((kind, tenant), &pages.listing(), site, output);
    }
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
