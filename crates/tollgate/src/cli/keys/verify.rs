//! `tollgate keys verify`: would this key pass?

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        Failure, Output,
        api::{Question, odd},
        input,
        output::facts,
        site::Site,
    },
    exit::Exit,
    written::duration_text,
};

#[derive(Args, Debug)]
pub(in crate::cli) struct Verify {
    /// The file that holds the key; left out, it is read from standard input
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// A scope that it must have; repeat it for more
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// What the request costs
    #[arg(long, value_name = "NUMBER")]
    cost: Option<u32>,
    /// From where it is used
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// From which country it is used
    #[arg(long, value_name = "CODE")]
    country: Option<String>,
    /// Only look: nothing is taken from limits and quotas
    #[arg(long)]
    dry_run: bool,
}

pub(in crate::cli) fn run(
    given: &Verify,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let mut api = site.api()?;
    let key = input::key(given.key_file.as_deref(), "keys verify")?;
    let mut body = json!({ "key": key.trim() });
    let fields = [
        ("scopes", (!given.scopes.is_empty()).then(|| json!(given.scopes))),
        ("cost", given.cost.map(Value::from)),
        ("ip", given.ip.clone().map(Value::from)),
        ("country", given.country.clone().map(Value::from)),
        ("dry_run", given.dry_run.then_some(Value::Bool(true))),
    ];
    if let Some(body) = body.as_object_mut() {
        body.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    let question = Question::of("POST", &["keys", "validate"]).body(body).by_flags();
    let answer = api.ask(&question, site)?.json()?;
    show(&answer, site, output)
}

/// What is left of a limit or a quota.
fn balance(one: &Value, site: &Site) -> String {
    let shown = super::shown::Shown::of(one, site.now);
    let (name, scope) = (shown.text("name"), shown.text("scope"));
    let (name, scope) = (name.unwrap_or_default(), scope.unwrap_or_default());
    let left = one.get("left").and_then(Value::as_u64).unwrap_or(0);
    let wait = one.get("retry_after_ms").and_then(Value::as_u64);
    let wait = match (one.get("refused").and_then(Value::as_bool), wait) {
        (Some(true), Some(ms)) => format!(", enough in {}", duration_text(ms)),
        (Some(true), None) => ", never enough".to_owned(),
        _ => String::new(),
    };
    format!("{name}:{scope} has {left} left{wait}")
}

fn show(answer: &Value, site: &Site, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let valid = answer.get("valid").and_then(Value::as_bool).ok_or_else(odd)?;
    let key = answer.get("key").unwrap_or(&Value::Null);
    let paint = output.paint(&site.source.environment);
    output.show(answer, |out| {
        let code = answer.get("code").and_then(Value::as_str).unwrap_or("unavailable");
        let verdict = match valid {
            true => paint.state("accepted"),
            false => format!("{} as {code}", paint.state("refused")),
        };
        let mut lines = vec![("at a gate", verdict)];
        let shown = super::shown::Shown::of(key, site.now);
        for (name, field) in [
            ("key", "id"),
            ("tenant", "tenant"),
            ("owner", "owner"),
            ("env", "env"),
            ("plan", "plan"),
        ] {
            lines.extend(shown.text(field).map(|text| (name, text)));
        }
        if key.is_object() {
            let scopes = shown.texts("scopes");
            let none = || "none: it grants nothing".to_owned();
            lines.push(("scopes", if scopes.is_empty() { none() } else { scopes }));
        }
        lines.extend(shown.instant("expires").map(|at| ("expires", at)));
        for (name, field) in [("limit", "limits"), ("quota", "quotas")] {
            let all = answer.get(field).and_then(Value::as_array).into_iter().flatten();
            lines.extend(all.map(|one| (name, balance(one, site))));
        }
        let spent = answer.get("spent").and_then(Value::as_u64).filter(|spent| *spent > 0);
        lines.extend(spent.map(|spent| ("spent", spent.to_string())));
        facts(out, &lines)
    })?;
    Ok(if valid { Exit::Done } else { Exit::Failed })
}
