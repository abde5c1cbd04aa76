//! Leases: how many holders spend from one bucket and never more than it has.
//!
//! The *authority* of a bucket ([`Account`] and its [`Slot`]s) debits tokens and lends them for
//! seconds; a *holder* spends them from its [`Purse`] with no I/O. Both sides are pure steps over
//! storage of the caller's: they are given the time, and never allocate.
//!
//! What makes it safe, whatever is lost, repeated, late or dead:
//!
//! * the authority keeps credit + everything outstanding ≤ burst at all times;
//! * for every holder, what the authority has outstanding ≥ what that holder can still spend.
//!
//! # What a holder's host does
//!
//! * Before anything else it shows its clock reading to a [`Watch`], and goes by
//!   [`Watch::steady`] from there; after a freeze it voids every purse, draws a new [`HolderId`] and
//!   holds its head for stale.
//! * For each request it spends from all purses or none, and lets the request wait if one must ask.
//! * After each answer: [`Purse::receive`], then the waiting requests again in their order, then
//!   [`Purse::ask`] with what still waits: it hands back what they could not use.
//! * After [`Purse::wake_in`], or under the next request: [`Purse::tick`], then [`Purse::ask`].
//!   When a message is overdue, the requests that waited for it are answered 503.
//! * No transport repeats a message on its own account.
//!
//! ```
//! # use tollgate_core::{lease::*, limit::Numbers, stamp::Stamp, time::Reading};
//! # fn send(_: &Ask) {}
//! # let (numbers, changed, now) = (Numbers::steady(100, 100, 1_000).unwrap(), Stamp::default(), Reading::default());
//! # let holder = HolderId([7; 16]);
//! let mut purse = Purse::new(numbers, changed, Host::Background, 0);
//! match spend_all(&mut [&mut purse], 1, now) {
//!     SpendAll::Taken => {}                              // admitted, no I/O
//!     SpendAll::Refused { .. } => {}                     // 429, no I/O
//!     SpendAll::Ask => {                                 // waits; meanwhile each short purse asks
//!         if let Some(ask) = purse.ask(holder, Queue { tokens: 1, largest: 1 }, now) {
//!             send(&ask);
//!         }
//!     }
//! }
//! ```

mod account;
mod clock;
mod deadline;
mod outstanding;
mod purse;
mod several;
mod sizing;
mod state;

pub use account::{Account, Exchange, Forget, HOLDERS_MAX, Slot};
pub use clock::{DateSample, Watch, WriterClock, may_write};
pub use deadline::{DEADLINE_MAX_MS, DEADLINE_MIN_MS, Deadline};
pub use outstanding::GRANTS_MAX;
pub use purse::{Grant, Host, Purse, Queue, Received, Spend, Tick};
pub(crate) use several::longest_refusal;
pub use several::{SpendAll, spend_all};
pub use sizing::{CALLS_MAX, CALLS_MAX_DYNAMODB, Situation, Size, Sizing, Standard};
pub use state::{STATE_HEADER_MAX, STATE_HOLDER_MAX, StateError};

use crate::{bucket::Wait, limit::Numbers, stamp::Stamp};

/// Who holds leases: 128 random bits, drawn at the first request and again after every freeze or
/// restore, so that no two processes ever share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct HolderId(pub [u8; 16]);

/// What a holder says to the authority of one bucket. A repetition is the same, byte for byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who asks.
    pub holder: HolderId,
    /// Counts the holder's messages about this bucket, from 1; a higher one closes all lower ones.
    pub seq: u64,
    /// The numbers that the holder's record has.
    pub numbers: Numbers,
    /// When these numbers last changed.
    pub changed: Stamp,
    /// How long the holder waits for the answer.
    pub deadline: Deadline,
    /// Tokens that requests are already waiting for.
    pub waiting: u32,
    /// The largest single request among them.
    pub cost: u32,
    /// Tokens wanted for the future; at 0 none are granted.
    pub want: u32,
    /// Tokens that the holder keeps.
    pub keep: u32,
    /// Tokens that it hands back, and has removed from its purse already.
    pub back: u32,
}

/// What the authority says to an [`Ask`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A higher one has been answered: this one has no effect.
    Stale {
        /// The message that this answers.
        seq: u64,
    },
    /// What was granted, and what to do about the rest.
    Lease(Lease),
}

impl Answer {
    /// The message that this answers.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Stale { seq } => *seq,
            Self::Lease(lease) => lease.seq,
        }
    }
}

/// What the authority grants, and what to do about the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The message that this answers.
    pub seq: u64,
    /// Tokens for the requests that wait.
    pub granted_waiting: u32,
    /// Tokens for the future.
    pub granted: u32,
    /// How long they live, from when the ask was first sent.
    pub ttl_ms: u32,
    /// When the largest waiting request could pass, for the client; nothing to wait for is 0.
    pub retry_after: Wait,
    /// How long the holder refuses locally instead of asking again.
    pub ask_after_ms: u32,
    /// The numbers that the bucket is kept under.
    pub numbers: Numbers,
    /// When these numbers last changed.
    pub changed: Stamp,
    /// Whole tokens of credit left after the grant.
    pub left: u32,
}
