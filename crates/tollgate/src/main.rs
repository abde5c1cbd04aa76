//! The `tollgate` command.

mod aws;
mod cli;
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
use tollgate_native::clock;

fn main() -> Exit {
    cli::main()
}
