//! Does one case a given number of times, for callgrind to count its instructions.
//!
//! `count` alone lists the cases; `count "key proved" 100` does that one 100 times, all of it inside
//! [`measured`].
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a bench prints, and stops at the first thing that is not as it should be"
)]

#[path = "support/cases.rs"]
mod cases;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let cases = cases::all();
    match arguments.as_slice() {
        [name, times] => {
            let case = cases.iter().find(|case| case.name == name).unwrap();
            // The first time pays for what is found out once, such as what the processor can do.
            (case.run)(1);
            measured(case, times.parse().unwrap());
        }
        _ => cases.iter().for_each(|case| println!("{}", case.name)),
    }
}

/// What callgrind is told to count.
#[inline(never)]
fn measured(case: &cases::Case, times: u32) {
    (case.run)(times);
}
