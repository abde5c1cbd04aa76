//! A key is minted, and copies of it that are not quite it are refused.

use std::io;

use anyhow::Context;
use tollgate_core::key::{self, ApiKey};

use super::{Deployment, Report};
use crate::clock;

/// Shows the key and what proving it costs; gives the key.
pub(crate) fn show(
    deployment: &Deployment,
    report: &mut Report<'_, impl io::Write>,
) -> anyhow::Result<String> {
    let key = deployment.key().to_owned();
    report.chapter("A key is minted")?;
    report.fact("shown once", &key)?;
    report.fact("stored as", format_args!("{} (lookup id)", deployment.lookup()))?;

    report.chapter("It proves itself, without a store")?;
    let cases = [
        ("the key", key.clone()),
        ("one symbol mistyped", mistyped(&key).context("a key of no body")?),
        ("forged, check right", forged(&key).context("a key of no body")?),
    ];
    for (label, text) in cases {
        let (verdict, nanos) = proved(deployment, &text);
        report.timed(label, verdict, nanos)?;
    }
    Ok(key)
}

fn proved(deployment: &Deployment, text: &str) -> (&'static str, f64) {
    let verdict = || match ApiKey::parse(text.as_bytes(), &deployment.brand) {
        Err(error) => error.code(),
        Ok(key) => match deployment.peppers.prove(&key) {
            Err(refusal) => refusal.code(),
            Ok(_) => "genuine",
        },
    };
    (verdict(), clock::nanoseconds_of(verdict))
}

/// The key with its last symbol replaced.
fn mistyped(key: &str) -> Option<String> {
    let (rest, last) = key.split_at_checked(key.len().checked_sub(1)?)?;
    Some(format!("{rest}{}", if last == "0" { '1' } else { '0' }))
}

/// The key with a symbol of its tag replaced, and the public check made right again.
fn forged(key: &str) -> Option<String> {
    let (head, body) = key.split_at_checked(key.len().checked_sub(50)?)?;
    let (body, _) = body.split_at_checked(44)?;
    let (rest, last) = body.split_at_checked(43)?;
    let text = format!("{head}{rest}{}", if last == "0" { '1' } else { '0' });
    let check = key::check(text.as_bytes());
    Some(text + core::str::from_utf8(&check).ok()?)
}
