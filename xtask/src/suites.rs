//! The suites: which there are, and the steps of those that stand.

mod aws;
mod bare_metal;
mod cloudflare;
mod control;
mod core;
pub(crate) mod counts;
mod gate;
mod origins;
mod python;
mod reference;
mod rust;
mod wasm;

use crate::step::Step;

/// Every suite's name, whether it stands yet or not.
pub(crate) const KNOWN: [&str; 6] = ["core", "gate", "cloudflare", "aws", "control", "origins"];

/// The steps of a suite; nothing if it does not stand yet.
pub(crate) fn steps(suite: &str) -> Option<&'static [Step]> {
    match suite {
        "core" => Some(core::STEPS),
        "gate" => Some(gate::STEPS),
        "cloudflare" => Some(cloudflare::STEPS),
        "aws" => Some(aws::STEPS),
        "control" => Some(control::STEPS),
        "origins" => Some(origins::STEPS),
        _ => None,
    }
}

/// The suites that stand.
pub(crate) fn standing() -> impl Iterator<Item = &'static str> {
    KNOWN.into_iter().filter(|suite| steps(suite).is_some())
}
