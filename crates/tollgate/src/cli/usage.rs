//! `tollgate usage`.

use clap::{Args, ValueEnum};
use serde_json::Value;
use tollgate_core::time::UnixMillis;

use super::{
    Failure, Output,
    api::{Question, odd},
    output::columns,
    site::Site,
    target::{Target, Where},
};
use crate::written::{Instant, instant_text};

#[derive(Args, Debug)]
pub(super) struct Usage {
    #[command(flatten)]
    pub(super) target: Target,
    /// Of which tenant; over a management API the admin key's own, unless it is said
    #[arg(long)]
    tenant: Option<String>,
    /// Of one owner
    #[arg(long)]
    owner: Option<String>,
    /// Of one key
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    /// Of one route
    #[arg(long)]
    route: Option<String>,
    /// From when on: 2027-01-31, 2027-01-31T12:00:00Z or -7d; a day before the end unless it is said
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse_past, allow_hyphen_values = true)]
    from: Option<Instant>,
    /// Until when, written likewise; now unless it is said
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse_past, allow_hyphen_values = true)]
    until: Option<Instant>,
    /// What is added up: hours, or days of UTC
    #[arg(long, value_enum, default_value = "hour")]
    step: Step,
    /// What rows are told apart by; repeat it for more, or write commas
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', value_parser = COLUMNS)]
    by: Vec<String>,
    /// Print comma-separated values
    #[arg(long)]
    csv: bool,
}

const COLUMNS: [&str; 7] = ["tenant", "owner", "key", "route", "code", "status", "took"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    Hour,
    Day,
}

pub(super) fn run(given: &Usage, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    if given.csv && output.is_json() {
        return Err(Failure::usage(
            "format_twofold",
            "--csv and --json are two formats: choose one",
        ));
    }
    let here = !matches!(site.aims(), Where::Api(_));
    if here && given.tenant.is_none() {
        return Err(Failure::usage("tenant_missing", "say whose: --tenant acme"));
    }
    let ms = |at: Instant| at.from(site.now).0.to_string();
    let step = match given.step {
        Step::Hour => "hour",
        Step::Day => "day",
    };
    let question = Question::get(&["usage"])
        .with("tenant", given.tenant.clone())
        .with("owner", given.owner.clone())
        .with("key", given.key.clone())
        .with("route", given.route.clone())
        .with("from", given.from.map(ms))
        .with("until", given.until.map(ms))
        .with("step", Some(step))
        .with("by", (!given.by.is_empty()).then(|| given.by.join(",")))
        .with("format", given.csv.then_some("csv"));
    let reply = site.api()?.ask(&question, site)?;
    if given.csv {
        let out = output.raw();
        out.write_all(reply.bytes())?;
        out.flush()?;
        return Ok(());
    }
    show(&reply.json()?, given, output)
}

fn show(told: &Value, given: &Usage, output: &mut Output<'_>) -> Result<(), Failure> {
    let found = told.get("rows").and_then(Value::as_array).ok_or_else(odd)?;
    output.show(told, |out| {
        let mut head = vec!["at".to_owned()];
        let by = given.by.iter().map(String::as_str);
        let by: Vec<_> = if given.by.is_empty() { vec!["code"] } else { by.collect() };
        head.extend(by.iter().map(|name| (*name).to_owned()));
        head.push("count".to_owned());
        let rows = found.iter().map(|row| head.iter().map(|name| cell(row, name)).collect());
        let rows: Vec<Vec<String>> = std::iter::once(head.clone()).chain(rows).collect();
        columns(out, &rows)?;
        let counts = found.iter().filter_map(|row| row.get("count").and_then(Value::as_u64));
        writeln!(out, "\n{} requests", counts.fold(0_u64, u64::saturating_add))
    })?;
    Ok(())
}

fn cell(row: &Value, name: &str) -> String {
    match (name, row.get(name)) {
        ("at", Some(at)) => at.as_u64().map(|ms| instant_text(UnixMillis(ms))).unwrap_or_default(),
        (_, Some(Value::String(text))) => text.chars().filter(|c| !c.is_control()).collect(),
        (_, Some(value)) => value.to_string(),
        (_, None) => String::new(),
    }
}
