//! What is said of a key: with a template or without, and from then on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeSeq};
use serde_json::{Map, Value};
use tollgate_core::{stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Key, LimitSpec, QuotaSpec, Settings};

use super::{
    details::Details,
    document::{Body, Document, Patch},
    role::{Role, granted},
    shape::Shape,
    tables,
    template::Template,
};
use crate::problem::{Code, Finding, Findings, Problem};

/// What a key may do, each field given or not: what a maker says, and what a template has where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Given {
    /// The environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// What the customer pays for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// What the key may do, beside what its roles grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// The roles whose scopes it has as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// How fast it may do it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some_limits")]
    pub limits: Option<Vec<LimitSpec>>,
    /// How often it may do it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "some_quotas")]
    pub quotas: Option<Vec<QuotaSpec>>,
    /// Blocks of addresses that it may be used from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ips_allowed: Option<Vec<String>>,
    /// Blocks of addresses that it may not be used from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ips_denied: Option<Vec<String>>,
    /// Countries that it may be used from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub countries_allowed: Option<Vec<String>>,
    /// Countries that it may not be used from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub countries_denied: Option<Vec<String>>,
    /// Names and texts of the caller's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<BTreeMap<String, String>>,
    /// Names and words that keys are found by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
}

impl Given {
    /// The same, with what `other` gives where this gives nothing.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        Self {
            env: self.env.or_else(|| other.env.clone()),
            plan: self.plan.or_else(|| other.plan.clone()),
            scopes: self.scopes.or_else(|| other.scopes.clone()),
            roles: self.roles.or_else(|| other.roles.clone()),
            limits: self.limits.or_else(|| other.limits.clone()),
            quotas: self.quotas.or_else(|| other.quotas.clone()),
            ips_allowed: self.ips_allowed.or_else(|| other.ips_allowed.clone()),
            ips_denied: self.ips_denied.or_else(|| other.ips_denied.clone()),
            countries_allowed: self.countries_allowed.or_else(|| other.countries_allowed.clone()),
            countries_denied: self.countries_denied.or_else(|| other.countries_denied.clone()),
            metadata: self.metadata.or_else(|| other.metadata.clone()),
            labels: self.labels.or_else(|| other.labels.clone()),
        }
    }

    /// What is given, by the names of the fields.
    #[must_use]
    pub fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) | Err(_) => Map::new(),
        }
    }

    /// What is wrong with it together, by the ledger's rules.
    pub(super) fn problems(&self) -> Vec<Finding> {
        self.clone().put(String::from("a")).problems()
    }

    /// What the key says of itself then.
    pub(super) fn put(self, owner: String) -> KeyPut {
        KeyPut {
            owner,
            name: None,
            description: None,
            plan: self.plan,
            scopes: self.scopes.unwrap_or_default(),
            roles: self.roles.unwrap_or_default(),
            limits: self.limits.unwrap_or_default(),
            quotas: self.quotas.unwrap_or_default(),
            ips_allowed: self.ips_allowed.unwrap_or_default(),
            ips_denied: self.ips_denied.unwrap_or_default(),
            countries_allowed: self.countries_allowed.unwrap_or_default(),
            countries_denied: self.countries_denied.unwrap_or_default(),
            metadata: self.metadata.unwrap_or_default(),
            labels: self.labels.unwrap_or_default(),
            not_before: None,
            expires: None,
        }
    }
}

/// All that a caller can say of a key that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPut {
    /// Who the key acts for.
    pub owner: String,
    /// What people call it.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What the customer pays for.
    pub plan: Option<String>,
    /// What it may do, beside what its roles grant.
    pub scopes: Vec<String>,
    /// The roles whose scopes it has as well.
    #[serde(default)]
    pub roles: Vec<String>,
    /// How fast it may do it.
    #[serde(serialize_with = "limits")]
    pub limits: Vec<LimitSpec>,
    /// How often it may do it.
    #[serde(default, serialize_with = "quotas")]
    pub quotas: Vec<QuotaSpec>,
    /// Blocks of addresses that it may be used from.
    #[serde(default)]
    pub ips_allowed: Vec<String>,
    /// Blocks of addresses that it may not be used from.
    #[serde(default)]
    pub ips_denied: Vec<String>,
    /// Countries that it may be used from.
    #[serde(default)]
    pub countries_allowed: Vec<String>,
    /// Countries that it may not be used from.
    #[serde(default)]
    pub countries_denied: Vec<String>,
    /// Names and texts of the caller's own.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// Names and words that keys are found by.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The first instant at which it is valid.
    pub not_before: Option<u64>,
    /// The first instant at which it is valid no more.
    pub expires: Option<u64>,
}

/// A merge patch of [`KeyPut`].
pub type KeyPatch = Patch<KeyPut>;

impl Body for KeyPut {
    const SHAPE: &'static Shape = &tables::KEY_PUT;

    fn together(&self, findings: &mut Findings) {
        findings.extend(self.problems());
    }
}

impl Document for KeyPut {
    const PUT: &'static Shape = &tables::KEY_PUT;
    const PATCH: &'static Shape = &tables::KEY_PATCH;
    const NAME: Option<&'static str> = None;
}

/// What a key is after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// What people call it.
    pub name: Option<String>,
    /// What it may do.
    pub settings: Settings,
    /// What is kept beside the ledger.
    pub details: Details,
}

impl KeyPut {
    /// What a key says of itself now.
    #[must_use]
    pub fn of(key: &Key, details: &Details) -> Self {
        let settings = key.settings.clone();
        let limits = settings.limits.into_iter();
        let quotas = settings.quotas.into_iter();
        Self {
            owner: settings.owner,
            name: key.name.clone(),
            description: details.description.clone(),
            plan: settings.plan,
            scopes: details.scopes.clone(),
            roles: details.roles.clone(),
            limits: limits.map(|spec| LimitSpec { changed: Stamp::default(), ..spec }).collect(),
            quotas: quotas.map(|spec| QuotaSpec { changed: Stamp::default(), ..spec }).collect(),
            ips_allowed: settings.ips_allowed,
            ips_denied: settings.ips_denied,
            countries_allowed: settings.countries_allowed,
            countries_denied: settings.countries_denied,
            metadata: details.metadata.clone(),
            labels: details.labels.clone(),
            not_before: settings.not_before,
            expires: settings.expires,
        }
    }

    /// What `key` is once it says this of itself, by the template that it was made by and the roles of its tenant.
    ///
    /// What says nothing new changes nothing.
    ///
    /// # Errors
    ///
    /// When the template forbids it, a role is unknown, or the ledger's rules do.
    pub fn changed(
        mut self,
        key: &Key,
        details: &Details,
        template: Option<&Template>,
        roles: &[Role],
        now: UnixMillis,
    ) -> Result<Changed, Problem> {
        let before = Self::of(key, details);
        let mut findings = Findings::new();
        if let Some(template) = template {
            template.keep(&before, &mut self, key.created_ms, &mut findings);
        }
        if self == before {
            let (name, settings) = (key.name.clone(), key.settings.clone());
            return Ok(Changed { name, settings, details: details.clone() });
        }
        let kept = self.scopes == before.scopes && self.roles == before.roles;
        let scopes = if kept {
            Ok(key.settings.scopes.clone())
        } else {
            granted(&self.scopes, &self.roles, roles)
        };
        let scopes = scopes.unwrap_or_else(|wrong| {
            findings.extend(wrong);
            vec![]
        });
        let Settings { tenant, env, .. } = &key.settings;
        let (settings, said) = self.split(tenant.clone(), env.clone(), scopes);
        findings.extend(settings.problems().iter().map(Finding::from));
        if !findings.is_empty() {
            return Err(Problem::found(Code::BodyInvalid, findings));
        }
        let name = said.name;
        let details = Details { updated_ms: now.0, ..said.details.over(details) };
        Ok(Changed { name, settings, details })
    }

    /// The part of it that is the ledger's, and the part that is kept beside it.
    pub(super) fn split(
        self,
        tenant: String,
        env: String,
        scopes: Vec<String>,
    ) -> (Settings, Beside) {
        let settings = Settings {
            tenant,
            owner: self.owner,
            env,
            plan: self.plan,
            scopes,
            limits: self.limits,
            quotas: self.quotas,
            ips_allowed: self.ips_allowed,
            ips_denied: self.ips_denied,
            countries_allowed: self.countries_allowed,
            countries_denied: self.countries_denied,
            not_before: self.not_before,
            expires: self.expires,
        };
        let details = Details {
            description: self.description,
            metadata: self.metadata,
            labels: self.labels,
            scopes: self.scopes,
            roles: self.roles,
            ..Details::default()
        };
        (settings, Beside { name: self.name, details })
    }

    /// What is wrong with it together, by the ledger's rules.
    pub(super) fn problems(&self) -> Vec<Finding> {
        let scopes = self.scopes.clone();
        // What a tenant and an env must be is asked where they come from.
        let (settings, _) = self.clone().split(String::from("a"), String::from("a"), scopes);
        settings.problems().iter().map(Finding::from).collect()
    }
}

/// What a caller says of a key beside what the ledger keeps.
pub(super) struct Beside {
    pub(super) name: Option<String>,
    pub(super) details: Details,
}

/// A limit as callers see it: without when it changed.
#[derive(Serialize)]
struct Limit<'a> {
    name: &'a str,
    scope: &'static str,
    burst: u64,
    rate: u64,
    period_ms: u64,
}

#[derive(Serialize)]
struct Quota<'a> {
    name: &'a str,
    scope: &'static str,
    count: u64,
    period: &'static str,
}

pub(super) fn limits<S: Serializer>(specs: &[LimitSpec], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(specs.len()))?;
    for LimitSpec { name, scope, burst, rate, period_ms, .. } in specs {
        let (scope, burst, rate, period_ms) = (scope.as_str(), *burst, *rate, *period_ms);
        list.serialize_element(&Limit { name, scope, burst, rate, period_ms })?;
    }
    list.end()
}

pub(super) fn quotas<S: Serializer>(specs: &[QuotaSpec], to: S) -> Result<S::Ok, S::Error> {
    let mut list = to.serialize_seq(Some(specs.len()))?;
    for QuotaSpec { name, scope, count, period, .. } in specs {
        let (scope, count, period) = (scope.as_str(), *count, period.as_str());
        list.serialize_element(&Quota { name, scope, count, period })?;
    }
    list.end()
}

fn some_limits<S: Serializer>(specs: &Option<Vec<LimitSpec>>, to: S) -> Result<S::Ok, S::Error> {
    limits(specs.as_deref().unwrap_or_default(), to)
}

fn some_quotas<S: Serializer>(specs: &Option<Vec<QuotaSpec>>, to: S) -> Result<S::Ok, S::Error> {
    quotas(specs.as_deref().unwrap_or_default(), to)
}
