//! Leases: many holders, one authority a bucket, and a network that may do anything.

mod host;
mod oracle;
mod schedule;
mod world;

pub use host::{Clocks, Outcome};
pub use oracle::Oracle;
pub use schedule::Schedule;
pub use world::{Faults, Load, Tally, World, WorldSettings};
