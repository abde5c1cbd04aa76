//! How long a warm request takes: `cargo bench -p tollgate-engine --bench times`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::panic,
    dead_code,
    unreachable_pub,
    reason = "a bench prints, stops at what should not be, and needs a part of what tests need"
)]

#[path = "../tests/support/book.rs"]
mod book;
#[path = "support/cases.rs"]
mod cases;
#[path = "../../core/benches/support/clock.rs"]
mod clock;
#[path = "../tests/support/rig.rs"]
mod rig;

fn main() {
    let cases = cases::all();
    for (case, median) in cases.iter().zip(clock::medians(&cases)) {
        println!("{:<34} {median:>8.1} ns", case.name);
    }
}
