//! What the control plane keeps, and asks of whoever keeps it.

use serde_json::{Value, json};
use tollgate_audit::Document;
use tollgate_core::{lookup::LookupId, network::Address, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Change, Holder, Key, LedgerError, Stopped};

/// The ledger, and what the control plane keeps beside it. Each call is one transaction.
///
/// # If an implementation is wrong
///
/// * It makes a change and keeps no audit row, or the other way round: somebody did something that nobody can show.
/// * It does not compare [`Work::caller`] within the transaction: who was revoked a moment ago still changes a key.
/// * It answers before the change is durable: a revocation may be forgotten. Neither visible nor safe.
pub trait Books {
    /// Whoever holds the secret `lookup`: as the ledger says at this moment, and no cache.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn caller(&mut self, lookup: LookupId) -> Result<Option<Seen>, LedgerError>;

    /// A key, whosever it is.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn key(&mut self, id: &str) -> Result<Option<Filed>, LedgerError>;

    /// Some keys, in the order of their ids.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn keys(&mut self, wanted: &Wanted<'_>) -> Result<Page, LedgerError>;

    /// Makes a change: with its epoch, its head entry, its details, its audit row and its retry in one transaction,
    /// durable before this returns.
    ///
    /// # Errors
    ///
    /// See [`BooksError`]: nothing has happened then.
    fn work(&mut self, work: &Work<'_>, now: UnixMillis) -> Result<Done, BooksError>;

    /// The tenants after one of them, in the order of their names.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn tenants(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<Holder>, LedgerError>;

    /// The owners of a tenant after one of them, in the order of their names.
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

    /// What was counted, in the order of its columns, behind `after`: some of it, and nothing only if there is no more.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn usage(
        &mut self,
        wanted: &Counting<'_>,
        after: Option<&Counted>,
    ) -> Result<Vec<Counted>, LedgerError>;

    /// The lines of a tenant's audit after a number, in their order.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn audit(&mut self, tenant: &str, after: u64, limit: usize) -> Result<Vec<Line>, LedgerError>;
}

/// What was counted of which requests is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counting<'a> {
    /// From this hour since 1970 on.
    pub from: u64,
    /// Before this one.
    pub until: u64,
    /// Of this tenant.
    pub tenant: &'a str,
    /// Of this owner.
    pub owner: Option<&'a str>,
    /// Of this key.
    pub key: Option<&'a str>,
    /// Under this route.
    pub route: Option<&'a str>,
}

/// So many requests of a key, under a route and in an hour, came to the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The hours since 1970.
    pub hour: u64,
    /// The key's tenant.
    pub tenant: String,
    /// Its owner.
    pub owner: String,
    /// Its public id.
    pub key: String,
    /// The route's name.
    pub route: String,
    /// What became of them.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// A line of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub number: u64,
    /// What it says, as it was hashed.
    pub text: String,
}

/// Whoever asks, as one read of the ledger found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The key.
    pub key: Key,
    /// Who of its owner and its tenant is stopped.
    pub stopped: Stopped,
}

/// Whoever asks for a change, and what was known of it when it was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The secret that was proved.
    pub lookup: LookupId,
    /// What was read: if it is not so any more, nothing is changed.
    pub seen: Seen,
}

/// A key as it is filed: what the ledger has, and what the control plane keeps beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// The key as the ledger has it.
    pub key: Key,
    /// Who of its owner and its tenant is stopped.
    pub stopped: Stopped,
    /// Its details, as a text of [`model`](crate::model); none of a key that was made without the control plane.
    pub details: Option<String>,
}

/// Which keys are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Those of this tenant; none: those of every tenant.
    pub tenant: Option<&'a str>,
    /// Those after this id.
    pub after: Option<&'a str>,
    /// At most so many.
    pub limit: usize,
}

/// Some keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of their ids.
    pub keys: Vec<Filed>,
    /// After which id the next page begins; none if this is the last.
    pub next: Option<String>,
}

/// What is to be committed together.
#[derive(Clone, Debug)]
pub struct Work<'a> {
    /// Whoever asks.
    pub caller: &'a Caller,
    /// What the ledger is to do.
    pub change: &'a Change,
    /// The id of the key that it is done to; none if it is an owner or a tenant.
    pub key: Option<&'a str>,
    /// The version that the key must have; none for whoever means to change whatever is there.
    pub expected: Option<Stamp>,
    /// What people call the key from now on; none if that stays.
    pub name: Option<Option<&'a str>>,
    /// Its details from now on; none if they stay.
    pub details: Option<&'a str>,
    /// What the audit says of it.
    pub told: Told<'a>,
    /// How a repetition is known.
    pub retry: Option<Retry<'a>>,
}

/// What the audit says of a change, beside what was before it and what is after it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Whose chain says it: the tenant that the change is in.
    pub tenant: &'a str,
    /// What was done: `keys.create`.
    pub operation: &'static str,
    /// To what: a key's id, an owner, a tenant.
    pub subject: &'a str,
    /// From where, as far as that can be believed.
    pub from: Option<Address>,
    /// What the host calls the request.
    pub request: &'a str,
}

/// How a repetition of a request is known, and answered alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry<'a> {
    /// Whose it is: the public id of the caller's key.
    pub caller: &'a str,
    /// What the caller calls it, digested.
    pub name: [u8; 32],
    /// What was asked for, digested: another question under the same name is refused.
    pub asked: [u8; 32],
    /// What the secret was drawn with.
    pub salt: [u8; 32],
}

/// What became of a change.
#[derive(Clone, Debug)]
pub enum Done {
    /// It is made.
    Made {
        /// Its epoch.
        stamp: Stamp,
        /// The key after it; none of an owner or a tenant.
        filed: Option<Filed>,
    },
    /// It was made before, by the same request.
    Before {
        /// The id of the key that was changed then, as it is now.
        filed: Filed,
        /// What the secret was drawn with then.
        salt: [u8; 32],
    },
}

/// Why nothing was changed.
#[derive(Debug)]
pub enum BooksError {
    /// The ledger refuses, or failed.
    Ledger(LedgerError),
    /// Whoever asked is not what it was when it was admitted: admit it again.
    CallerChanged,
    /// Something else was asked for under the same name before.
    OtherRequest,
    /// Too many names of this caller are kept already.
    TooManyRetries,
}

impl From<LedgerError> for BooksError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl Document for Filed {
    /// Everything that is kept of the key: its secrets by their lookup ids, and so no secret.
    fn document(&self) -> Value {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let details = self.details.as_deref().map_or(Value::Null, read);
        json!({ "key": read(&self.key.to_text()), "details": details })
    }
}
