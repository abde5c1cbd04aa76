//! How a key stands: what a gate that reads this configuration, these secrets and this store decides about it.

use serde_json::{Value, json};
use tollgate_core::{decision::Denial, lookup::LookupId, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Effective, Key, KeyState, Ledger, LedgerError, Secret, Stopped};

use super::site::Site;

/// What gates know besides the store.
pub(super) struct Gates {
    envs: Vec<String>,
    /// The ids of the peppers; none if the secrets cannot be looked at.
    peppers: Option<Vec<u8>>,
    /// Why they cannot.
    note: Option<String>,
    pub(super) now: UnixMillis,
}

/// Why a gate refuses, whatever is asked for.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) denial: Denial,
    /// In a word or two, for a column.
    pub(super) word: String,
    /// What stands against it, and what ends that.
    pub(super) reason: String,
}

/// How a key and each of its secrets stand.
pub(super) struct Standing {
    pub(super) key: Key,
    pub(super) stopped: Stopped,
    /// In the order of the key's secrets.
    pub(super) secrets: Vec<Option<Refusal>>,
    pub(super) now: UnixMillis,
}

impl Gates {
    /// What `site` tells of them.
    pub(super) fn of(site: &Site) -> Self {
        let envs = site.config.keys.brand.envs().map(|env| env.as_str().to_owned()).collect();
        let (peppers, note) = match site.secrets() {
            Ok(secrets) => (Some(secrets.pepper_ids().collect()), None),
            Err(failure) => (None, Some(failure.message().to_owned())),
        };
        Self { envs, peppers, note, now: site.now }
    }

    /// What could not be looked at.
    pub(super) fn notes(&self) -> Vec<&str> {
        self.note.as_deref().into_iter().collect()
    }

    /// How `key` stands, as the store is now.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub(super) fn judge(
        &self,
        key: Key,
        ledger: &mut impl Ledger,
    ) -> Result<Standing, LedgerError> {
        let stopped = ledger.stopped(&key.settings.tenant, &key.settings.owner)?;
        let effective = Effective {
            as_of: Stamp::default(),
            key: &key,
            owner_stopped: stopped.owner,
            tenant_stopped: stopped.tenant,
        };
        let secrets = key.secrets.iter().map(|secret| self.refusal(&effective, secret));
        let secrets = secrets.collect();
        Ok(Standing { key, stopped, secrets, now: self.now })
    }

    fn refusal(&self, effective: &Effective<'_>, secret: &Secret) -> Option<Refusal> {
        let Key { settings, .. } = effective.key;
        let invalid = |word: String, reason: String| {
            Some(Refusal { denial: Denial::KeyInvalid, word, reason })
        };
        let pepper = secret.pepper;
        if !self.envs.contains(&settings.env) {
            let word = format!("env {} not accepted", settings.env);
            return invalid(word, format!("env {} is not among keys.envs", settings.env));
        }
        if self.peppers.as_ref().is_some_and(|peppers| !peppers.contains(&pepper)) {
            let reason = format!(
                "it was made under pepper {pepper}, which is retired: `tollgate keys rotate` makes a secret under another"
            );
            return invalid(format!("pepper {pepper} retired"), reason);
        }
        let denial = effective.denial(secret.lookup, self.now)?;
        let (word, reason) = told(denial, effective.key);
        Some(Refusal { denial, word: word.to_owned(), reason })
    }
}

/// What is said of a denial, in short and with what ends it.
fn told(denial: Denial, key: &Key) -> (&'static str, String) {
    let Key { settings, .. } = key;
    let (tenant, owner) = (&settings.tenant, &settings.owner);
    match denial {
        Denial::KeyRevoked if key.state == KeyState::Revoked => {
            ("revoked", "it is revoked for good".to_owned())
        }
        Denial::KeyRevoked => ("revoked", "this secret is revoked for good".to_owned()),
        Denial::TenantDisabled => (
            "tenant stopped",
            format!("its tenant is stopped: `tollgate tenants resume {tenant}` ends that"),
        ),
        Denial::OwnerDisabled => (
            "owner stopped",
            format!("its owner is stopped: `tollgate owners resume {tenant} {owner}` ends that"),
        ),
        Denial::KeyDisabled => {
            ("disabled", "it is switched off: `tollgate keys enable` ends that".to_owned())
        }
        Denial::KeyExpired => ("expired", "it has expired".to_owned()),
        Denial::KeyNotYetValid => ("not yet valid", "its time has not come yet".to_owned()),
        Denial::RequestInvalid
        | Denial::CredentialMissing
        | Denial::KeyInvalid
        | Denial::IpDenied
        | Denial::CountryDenied
        | Denial::ScopeMissing { .. }
        | Denial::QuotaExhausted { .. }
        | Denial::RateLimited { .. }
        | Denial::Unavailable => ("refused", denial.code().to_owned()),
    }
}

impl Standing {
    /// Why the secret `lookup` is not accepted.
    pub(super) fn of(&self, lookup: LookupId) -> Option<&Refusal> {
        let mut all = self.key.secrets.iter().zip(&self.secrets);
        all.find(|(secret, _)| secret.lookup == lookup)?.1.as_ref()
    }

    /// Whether the secret `lookup` is good: its key may be stopped all the same, but not revoked.
    pub(super) fn lives(&self, lookup: LookupId) -> Option<bool> {
        let revoked = self.key.state == KeyState::Revoked;
        self.key.secret(lookup).map(|secret| !revoked && secret.lives(self.now))
    }

    /// Why none of the key's secrets is accepted: of several reasons the one that is most easily ended.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        let reasons = self.secrets.iter().map(Option::as_ref).collect::<Option<Vec<_>>>()?;
        reasons.into_iter().min_by_key(|refusal| permanence(refusal.denial))
    }
}

/// The refusal for programs. Fields are added, and never renamed or removed.
pub(super) fn document(refusal: Option<&Refusal>) -> Value {
    refusal.map_or(
        Value::Null,
        |refusal| json!({ "code": refusal.denial.code(), "reason": refusal.reason }),
    )
}

const fn permanence(denial: Denial) -> u8 {
    match denial {
        Denial::KeyNotYetValid => 0,
        Denial::KeyDisabled => 1,
        Denial::OwnerDisabled => 2,
        Denial::TenantDisabled => 3,
        Denial::KeyExpired => 4,
        Denial::KeyRevoked => 5,
        Denial::KeyInvalid
        | Denial::RequestInvalid
        | Denial::CredentialMissing
        | Denial::IpDenied
        | Denial::CountryDenied
        | Denial::ScopeMissing { .. }
        | Denial::QuotaExhausted { .. }
        | Denial::RateLimited { .. }
        | Denial::Unavailable => 6,
    }
}
