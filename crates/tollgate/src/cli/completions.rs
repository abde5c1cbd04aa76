//! `tollgate completions`.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};

use super::{Cli, Failure, Output};

#[derive(Args, Debug)]
pub(super) struct Completions {
    /// For which shell
    #[arg(value_enum)]
    shell: Shells,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shells {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

pub(super) fn run(given: &Completions, output: &mut Output<'_>) -> Result<(), Failure> {
    let shell = match given.shell {
        Shells::Bash => Shell::Bash,
        Shells::Zsh => Shell::Zsh,
        Shells::Fish => Shell::Fish,
        Shells::Powershell => Shell::PowerShell,
    };
    // Written into memory first: whoever closes the output has read enough, and no panic says so.
    let mut script = vec![];
    generate(shell, &mut Cli::command(), "tollgate", &mut script);
    let text = String::from_utf8_lossy(&script);
    output.show(&serde_json::json!({ "script": text }), |out| write!(out, "{text}"))?;
    Ok(())
}
