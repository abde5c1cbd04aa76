//! The `tollgate` command.

mod cli;
mod clock;
mod config;
mod dev;
mod exit;
mod issuing;
mod secrets;

use exit::Exit;

fn main() -> Exit {
    cli::main()
}
