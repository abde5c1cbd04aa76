//! What the control plane keeps, and asks of whoever keeps it.

mod counting;
mod documents;
mod log;
mod spending;

pub use log::{Line, Signed, Signer, Standing};

use serde_json::{Value, json};
use tollgate_audit::Document;
use tollgate_core::{lookup::LookupId, network::Address, stamp::Stamp, time::UnixMillis};
use tollgate_ledger::{Change, Key, KeyState, LedgerError, Stopped};

use crate::model::{Position, Sort};
pub use counting::{Apart, Counted, Counting};
pub use documents::{
    Carries, DocumentId, DocumentKind, Documented, Held, OWNERS_MAX, ROLES_MAX, StoppedBy,
    TEMPLATES_MAX,
};
pub use spending::{Balance, Spending, Tokens};

/// The ledger, and what the control plane keeps beside it. Each call is one transaction.
///
/// # If an implementation is wrong
///
/// * It makes a change and keeps no audit row, or the other way round: somebody did something that nobody can show.
/// * It does not compare [`Work::caller`] within the transaction: who was revoked a moment ago still changes a key.
/// * It answers before the change is durable: a revocation may be forgotten. Neither visible nor safe.
/// * It spends from another state than it writes over: what a gate leased meanwhile is given out twice.
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

    /// Some keys, in an order: all that are wanted from a place on, up to another place.
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

    /// Spends from every bucket that is named, or from none, in one transaction that is durable before this returns: how
    /// each of them stands, in their order.
    ///
    /// Nothing is spent in a dry run, nor where one of them has not enough.
    ///
    /// # Errors
    ///
    /// See [`BooksError`]: nothing has happened then.
    fn spend(
        &mut self,
        spending: &Spending<'_>,
        now: UnixMillis,
    ) -> Result<Vec<Balance>, BooksError>;

    /// What is known of a tenant, an owner, a role or a template; of one that is not there nothing is.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn document(&mut self, id: DocumentId<'_>) -> Result<Documented, LedgerError>;

    /// The same of those of a tenant after a name, in the order of their names, and of tenants of all there are. Some
    /// may not be there.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn documents(
        &mut self,
        after: DocumentId<'_>,
        limit: usize,
    ) -> Result<Vec<Documented>, LedgerError>;

    /// The keys that are not revoked and have a role, or were made by a template: at most so many, in the order of
    /// their ids. When they were last used is not looked up.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn carriers(&mut self, of: DocumentId<'_>, limit: usize) -> Result<Vec<Filed>, LedgerError>;

    /// What was counted in the first hour that has any of what is wanted, added up and in the order of its columns:
    /// whole, or more rows than an answer may have. Nothing if there is no such hour.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn usage(&mut self, wanted: &Counting<'_>) -> Result<Vec<Counted>, LedgerError>;

    /// The lines of a chain of the audit after a number, in their order, each with its checkpoint: that of a tenant, or
    /// (none) of the deployment's own acts.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn audit(
        &mut self,
        tenant: Option<&str>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Line>, LedgerError>;

    /// Whether a change was made that the audit does not tell, since this was last asked: one that only takes something
    /// away, while the audit is damaged beyond going on. Whoever operates the deployment must know.
    fn take_untold(&mut self) -> bool;

    /// Where a chain of the audit stands.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn standing(&mut self, tenant: Option<&str>) -> Result<Standing, LedgerError>;

    /// Some of the chains that have entries after their last checkpoint, in the order of their names behind one of them.
    /// The deployment's own has an empty name, and comes first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn unchecked(&mut self, after: Option<&str>, limit: usize) -> Result<Vec<String>, LedgerError>;

    /// Keeps a checkpoint, and the public key that it is signed with. One that is there already stays.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn keep_checkpoint(&mut self, signed: &Signed<'_>) -> Result<(), LedgerError>;

    /// The public keys that checkpoints were signed with, the newest first, at most
    /// [`KEYS_MAX`](tollgate_audit::KEYS_MAX).
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn signers(&mut self) -> Result<Vec<Signer>, LedgerError>;
}

/// Whoever asks, as one read of the ledger found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The key.
    pub key: Key,
    /// Who of its owner and its tenant is stopped.
    pub stopped: Stopped,
}

/// Whoever asks for a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Whoever proved to hold a key, and what was known of it when it was admitted.
    Key {
        /// The secret that was proved.
        lookup: LookupId,
        /// What was read: if it is not so any more, nothing is changed.
        seen: Box<Seen>,
    },
    /// Whoever may run the command where the store is: they could change the store without asking.
    Command,
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
    /// About when its secrets were last used, as far as gates have said.
    pub used: Vec<(LookupId, UnixMillis)>,
}

/// Which keys are wanted, in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Those of this tenant; none: those of every tenant.
    pub tenant: Option<&'a str>,
    /// Those of this owner.
    pub owner: Option<&'a str>,
    /// Those of this environment.
    pub env: Option<&'a str>,
    /// Those in this state.
    pub state: Option<KeyState>,
    /// Those that end before this instant.
    pub expiring_before: Option<u64>,
    /// Their order.
    pub sort: Sort,
    /// Those after this place in it.
    pub after: Option<&'a Position>,
    /// At most so many.
    pub limit: usize,
}

/// Some keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order that was wanted: at most as many as were, and fewer or none where many others lie between them.
    pub keys: Vec<Filed>,
    /// After which place it goes on; none if nothing follows.
    pub next: Option<Position>,
    /// How many keys were looked at, those that were not chosen among them.
    pub looked_at: u64,
}

/// What is to be committed together.
#[derive(Clone, Debug)]
pub struct Work<'a> {
    /// Whoever asks.
    pub caller: &'a Caller,
    /// What it was made from: if any of it is not so any more, nothing is changed.
    pub held: &'a [Held<'a>],
    /// What is done, in this order, each with a line of the audit.
    pub acts: &'a [Act<'a>],
    /// How a repetition is known.
    pub retry: Option<Retry<'a>>,
}

/// One thing that is done: a change of the ledger with what belongs to it, another document, or both.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// What the audit says of it.
    pub told: Told<'a>,
    /// What the ledger is to do; none if that stays as it is.
    pub change: Option<&'a Change>,
    /// Who a stop is of, if that is what the ledger is to do.
    pub by: StoppedBy,
    /// The id of the key that it is done to; none if it is none.
    pub key: Option<&'a str>,
    /// The version that the key must have; none for whoever means to change whatever is there.
    pub expected: Option<Stamp>,
    /// What people call the key from now on; none if that stays.
    pub name: Option<Option<&'a str>>,
    /// Its details from now on; none if they stay.
    pub details: Option<&'a str>,
    /// Its roles and its template from now on; none if they stay.
    pub carries: Option<Carries<'a>>,
    /// A document from now on, or that there is none; none if all stay.
    pub document: Option<(DocumentId<'a>, Option<&'a str>)>,
}

impl<'a> Act<'a> {
    /// Nothing yet but a line of the audit.
    #[must_use]
    pub const fn of(told: Told<'a>) -> Self {
        Self {
            told,
            change: None,
            by: StoppedBy::Operators,
            key: None,
            expected: None,
            name: None,
            details: None,
            carries: None,
            document: None,
        }
    }
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
        /// Its last epoch; none if the ledger stayed as it is.
        stamp: Option<Stamp>,
        /// The key after it, the last of several; none of an owner or a tenant.
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
    /// What the change was made from is not so any more: read it, and make the change again.
    Moved,
    /// One of several keys cannot be changed so.
    OfKey {
        /// Which.
        id: String,
        /// Why not.
        error: LedgerError,
    },
    /// The tenant has as many of this kind as there may be.
    TooManyOf(DocumentKind, usize),
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
