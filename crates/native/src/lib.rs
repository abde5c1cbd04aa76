//! What hosts on an operating system share, and hosts without one do not need.
//!
//! * [`clock`]: what both clocks say.
//! * [`place`]: URLs that are called, read by one rule.
#![forbid(unsafe_code)]

pub mod clock;
pub mod place;
