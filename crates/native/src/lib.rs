//! What hosts on an operating system share, and hosts without one do not need.
//!
//! * [`clock`]: what both clocks say.
//! * [`place`]: URLs that are called, read by one rule.
//! * [`trust`]: whose certificates are believed there.
#![forbid(unsafe_code)]

pub mod clock;
pub mod place;
pub mod trust;
