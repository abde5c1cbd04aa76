//! The ledger of a command: the store that is here, that of a deployment, or a table. All are asked for the same.

use tollgate_control::model::Details;
use tollgate_core::{lookup::LookupId, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Change, Holder, Key, Ledger, LedgerError, Page, Receipt, Stopped};
use tollgate_store_dynamodb::Publisher;
use tollgate_store_sqlite::{Commanded, Store};

use crate::remote::Remote;

/// A ledger.
pub(super) enum Books {
    Here(Store),
    There(Remote),
    Table(Box<Publisher>),
}

/// Asks whichever it is.
macro_rules! asked {
    ($self:ident.$name:ident($($given:expr),*)) => {
        match $self {
            Self::Here(store) => store.$name($($given),*),
            Self::There(remote) => remote.$name($($given),*),
            Self::Table(publisher) => publisher.$name($($given),*),
        }
    };
}

/// What is said where a change is not in the audit.
const UNTOLD: &str =
    "the audit does not tell of this change: it is damaged, GET /api/audit/verify says where";

impl Books {
    /// What the management API keeps of a key, where it is here and can be read.
    pub(super) fn details(&mut self, id: &str) -> Result<Option<Details>, LedgerError> {
        let Self::Here(store) = self else { return Ok(None) };
        let filed = tollgate_control::Books::key(store, id)?;
        Ok(filed.and_then(|filed| Details::from_text(&filed.details?)))
    }

    /// Tells in the audit what was done outside the ledger, where the audit is here.
    pub(super) fn tell(&mut self, operation: &'static str, subject: &str, now: UnixMillis) {
        if let Self::Here(store) = self
            && !Commanded(store).tell(operation, subject, now)
        {
            eprintln!("tollgate: {UNTOLD}");
        }
    }
}

impl Ledger for Books {
    fn change(&mut self, change: &Change, now: UnixMillis) -> Result<Receipt, LedgerError> {
        let Self::Here(store) = self else { return asked!(self.change(change, now)) };
        // What is changed here is told here; of a deployment its own control plane tells.
        let changed = Commanded(store).change(change, now);
        if tollgate_control::Books::take_untold(store) {
            eprintln!("tollgate: {UNTOLD}");
        }
        changed
    }

    fn key(&mut self, id: &str) -> Result<Option<Key>, LedgerError> {
        asked!(self.key(id))
    }

    fn key_of(&mut self, lookup: LookupId) -> Result<Option<Key>, LedgerError> {
        asked!(self.key_of(lookup))
    }

    fn keys(
        &mut self,
        after: Option<&str>,
        limit: usize,
        tenant: Option<&str>,
    ) -> Result<Page, LedgerError> {
        asked!(self.keys(after, limit, tenant))
    }

    fn stamp(&mut self) -> Result<Stamp, LedgerError> {
        asked!(self.stamp())
    }

    fn stopped(&mut self, tenant: &str, owner: &str) -> Result<Stopped, LedgerError> {
        asked!(self.stopped(tenant, owner))
    }

    fn tenants(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<Holder>, LedgerError> {
        asked!(self.tenants(after, limit))
    }

    fn owners(
        &mut self,
        tenant: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Holder>, LedgerError> {
        asked!(self.owners(tenant, after, limit))
    }

    fn peppers_in_use(&mut self, now: UnixMillis) -> Result<[u64; 16], LedgerError> {
        asked!(self.peppers_in_use(now))
    }
}
