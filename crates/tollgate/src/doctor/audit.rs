//! Whether the audit is what was written, as far as a look at its newest entries shows it.

use std::path::Path;

use serde_json::{Value, json};
use tollgate_control::{Books, DocumentId, DocumentKind, newest};
use tollgate_identity::SigningKey;
use tollgate_store_sqlite::{Access, Store};

use crate::cli::Failure;

/// The most entries of one chain that are looked at: its newest.
const ENTRIES_MAX: u64 = 1_000;

/// The most chains that are looked at: that of the deployment's own acts, and those of the first tenants by name.
const CHAINS_MAX: usize = 100;

/// What was found of it.
#[derive(Debug, Default)]
pub(super) struct Audited {
    /// How many chains were looked at.
    pub(super) chains: usize,
    /// How many entries.
    pub(super) entries: u64,
    /// How many of these chains have earlier entries.
    pub(super) longer: usize,
    /// Whether there are further chains.
    pub(super) further: bool,
    /// What is not as it was written.
    pub(super) wrong: Vec<String>,
}

impl Audited {
    /// Looks at the audit of a store.
    pub(super) fn look(path: &Path, signer: Option<&SigningKey>) -> Result<Self, Failure> {
        let mut store = Store::open(path, Access::ReadWrite)?;
        let first = DocumentId { kind: DocumentKind::Tenant, tenant: "", name: "" };
        let tenants = store.documents(first, CHAINS_MAX)?;
        let mut found = Self { further: tenants.len() >= CHAINS_MAX, ..Self::default() };
        let tenants = tenants.iter().take(CHAINS_MAX.saturating_sub(1));
        for tenant in std::iter::once(None).chain(tenants.map(|tenant| Some(&*tenant.name))) {
            let newest = newest(&mut store, tenant, signer, ENTRIES_MAX)?;
            found.chains = found
                .chains
                .saturating_add(usize::from(newest.until > 0 || newest.wrong.is_some()));
            let seen = newest.until.saturating_sub(newest.since);
            found.entries = found.entries.saturating_add(seen);
            found.longer = found.longer.saturating_add(usize::from(newest.since > 0));
            let whose = tenant.map_or("of the deployment's own acts".to_owned(), |tenant| {
                format!("of tenant {tenant}")
            });
            found.wrong.extend(newest.wrong.map(|wrong| format!("the audit {whose}: {wrong}")));
        }
        Ok(found)
    }

    /// What of it was not looked at.
    pub(super) fn unseen(&self, path: &Path) -> Vec<String> {
        let path = path.display();
        let mut unseen = vec![];
        if self.longer > 0 {
            let chains = self.longer;
            unseen.push(format!(
                "{path}: what comes before the newest {ENTRIES_MAX} entries of the audit, in {chains} chains"
            ));
        }
        if self.further {
            unseen.push(format!("{path}: the audit of tenants after the first {CHAINS_MAX}"));
        }
        unseen
    }

    /// How much was looked at, for programs.
    pub(super) fn document(&self) -> Value {
        json!({ "chains": self.chains, "entries": self.entries })
    }

    /// The same for people.
    pub(super) fn words(&self) -> String {
        format!("Verified of the audit: {} entries in {} chains.", self.entries, self.chains)
    }
}
