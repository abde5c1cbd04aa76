//! `tollgate signing-keys`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tollgate_core::time::UnixMillis;

use super::{Failure, Output, output::columns, peppers::TELL, site::Site};
use crate::{
    secrets::{JWKS_MAX_AGE_S, Secrets, Signing},
    written::instant_text,
};

#[derive(Debug, Subcommand)]
pub(super) enum SigningKeys {
    /// List the keys that sign identities: which signs, which is published
    #[command(
        after_help = "Examples:\n  tollgate signing-keys list\n  tollgate signing-keys list --json"
    )]
    List,
    /// Print the public keys as a gate publishes them: for where something else publishes them
    #[command(after_help = "\
Examples:
  tollgate signing-keys jwks
  tollgate signing-keys jwks > jwks.json   # docs/aws.md: what API Gateway answers with")]
    Jwks,
    /// Add a signing key, published at once, which signs five minutes later
    #[command(after_help = "\
Examples:
  tollgate signing-keys rotate
  tollgate signing-keys rotate --now   # the old key leaked

Both keys are published during the overlap. Tell every gate within the five minutes: a verifier may
keep the published keys for so long, and would refuse a key that it has not seen.")]
    Rotate(Rotate),
    /// Remove a signing key whose identities have all ended
    #[command(after_help = "\
Examples:
  tollgate signing-keys retire k1
  tollgate signing-keys retire k1 --force   # the key leaked")]
    Retire(Retire),
}

#[derive(Args, Debug)]
pub(super) struct Rotate {
    /// Let it sign at once; verifiers that keep the published keys refuse its identities until they ask again
    #[arg(long)]
    now: bool,
}

#[derive(Args, Debug)]
pub(super) struct Retire {
    /// The key's name
    kid: String,
    /// Even if it signs, or identities that it signed may be good still
    #[arg(long)]
    force: bool,
}

pub(super) fn run(
    command: SigningKeys,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    match command {
        SigningKeys::List => list(site, output),
        SigningKeys::Jwks => jwks(site, output),
        SigningKeys::Rotate(Rotate { now }) => rotate(now, site, output),
        SigningKeys::Retire(arguments) => retire(&arguments, site, output),
    }
}

fn list(site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let secrets = site.secrets()?;
    let keys = secrets.signing_keys();
    let document = json!({
        "signing_keys": keys.iter().map(|key| document(key, &secrets, site.now)).collect::<Vec<_>>(),
    });
    output.show(&document, |out| {
        let head =
            ["kid", "algorithm", "state", "signs from", "published until"].map(str::to_owned);
        let rows = keys.iter().map(|key| {
            let until = key.until.map_or_else(|| "–".to_owned(), instant_text);
            let state = state(key, &secrets, site.now).to_owned();
            [key.kid.clone(), key.alg.clone(), state, instant_text(key.from), until]
        });
        columns(out, &std::iter::once(head).chain(rows).collect::<Vec<_>>())
    })?;
    Ok(())
}

/// The document that gates publish at this moment, on one line.
fn jwks(site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let schedule = site.secrets()?.schedule()?;
    let unusable =
        |error: &dyn std::error::Error| Failure::failed("secrets_unusable", error.to_string());
    let text = schedule.jwks(site.now).map_err(|error| unusable(&error))?;
    let document: Value = serde_json::from_str(&text).map_err(|error| unusable(&error))?;
    output.show(&document, |out| writeln!(out, "{text}"))?;
    Ok(())
}

fn rotate(at_once: bool, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let algorithm = site.config.identity.algorithm.as_str();
    let used = site.signers();
    let (kid, document) = site.secrets_file()?.change(|secrets| {
        let kid = secrets.rotate_signing((algorithm, &used), at_once, site.now)?;
        let fresh = secrets.signing_keys().iter().find(|key| key.kid == kid);
        let document = fresh.map(|key| document(key, secrets, site.now));
        Ok::<_, Failure>((kid, document))
    })?;
    site.tell("signing-keys.rotate", &kid);
    output.show(&json!({ "signing_key": document }), |out| {
        if at_once {
            writeln!(out, "Signing key {kid} signs from now on.")?;
            return writeln!(out, "{TELL}\nNext: let verifiers fetch the published keys again.");
        }
        let signs = instant_text(site.now.plus(JWKS_MAX_AGE_S.saturating_mul(1_000)));
        writeln!(out, "Signing key {kid} is published at once, and signs from {signs} on.")?;
        writeln!(
            out,
            "{TELL} Do so before {signs}, so that every verifier can know the key in time."
        )?;
        writeln!(out, "`tollgate signing-keys list` shows when the older key can be retired.")
    })?;
    Ok(())
}

fn retire(arguments: &Retire, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    let Retire { kid, force } = arguments;
    let change =
        |secrets: &mut Secrets| Ok::<_, Failure>(secrets.retire_signing(kid, *force, site.now)?);
    site.secrets_file()?.change(change)?;
    site.tell("signing-keys.retire", kid);
    output.show(&json!({ "kid": kid, "retired": true }), |out| {
        writeln!(out, "Signing key {kid} is gone. {TELL}")?;
        writeln!(out, "A verifier may keep the published keys for {JWKS_MAX_AGE_S} s: start it again where that is too long.")?;
        writeln!(out, "Checkpoints of the audit that it signed are verified with its public key: keep that for as long as you")?;
        writeln!(out, "keep the audit. Next: {}", site.command("audit keys > audit-keys.json"))
    })?;
    Ok(())
}

/// The key for programs: never its seed. Fields are added, and never renamed or removed.
fn document(key: &Signing, secrets: &Secrets, now: UnixMillis) -> Value {
    json!({
        "kid": key.kid,
        "algorithm": key.alg,
        "state": state(key, secrets, now),
        "from_ms": key.from.0,
        "until_ms": key.until.map(|until| until.0),
    })
}

fn state(key: &Signing, secrets: &Secrets, now: UnixMillis) -> &'static str {
    if secrets.signing(now).is_some_and(|signs| signs.kid == key.kid) {
        "signs"
    } else if key.from > now {
        "next"
    } else if secrets.published(now).any(|published| published.kid == key.kid) {
        "published"
    } else {
        "ended"
    }
}
