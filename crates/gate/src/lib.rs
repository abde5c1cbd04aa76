//! What every HTTP host does with a request between its head and the engine: one order of checks, written once.
//!
//! A host reads a head, [asks](Policy::ask) what becomes of it, and gets either what is [`Judged`] already or an
//! inquiry for the engine. What the engine decides is [told](Policy::told) here, and comes back as what is to be
//! forwarded or answered. Nothing here waits, reads a clock or draws randomness.
#![forbid(unsafe_code)]

mod judge;
mod policy;
pub mod rate;
mod schedule;
pub mod settings;
pub mod setup;
pub mod spelled;

pub use judge::{
    Asked, Extra, Identity, Judged, Passage, Question, Refusal, Token, instance, name,
};
pub use policy::{Parts, Policy, PolicyError};
pub use schedule::{AFTERLIFE_MS, JWKS_MAX_AGE_S, Schedule, ScheduleError, Term};
