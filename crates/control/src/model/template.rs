//! Templates: what keys have that are made by them, and what they may not become.

use serde::{Deserialize, Serialize};

use super::{
    document::{Body, Document},
    key::{Given, KeyPut},
    shape::Shape,
    tables,
};
use crate::problem::{Fault, Finding, Findings, Pointer};

/// The longest part of a name in a naming rule, in bytes.
pub const NAME_PART_MAX: usize = 64;

const FIXED: &str = "is given by the template";

/// What new keys have, and what none may have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Template {
    /// Its name within the tenant.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What a new key has where its maker says nothing.
    pub defaults: Defaults,
    /// What a key must be called.
    pub naming: Option<Naming>,
    /// The longest life of a key.
    pub lifetime_max_ms: Option<u64>,
    /// How old a secret may be before another should take its place.
    pub rotation_ms: Option<u64>,
    /// Which of [`OVERRIDABLE`](tables::OVERRIDABLE) a caller may say other than the defaults.
    pub overridable: Vec<String>,
}

/// What a new key has where its maker says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Defaults {
    /// What it may do.
    #[serde(flatten)]
    pub given: Given,
    /// When it ends, counted from when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifetime_ms: Option<u64>,
}

/// What a key must be called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Naming {
    /// What its name must begin with.
    pub prefix: Option<String>,
    /// What its name must end with.
    pub suffix: Option<String>,
    /// Whether its name may have no characters but `a-z 0-9 _ . -`.
    pub plain: bool,
}

impl Body for Template {
    const SHAPE: &'static Shape = &tables::NEW_TEMPLATE;

    fn together(&self, findings: &mut Findings) {
        for mut finding in self.defaults.given.problems() {
            finding.inside("defaults");
            findings.push(finding);
        }
        let (life, most) = (self.defaults.lifetime_ms, self.lifetime_max_ms);
        if life.zip(most).is_some_and(|(life, most)| life > most) {
            let mut at = Pointer::root();
            at.push("defaults");
            at.push("lifetime_ms");
            findings.add(&at, Fault::Conflict, "must not be longer than lifetime_max_ms");
        }
        let Some(Naming { prefix, suffix, plain: true }) = &self.naming else { return };
        for (part, text) in [("prefix", prefix), ("suffix", suffix)] {
            if text.as_ref().is_some_and(|text| !text.chars().all(plain)) {
                let mut at = Pointer::root();
                at.push("naming");
                at.push(part);
                findings.add(&at, Fault::Conflict, PLAIN);
            }
        }
    }
}

impl Document for Template {
    const PUT: &'static Shape = &tables::TEMPLATE_PUT;
    const PATCH: &'static Shape = &tables::TEMPLATE_PATCH;
    const NAME: Option<&'static str> = Some("name");
}

const PLAIN: &str = "must have no characters but a-z 0-9 _ . -, as the name is plain";

const fn plain(symbol: char) -> bool {
    matches!(symbol, 'a'..='z' | '0'..='9' | '_' | '.' | '-')
}

impl Naming {
    /// What is wrong with a name, if anything is.
    fn wrong(&self, name: Option<&str>) -> Option<(Fault, String)> {
        let Some(name) = name else {
            return Some((
                Fault::Required,
                "must be given, as the template has a naming rule".into(),
            ));
        };
        let (prefix, suffix) = (
            self.prefix.as_deref().unwrap_or_default(),
            self.suffix.as_deref().unwrap_or_default(),
        );
        // What a name begins with is not what it ends with as well.
        let within = name.strip_prefix(prefix).is_some_and(|rest| rest.ends_with(suffix));
        if !within {
            let rule = format!("must begin with {prefix:?} and end with {suffix:?}");
            return Some((Fault::NotAllowed, rule));
        }
        let wrong = self.plain && !name.chars().all(plain);
        wrong.then(|| (Fault::NotAllowed, "must have no characters but a-z 0-9 _ . -".into()))
    }
}

impl Template {
    /// Adds what is wrong with the name of a key of this template.
    pub(super) fn check_name(&self, name: Option<&str>, findings: &mut Findings) {
        let wrong = self.naming.as_ref().and_then(|naming| naming.wrong(name));
        if let Some((fault, rule)) = wrong {
            findings.push(Finding::at("name", fault, rule));
        }
    }

    /// Adds what a maker says in the place of what the template gives.
    pub(super) fn check_given(&self, given: &Given, expires: Option<u64>, findings: &mut Findings) {
        let defaults = self.defaults.given.fields();
        for (field, value) in given.fields() {
            let default = defaults.get(&field);
            if default.is_some_and(|default| *default != value) && self.fixes(&field) {
                findings.push(Finding::at(&field, Fault::NotAllowed, FIXED));
            }
        }
        if expires.is_some() && self.defaults.lifetime_ms.is_some() && self.fixes("expires") {
            findings.push(Finding::at("expires", Fault::NotAllowed, FIXED));
        }
    }

    /// When a key ends that was made at `created_ms`: brought forward if its life would be too long.
    pub(super) fn end(&self, created_ms: u64, expires: Option<u64>) -> Option<u64> {
        let latest = self.lifetime_max_ms.map(|most| created_ms.saturating_add(most));
        match (expires, latest) {
            (Some(expires), Some(latest)) => Some(expires.min(latest)),
            (expires, latest) => expires.or(latest),
        }
    }

    /// Keeps a key that was made by this template within it: adds what `after` may not say, and brings its end forward
    /// if it was put off too far. What stays as it was is not looked at.
    pub(super) fn keep(
        &self,
        before: &KeyPut,
        after: &mut KeyPut,
        created_ms: u64,
        findings: &mut Findings,
    ) {
        if after.name != before.name {
            self.check_name(after.name.as_deref(), findings);
        }
        if after.expires != before.expires {
            if self.defaults.lifetime_ms.is_some() && self.fixes("expires") {
                findings.push(Finding::at("expires", Fault::NotAllowed, FIXED));
            }
            after.expires = self.end(created_ms, after.expires);
        }
        let fields = |put: &KeyPut| serde_json::to_value(put).unwrap_or_default();
        let (was, is) = (fields(before), fields(after));
        for (field, default) in self.defaults.given.fields() {
            let other = is.get(&field) != was.get(&field) && is.get(&field) != Some(&default);
            if other && self.fixes(&field) {
                findings.push(Finding::at(&field, Fault::NotAllowed, FIXED));
            }
        }
    }

    /// Whether what the template gives for a field is the last word.
    fn fixes(&self, field: &str) -> bool {
        !self.overridable.iter().any(|free| free == field)
    }
}
