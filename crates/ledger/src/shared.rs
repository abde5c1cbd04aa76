//! Limits that several keys share.

use tollgate_core::{
    limit::{LimitScope, Period},
    stamp::Stamp,
};

use crate::{LimitSpec, QuotaSpec, Settings};

/// What a limit of several keys belongs to: all of them spend from one bucket, so its numbers are not one key's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object(String);

impl Object {
    /// What a limit of `scope` belongs to, if not to the key itself.
    ///
    /// An address is counted within the tenant, so the limits on addresses are the tenant's.
    #[must_use]
    pub fn of(settings: &Settings, scope: LimitScope) -> Option<Self> {
        Self::at(scope, &settings.tenant, &settings.owner)
    }

    /// The same, of whom it belongs to: an owner is looked at only where it is an owner's.
    #[must_use]
    pub fn at(scope: LimitScope, tenant: &str, owner: &str) -> Option<Self> {
        match scope {
            LimitScope::Key => None,
            LimitScope::Owner => Some(Self(format!("{tenant}/owner/{owner}"))),
            LimitScope::Tenant => Some(Self(format!("{tenant}/tenant"))),
            LimitScope::Ip => Some(Self(format!("{tenant}/ip"))),
            LimitScope::Global => Some(Self("*/global".to_owned())),
        }
    }

    /// The object as text: no two share one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The numbers of a limit or a quota, and which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// A limit.
    Limit {
        /// The tokens of a full bucket.
        burst: u64,
        /// Tokens per period.
        rate: u64,
        /// The period's length.
        period_ms: u64,
    },
    /// A quota.
    Quota {
        /// Tokens in each period.
        count: u64,
        /// The period.
        period: Period,
    },
}

impl Allowance {
    /// Whether both are limits or both are quotas.
    #[must_use]
    pub const fn is_alike(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Limit { .. }, Self::Limit { .. }) | (Self::Quota { .. }, Self::Quota { .. })
        )
    }
}

impl From<&LimitSpec> for Allowance {
    fn from(spec: &LimitSpec) -> Self {
        let LimitSpec { burst, rate, period_ms, .. } = *spec;
        Self::Limit { burst, rate, period_ms }
    }
}

impl From<&QuotaSpec> for Allowance {
    fn from(spec: &QuotaSpec) -> Self {
        let QuotaSpec { count, period, .. } = *spec;
        Self::Quota { count, period }
    }
}

/// A limit or a quota that is in force for an object, because some key that is not revoked carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// What it belongs to.
    pub object: Object,
    /// Its name.
    pub name: String,
    /// Its numbers.
    pub allowance: Allowance,
    /// When these numbers last changed.
    pub changed: Stamp,
}

impl Settings {
    /// Everything in these settings that counts beyond the key itself.
    #[must_use]
    pub fn shared(&self) -> Vec<Shared> {
        let limits =
            self.limits.iter().map(|spec| (spec.scope, &spec.name, spec.into(), spec.changed));
        let quotas =
            self.quotas.iter().map(|spec| (spec.scope, &spec.name, spec.into(), spec.changed));
        let all = limits.chain(quotas).filter_map(|(scope, name, allowance, changed)| {
            let object = Object::of(self, scope)?;
            Some(Shared { object, name: name.clone(), allowance, changed })
        });
        all.collect()
    }
}
