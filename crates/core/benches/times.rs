//! How long the core takes: `cargo bench -p tollgate-core --bench times [-- --json]`.
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
#[path = "support/clock.rs"]
mod clock;

/// The ratios that are aimed at: numerator, denominator.
const RATIOS: [(&str, &str); 2] =
    [("key proved", "sha256 two compressions"), ("mac 46 bytes", "sha256 two compressions")];

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let cases = cases::all();
    let medians = clock::medians(&cases);
    let time = |name: &str| medians[cases.iter().position(|case| case.name == name).unwrap()];
    for case in &cases {
        if json {
            println!(
                "{{\"name\":\"{}\",\"value\":{:.1},\"unit\":\"ns\"}}",
                case.name,
                time(case.name)
            );
        } else {
            println!("{:<34} {:>8.1} ns", case.name, time(case.name));
        }
    }
    for (over, under) in RATIOS {
        let (above, below) = (time(over), time(under));
        let ratio = above / below;
        if json {
            let side = |name, value| {
                format!("{{\"name\":\"{name}\",\"value\":{value:.1},\"unit\":\"ns\"}}")
            };
            println!(
                "{{\"name\":\"{over} / {under}\",\"value\":{ratio:.3},\"unit\":\"ratio\",\
                 \"numerator\":{},\"denominator\":{}}}",
                side(over, above),
                side(under, below),
            );
        } else {
            println!("{over} / {under} = {ratio:.3}");
        }
    }
}
