//! What the ledger holds: tenants, their owners, their keys, and the secrets of these.

use tollgate_core::{
    head::{Name, Subject},
    id::Id,
    lookup::LookupId,
    record::State,
};

/// Owners of each tenant, keys of each owner, secrets of each key.
const EACH: usize = 2;
/// Secrets of one tenant.
pub(super) const SECRETS: usize = EACH * EACH * EACH;

/// What the ledger says of a secret: nothing, or its state.
pub type Verdict = Option<State>;

/// The tables of the ledger.
#[derive(Clone, Debug)]
pub struct Tables {
    tenants_stopped: Vec<bool>,
    owners_stopped: Vec<bool>,
    keys_off: Vec<bool>,
    secrets: Vec<Secret>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secret {
    Unborn,
    Alive,
    Revoked,
    Forgotten,
}

/// One change, with the number of what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A secret comes to be.
    Create(usize),
    /// A secret is revoked for good.
    Revoke(usize),
    /// A secret is removed: what is left of it is a tombstone.
    Forget(usize),
    /// A key is switched off (true) or on.
    Switch(usize, bool),
    /// An owner is stopped (true) or resumed.
    Owner(usize, bool),
    /// A tenant is stopped (true) or resumed.
    Tenant(usize, bool),
}

impl Tables {
    /// The tables of so many tenants; of every key, the first secret exists.
    #[must_use]
    pub fn new(tenants: usize) -> Self {
        let secret =
            |at: usize| if at.is_multiple_of(EACH) { Secret::Alive } else { Secret::Unborn };
        Self {
            tenants_stopped: vec![false; tenants],
            owners_stopped: vec![false; tenants * EACH],
            keys_off: vec![false; tenants * EACH * EACH],
            secrets: (0..tenants * SECRETS).map(secret).collect(),
        }
    }

    /// How many secrets there can be.
    #[must_use]
    pub const fn secrets(&self) -> usize {
        self.secrets.len()
    }

    /// What stands of a secret, its key, its owner and its tenant together.
    #[must_use]
    pub fn verdict(&self, secret: usize) -> Verdict {
        let key = secret / EACH;
        Some(match self.secrets[secret] {
            Secret::Unborn | Secret::Forgotten => return None,
            Secret::Revoked => State::Revoked,
            Secret::Alive if self.tenants_stopped[tenant_of(secret)] => State::TenantDisabled,
            Secret::Alive if self.owners_stopped[key / EACH] => State::OwnerDisabled,
            Secret::Alive if self.keys_off[key] => State::Disabled,
            Secret::Alive => State::Active,
        })
    }

    /// Whether the change can be made and changes something.
    #[must_use]
    pub fn admit(&self, change: Change) -> bool {
        match change {
            Change::Create(secret) => self.secrets[secret] == Secret::Unborn,
            Change::Revoke(secret) => self.secrets[secret] == Secret::Alive,
            Change::Forget(secret) => {
                matches!(self.secrets[secret], Secret::Alive | Secret::Revoked)
            }
            Change::Switch(key, off) => self.keys_off[key] != off,
            Change::Owner(owner, stopped) => self.owners_stopped[owner] != stopped,
            Change::Tenant(tenant, stopped) => self.tenants_stopped[tenant] != stopped,
        }
    }

    /// Makes a change.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Create(secret) => self.secrets[secret] = Secret::Alive,
            Change::Revoke(secret) => self.secrets[secret] = Secret::Revoked,
            Change::Forget(secret) => self.secrets[secret] = Secret::Forgotten,
            Change::Switch(key, off) => self.keys_off[key] = off,
            Change::Owner(owner, stopped) => self.owners_stopped[owner] = stopped,
            Change::Tenant(tenant, stopped) => self.tenants_stopped[tenant] = stopped,
        }
    }
}

impl Change {
    /// Whose older records must not be used any more: nobody's where something comes to be.
    #[must_use]
    pub fn subject(self) -> Option<Subject> {
        Some(match self {
            Self::Create(_) => return None,
            Self::Revoke(secret) | Self::Forget(secret) => {
                Subject::Lookup { tenant: name(&tenant(secret)), lookup: lookup(secret) }
            }
            Self::Switch(at, _) => {
                Subject::Key { tenant: name(&tenant(at * EACH)), key: name(&key(at * EACH)) }
            }
            Self::Owner(at, _) => {
                let secret = at * EACH * EACH;
                Subject::Owner { tenant: name(&tenant(secret)), owner: name(&owner(secret)) }
            }
            Self::Tenant(at, _) => Subject::Tenant { tenant: name(&tenant(at * SECRETS)) },
        })
    }

    /// The secrets whose records it changes.
    #[must_use]
    pub fn secrets(self) -> core::ops::Range<usize> {
        match self {
            Self::Create(at) | Self::Revoke(at) | Self::Forget(at) => at..at + 1,
            Self::Switch(at, _) => at * EACH..(at + 1) * EACH,
            Self::Owner(at, _) => at * EACH * EACH..(at + 1) * EACH * EACH,
            Self::Tenant(at, _) => at * SECRETS..(at + 1) * SECRETS,
        }
    }
}

/// What a secret is known by in the stores.
#[must_use]
pub fn lookup(secret: usize) -> LookupId {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&u64::try_from(secret).expect("few").to_be_bytes());
    LookupId::new(bytes)
}

const fn tenant_of(secret: usize) -> usize {
    secret / SECRETS
}

pub(super) fn tenant(secret: usize) -> String {
    format!("t{}", tenant_of(secret))
}

/// Owners of different tenants have the same names.
pub(super) fn owner(secret: usize) -> String {
    format!("o{}", secret % SECRETS / EACH / EACH)
}

/// Keys of different tenants have the same names, and those of owners.
pub(super) fn key(secret: usize) -> String {
    format!("o{}", secret % SECRETS / EACH)
}

fn name(text: &str) -> Name {
    Name::new(Id::new(text).expect("an identifier"))
}
