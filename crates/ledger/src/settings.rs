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

use crate::{LABEL_MAX, LimitSpec, QuotaSpec, Settings, rule};

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

pub(crate) const NUMBERS: &str =
    "must have burst, rate and period_ms of 1 to 4294967295, with burst × period_ms below 2^63";
pub(crate) const COUNT: &str = "must have a count of 1 to 4294967295";

impl Settings {
    /// Checks every field.
    ///
    /// # Errors
    ///
    /// The first field that is out of its bounds, in the order of the document.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.problems().into_iter().next().map_or(Ok(()), Err)
    }

    /// Every field that is out of its bounds, in the order of the document; of a list that is too long, that alone.
    #[must_use]
    pub fn problems(&self) -> Vec<SettingsError> {
        let mut found = vec![];
        found.extend(id("tenant", &self.tenant).err());
        found.extend(id("owner", &self.owner).err());
        found.extend(holds(Env::new(&self.env).is_ok(), "env", rule::ENV).err());
        if let Some(plan) = &self.plan {
            found.extend(id("plan", plan).err());
        }
        list(
            &mut found,
            "scopes",
            &self.scopes,
            (SCOPES_MAX, "must have at most 64 scopes"),
            |scope| Scope::new(scope).map(drop).map_err(|_| rule::SCOPE),
        );
        self.check_limits(&mut found);
        for (field, blocks) in
            [("ips_allowed", &self.ips_allowed), ("ips_denied", &self.ips_denied)]
        {
            list(&mut found, field, blocks, (BLOCKS_MAX, "must have at most 32 blocks"), |block| {
                Block::parse(block).map(drop).map_err(|_| rule::BLOCK)
            });
        }
        for (field, countries) in [
            ("countries_allowed", &self.countries_allowed),
            ("countries_denied", &self.countries_denied),
        ] {
            let max = (COUNTRIES_MAX, "must have at most 64 countries");
            list(&mut found, field, countries, max, |country| {
                Country::new(country.as_bytes()).map(drop).ok_or(rule::COUNTRY)
            });
        }
        self.check_instants(&mut found);
        found
    }

    fn check_limits(&self, found: &mut Vec<SettingsError>) {
        let limits = holds(self.limits.len() <= LIMITS_MAX, "limits", "must have at most 8 limits");
        let quotas = holds(self.quotas.len() <= QUOTAS_MAX, "quotas", "must have at most 4 quotas");
        if limits.is_err() || quotas.is_err() {
            found.extend(limits.err());
            found.extend(quotas.err());
            return;
        }
        let limits = self.limits.iter().enumerate().map(|(at, spec)| ("limits", at, &spec.name));
        let quotas = self.quotas.iter().enumerate().map(|(at, spec)| ("quotas", at, &spec.name));
        let mut names: Vec<&str> = vec![];
        for (list, at, name) in limits.chain(quotas) {
            let field = format!("{list}[{at}].name");
            let reserved = name.starts_with(RESERVED);
            let taken = names.contains(&name.as_str());
            let wrong = id(&field, name)
                .and_then(|()| holds(!reserved, &field, rule::LIMIT_NAME))
                .and_then(|()| {
                    let rule = "must be another than those of the other limits and quotas";
                    holds(!taken, &field, rule)
                });
            found.extend(wrong.err());
            names.push(name);
        }
        for (at, spec) in self.limits.iter().enumerate() {
            found.extend(
                holds(LimitSpec::numbers(spec).is_ok(), &format!("limits[{at}]"), NUMBERS).err(),
            );
        }
        for (at, spec) in self.quotas.iter().enumerate() {
            let field = format!("quotas[{at}].scope");
            let counted = spec.scope != LimitScope::Ip;
            let rule = "must be key, owner, tenant or global: no quota is an address's";
            found.extend(holds(counted, &field, rule).err());
            let within = QuotaSpec::numbers(spec).is_ok();
            found.extend(holds(within, &format!("quotas[{at}]"), COUNT).err());
        }
    }

    fn check_instants(&self, found: &mut Vec<SettingsError>) {
        for (field, instant) in [("not_before", self.not_before), ("expires", self.expires)] {
            let within = instant.is_none_or(|instant| (1..=INTEGER_MAX).contains(&instant));
            found.extend(holds(within, field, rule::INSTANT).err());
        }
        let ordered = match (self.not_before, self.expires) {
            (Some(not_before), Some(expires)) => not_before < expires,
            (_, _) => true,
        };
        found.extend(holds(ordered, "expires", "must be later than not_before").err());
    }
}

/// Checks what people call a key.
///
/// # Errors
///
/// When it is blank, too long, or has a control character.
pub fn check_name(name: &str) -> Result<(), SettingsError> {
    let shown = !name.is_empty() && name.len() <= LABEL_MAX && !name.contains(char::is_control);
    holds(shown, "name", rule::NAME)
}

pub(crate) fn id(field: &str, text: &str) -> Result<(), SettingsError> {
    holds(Id::new(text).is_ok(), field, rule::ID)
}

pub(crate) fn holds(holds: bool, field: &str, rule: &'static str) -> Result<(), SettingsError> {
    if holds { Ok(()) } else { Err(SettingsError::new(field, rule)) }
}

/// Checks a list of at most so many, no two alike.
fn list(
    found: &mut Vec<SettingsError>,
    field: &str,
    texts: &[String],
    (max, too_many): (usize, &'static str),
    check: impl Fn(&str) -> Result<(), &'static str>,
) {
    if texts.len() > max {
        found.push(SettingsError::new(field, too_many));
        return;
    }
    for (at, text) in texts.iter().enumerate() {
        let here = || format!("{field}[{at}]");
        let first = texts.iter().position(|other| other == text) == Some(at);
        if let Err(rule) = check(text) {
            found.push(SettingsError::new(here(), rule));
        } else if !first {
            found.push(SettingsError::new(here(), "must not repeat an earlier one"));
        }
    }
}
