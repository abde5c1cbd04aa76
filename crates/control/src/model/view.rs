//! A key, as it is shown: with no byte of its secrets.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_core::{lookup::LookupId, time::UnixMillis};
use tollgate_ledger::{Key, KeyState, LimitSpec, QuotaSpec, Secret, Stopped};

use super::{
    details::{Details, Reason},
    key::{limits, quotas},
};

/// A key, as it is shown.
///
/// # Security
///
/// Neither a secret nor its lookup id is in it: who reads a key learns nothing that a store could be asked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the table of its fields says what each of them is")]
pub struct KeyView {
    pub id: String,
    pub tenant: String,
    pub owner: String,
    pub env: String,
    pub name: Option<String>,
    pub description: Option<String>,
    pub plan: Option<String>,
    pub scopes: Vec<String>,
    pub roles: Vec<String>,
    #[serde(serialize_with = "limits")]
    pub limits: Vec<LimitSpec>,
    #[serde(serialize_with = "quotas")]
    pub quotas: Vec<QuotaSpec>,
    pub ips_allowed: Vec<String>,
    pub ips_denied: Vec<String>,
    pub countries_allowed: Vec<String>,
    pub countries_denied: Vec<String>,
    pub metadata: BTreeMap<String, String>,
    pub labels: BTreeMap<String, String>,
    pub not_before: Option<u64>,
    pub expires: Option<u64>,
    pub granted: Vec<String>,
    pub template: Option<String>,
    pub state: KeyState,
    pub owner_stopped: bool,
    pub tenant_stopped: bool,
    pub reason: Option<Reason>,
    pub creator: Option<String>,
    pub created: u64,
    pub updated: u64,
    pub last_used: Option<u64>,
    pub rotate_by: Option<u64>,
    pub version: String,
    pub secrets: Vec<SecretView>,
}

/// One secret of a key, by its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretView {
    /// Which of the key's secrets.
    pub number: u32,
    /// `active`, `ended` or `revoked`.
    pub state: &'static str,
    /// When it was made.
    pub created: u64,
    /// The first instant at which it is good no more.
    pub ends: Option<u64>,
    /// When it was last used, approximately.
    pub last_used: Option<u64>,
}

impl KeyView {
    /// The key as it is shown at `now`; `stopped` says who of its owner and its tenant is, and `used` when which of its secrets was last used, as far as that is known.
    #[must_use]
    pub fn of(
        key: &Key,
        details: Option<&Details>,
        stopped: Stopped,
        used: &[(LookupId, UnixMillis)],
        now: UnixMillis,
    ) -> Self {
        let mut details = details.cloned().unwrap_or_else(|| Details::of(key));
        details.renumber(key);
        let secrets: Vec<SecretView> =
            key.secrets.iter().map(|secret| shown(key, secret, &details, used, now)).collect();
        let newest = key.secrets.iter().map(|secret| secret.created_ms).max();
        let settings = key.settings.clone();
        Self {
            id: key.id.clone(),
            tenant: settings.tenant,
            owner: settings.owner,
            env: settings.env,
            name: key.name.clone(),
            description: details.description,
            plan: settings.plan,
            scopes: details.scopes,
            roles: details.roles,
            limits: settings.limits,
            quotas: settings.quotas,
            ips_allowed: settings.ips_allowed,
            ips_denied: settings.ips_denied,
            countries_allowed: settings.countries_allowed,
            countries_denied: settings.countries_denied,
            metadata: details.metadata,
            labels: details.labels,
            not_before: settings.not_before,
            expires: settings.expires,
            granted: settings.scopes,
            template: details.template,
            state: key.state,
            owner_stopped: stopped.owner,
            tenant_stopped: stopped.tenant,
            reason: details.reason.filter(|_| key.state != KeyState::Active),
            creator: details.creator,
            created: key.created_ms,
            updated: details.updated_ms.max(key.created_ms),
            last_used: secrets.iter().filter_map(|secret| secret.last_used).max(),
            rotate_by: newest.zip(details.rotation_ms).map(|(at, ms)| at.saturating_add(ms)),
            version: format!("{}.{}", key.changed.incarnation, key.changed.epoch),
            secrets,
        }
    }
}

fn shown(
    key: &Key,
    secret: &Secret,
    details: &Details,
    used: &[(LookupId, UnixMillis)],
    now: UnixMillis,
) -> SecretView {
    let last = used.iter().filter(|(lookup, _)| *lookup == secret.lookup).map(|(_, at)| at.0);
    SecretView {
        number: details.number_of(secret.lookup).unwrap_or(0),
        // With a key all of its secrets are revoked.
        state: if secret.revoked || key.state == KeyState::Revoked {
            "revoked"
        } else if secret.lives(now) {
            "active"
        } else {
            "ended"
        },
        created: secret.created_ms,
        ends: secret.ends_ms,
        last_used: last.max().filter(|&at| at > 0),
    }
}
