//! Who has which keys: documents, the changes to them as one pure function, and the records they compile to.
//!
//! A store runs [`apply`] inside its own atomic step: it loads the [`Snapshot`] that a [`Change`] needs, and
//! commits what comes back, the new epoch and the head's entry with it, or nothing. Every store therefore
//! changes keys by the same rules, and the order of publishing (ledger, epoch and entry in one transaction,
//! then the answer, then the outbox) is written once.
#![forbid(unsafe_code)]

mod change;
mod compile;
mod document;
mod error;
mod identity;
pub mod rule;
mod settings;
mod shared;
mod store;
mod told;
mod words;

pub use change::{
    CARRIERS_MAX, Change, Commit, GRACE_MAX_MS, Outbox, Renumbered, SECRETS_KEPT_MAX, SECRETS_MAX,
    Snapshot, Stop, TENANTS_MAX, apply,
};
pub use compile::{CompileError, Effective, compile, compile_absence};
pub use document::{Key, KeyState, LABEL_MAX, LimitSpec, QuotaSpec, Secret, Settings};
pub use error::{ChangeError, Conclusion, LedgerError};
pub use identity::identity_len_max;
pub use settings::{RESERVED, SettingsError, check_name};
pub use shared::{Allowance, Object, Shared};
pub use store::{Holder, Ledger, PAGE_MAX, Page, Receipt, Stopped};
