//! Keys as the ledger keeps them.

use serde::{Deserialize, Serialize};

/// What a key may do: everything about it but its secrets and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub tenant: String,
    pub owner: String,
    pub env: String,
    pub plan: Option<String>,
    pub scopes: Vec<String>,
    pub limits: Vec<LimitSpec>,
    pub quotas: Vec<QuotaSpec>,
    pub ips_allowed: Vec<String>,
    pub ips_denied: Vec<String>,
    pub countries_allowed: Vec<String>,
    pub countries_denied: Vec<String>,
    /// Milliseconds since the Unix epoch.
    pub not_before: Option<u64>,
    pub expires: Option<u64>,
}
// LimitSpec {name, scope: "key|owner|tenant|ip|global", burst, rate, period_ms, changed: Stamp as [i,e] (set by apply)}
// QuotaSpec {name, scope, count, period: "day|month|total", changed}

/// One secret of a key: never the secret itself.
// Secret { lookup: hex, pepper: u8, created_ms, ends_ms: Option<u64> (rotation grace), revoked: bool }

/// A key: Key { id, settings, state: KeyState, name: Option<String> (for people), created_ms, secrets: Vec<Secret> }
// KeyState { Active, Disabled, Revoked }
