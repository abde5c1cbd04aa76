//! `tollgate doctor`: what is allowed and unsafe, as a list of named findings.
//!
//! Each check is a pure function of the [`Facts`]; what they are is fetched in one place. A finding's name is for
//! good.

mod audit;
mod checks;
mod facts;
mod foreign;
mod looks;
mod mounts;
mod ready;
mod routes;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::{
    cli::{Failure, Output},
    config::Source,
    exit::Exit,
};
pub(crate) use checks::CHECKS;
use facts::Facts;
pub(crate) use ready::{Lack, lacks};

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Look at the deployment too that is described beside the configuration: cloudflare is
    /// wrangler.toml, aws is template.yaml
    #[arg(value_enum, value_name = "PLATFORM")]
    platform: Option<Platform>,
    /// The configuration of what stands around this gate: nginx, Caddy, HAProxy, Envoy, Traefik, a
    /// template of AWS SAM or CloudFormation, Terraform, wrangler. Repeat it for more
    #[arg(long, value_name = "FILE")]
    proxy: Vec<PathBuf>,
    /// List what is looked for, and look at nothing
    #[arg(long)]
    list: bool,
}

/// Where a gate can run that is not this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Platform {
    Aws,
    Cloudflare,
}

impl Platform {
    /// The file that describes a deployment.
    const fn file(self) -> &'static str {
        match self {
            Self::Aws => "template.yaml",
            Self::Cloudflare => "wrangler.toml",
        }
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Somebody may do what nobody meant to allow, or may be kept from what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// One thing that is looked for.
#[derive(Debug)]
pub(crate) struct Check {
    /// Its name, for good.
    pub(crate) code: &'static str,
    pub(crate) weight: Weight,
    /// What it looks for.
    pub(crate) about: &'static str,
    /// What to do about it.
    pub(crate) advice: &'static str,
    /// Every place where it is so, in words.
    find: fn(&Facts) -> Vec<String>,
}

/// One thing that was found.
#[derive(Debug)]
struct Finding {
    check: &'static Check,
    what: String,
}

/// Looks at everything: exit code 1 if there is a warning.
pub(crate) fn run(
    arguments: &Doctor,
    source: Source,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    if arguments.list {
        return list(output);
    }
    let deployed = arguments.platform.map(|platform| source.file.with_file_name(platform.file()));
    let files: Vec<_> = arguments.proxy.iter().cloned().chain(deployed).collect();
    let (mut facts, unseen) = Facts::fetch(source, &files)?;
    if arguments.platform.is_some() {
        // The keys of a deployment are in none that is here.
        facts.lacks.retain(|lack| lack.code != "store_missing");
    }
    let findings = examine(&facts);
    let warnings = findings.iter().filter(|one| one.check.weight == Weight::Warning).count();
    let document = json!({
        "findings": findings.iter().map(document).collect::<Vec<_>>(),
        "warnings": warnings,
        "not_looked_at": unseen,
        "audit": facts.audit.as_ref().map(audit::Audited::document),
    });
    output.show(&document, |out| {
        for Finding { check, what } in &findings {
            writeln!(out, "{} {}: {what}", word(check.weight), check.code)?;
            writeln!(out, "    {}", check.advice)?;
        }
        for unseen in &unseen {
            writeln!(out, "not looked at: {unseen}")?;
        }
        let looked = CHECKS.len();
        match findings.len() {
            0 => writeln!(out, "Nothing was found; {looked} things were looked for.")?,
            found => writeln!(
                out,
                "{found} found, {warnings} of them warnings; {looked} things were looked for."
            )?,
        }
        facts.audit.as_ref().map_or(Ok(()), |audit| writeln!(out, "{}", audit.words()))
    })?;
    Ok(if warnings > 0 { Exit::Failed } else { Exit::Done })
}

/// What the checks find in `facts`.
fn examine(facts: &Facts) -> Vec<Finding> {
    let found = |check: &'static Check| {
        (check.find)(facts).into_iter().map(move |what| Finding { check, what })
    };
    CHECKS.iter().flat_map(found).collect()
}

fn list(output: &mut Output<'_>) -> Result<Exit, Failure> {
    let checks = CHECKS.iter().map(|check| {
        json!({
            "code": check.code,
            "weight": word(check.weight),
            "about": check.about,
            "advice": check.advice,
        })
    });
    output.show(&json!({ "checks": checks.collect::<Vec<_>>() }), |out| {
        for check in &CHECKS {
            writeln!(out, "{} {}", word(check.weight), check.code)?;
            writeln!(out, "    {}. {}", check.about, check.advice)?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// The finding for programs. Fields are added, and never renamed or removed.
fn document(Finding { check, what }: &Finding) -> Value {
    json!({
        "code": check.code,
        "weight": word(check.weight),
        "message": what,
        "advice": check.advice,
    })
}

const fn word(weight: Weight) -> &'static str {
    match weight {
        Weight::Warning => "warning",
        Weight::Note => "note",
    }
}
