//! Keys as the ledger keeps them.

use serde::{Deserialize, Serialize};
use tollgate_core::{
    limit::{LimitScope, Numbers, NumbersError, Period},
    lookup::LookupId,
    pepper::PepperId,
    stamp::Stamp,
    time::UnixMillis,
};

use crate::words;

/// The longest name for people, in bytes.
pub const LABEL_MAX: usize = 128;

/// What a key may do: everything about it but its secrets and its state.
///
/// Nothing here has been checked: [`Settings::check`] does that, and [`apply`](crate::apply) calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The tenant that everything about the key belongs to; it never changes.
    pub tenant: String,
    /// Who the key acts for.
    pub owner: String,
    /// The environment that the key is for; it never changes, because the key itself names it.
    pub env: String,
    /// What the customer pays for: carried to the origin, never judged.
    #[serde(default)]
    pub plan: Option<String>,
    /// What the key may do; empty grants nothing.
    pub scopes: Vec<String>,
    /// How fast it may do it; empty means unlimited, which is said and never assumed.
    pub limits: Vec<LimitSpec>,
    /// How often it may do it; empty means without a quota.
    #[serde(default)]
    pub quotas: Vec<QuotaSpec>,
    /// Blocks of addresses that it may be used from; empty means anywhere that is not denied.
    #[serde(default)]
    pub ips_allowed: Vec<String>,
    /// Blocks of addresses that it may not be used from.
    #[serde(default)]
    pub ips_denied: Vec<String>,
    /// Countries that it may be used from; empty means any that is not denied.
    #[serde(default)]
    pub countries_allowed: Vec<String>,
    /// Countries that it may not be used from.
    #[serde(default)]
    pub countries_denied: Vec<String>,
    /// The first instant at which the key is valid, in milliseconds since the Unix epoch.
    #[serde(default)]
    pub not_before: Option<u64>,
    /// The first instant at which it is valid no more, in milliseconds since the Unix epoch.
    #[serde(default)]
    pub expires: Option<u64>,
}

impl Settings {
    /// Of a key that may do nothing yet, as often as it likes and from anywhere.
    pub fn of(tenant: impl Into<String>, owner: impl Into<String>, env: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            owner: owner.into(),
            env: env.into(),
            plan: None,
            scopes: vec![],
            limits: vec![],
            quotas: vec![],
            ips_allowed: vec![],
            ips_denied: vec![],
            countries_allowed: vec![],
            countries_denied: vec![],
            not_before: None,
            expires: None,
        }
    }
}

/// One limit: `burst` tokens, `rate` more every `period_ms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSpec {
    /// Its name, unique among the limits and quotas of the key.
    pub name: String,
    /// Whose requests it counts together.
    #[serde(with = "words::scope")]
    pub scope: LimitScope,
    /// The tokens of a full bucket.
    pub burst: u64,
    /// Tokens per period.
    pub rate: u64,
    /// The period's length.
    pub period_ms: u64,
    /// When these numbers last changed: whatever is given, [`apply`](crate::apply) sets it.
    #[serde(default, with = "words::stamp")]
    pub changed: Stamp,
}

/// One quota: `count` tokens in each period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaSpec {
    /// Its name, unique among the limits and quotas of the key.
    pub name: String,
    /// Whose requests it counts together; never those of an address.
    #[serde(with = "words::scope")]
    pub scope: LimitScope,
    /// Tokens in each period.
    pub count: u64,
    /// The period.
    #[serde(with = "words::period")]
    pub period: Period,
    /// When these numbers last changed: whatever is given, [`apply`](crate::apply) sets it.
    #[serde(default, with = "words::stamp")]
    pub changed: Stamp,
}

impl LimitSpec {
    /// The numbers, if they are within their bounds.
    ///
    /// # Errors
    ///
    /// When they are not.
    pub fn numbers(&self) -> Result<Numbers, NumbersError> {
        Numbers::steady(self.burst, self.rate, self.period_ms)
    }
}

impl QuotaSpec {
    /// The numbers, if they are within their bounds.
    ///
    /// # Errors
    ///
    /// When they are not.
    pub fn numbers(&self) -> Result<Numbers, NumbersError> {
        Numbers::quota(self.count, self.period)
    }
}

/// One secret of a key: what the stores know it by, and never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Its index in the stores.
    #[serde(with = "words::lookup")]
    pub lookup: LookupId,
    /// The pepper that it was minted under, 0 to 15.
    pub pepper: u8,
    /// When it was added: [`apply`](crate::apply) sets it.
    pub created_ms: u64,
    /// The first instant at which it is valid no more; a rotation gives it one.
    pub ends_ms: Option<u64>,
    /// Whether it alone is revoked, for good.
    pub revoked: bool,
}

impl Secret {
    /// A new secret.
    #[must_use]
    pub const fn new(lookup: LookupId, pepper: PepperId) -> Self {
        Self { lookup, pepper: pepper.get(), created_ms: 0, ends_ms: None, revoked: false }
    }

    /// Whether the secret itself is still good at `now`; its key may be stopped all the same.
    #[must_use]
    pub fn lives(&self, now: UnixMillis) -> bool {
        !self.revoked && self.ends_ms.is_none_or(|ends_ms| ends_ms > now.0)
    }
}

/// What has been decided about a key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Nothing stands against it.
    Active,
    /// It is switched off and may be switched on again.
    Disabled,
    /// It is revoked, for good.
    Revoked,
}

/// A key: its settings, its state and its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its public id.
    pub id: String,
    /// What people call it.
    pub name: Option<String>,
    /// When it was created.
    pub created_ms: u64,
    /// What has been decided about it.
    pub state: KeyState,
    /// What it may do.
    pub settings: Settings,
    /// Its secrets, the oldest first.
    pub secrets: Vec<Secret>,
    /// When it last changed, which is its version: [`apply`](crate::apply) sets it.
    #[serde(default, with = "words::stamp")]
    pub changed: Stamp,
}

impl Key {
    /// Its secret of this lookup id.
    #[must_use]
    pub fn secret(&self, lookup: LookupId) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.lookup == lookup)
    }

    /// How many of its secrets are still good at `now`: none of a revoked key are.
    #[must_use]
    pub fn living(&self, now: UnixMillis) -> usize {
        if self.state == KeyState::Revoked {
            return 0;
        }
        self.secrets.iter().filter(|secret| secret.lives(now)).count()
    }

    /// The document as it is kept.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Strings, numbers and lists: there is nothing in a key that JSON could not say.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a document that [`Key::to_text`] wrote; none if it is anything else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
