//! What a ledger's store does.

use tollgate_core::{lookup::LookupId, stamp::Stamp, time::UnixMillis};

use crate::{Change, Key, LedgerError};

/// The most keys of one page.
pub const PAGE_MAX: usize = 1_000;

/// Where keys live.
///
/// # If an implementation is wrong
///
/// * It answers before a change is durable: a revocation may be forgotten. Neither visible nor safe.
/// * It commits a change without its epoch and its entry: gates go on with the old record until they ask.
/// * It uses an epoch twice: a gate may take an old record for a new one.
/// * It refuses what it could do: an operator sees it, and tries again.
pub trait Ledger {
    /// Makes a change: durable, with its epoch and its entry in the head, before this returns.
    ///
    /// # Errors
    ///
    /// When the change is refused or the store fails. Nothing of it has happened then.
    fn change(&mut self, change: &Change, now: UnixMillis) -> Result<Receipt, LedgerError>;

    /// The key of an id.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn key(&mut self, id: &str) -> Result<Option<Key>, LedgerError>;

    /// The key that has a secret.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn key_of(&mut self, lookup: LookupId) -> Result<Option<Key>, LedgerError>;

    /// The keys after an id, in the order of ids; at most [`PAGE_MAX`] whatever the limit.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn keys(
        &mut self,
        after: Option<&str>,
        limit: usize,
        tenant: Option<&str>,
    ) -> Result<Page, LedgerError>;

    /// How far the ledger has come.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn stamp(&mut self) -> Result<Stamp, LedgerError>;

    /// Who of a tenant and one of its owners is stopped: what a key's own state does not say.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn stopped(&mut self, tenant: &str, owner: &str) -> Result<Stopped, LedgerError>;

    /// The tenants after one of them, in the order of their names; at most [`PAGE_MAX`] whatever the limit.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn tenants(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<Holder>, LedgerError>;

    /// The owners of a tenant after one of them, in the order of their names; at most [`PAGE_MAX`] whatever the
    /// limit. One that is stopped is among them also when it has no key any more.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn owners(
        &mut self,
        tenant: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Holder>, LedgerError>;

    /// How many secrets that are still good at `now` were minted under each pepper.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn peppers_in_use(&mut self, now: UnixMillis) -> Result<[u64; 16], LedgerError>;
}

/// A change has been made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its epoch.
    pub stamp: Stamp,
    /// The key after it; none of an owner or a tenant.
    pub key: Option<Key>,
    /// How many other keys were changed: those that share a limit that has other numbers.
    pub others: usize,
    /// Whether the epoch is noted outside the store too, so that an older copy of the store is noticed.
    pub noted: bool,
}

/// Who is stopped of those that a key belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// Whether the owner is.
    pub owner: bool,
    /// Whether the tenant is.
    pub tenant: bool,
}

/// A tenant or an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its name.
    pub name: String,
    /// How many keys it has, whatever their states.
    pub keys: u64,
    /// Whether it is stopped.
    pub stopped: bool,
    /// Since when; none if it is not stopped, or was before stops were dated.
    pub since: Option<UnixMillis>,
    /// How many of its owners are stopped: of an owner none.
    pub owners_stopped: u64,
}

/// Some keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// In the order of their ids.
    pub keys: Vec<Key>,
    /// After which id the next page begins; none if this is the last.
    pub next: Option<String>,
}
