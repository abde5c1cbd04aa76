//! `tollgate config`.

use clap::Subcommand;
use serde_json::json;

use super::{Failure, Output};
use crate::{
    config::{Place, Problem, Source, reference},
    doctor::{Lack, lacks},
    exit::Exit,
};

#[derive(Debug, Subcommand)]
pub(super) enum Configuration {
    /// Read file and environment as a gate would, and say everything that is wrong
    #[command(after_help = "\
Examples:
  tollgate config check
  tollgate config check --config staging.toml --json

Exit code 0 if nothing is wrong with the configuration, 1 if something is. What a gate needs
besides and has not (secrets, store, a key) is said, and is no mistake in it. `tollgate doctor`
says what is allowed and unsafe.")]
    Check,
    /// Print the reference: every field, its default, its variable
    #[command(after_help = "Example:\n  tollgate config reference > configuration.md")]
    Reference,
}

pub(super) fn run(
    command: &Configuration,
    source: &Source,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match command {
        Configuration::Check => check(source, output),
        Configuration::Reference => {
            let text = reference::text();
            output.show(&json!({ "markdown": text }), |out| out.write_all(text.as_bytes()))?;
            Ok(Exit::Done)
        }
    }
}

fn check(source: &Source, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let loaded = source.load();
    let problems = loaded.as_ref().err().map(|error| error.problems()).unwrap_or_default();
    let lacks = loaded.as_ref().map(|config| lacks(config, &source.environment));
    let lacks = lacks.unwrap_or_default();
    let document = json!({
        "file": source.file,
        "good": loaded.is_ok(),
        "problems": problems.iter().map(document).collect::<Vec<_>>(),
        "lacks": lacks.iter().map(lack).collect::<Vec<_>>(),
    });
    output.show(&document, |out| {
        match &loaded {
            Ok(_) => writeln!(out, "{}: nothing is wrong with it", source.file.display())?,
            Err(error) => error.lines().try_for_each(|line| writeln!(out, "{line}"))?,
        }
        for lack in &lacks {
            writeln!(out, "not ready: {}: {}", lack.field, lack.what)?;
            writeln!(out, "    {}", lack.advice())?;
        }
        Ok(())
    })?;
    Ok(if loaded.is_ok() { Exit::Done } else { Exit::Failed })
}

/// The problem for programs. Fields are added, and never renamed or removed.
fn document(Problem { place, path, what }: &Problem) -> serde_json::Value {
    let (line, column, variable) = match place {
        Place::File { line, column } => (Some(line), Some(column), None),
        Place::Variable(name) => (None, None, Some(name.as_str())),
        Place::Argument(name) => (None, None, Some(*name)),
        Place::Default => (None, None, None),
    };
    json!({ "line": line, "column": column, "variable": variable, "field": path, "message": what })
}

/// What lacks, for programs. Fields are added, and never renamed or removed.
fn lack(lack: &Lack) -> serde_json::Value {
    let Lack { code, field, what } = lack;
    json!({ "code": code, "field": field, "message": what, "advice": lack.advice() })
}
