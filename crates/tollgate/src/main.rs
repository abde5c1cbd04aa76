//! The `tollgate` command.

mod aws;
mod cli;
mod clock;
mod config;
mod dev;
mod doctor;
mod exit;
mod issuing;
mod remote;
mod secrets;
mod serve;
mod trust;
mod wire;
mod written;

use exit::Exit;

fn main() -> Exit {
    cli::main()
}
