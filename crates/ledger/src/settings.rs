//! The bounds of settings: those of the record that they compile to, said field by field.

use core::fmt;
use std::borrow::Cow;

use tollgate_core::{
    id::Id,
    json::INTEGER_MAX,
    key::Env,
    limit::LimitScope,
    network::{BLOCKS_MAX, Block, COUNTRIES_MAX, Country},
    record::{LIMITS_MAX, QUOTAS_MAX},
    scope::{SCOPES_MAX, Scope},
};

use crate::{LimitSpec, QuotaSpec, Settings};

/// How the names begin that are kept for limits which are not the key's own.
pub const RESERVED: char = '@';

/// A field is out of its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    field: String,
    rule: Cow<'static, str>,
}

impl SettingsError {
    pub(crate) fn new(field: impl Into<String>, rule: impl Into<Cow<'static, str>>) -> Self {
        Self { field: field.into(), rule: rule.into() }
    }

    /// Which field, as `limits[1].rate`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What it must be.
    #[must_use]
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.rule)
    }
}

impl std::error::Error for SettingsError {}

const ID: &str = "must be 1 to 64 of A-Z a-z 0-9 . _ + - @, with at most one @";
pub(crate) const NUMBERS: &str =
    "must have burst, rate and period_ms of 1 to 4294967295, with burst × period_ms below 2^63";
pub(crate) const COUNT: &str = "must have a count of 1 to 4294967295";
const INSTANT: &str = "must be milliseconds since 1970, 1 to 2^53";

impl Settings {
    /// Checks every field.
    ///
    /// # Errors
    ///
    /// The first field that is out of its bounds, in the order of the document.
    pub fn check(&self) -> Result<(), SettingsError> {
        id("tenant", &self.tenant)?;
        id("owner", &self.owner)?;
        holds(Env::new(&self.env).is_ok(), "env", "must be 1 to 8 of a-z 0-9")?;
        if let Some(plan) = &self.plan {
            id("plan", plan)?;
        }
        list("scopes", &self.scopes, SCOPES_MAX, "must have at most 64 scopes", |scope| {
            let rule = "must be resource:action, each * or 1 to 32 of a-z 0-9 _ . -";
            Scope::new(scope).map(drop).map_err(|_| rule)
        })?;
        self.check_limits()?;
        for (field, blocks) in
            [("ips_allowed", &self.ips_allowed), ("ips_denied", &self.ips_denied)]
        {
            list(field, blocks, BLOCKS_MAX, "must have at most 32 blocks", |block| {
                let rule =
                    "must be a block such as 192.0.2.0/24 or 2001:db8::/32 in canonical form";
                Block::parse(block).map(drop).map_err(|_| rule)
            })?;
        }
        for (field, countries) in [
            ("countries_allowed", &self.countries_allowed),
            ("countries_denied", &self.countries_denied),
        ] {
            list(field, countries, COUNTRIES_MAX, "must have at most 64 countries", |country| {
                let rule = "must be a code of two characters such as NZ, and never XX";
                Country::new(country.as_bytes()).map(drop).ok_or(rule)
            })?;
        }
        self.check_instants()
    }

    fn check_limits(&self) -> Result<(), SettingsError> {
        holds(self.limits.len() <= LIMITS_MAX, "limits", "must have at most 8 limits")?;
        holds(self.quotas.len() <= QUOTAS_MAX, "quotas", "must have at most 4 quotas")?;
        let limits = self.limits.iter().enumerate().map(|(at, spec)| ("limits", at, &spec.name));
        let quotas = self.quotas.iter().enumerate().map(|(at, spec)| ("quotas", at, &spec.name));
        let mut names: Vec<&str> = vec![];
        for (list, at, name) in limits.chain(quotas) {
            let field = format!("{list}[{at}].name");
            id(&field, name)?;
            let reserved = name.starts_with(RESERVED);
            holds(!reserved, &field, "must not start with @: such names are kept for routes")?;
            let taken = names.contains(&name.as_str());
            holds(!taken, &field, "must be another than those of the other limits and quotas")?;
            names.push(name);
        }
        for (at, spec) in self.limits.iter().enumerate() {
            holds(LimitSpec::numbers(spec).is_ok(), &format!("limits[{at}]"), NUMBERS)?;
        }
        for (at, spec) in self.quotas.iter().enumerate() {
            let field = format!("quotas[{at}].scope");
            let counted = spec.scope != LimitScope::Ip;
            holds(
                counted,
                &field,
                "must be key, owner, tenant or global: no quota is an address's",
            )?;
            holds(QuotaSpec::numbers(spec).is_ok(), &format!("quotas[{at}]"), COUNT)?;
        }
        Ok(())
    }

    fn check_instants(&self) -> Result<(), SettingsError> {
        for (field, instant) in [("not_before", self.not_before), ("expires", self.expires)] {
            let within = instant.is_none_or(|instant| (1..=INTEGER_MAX).contains(&instant));
            holds(within, field, INSTANT)?;
        }
        let ordered = match (self.not_before, self.expires) {
            (Some(not_before), Some(expires)) => not_before < expires,
            (_, _) => true,
        };
        holds(ordered, "expires", "must be later than not_before")
    }
}

pub(crate) fn id(field: &str, text: &str) -> Result<(), SettingsError> {
    holds(Id::new(text).is_ok(), field, ID)
}

pub(crate) fn holds(holds: bool, field: &str, rule: &'static str) -> Result<(), SettingsError> {
    if holds { Ok(()) } else { Err(SettingsError::new(field, rule)) }
}

/// Checks a list of at most `max`, no two alike.
fn list(
    field: &str,
    texts: &[String],
    max: usize,
    too_many: &'static str,
    check: impl Fn(&str) -> Result<(), &'static str>,
) -> Result<(), SettingsError> {
    holds(texts.len() <= max, field, too_many)?;
    for (at, text) in texts.iter().enumerate() {
        let here = || format!("{field}[{at}]");
        check(text).map_err(|rule| SettingsError::new(here(), rule))?;
        let first = texts.iter().position(|other| other == text) == Some(at);
        holds(first, &here(), "must not repeat an earlier one")?;
    }
    Ok(())
}
