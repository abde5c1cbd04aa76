//! What the management API files beside keys: tenants, owners, roles and templates. All are asked for alike.

mod bodies;
mod shown;

use clap::Args;
use serde_json::{Map, Value, json};
use tollgate_core::stamp::Stamp;

pub(super) use bodies::{HolderBody, OwnerBody, RoleBody, TemplateBody};

use super::{
    Failure, Output,
    api::{Api, Pages, Question, Wanted},
    keys::{Why, version},
    output::painted,
    settings,
    site::Site,
};

/// What is filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tenant,
    Owner,
    Role,
    Template,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'a> {
    pub(super) kind: Kind,
    /// In which tenant; none of a tenant itself.
    pub(super) tenant: Option<&'a str>,
    pub(super) name: &'a str,
}

/// How all of it is given, and over which version.
#[derive(Args, Clone, Debug)]
pub(super) struct Whole {
    /// All of it as JSON, as `show --json` has it, from a file or, if it is called -, from standard input
    #[arg(long, value_name = "FILE")]
    from: Option<String>,
    /// Only if it is at this version, as `show` tells it
    #[arg(long, value_name = "VERSION", value_parser = version)]
    if_version: Option<Stamp>,
    /// Whatever version it is at: for --from that is not made from what is there
    #[arg(long, requires = "from", conflicts_with = "if_version")]
    overwrite: bool,
}

/// How many of a list.
#[derive(Args, Clone, Debug)]
pub(super) struct Listing {
    /// Those with this text in name or description
    #[arg(long)]
    text: Option<String>,
    /// Those after what the list before said
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
    /// All of them, page after page
    #[arg(long, conflicts_with = "count")]
    all: bool,
}

impl Listing {
    pub(super) const fn of(after: Option<String>, count: u16) -> Self {
        Self { text: None, after, count, all: false }
    }
}

impl Kind {
    /// Its name in paths and in lists.
    const fn plural(self) -> &'static str {
        match self {
            Self::Tenant => "tenants",
            Self::Owner => "owners",
            Self::Role => "roles",
            Self::Template => "templates",
        }
    }

    const fn singular(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Owner => "owner",
            Self::Role => "role",
            Self::Template => "template",
        }
    }

    /// What names it.
    const fn id(self) -> &'static str {
        match self {
            Self::Tenant | Self::Owner => "id",
            Self::Role | Self::Template => "name",
        }
    }
}

impl Of<'_> {
    fn question(&self, method: &'static str) -> Question {
        Question::of(method, &[self.kind.plural(), self.name]).with("tenant", self.tenant)
    }
}

/// Makes one.
pub(super) fn create(
    of: Of<'_>,
    body: Map<String, Value>,
    from: Option<&str>,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let (mut body, flags) = match from {
        Some(from) => (given(from)?, false),
        None => (body, true),
    };
    body.insert(of.kind.id().to_owned(), of.name.into());
    let question =
        Question::of("POST", &[of.kind.plural()]).with("tenant", of.tenant).body(body.into());
    let question = if flags { question.by_flags() } else { question };
    let made = site.api()?.ask(&question, site)?.json()?;
    say(of, &made, "made", site, output)
}

/// All of one, as JSON. What only an answer has is left out: so what `show --json` printed can be changed and given back.
fn given(from: &str) -> Result<Map<String, Value>, Failure> {
    let Value::Object(mut body) = settings::read_json(from)? else {
        let message = format!("{from}: an object is needed, as `show --json` prints it");
        return Err(Failure::usage("settings_invalid", message));
    };
    for shown in ["id", "state", "reason", "creator", "created", "updated", "version"] {
        body.remove(shown);
    }
    Ok(body)
}

/// Shows some.
pub(super) fn list(
    (kind, tenant): (Kind, Option<&str>),
    some: &Listing,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let question =
        Question::get(&[kind.plural()]).with("tenant", tenant).with("text", some.text.clone());
    let wanted = Wanted { after: some.after.as_deref(), count: some.count, all: some.all };
    let Pages { found, next } = site.api()?.pages(question, kind.plural(), &wanted, site)?;
    let paint = output.paint(&site.source.environment);
    output.show(&json!({ kind.plural(): found, "next": next }), |out| {
        let rows = shown::rows(kind, &found, site.now);
        painted(out, &rows, Some((1, paint)))?;
        let Some(next) = &next else { return Ok(()) };
        let of = tenant.map_or_else(String::new, |tenant| format!(" {tenant}"));
        let text = some.text.as_ref().map(|text| format!(" --text {}", super::output::word(text)));
        let words =
            format!("{} list{of}{} --after {next}", kind.plural(), text.unwrap_or_default());
        writeln!(out, "\nThere are more: {}", site.command(&words))
    })?;
    Ok(())
}

/// Shows one.
pub(super) fn show(of: Of<'_>, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let found = site.api()?.ask(&of.question("GET"), site)?.json()?;
    let paint = output.paint(&site.source.environment);
    output.show(&found, |out| shown::lines(out, &found, paint))?;
    Ok(())
}

/// Changes one: what is given, or all of it.
pub(super) fn update(
    of: Of<'_>,
    body: Map<String, Value>,
    whole: &Whole,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let version = whole.if_version.map(etag);
    let question = match &whole.from {
        Some(_) if version.is_none() && !whole.overwrite => {
            let message = "--from replaces everything: say which version it was made from, with --if-version and what \
                           `show` tells, or --overwrite";
            return Err(Failure::usage("version_missing", message));
        }
        Some(from) => {
            let mut body = given(from)?;
            body.remove(of.kind.id());
            let any = whole.overwrite.then(|| "*".to_owned());
            of.question("PUT").body(body.into()).field("if-match", version.or(any))
        }
        None if body.is_empty() => return Err(Failure::nothing_to_change()),
        None => of.question("PATCH").body(body.into()).by_flags().field("if-match", version),
    };
    let changed = site.api()?.ask(&question, site)?.json()?;
    say(of, &changed, "changed", site, output)
}

/// Switches all keys of one off or on.
pub(super) fn stop(
    of: Of<'_>,
    (stopped, why): (bool, &Why),
    api: &mut Api,
    site: &Site,
) -> Result<Value, Failure> {
    let done = if stopped { "stop" } else { "resume" };
    let path = [of.kind.plural(), of.name, done];
    let question = Question::of("POST", &path).with("tenant", of.tenant);
    let question = match why.body() {
        Some(body) => question.body(body).by_flags(),
        None => question,
    };
    api.ask(&question, site)?.json()
}

/// Deletes one.
pub(super) fn delete(
    of: Of<'_>,
    if_version: Option<Stamp>,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let question = of.question("DELETE").field("if-match", if_version.map(etag));
    let answer = site.api()?.ask(&question, site)?.json()?;
    let document = match answer.is_null() {
        true => json!({ of.kind.id(): of.name, "deleted": true }),
        false => answer,
    };
    say(of, &document, "deleted", site, output)
}

fn etag(Stamp { incarnation, epoch }: Stamp) -> String {
    format!("\"{incarnation}.{epoch}\"")
}

fn say(
    of: Of<'_>,
    document: &Value,
    done: &str,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    output.show(document, |out| {
        let (kind, name) = (of.kind.singular(), of.name);
        writeln!(out, "{kind} {name} is {done}.")?;
        if done == "deleted" {
            return Ok(());
        }
        let tenant = of.tenant.map_or_else(String::new, |tenant| format!("{tenant} "));
        let words = format!("{} show {tenant}{name}", of.kind.plural());
        writeln!(out, "`{}` shows it.", site.command(&words))
    })?;
    Ok(())
}
