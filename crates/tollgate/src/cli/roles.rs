//! `tollgate roles` and `tollgate templates`.

use clap::{Args, Subcommand};
use tollgate_core::stamp::Stamp;

use super::{
    Failure, Output,
    filed::{self, Kind, Listing, Of, RoleBody, TemplateBody, Whole},
    keys::version,
    site::Site,
};

#[derive(Debug, Subcommand)]
pub(super) enum Roles {
    /// Make a role: scopes under one name
    #[command(after_help = "\
Examples:
  tollgate roles create acme deployer --scope deploys:write --scope builds:read
  tollgate roles create acme deployer --from role.json")]
    Create(Create<RoleBody>),
    /// List the roles of a tenant
    #[command(
        after_help = "Examples:\n  tollgate roles list acme\n  tollgate roles list acme --all --json"
    )]
    List(List),
    /// Show a role
    #[command(after_help = "Example:\n  tollgate roles show acme deployer")]
    Show(One),
    /// Change a role, and with it every key that has it
    #[command(after_help = "\
Examples:
  tollgate roles update acme deployer --scope deploys:write
  tollgate roles show acme deployer --json > role.json
  tollgate roles update acme deployer --from role.json --if-version 1.41

A list that is given replaces the whole list. What is not given stays.")]
    Update(Update<RoleBody>),
    /// Delete a role that no key has
    #[command(after_help = "Example:\n  tollgate roles delete acme deployer")]
    Delete(Delete),
}

#[derive(Debug, Subcommand)]
pub(super) enum Templates {
    /// Make a template: what new keys have, and what is asked of them
    #[command(after_help = "\
Examples:
  tollgate templates create acme service --env live --scope orders:read \\
      --limit burst:key=100,50/1s --lifetime 90d --lifetime-max 365d --rotation 30d
  tollgate templates create acme service --from template.json
  tollgate keys create --tenant acme --owner ci --template service")]
    Create(Box<Create<TemplateBody>>),
    /// List the templates of a tenant
    #[command(after_help = "\
Examples:
  tollgate templates list acme
  tollgate templates list acme --all --json")]
    List(List),
    /// Show a template
    #[command(after_help = "Example:\n  tollgate templates show acme service")]
    Show(One),
    /// Change a template; keys that were made by it stay as they are
    #[command(after_help = "\
Examples:
  tollgate templates update acme service --lifetime-max 180d
  tollgate templates show acme service --json > template.json
  tollgate templates update acme service --from template.json --if-version 1.41

A list that is given replaces the whole list. What is not given stays.")]
    Update(Box<Update<TemplateBody>>),
    /// Delete a template that no key was made by
    #[command(after_help = "Example:\n  tollgate templates delete acme service")]
    Delete(Delete),
}

#[derive(Args, Debug)]
pub(super) struct Create<B: Args> {
    /// Whose it is
    tenant: String,
    /// What it is called, which never changes
    name: String,
    /// All of it as JSON, as `show --json` has it, from a file or, if it is called -, from standard input
    #[arg(long, value_name = "FILE")]
    from: Option<String>,
    #[command(flatten)]
    body: B,
}

#[derive(Args, Debug)]
pub(super) struct List {
    /// Whose they are
    tenant: String,
    #[command(flatten)]
    listing: Listing,
}

#[derive(Args, Debug)]
pub(super) struct One {
    /// Whose it is
    tenant: String,
    /// What it is called
    name: String,
}

#[derive(Args, Debug)]
pub(super) struct Update<B: Args> {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    whole: Whole,
    #[command(flatten)]
    body: B,
}

#[derive(Args, Debug)]
pub(super) struct Delete {
    #[command(flatten)]
    one: One,
    /// Only if it is at this version, as `show` tells it
    #[arg(long, value_name = "VERSION", value_parser = version)]
    if_version: Option<Stamp>,
}

impl One {
    fn of(&self, kind: Kind) -> Of<'_> {
        Of { kind, tenant: Some(&self.tenant), name: &self.name }
    }
}

impl<B: Args> Create<B> {
    fn of(&self, kind: Kind) -> Of<'_> {
        Of { kind, tenant: Some(&self.tenant), name: &self.name }
    }
}

pub(super) fn roles(command: Roles, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let kind = Kind::Role;
    match command {
        Roles::Create(it) => {
            filed::create(it.of(kind), it.body.body(), it.from.as_deref(), site, output)
        }
        Roles::List(List { tenant, listing }) => {
            filed::list((kind, Some(&tenant)), &listing, site, output)
        }
        Roles::Show(one) => filed::show(one.of(kind), site, output),
        Roles::Update(it) => {
            filed::update(it.one.of(kind), it.body.body(), &it.whole, site, output)
        }
        Roles::Delete(it) => filed::delete(it.one.of(kind), it.if_version, site, output),
    }
}

pub(super) fn templates(
    command: Templates,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let kind = Kind::Template;
    match command {
        Templates::Create(it) => {
            let body = it.body.body(site.now)?;
            filed::create(it.of(kind), body, it.from.as_deref(), site, output)
        }
        Templates::List(List { tenant, listing }) => {
            filed::list((kind, Some(&tenant)), &listing, site, output)
        }
        Templates::Show(one) => filed::show(one.of(kind), site, output),
        Templates::Update(it) => {
            let body = it.body.body(site.now)?;
            filed::update(it.one.of(kind), body, &it.whole, site, output)
        }
        Templates::Delete(it) => filed::delete(it.one.of(kind), it.if_version, site, output),
    }
}
