//! What a store promises: in a file and in memory, to one process and to several.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test stops at what should not be"
)]

mod ballast;
mod changes;
mod conservation;
mod crash;
mod head;
mod holders;
mod keys;
mod leases;
mod made;
mod opening;
mod renumbering;
mod restoring;
mod routes;
mod statements;
mod sweeping;
mod told;
mod usage;
