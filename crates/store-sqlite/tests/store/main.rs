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
#[path = "../../../ledger/tests/stores/rules.rs"]
mod rules;
mod several;
mod spending;
mod statements;
mod sweeping;
mod told;
mod usage;
mod used;

#[test]
fn it_does_what_every_store_does() {
    rules::every_rule(|| Box::new(tollgate_store_sqlite::Store::memory().unwrap()));
}
