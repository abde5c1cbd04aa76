//! What a key may do, as it is given on a command line or as JSON.

use std::{
    fs::File,
    io::{self, Read},
};

use clap::{Args, ValueEnum};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tollgate_core::time::UnixMillis;
use tollgate_ledger::{LimitSpec, QuotaSpec, Settings};

use super::Failure;
use crate::written::{self, Instant};

/// The longest JSON of settings, in bytes.
const JSON_BYTES_MAX: u64 = 64 * 1024;

/// What a key may do. A list that is given replaces the whole list.
#[derive(Args, Clone, Debug)]
pub(super) struct Rights {
    /// What the customer pays for; the origin is told
    #[arg(long, value_name = "PLAN")]
    plan: Option<String>,
    /// What the key may do, such as orders:read; repeat it for more, none given grants nothing
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// How fast: burst:key=100,50/1s holds 100 tokens and gains 50 every second; repeat it for more
    ///
    /// NAME:SCOPE=BURST,RATE/PERIOD. SCOPE says whose requests count together: key, owner, tenant, ip or global. PERIOD is such as 250ms, 1s, 5m, 12h, 30d.
    #[arg(long = "limit", value_name = "LIMIT", value_parser = written::limit)]
    limits: Vec<LimitSpec>,
    /// Without any limit: this is said, never assumed
    #[arg(long, conflicts_with = "limits")]
    unlimited: bool,
    /// How often: monthly:key=10000/month; repeat it for more
    ///
    /// NAME:SCOPE=COUNT/day|month|total. SCOPE is key, owner, tenant or global. Days and months are those of UTC.
    #[arg(long = "quota", value_name = "QUOTA", value_parser = written::quota)]
    quotas: Vec<QuotaSpec>,
    /// From where: a block such as 192.0.2.0/24 or 2001:db8::/32; repeat it for more
    #[arg(long = "allow-ip", value_name = "BLOCK")]
    ips_allowed: Vec<String>,
    /// From where not
    #[arg(long = "deny-ip", value_name = "BLOCK")]
    ips_denied: Vec<String>,
    /// From which country, such as NZ; repeat it for more
    #[arg(long = "allow-country", value_name = "CODE")]
    countries_allowed: Vec<String>,
    /// From which country not
    #[arg(long = "deny-country", value_name = "CODE")]
    countries_denied: Vec<String>,
    /// From when on: 2027-01-31, 2027-01-31T12:00:00Z or +30d
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse)]
    not_before: Option<Instant>,
    /// Until when, written likewise
    #[arg(long, value_name = "INSTANT", value_parser = Instant::parse)]
    expires: Option<Instant>,
}

/// What can be emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Clear {
    Plan,
    Scopes,
    Quotas,
    AllowIp,
    DenyIp,
    AllowCountry,
    DenyCountry,
    NotBefore,
    Expires,
    Name,
    Description,
    Roles,
}

impl Rights {
    /// Whether anything was said about limits.
    pub(super) fn says_limits(&self) -> bool {
        self.unlimited || !self.limits.is_empty()
    }

    /// What is given, as a body of the management API has it.
    pub(super) fn body(&self, now: UnixMillis) -> Map<String, Value> {
        let mut body = Map::new();
        let mut put = |name: &str, given: Option<Value>| {
            if let Some(given) = given {
                body.insert(name.to_owned(), given);
            }
        };
        let list = |given: &[String]| (!given.is_empty()).then(|| json!(given));
        put("plan", self.plan.clone().map(Value::from));
        put("scopes", list(&self.scopes));
        put("ips_allowed", list(&self.ips_allowed));
        put("ips_denied", list(&self.ips_denied));
        put("countries_allowed", list(&self.countries_allowed));
        put("countries_denied", list(&self.countries_denied));
        let limits = self.limits.iter().map(|spec| {
            let LimitSpec { name, scope, burst, rate, period_ms, .. } = spec;
            json!({ "name": name, "scope": scope.as_str(), "burst": burst, "rate": rate, "period_ms": period_ms })
        });
        put("limits", self.says_limits().then(|| limits.collect()));
        let quotas = self.quotas.iter().map(|spec| {
            let QuotaSpec { name, scope, count, period, .. } = spec;
            json!({ "name": name, "scope": scope.as_str(), "count": count, "period": period.as_str() })
        });
        put("quotas", (!self.quotas.is_empty()).then(|| quotas.collect()));
        let instant = |given: Option<Instant>| given.map(|instant| instant.from(now).0.into());
        put("not_before", instant(self.not_before));
        put("expires", instant(self.expires));
        body
    }

    /// Puts what is given in the place of what `settings` has.
    pub(super) fn lay_over(self, settings: &mut Settings, now: UnixMillis) {
        let list = |given: Vec<String>, has: &mut Vec<String>| {
            if !given.is_empty() {
                *has = given;
            }
        };
        list(self.scopes, &mut settings.scopes);
        list(self.ips_allowed, &mut settings.ips_allowed);
        list(self.ips_denied, &mut settings.ips_denied);
        list(self.countries_allowed, &mut settings.countries_allowed);
        list(self.countries_denied, &mut settings.countries_denied);
        if self.unlimited || !self.limits.is_empty() {
            settings.limits = self.limits;
        }
        if !self.quotas.is_empty() {
            settings.quotas = self.quotas;
        }
        settings.plan = self.plan.or_else(|| settings.plan.take());
        let instant = |given: Option<Instant>| given.map(|instant| instant.from(now).0);
        settings.not_before = instant(self.not_before).or(settings.not_before);
        settings.expires = instant(self.expires).or(settings.expires);
    }
}

impl Clear {
    /// Empties what is named.
    pub(super) fn apply(self, settings: &mut Settings) {
        match self {
            Self::Plan => settings.plan = None,
            Self::Scopes => settings.scopes.clear(),
            Self::Quotas => settings.quotas.clear(),
            Self::AllowIp => settings.ips_allowed.clear(),
            Self::DenyIp => settings.ips_denied.clear(),
            Self::AllowCountry => settings.countries_allowed.clear(),
            Self::DenyCountry => settings.countries_denied.clear(),
            Self::NotBefore => settings.not_before = None,
            Self::Expires => settings.expires = None,
            // No settings: only the management API is asked for these.
            Self::Name | Self::Description | Self::Roles => {}
        }
    }

    /// Whether only the management API keeps it.
    pub(super) const fn is_a_detail(self) -> bool {
        matches!(self, Self::Name | Self::Description | Self::Roles)
    }

    /// What empties it in a patch.
    pub(super) fn as_a_patch(self) -> (&'static str, Value) {
        match self {
            Self::Plan => ("plan", Value::Null),
            Self::Scopes => ("scopes", json!([])),
            Self::Quotas => ("quotas", json!([])),
            Self::AllowIp => ("ips_allowed", json!([])),
            Self::DenyIp => ("ips_denied", json!([])),
            Self::AllowCountry => ("countries_allowed", json!([])),
            Self::DenyCountry => ("countries_denied", json!([])),
            Self::NotBefore => ("not_before", Value::Null),
            Self::Expires => ("expires", Value::Null),
            Self::Name => ("name", Value::Null),
            Self::Description => ("description", Value::Null),
            Self::Roles => ("roles", json!([])),
        }
    }
}

/// Reads the JSON of settings from a file, or from standard input if it is called `-`.
pub(super) fn read(name: &str) -> Result<Settings, Failure> {
    read_as(name)
}

/// The same, of what the management API takes: it says itself what is wrong with it.
pub(super) fn read_json(name: &str) -> Result<Value, Failure> {
    read_as(name)
}

fn read_as<T: DeserializeOwned>(name: &str) -> Result<T, Failure> {
    let mut text = String::new();
    let bounded = JSON_BYTES_MAX.saturating_add(1);
    let read = match name {
        "-" => io::stdin().lock().take(bounded).read_to_string(&mut text),
        path => File::open(path).and_then(|file| file.take(bounded).read_to_string(&mut text)),
    };
    let from = if name == "-" { "standard input" } else { name };
    let read =
        read.map_err(|error| Failure::usage("settings_unreadable", format!("{from}: {error}")))?;
    if u64::try_from(read).unwrap_or(u64::MAX) > JSON_BYTES_MAX {
        let message = format!("{from}: settings have at most {JSON_BYTES_MAX} bytes");
        return Err(Failure::usage("settings_invalid", message));
    }
    serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = error.to_string();
        // SECURITY: these quote what was read, which may be a key that was put here by mistake.
        let quotes = what.starts_with("invalid type") || what.starts_with("invalid value");
        let what = if quotes {
            "a value of another type is needed"
        } else {
            what.split(" at line").next().unwrap_or("")
        };
        Failure::usage("settings_invalid", format!("{from}:{line}:{column}: {what}"))
    })
}
