//! `tollgate manual` and `tollgate version`: what the command says about itself.

use std::fmt::Write;

use clap::{Command, CommandFactory};
use serde_json::json;

use super::{Cli, Failure, Output};

const HEAD: &str = "\
# The command

`tollgate manual` prints this page: the help of every command. With `--json` a command prints one JSON document on
standard output, and what went wrong as one on standard error: `{\"error\":{\"code\":…,\"message\":…}}`. Fields and
codes are added, and never renamed or removed.

[crates/tollgate/tests/golden](../crates/tollgate/tests/golden) has the document of each command.

| exit code | meaning |
|---|---|
| 0 | what was asked for is done |
| 1 | it failed, or something was found: `audit verify`, `config check`, `doctor` and `inspect` end so too |
| 2 | the command line, or what was given on standard input, is wrong; nothing was done |
| 3 | refused because of what is there; nothing was done |
";

/// Prints the help of every command.
pub(super) fn run(output: &mut Output<'_>) -> Result<(), Failure> {
    let mut page = HEAD.to_owned();
    let mut root = Cli::command();
    root.build();
    add(&mut page, &mut root, "tollgate");
    output.show(&json!({ "markdown": page }), |out| out.write_all(page.as_bytes()))?;
    Ok(())
}

/// Prints the version.
pub(super) fn version(output: &mut Output<'_>) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    output.show(&json!({ "version": version }), |out| writeln!(out, "tollgate {version}"))?;
    Ok(())
}

fn add(page: &mut String, command: &mut Command, name: &str) {
    // Writing to a text cannot fail.
    let help = command.render_long_help().to_string();
    let _ = write!(page, "\n## {name}\n\n```text\n");
    for line in help.trim_end().lines() {
        let _ = writeln!(page, "{}", line.trim_end());
    }
    let _ = writeln!(page, "```");
    for inner in command.get_subcommands_mut().filter(|inner| inner.get_name() != "help") {
        let name = format!("{name} {}", inner.get_name());
        add(page, inner, &name);
    }
}
