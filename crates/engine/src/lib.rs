//! What a gate holds between requests, and what it asks for: caches, purses, the head, deadlines.
//!
//! The engine is a state machine without a platform: no clock, no randomness, no I/O, no task. A host
//! brings a request and the time; it is decided at once from what is held ([`Arrival::Decided`], which is
//! the fast path: no call, no wait), or parked while [`Errand`]s run. What an errand brings is
//! [delivered](Engine::deliver), and the parked requests that it concerns are decided in their order.
//! Fetches are shared by everybody who waits for the same; verdicts never are.
//!
//! After every call a host does the same:
//!
//! ```
//! # use tollgate_core::lease::HolderId;
//! # use tollgate_engine::*;
//! # fn host<W>(
//! #     engine: &mut Engine<W>,
//! #     mut send: impl FnMut(Errand),
//! #     mut tell: impl FnMut(W, Decision),
//! #     random: impl Fn() -> [u8; 16],
//! # ) {
//! for (waiter, decision) in engine.decisions() {
//!     tell(waiter, decision);
//! }
//! for errand in engine.errands() {
//!     send(errand); // and later Engine::deliver what came of it, once
//! }
//! if engine.needs_holder() {
//!     engine.new_holder(HolderId(random())); // and drop pooled connections: it was frozen
//! }
//! # }
//! ```
//!
//! Errands and replies are data, so the same engine runs over a thread beside it, a promise, or a test's
//! virtual time.
#![forbid(unsafe_code)]

mod absences;
mod counts;
mod engine;
mod errand;
mod fetches;
mod flights;
mod index;
mod issuer;
mod parking;
mod prover;
mod purses;
mod records;
mod request;
mod timers;
mod usage;

pub use counts::{Counts, DENIALS};
pub use engine::{
    Engine, HEAD_TRIES_MAX, HEADS_MAX, RECORD_RETRIES_MAX, STORE_DEADLINE_MAX_MS, Settings,
};
pub use errand::{
    Errand, ErrandId, Fetched, Lookup, OpenError, Question, Reply, StoreError, Tidings,
};
pub use issuer::{Issuer, Signed};
pub use parking::WAIT_MAX_MS;
pub use prover::{Prover, Unproven};
pub use purses::PURSE_IDLE_MS;
pub use request::{Arrival, Decision, Demand, DemandError, Inquiry, Pass, Refused, Standing};
pub use usage::{Answered, RESTS_MAX, TALLIES_MAX, Usage};
