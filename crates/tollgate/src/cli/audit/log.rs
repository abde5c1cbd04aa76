//! The audit where it is kept: listed, exported and verified by the management API.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value, json};
use tollgate_core::time::UnixMillis;

use crate::{
    cli::{
        Failure, Output,
        api::{Api, Pages, Question, Wanted, odd},
        output::{columns, facts, quoted},
        progress::Progress,
        site::Site,
    },
    exit::Exit,
    written::{Instant, instant_text},
};

/// Whose chain.
#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub(in crate::cli) struct Whose {
    /// The chain of one tenant; over a management API of the admin key's own, unless it is said
    #[arg(long)]
    tenant: Option<String>,
    /// The chain of the deployment's own acts
    #[arg(long)]
    deployment: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    whose: Whose,
    /// Done by this one: key:ID, command or system
    #[arg(long)]
    actor: Option<String>,
    /// Of this kind, such as keys.create
    #[arg(long)]
    operation: Option<String>,
    /// Done to this: a key's id, an owner, a role
    #[arg(long)]
    subject: Option<String>,
    /// Of this request
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// Not before: 2027-01-31, 2027-01-31T12:00:00Z or -7d
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse_past, allow_hyphen_values = true)]
    from: Option<Instant>,
    /// Before, written likewise
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse_past, allow_hyphen_values = true)]
    until: Option<Instant>,
    /// Those after this number
    #[arg(long, value_name = "NUMBER")]
    after: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: u16,
    /// All of them, page after page
    #[arg(long, conflicts_with = "count")]
    all: bool,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct Export {
    #[command(flatten)]
    whose: Whose,
    /// Begin after the entry of this number
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
    /// End with the entry of this number
    #[arg(long, value_name = "NUMBER")]
    through: Option<u64>,
    /// The new file; what is more than one piece goes into further files beside it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The most pieces of one export: of 5,000 entries or 4 MiB each.
const PIECES_MAX: usize = 10_000;

impl Whose {
    fn lay_into(&self, question: Question) -> Question {
        let chain = self.deployment.then_some("deployment");
        question.with("tenant", self.tenant.clone()).with("chain", chain)
    }

    /// Refuses to guess: a store has the chains of all tenants.
    fn check(&self, api: &Api) -> Result<(), Failure> {
        if matches!(api, Api::Here(_)) && self.tenant.is_none() && !self.deployment {
            let message =
                "say whose chain: --tenant acme, or --deployment for the deployment's own acts";
            return Err(Failure::usage("tenant_missing", message));
        }
        Ok(())
    }

    fn words(&self) -> String {
        match (&self.tenant, self.deployment) {
            (Some(tenant), _) => format!(" --tenant {tenant}"),
            (None, true) => " --deployment".to_owned(),
            (None, false) => String::new(),
        }
    }
}

/// Lists the lines of a chain.
pub(in crate::cli) fn list(
    given: &List,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let mut api = site.api()?;
    given.whose.check(&api)?;
    let ms = |at: Instant| at.from(site.now).0.to_string();
    let question = given.whose.lay_into(Question::get(&["audit"]));
    let question = question
        .with("actor", given.actor.clone())
        .with("operation", given.operation.clone())
        .with("subject", given.subject.clone())
        .with("request", given.request.clone())
        .with("from", given.from.map(ms))
        .with("until", given.until.map(ms));
    let wanted = Wanted { after: given.after.as_deref(), count: given.count, all: given.all };
    let Pages { found, next } = api.pages(question, "lines", &wanted, site)?;
    output.show(&json!({ "lines": found, "next": next }), |out| {
        let head = ["number", "at", "who", "operation", "subject", "from"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(head).chain(found.iter().map(row)).collect();
        columns(out, &rows)?;
        let Some(next) = &next else { return Ok(()) };
        let words = format!("audit list{} --after {next}", given.whose.words());
        writeln!(out, "\nThere are more, with the same words: {}", site.command(&words))
    })?;
    Ok(())
}

fn row(line: &Value) -> [String; 6] {
    let entry = line.get("entry").unwrap_or(&Value::Null);
    let text = |name: &str| {
        let text = entry.get(name).and_then(Value::as_str).unwrap_or_default();
        text.chars().filter(|c| !c.is_control()).collect::<String>()
    };
    let number = line.get("number").and_then(Value::as_u64).map(|number| number.to_string());
    let at = entry.get("at").and_then(Value::as_u64).map(|ms| instant_text(UnixMillis(ms)));
    let at = at.unwrap_or_else(|| "damaged".to_owned());
    let number = number.unwrap_or_default();
    [number, at, text("actor"), text("operation"), text("subject"), text("from")]
}

/// Exports a chain, piece by piece.
pub(in crate::cli) fn export(
    given: &Export,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let mut api = site.api()?;
    given.whose.check(&api)?;
    let Some(file) = &given.out else { return one(given, &mut api, site, output) };
    let (mut after, mut files) = (given.after, vec![]);
    let mut progress = Progress::of("entries");
    while files.len() < PIECES_MAX {
        let path = if files.is_empty() { file.clone() } else { beside(file, after) };
        let (text, next) = piece(given, after, &mut api, site)?;
        write_new(&path, &text).map_err(|error| Failure::from(error).of(&path))?;
        files.push(path);
        let Some(next) = next.filter(|next| given.through.is_none_or(|through| *next < through))
        else {
            break;
        };
        after = next;
        progress.at(usize::try_from(after).unwrap_or(usize::MAX));
    }
    progress.end();
    output.show(&json!({ "files": files }), |out| {
        for file in &files {
            writeln!(out, "made         {}", file.display())?;
        }
        let first = files.first().map(|file| quoted(file)).unwrap_or_default();
        writeln!(
            out,
            "\nWhether anything was changed: {}",
            site.here(&format!("audit verify {first}"))
        )
    })?;
    Ok(())
}

/// One piece on standard output; if there is more, standard error says how to get it.
fn one(given: &Export, api: &mut Api, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let (text, next) = piece(given, given.after, api, site)?;
    let out = output.raw();
    out.write_all(&text)?;
    out.flush()?;
    if let Some(next) = next.filter(|next| given.through.is_none_or(|through| *next < through)) {
        let words = format!("audit export{} --after {next}", given.whose.words());
        eprintln!("tollgate: there is more: {}, or --out FILE for all of it", site.command(&words));
    }
    Ok(())
}

/// The piece after an entry, and after which the next begins.
fn piece(
    given: &Export,
    after: u64,
    api: &mut Api,
    site: &Site,
) -> Result<(Vec<u8>, Option<u64>), Failure> {
    let question = given.whose.lay_into(Question::get(&["audit", "export"]));
    let question = question.with("after", (after > 0).then(|| after.to_string()));
    let question = question.with("through", given.through.map(|number| number.to_string()));
    let reply = api.ask(&question, site)?;
    // One that does not go on would go on for ever.
    let next = reply.next().and_then(|next| next.parse().ok()).filter(|next| *next > after);
    Ok((reply.bytes().to_vec(), next))
}

/// `acme.jsonl` and 5000: `acme.5000.jsonl`.
fn beside(file: &Path, after: u64) -> PathBuf {
    let end = file.extension().map_or("jsonl".into(), |end| end.to_string_lossy());
    file.with_extension(format!("{after}.{end}"))
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Prints the public keys of checkpoints.
pub(in crate::cli) fn keys(site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let told = site.api()?.ask(&Question::get(&["audit", "keys"]), site)?.json()?;
    output.show(&told, |out| writeln!(out, "{told}"))?;
    Ok(())
}

/// Has a chain verified where it is kept.
pub(in crate::cli) fn verify(
    whose: &Whose,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let mut api = site.api()?;
    whose.check(&api)?;
    let mut progress = Progress::of("lines");
    let mut question = whose.lay_into(Question::get(&["audit", "verify"]));
    let (mut lines, mut told);
    lines = 0_u64;
    loop {
        told = api.ask(&question, site)?.json()?;
        lines = lines.saturating_add(told.get("lines").and_then(Value::as_u64).unwrap_or(0));
        progress.at(usize::try_from(lines).unwrap_or(usize::MAX));
        match told.get("next").and_then(Value::as_str) {
            Some(next) => question.set("cursor", next.to_owned()),
            None => break,
        }
    }
    progress.end();
    let verified = told.get("verified").and_then(Value::as_bool).ok_or_else(odd)?;
    if let Some(told) = told.as_object_mut() {
        told.insert("lines".to_owned(), lines.into());
    }
    output.show(&told, |out| {
        let until = told.get("until").and_then(Value::as_u64).unwrap_or(0);
        let vouched = told.pointer("/vouched/n").and_then(Value::as_u64);
        let mut rows = vec![("entries", until.to_string())];
        if let Some(reason) = told.pointer("/wrong/reason").and_then(Value::as_str) {
            let after =
                vouched.map_or_else(|| "the beginning".to_owned(), |n| format!("entry {n}"));
            rows.push(("wrong", format!("after {after}: {reason}")));
        }
        let vouched =
            vouched.map_or_else(|| "nothing".to_owned(), |n| format!("all up to entry {n}"));
        rows.push(("vouched for", vouched));
        rows.push(("verified", if verified { "yes" } else { "no" }.to_owned()));
        facts(out, &rows)
    })?;
    Ok(if verified { Exit::Done } else { Exit::Failed })
}
