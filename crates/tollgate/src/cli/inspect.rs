//! `tollgate inspect`.

use std::io::{self, BufRead, IsTerminal, Read};

use clap::Args;
use serde_json::{Value, json};
use tollgate_control::model::Details;
use tollgate_core::{
    decision::Denial,
    key::{ApiKey, Brand, ENV_MAX, KEY_MAX, PREFIX_MAX, ParseKeyError},
    pepper::{Genuine, Refusal as Unproved},
};
use tollgate_ledger::Ledger;
use zeroize::Zeroizing;

use super::{
    Failure, Output, keys,
    output::facts,
    site::Site,
    standing::{self, Gates, Refusal, Standing},
};
use crate::{config::Source, exit::Exit};

#[derive(Args, Debug)]
pub(super) struct Inspect {
    /// The key. Left out, it is read from standard input, which keeps it out of the shell's history and of the list
    /// of processes
    key: Option<String>,
}

/// What is known of a key: nothing in it is a byte of its body.
struct Findings {
    prefix: Option<String>,
    env: Option<String>,
    malformed: Option<ParseKeyError>,
    pepper: Option<u8>,
    /// Whether the configuration accepts its prefix and env; none where there is none.
    accepted: Option<bool>,
    /// None: there are no peppers to tell by.
    genuine: Option<Result<Genuine, Unproved>>,
    /// None: there is no store to ask, or nothing to ask it.
    found: Option<Option<Standing>>,
    notes: Vec<String>,
}

/// Explains a key: exit code 0 if all that could be looked at is good.
pub(super) fn run(
    Inspect { key }: Inspect,
    source: Source,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let text = match key {
        Some(key) => {
            eprintln!(
                "tollgate: a key on the command line stays in the shell's history: give it on standard input"
            );
            Zeroizing::new(key)
        }
        None => from_input()?,
    };
    let mut findings = read(text.trim());
    // Whatever cannot be looked at is said, and does not keep the rest from being shown.
    match Site::open(source) {
        Ok(site) => ask(text.trim(), &site, &mut findings),
        Err(failure) => findings.notes.push(failure.message().to_owned()),
    }
    show(&findings, output)
}

fn from_input() -> Result<Zeroizing<String>, Failure> {
    // Longer than any key, so that what is too long is told apart from what is a key.
    let most = u64::try_from(KEY_MAX).unwrap_or(u64::MAX).saturating_mul(4);
    let mut line = Zeroizing::new(String::with_capacity(KEY_MAX.saturating_mul(4)));
    let input = io::stdin().lock();
    if input.is_terminal() {
        eprintln!("Paste the key, then press return:");
    }
    let read = input.take(most).read_line(&mut line);
    read.map_err(|error| Failure::usage("key_unreadable", format!("standard input: {error}")))?;
    if line.trim().is_empty() {
        return Err(Failure::usage("key_missing", "no key was given: tollgate inspect < FILE"));
    }
    Ok(line)
}

/// What the text itself shows: prefix, env, check, version, pepper.
fn read(text: &str) -> Findings {
    let mut parts = text.split('_');
    let short =
        |part: Option<&str>, max: usize| part.filter(|part| part.len() <= max).map(str::to_owned);
    let (prefix, env) = (short(parts.next(), PREFIX_MAX), short(parts.next(), ENV_MAX));
    let brand = prefix.as_deref().zip(env.as_deref());
    let brand = brand.and_then(|(prefix, env)| Brand::new(prefix, &[env]).ok());
    // SECURITY: prefix and env are shown only if they are such: otherwise they may be a piece of the body.
    let (prefix, env) = if brand.is_some() { (prefix, env) } else { (None, None) };
    let parsed = match &brand {
        Some(brand) => ApiKey::parse(text.as_bytes(), brand).map(|key| key.pepper().get()),
        None => Err(ParseKeyError::WrongBrand),
    };
    Findings {
        prefix,
        env,
        malformed: parsed.err(),
        pepper: parsed.ok(),
        accepted: None,
        genuine: None,
        found: None,
        notes: vec![],
    }
}

/// What configuration, peppers and store know.
fn ask(text: &str, site: &Site, findings: &mut Findings) {
    let key = match ApiKey::parse(text.as_bytes(), &site.config.keys.brand) {
        Ok(key) => key,
        Err(_) => {
            findings.accepted = findings.malformed.is_none().then_some(false);
            return;
        }
    };
    findings.accepted = Some(true);
    let peppers = match site.peppers() {
        Ok(peppers) => peppers,
        Err(failure) => return findings.notes.push(failure.message().to_owned()),
    };
    let genuine = peppers.prove(&key);
    findings.genuine = Some(genuine);
    let Ok(genuine) = genuine else { return };
    let asked = site.ledger_if_any().and_then(|ledger| match ledger {
        None => Ok(None),
        Some(mut ledger) => match ledger.key_of(genuine.lookup())? {
            None => Ok(Some(None)),
            Some(key) => Ok(Some(Some(Gates::of(site).judge(key, &mut ledger)?))),
        },
    });
    match asked {
        Ok(found) => findings.found = found,
        Err(failure) => findings.notes.push(failure.message().to_owned()),
    }
}

fn show(findings: &Findings, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let genuine = findings.genuine.and_then(Result::ok);
    let hex =
        genuine.map(|genuine| genuine.lookup().to_hex().map(char::from).iter().collect::<String>());
    let found = findings.found.as_ref().and_then(Option::as_ref);
    let lives = genuine.and_then(|genuine| found?.lives(genuine.lookup()));
    let refusal = refusal(findings);
    let document = json!({
        "prefix": findings.prefix,
        "env": findings.env,
        "well_formed": findings.malformed.is_none(),
        "malformed": findings.malformed.map(ParseKeyError::code),
        "version": findings.pepper.map(|_| 1),
        "pepper": findings.pepper,
        "accepted_here": findings.accepted,
        "genuine": findings.genuine.map(|genuine| genuine.is_ok()),
        "lookup": hex,
        "known": findings.found.as_ref().map(Option::is_some),
        "secret_lives": lives,
        "refusal": standing::document(refusal.as_ref()),
        "key": found.map_or(Value::Null, keys::document),
        "notes": findings.notes,
    });
    let mut lines = lines(findings, hex.as_deref(), lives);
    if refusal.is_some() || found.is_some() {
        lines.push(("at a gate", keys::verdict(refusal.as_ref())));
    }
    output.show(&document, |out| {
        facts(out, &lines)?;
        if let Some(standing) = found {
            writeln!(out)?;
            keys::lines(out, standing, &Details::default())?;
        }
        for note in &findings.notes {
            writeln!(out, "not looked at: {note}")?;
        }
        Ok(())
    })?;
    Ok(if refusal.is_none() { Exit::Done } else { Exit::Failed })
}

/// Why a gate refuses the key, as far as it was looked at.
fn refusal(findings: &Findings) -> Option<Refusal> {
    let invalid = |reason: &str| {
        let (denial, reason) = (Denial::KeyInvalid, reason.to_owned());
        Some(Refusal { denial, word: denial.code().to_owned(), reason })
    };
    if let Some(error) = findings.malformed {
        return invalid(explain(error));
    }
    match (findings.accepted, findings.genuine, &findings.found) {
        (Some(false), ..) => invalid("its prefix or env is not accepted here"),
        (_, Some(Err(_)), _) => {
            invalid("it is forged, or made under a pepper that is not here, such as a retired one")
        }
        (_, Some(Ok(_)), Some(None)) => invalid("the store has no such key"),
        (_, Some(Ok(genuine)), Some(Some(standing))) => standing.of(genuine.lookup()).cloned(),
        (..) => None,
    }
}

fn lines(
    findings: &Findings,
    lookup: Option<&str>,
    lives: Option<bool>,
) -> Vec<(&'static str, String)> {
    let mut lines = vec![];
    let mut add = |name, what: &str| lines.push((name, what.to_owned()));
    add("prefix", findings.prefix.as_deref().unwrap_or("not recognisable"));
    add("env", findings.env.as_deref().unwrap_or("not recognisable"));
    match findings.malformed {
        None => add("check", "right"),
        Some(error) => add("malformed", explain(error)),
    }
    if let Some(pepper) = findings.pepper {
        add("format", "version 1");
        add("pepper", &pepper.to_string());
    }
    match findings.accepted {
        Some(true) => add("here", "prefix and env are accepted"),
        Some(false) => add("here", "prefix or env is not accepted: keys.prefix, keys.envs"),
        None => {}
    }
    match findings.genuine {
        Some(Ok(_)) => add("genuine", "yes: one of our peppers made it"),
        Some(Err(_)) => add("genuine", "no: forged, or made under a pepper that is not here"),
        None => {}
    }
    if let Some(lookup) = lookup {
        add("lookup", lookup);
    }
    match &findings.found {
        Some(None) => add("known", "no: the store has no such key"),
        Some(Some(_)) if lives == Some(false) => {
            add("known", "yes, but this secret is good no more")
        }
        Some(Some(_)) => add("known", "yes"),
        None => {}
    }
    lines
}

const fn explain(error: ParseKeyError) -> &'static str {
    match error {
        ParseKeyError::WrongLength => {
            "its length is not that of a key: something is missing or added"
        }
        ParseKeyError::WrongAlphabet => "a symbol is none of 0-9 A-Z a-z",
        ParseKeyError::WrongBrand => "it does not begin with a prefix, an underscore and an env",
        ParseKeyError::OutOfRange => {
            "a group of symbols is beyond its range: a symbol was mistyped"
        }
        ParseKeyError::WrongCheck => "the check does not fit: a symbol was mistyped",
        ParseKeyError::UnsupportedVersion => "its format version is a newer one",
    }
}
