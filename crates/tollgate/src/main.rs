//! The `tollgate` command.

mod clock;
mod config;
mod dev;
mod exit;
mod secrets;

use std::io;

use exit::Exit;

const HELP: &str = "\
Tollgate: API keys checked, metered and revoked at the edge.

Usage: tollgate <command>

Commands:
  dev        show the core at work: mint, prove, decide, meter, revoke, sign
  help       print this
  version    print the version

Examples:
  tollgate dev                 the tour, with a random pepper that nobody keeps
  cargo run --release -- dev   the same from a clone

Exit codes: 0 done, 1 it failed, 2 the command line is wrong.
";

fn main() -> Exit {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut out = io::stdout().lock();
    let ran = match words.as_slice() {
        ["dev"] => dev::run(&mut out),
        ["help" | "--help" | "-h"] | [_, "--help" | "-h"] => write(&mut out, HELP),
        ["version" | "--version" | "-V"] => {
            write(&mut out, concat!("tollgate ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        [] => return Exit::usage("no command given"),
        [command @ ("dev" | "help" | "version"), word, ..] => {
            return Exit::usage(&format!("`{command}` takes no argument, but `{word}` was given"));
        }
        [command, ..] => return Exit::usage(&format!("no command `{command}`")),
    };
    match ran {
        Ok(()) => Exit::Done,
        // Whoever reads has read enough, as with `tollgate dev | head`.
        Err(error) if is_closed_pipe(&error) => Exit::Done,
        Err(error) => Exit::failed(&error),
    }
}

fn write(out: &mut impl io::Write, text: &str) -> anyhow::Result<()> {
    Ok(out.write_all(text.as_bytes())?)
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
}
