//! Heads: one ledger, a store that may serve any older version for ever, relays, and many gates.
//!
//! Gates, relays and the ledger run the real [`Head`](tollgate_core::head::Head),
//! [`Reader`](tollgate_core::head::Reader), one rule and sealed texts; what publishes and what asks is
//! modelled here. [`Truth`] knows every commit and judges every decision.

mod gate;
mod ledger;
mod relay;
mod schedule;
mod seals;
mod store;
mod tables;
mod truth;
mod world;

pub use gate::{Decided, Outcome};
pub use ledger::{Ledger, Start};
pub use schedule::Schedule;
pub use seals::Seals;
pub use store::Store;
pub use tables::{Change, Tables, Verdict, lookup};
pub use truth::{DRIFT_PPM, Truth};
pub use world::{Cut, Faults, Tally, World, WorldSettings};
